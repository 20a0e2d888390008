//! The four headers by which a merchant knows that WeChat Pay speaks.

use base64::{Engine, engine::general_purpose::STANDARD};

use super::identifiers;
use crate::keys::PrivateKey;

/// A key of WeChat Pay's, and the name under which the merchant finds it.
#[derive(Clone, Copy, Debug)]
pub struct Signer<'a> {
    pub serial: &'a str,
    pub key: &'a PrivateKey,
}

/// How well it is signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fidelity {
    Right,
    /// A signature of something else.
    Wrong,
    /// 签名探测: a signature that is wrong on purpose and says so.
    Probe,
}

/// Headers for this body, sent at this instant.
pub fn headers(signer: Signer, now_ms: i64, body: &str, fidelity: Fidelity) -> [(&'static str, String); 5] {
    let timestamp = (now_ms / 1000).to_string();
    let nonce = identifiers::text(32);
    let signature = match fidelity {
        Fidelity::Right => signer.key.sign(&format!("{timestamp}\n{nonce}\n{body}\n")),
        Fidelity::Wrong => signer.key.sign(&format!("{nonce}\n{timestamp}\n{body}\n")),
        Fidelity::Probe => format!("WECHATPAY/SIGNTEST/{}", STANDARD.encode(identifiers::random(256))),
    };
    [
        ("Wechatpay-Timestamp", timestamp),
        ("Wechatpay-Nonce", nonce),
        ("Wechatpay-Signature", signature),
        ("Wechatpay-Serial", signer.serial.to_owned()),
        ("Wechatpay-Signature-Type", "WECHATPAY2-SHA256-RSA2048".to_owned()),
    ]
}
