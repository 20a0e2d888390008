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

struct Text {
    app_id: String,
    seller_id: String,
    app_private_key: String,
    alipay_public_keys: Vec<String>,
}

impl Text {
    fn read(text: &str) -> Option<Self> {
        let [app_id, seller_id, private, public] = json::read(text).ok()?.members([
            "app_id",
            "seller_id",
            "app_private_key",
            "alipay_public_keys",
        ])?;
        let public = json::elements(public?)?;
        Some(Self {
            app_id: json::string(app_id?)?,
            seller_id: json::string(seller_id?)?,
            app_private_key: json::string(private?)?,
            alipay_public_keys: public.iter().map(|key| json::string(key.get())).collect::<Option<_>>()?,
        })
    }
}

impl Merchant {
    /// Reads the variable. The error names the defect, never a key.
    pub fn parse(text: &str) -> Result<Self, Fault> {
        let bad = |defect: &str| Fault::Misconfigured(format!("alipay: {defect}"));
        let text = Text::read(text).ok_or_else(|| {
            bad("not {\"app_id\", \"seller_id\", \"app_private_key\", \"alipay_public_keys\"}")
        })?;
        if text.app_id.is_empty() || text.seller_id.is_empty() {
            return Err(bad("app_id and seller_id must not be empty"));
        }
        let private = rsa_key::private(&text.app_private_key)
            .ok_or_else(|| bad("app_private_key is not an RSA key in base64 of PKCS#8 or PKCS#1"))?;
        let public: Option<Vec<_>> = text
            .alipay_public_keys
            .iter()
            .map(|key| rsa_key::public(&rsa_key::der(key)?, rsa_key::SIZES))
            .collect();
        let public = public
            .filter(|keys| !keys.is_empty())
            .ok_or_else(|| bad("alipay_public_keys must be RSA keys in base64 of SubjectPublicKeyInfo"))?;
        Ok(Self { app_id: text.app_id, seller_id: text.seller_id, private, public })
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
