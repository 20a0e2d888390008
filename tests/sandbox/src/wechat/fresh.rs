//! A new merchant, seen from both sides.

use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::{Value, json};

use super::{account::PUBLIC_KEY_PREFIX, certificate::issue, identifiers};
use crate::{
    clock::{Clock, digits},
    keys::{KeyError, PrivateKey, decode},
};

const DAY_S: u64 = 86_400;

/// An RSA-2048 key pair, made elsewhere since `ring` makes none: base64 of PKCS#8 and of SubjectPublicKeyInfo.
#[derive(Clone)]
pub struct KeyPair {
    /// Base64 of PKCS#8 DER.
    pub private: String,
    /// Base64 of SubjectPublicKeyInfo DER.
    pub public: String,
}

/// Private, then public.
impl From<(String, String)> for KeyPair {
    fn from((private, public): (String, String)) -> Self {
        Self { private, public }
    }
}

/// What each side must know.
#[derive(Clone)]
pub struct Sides {
    /// The member `wechat_pay` of the sandbox's configuration.
    pub sandbox: Value,
    /// The merchant's variable `wechat_pay`.
    pub merchant: Value,
}

/// A merchant with new numbers and secrets, between platform certificates and the public-key mode. `platform` is WeChat
/// Pay's key under a certificate that is made here, good from a year ago for six years; `public_mode` the one under a
/// `PUB_KEY_ID_…`.
pub fn account(merchant: &KeyPair, platform: &KeyPair, public_mode: &KeyPair) -> Result<Sides, KeyError> {
    let now_ms = Clock::shifted(0).now_ms();
    let now_s = now_ms.unsigned_abs() / 1000;
    let certificate = certificate(platform, now_s - 365 * DAY_S, now_s + 5 * 365 * DAY_S)?;
    let mch_id = format!("19{}", identifiers::random_digits(8));
    let id =
        format!("{PUBLIC_KEY_PREFIX}01{mch_id}{}{}", &digits(now_ms)[..8], identifiers::random_digits(12));
    let app_id = format!("wx{}", identifiers::hex(16).to_ascii_lowercase());
    let app_secret = identifiers::hex(32).to_ascii_lowercase();
    let api_v3_key = identifiers::text(32);
    let merchant_serial: String = serial().iter().map(|byte| format!("{byte:02X}")).collect();
    Ok(Sides {
        sandbox: json!({
            "app_id": app_id,
            "app_secret": app_secret,
            "mch_id": mch_id,
            "merchant_serial": merchant_serial,
            "merchant_public_key": merchant.public,
            "api_v3_key": api_v3_key,
            "certificates": [certificate],
            "public_key": { "id": id, "private_key": public_mode.private },
        }),
        merchant: json!({
            "app_id": app_id,
            "app_secret": app_secret,
            "mch_id": mch_id,
            "merchant_serial": merchant_serial,
            "merchant_private_key": merchant.private,
            "api_v3_key": api_v3_key,
            "public_keys": [{ "id": id, "key": public_mode.public }],
        }),
    })
}

/// One more of `certificates` in the sandbox's configuration, good from one Unix second to another; the years 1970 to 2049.
pub fn certificate(platform: &KeyPair, from_s: u64, until_s: u64) -> Result<Value, KeyError> {
    let key = PrivateKey::from_base64(&platform.private)?;
    let issued = issue(&key, &decode(&platform.public)?, serial(), from_s, until_s).ok_or(KeyError::Der)?;
    Ok(json!({ "certificate": STANDARD.encode(issued), "private_key": platform.private }))
}

/// 40 hex digits, positive, without leading zero.
fn serial() -> [u8; 20] {
    let mut bytes = [0; 20];
    bytes.copy_from_slice(&identifiers::random(20));
    bytes[0] = bytes[0] & 0x3f | 0x40;
    bytes
}
