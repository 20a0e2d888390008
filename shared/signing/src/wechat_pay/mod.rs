//! WeChat Pay, API v3: RSASSA-PKCS1-v1_5 with SHA-256 both ways, AES-256-GCM for what is confidential.
//!
//! The variable `wechat_pay`: `{"app_id", "app_secret", "mch_id", "merchant_serial", "merchant_private_key",
//! "api_v3_key", "public_keys": [{"id", "key"}, …]}`. `merchant_private_key` is base64 of PKCS#8 or PKCS#1, `key` of
//! SubjectPublicKeyInfo, with or without PEM lines; `api_v3_key` are 32 ASCII characters, used as they are.
//!
//! WeChat Pay signs under a public key that the merchant downloads (`PUB_KEY_ID_…`, public-key mode) or under a
//! platform certificate that it fetches (certificate mode). While a merchant moves from one to the other both are in
//! use, and which one a notification uses is not the merchant's choice. The first of `public_keys` is the one that
//! answers shall be signed under; without any there are certificates only.

mod certificate;
mod notification;
mod oauth;
mod request;
mod sealed;
mod signed;

pub use notification::{Opened, notification};
pub use oauth::{access_token_target, authorize_target};
pub use request::{SignedCall, call_up, sign};
pub use signed::{SignedHeaders, answer};

use crate::fault::Fault;
use crate::{json, rsa_key};
use rsa::{PrivateKey, PublicKey};

/// What the ids of public keys begin with; serials of certificates are hexadecimal.
const PUBLIC_KEY: &str = "PUB_KEY_ID_";

/// Our identity at WeChat Pay and both sides' keys.
pub struct Merchant {
    /// Our official account or mini program.
    pub app_id: String,
    /// Whom the money goes to.
    pub mch_id: String,
    app_secret: String,
    serial: String,
    private: PrivateKey,
    api_v3_key: [u8; 32],
    /// By id.
    public: Vec<(String, PublicKey)>,
}

impl Merchant {
    /// Reads the variable. The error names the defect, never a key or the secret.
    pub fn parse(text: &str) -> Result<Self, Fault> {
        Self::read(text).map_err(|defect| Fault::of("wechat_pay", defect))
    }

    fn read(text: &str) -> Result<Self, &'static str> {
        let ([app_id, app_secret, mch_id, serial, private, api_v3_key], keys) = parts(text).ok_or(
            "not {\"app_id\", \"app_secret\", \"mch_id\", \"merchant_serial\", \"merchant_private_key\", \"api_v3_key\", \"public_keys\"}",
        )?;
        // They stand in headers, signed lines and addresses.
        for name in [&app_id, &app_secret, &mch_id, &serial] {
            if name.is_empty() || !name.bytes().all(|b| b.is_ascii_alphanumeric()) {
                return Err(
                    "app_id, app_secret, mch_id and merchant_serial must be ASCII letters and digits",
                );
            }
        }
        let private = rsa_key::private(&private)
            .ok_or("merchant_private_key is not an RSA key in base64 of PKCS#8 or PKCS#1")?;
        let api_v3_key = <[u8; 32]>::try_from(api_v3_key.as_bytes())
            .ok()
            .filter(|key| key.is_ascii())
            .ok_or("api_v3_key must be 32 ASCII characters")?;
        let mut public: Vec<(String, PublicKey)> = Vec::with_capacity(keys.len());
        for key in keys {
            let (id, key) = public_key(key).ok_or(
                "public_keys must be {\"id\": \"PUB_KEY_ID_…\", \"key\": base64 of SubjectPublicKeyInfo}",
            )?;
            if public.iter().any(|(other, _)| *other == id) {
                return Err("an id of public_keys stands twice");
            }
            public.push((id, key));
        }
        Ok(Self { app_id, mch_id, app_secret, serial, private, api_v3_key, public })
    }

    fn sign_as_us(&self, content: &str) -> Result<String, Fault> {
        rsa_key::sign(&self.private, content.as_bytes())
            .ok_or_else(|| Fault::of("wechat_pay", "merchant_private_key cannot sign"))
    }
}

fn parts(text: &str) -> Option<([String; 6], Vec<&str>)> {
    let [app_id, app_secret, mch_id, serial, private, api_v3_key, public] =
        json::read(text).ok()?.members([
            "app_id",
            "app_secret",
            "mch_id",
            "merchant_serial",
            "merchant_private_key",
            "api_v3_key",
            "public_keys",
        ])?;
    let strings = json::strings([app_id, app_secret, mch_id, serial, private, api_v3_key])?;
    Some((strings, json::elements(public.unwrap_or("[]"))?))
}

fn public_key(text: &str) -> Option<(String, PublicKey)> {
    let [id, key] = json::strings(json::read(text).ok()?.members(["id", "key"])?)?;
    id.starts_with(PUBLIC_KEY).then_some(())?;
    Some((id, rsa_key::public(&key)?))
}
