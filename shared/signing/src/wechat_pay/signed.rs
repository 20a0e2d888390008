//! Who signed a message, and when.

use super::{Merchant, PUBLIC_KEY, certificate};
use crate::fault::{Fault, Refusal};
use crate::rsa_key;

/// Longest body that is looked at.
const MAX_BODY: usize = 64 * 1024;
/// Longest nonce that is looked at; WeChat Pay sends 32 characters.
const MAX_NONCE: usize = 128;
/// From here on a message is stale, or from a clock that is wrong.
const STALE_S: u64 = 300;
const ALGORITHM: &str = "WECHATPAY2-SHA256-RSA2048";

/// The `Wechatpay-*` headers of a message as received.
#[derive(Clone, Copy, Debug)]
pub struct SignedHeaders<'a> {
    /// Unix seconds, decimal.
    pub timestamp: &'a str,
    /// Random text.
    pub nonce: &'a str,
    /// `PUB_KEY_ID_…`, or the serial of a platform certificate in upper-case hex.
    pub serial: &'a str,
    /// Base64.
    pub signature: &'a str,
    /// Absent means the only one there is.
    pub signature_type: Option<&'a str>,
}

/// Verifies an answer of the API, or any other signed message whose body is not to be opened.
///
/// `certificates` are bodies of `/v3/certificates` answers, newest first. Order of checks: size, form of the headers,
/// freshness, serial, signature. WeChat Pay now and then sends a wrong signature on purpose (`WECHATPAY/SIGNTEST/…`):
/// it is forged like any other.
pub fn answer(
    merchant: &Merchant,
    headers: SignedHeaders<'_>,
    body: &[u8],
    certificates: &[String],
    now_ms: u64,
) -> Result<(), Fault> {
    if body.len() > MAX_BODY {
        return Err(Refusal::Malformed.into());
    }
    if headers.signature_type.is_some_and(|algorithm| algorithm != ALGORITHM) {
        return Err(Refusal::Forged.into());
    }
    // A line break in a header would let bytes move between nonce and body under the same signature.
    let nonce = headers.nonce.as_bytes();
    if nonce.is_empty() || nonce.len() > MAX_NONCE || !nonce.iter().all(u8::is_ascii_graphic) {
        return Err(Refusal::Malformed.into());
    }
    let signed_at = Some(headers.timestamp).filter(|text| text.bytes().all(|b| b.is_ascii_digit()));
    let signed_at: u64 = signed_at.and_then(|text| text.parse().ok()).ok_or(Refusal::Malformed)?;
    if signed_at.abs_diff(now_ms / 1000) >= STALE_S {
        return Err(Refusal::Expired.into());
    }
    let mut content = format!("{}\n{}\n", headers.timestamp, headers.nonce).into_bytes();
    content.extend(body);
    content.push(b'\n');
    let by = |key| rsa_key::signed_by(std::iter::once(key), &content, headers.signature);
    let authentic = if headers.serial.starts_with(PUBLIC_KEY) {
        let known = merchant.public.iter().find(|(id, _)| id == headers.serial);
        by(&known.ok_or(Refusal::UnknownKey)?.1)
    } else {
        let known = certificate::key(merchant, headers.serial, certificates, now_ms / 1000);
        by(&known.ok_or(Refusal::UnknownKey)?)
    };
    if authentic { Ok(()) } else { Err(Refusal::Forged.into()) }
}
