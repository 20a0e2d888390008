//! Alipay in key mode: RSA2 (RSASSA-PKCS1-v1_5, SHA-256).
//!
//! The variable `alipay`: `{"app_id", "seller_id", "app_private_key", "alipay_public_keys": […]}`. Keys are base64 of
//! DER (PKCS#8 or PKCS#1 private, SubjectPublicKeyInfo public), with or without PEM lines. Several public keys may
//! be live at once, so that Alipay's key can be replaced.

mod answer;
mod notification;
mod request;

pub use answer::answer;
pub use notification::notification;
pub use request::sign;

use crate::fault::Fault;
use crate::{json, rsa_key};
use rsa::{PrivateKey, PublicKey};

/// Our identity at Alipay and both sides' keys.
pub struct Merchant {
    /// Our app.
    pub app_id: String,
    /// Whom the money goes to; `2088…`.
    pub seller_id: String,
    private: PrivateKey,
    public: Vec<PublicKey>,
}

impl Merchant {
    /// Reads the variable. The error names the defect, never a key.
    pub fn parse(text: &str) -> Result<Self, Fault> {
        Self::read(text).map_err(|defect| Fault::Misconfigured(format!("alipay: {defect}")))
    }

    fn read(text: &str) -> Result<Self, &'static str> {
        let ([app_id, seller_id, private], keys) = parts(text)
            .ok_or("not {\"app_id\", \"seller_id\", \"app_private_key\", \"alipay_public_keys\"}")?;
        if app_id.is_empty() || seller_id.is_empty() {
            return Err("app_id and seller_id must not be empty");
        }
        let private = rsa_key::private(&private)
            .ok_or("app_private_key is not an RSA key in base64 of PKCS#8 or PKCS#1")?;
        let mut public = Vec::with_capacity(keys.len());
        for key in keys {
            let key = json::string(key).and_then(|key| rsa_key::public(&key));
            public.push(key.ok_or(BAD_PUBLIC_KEYS)?);
        }
        if public.is_empty() {
            return Err(BAD_PUBLIC_KEYS);
        }
        Ok(Self { app_id, seller_id, private, public })
    }

    /// Whether one of Alipay's keys made `signature` (base64) over `content`.
    fn signed_by_alipay(&self, content: &[u8], signature: &str) -> bool {
        rsa_key::signed_by(self.public.iter(), content, signature)
    }

    fn sign_as_us(&self, content: &[u8]) -> Result<String, Fault> {
        rsa_key::sign(&self.private, content)
            .ok_or_else(|| Fault::Misconfigured("alipay: app_private_key cannot sign".to_owned()))
    }
}

const BAD_PUBLIC_KEYS: &str = "alipay_public_keys must be RSA keys in base64 of SubjectPublicKeyInfo";

fn parts(text: &str) -> Option<([String; 3], Vec<&str>)> {
    let [app_id, seller_id, private, public] =
        json::read(text).ok()?.members(["app_id", "seller_id", "app_private_key", "alipay_public_keys"])?;
    Some((json::strings([app_id, seller_id, private])?, json::elements(public?)?))
}
