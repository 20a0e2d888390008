//! Our calls of the API, and the call-up of the payment in the payer's WeChat.

use super::Merchant;
use crate::fault::{Fault, Refusal};

/// Longest `prepay_id`.
const MAX_PREPAY_ID: usize = 64;

/// Headers of a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedCall {
    /// `Authorization`.
    pub authorization: String,
    /// `Wechatpay-Serial`, in public-key mode: the key that the answer shall be signed under, the first configured.
    pub serial: Option<String>,
}

/// Signs one call. `target` is path and query, `body` the text of the body, both exactly as sent.
///
/// A line break in method or target would shift the signed lines: such a call is refused.
pub fn sign(
    merchant: &Merchant,
    method: &str,
    target: &str,
    body: &str,
    nonce: [u8; 16],
    now_ms: u64,
) -> Result<SignedCall, Fault> {
    let method_is_one = !method.is_empty() && method.bytes().all(|b| b.is_ascii_uppercase());
    if !method_is_one || !target.starts_with('/') || !target.bytes().all(|b| b.is_ascii_graphic()) {
        return Err(Refusal::Malformed.into());
    }
    let (timestamp, nonce) = (now_ms / 1000, hex(nonce));
    let signature = merchant.sign_as_us(&format!("{method}\n{target}\n{timestamp}\n{nonce}\n{body}\n"))?;
    let Merchant { mch_id, serial, public, .. } = merchant;
    Ok(SignedCall {
        authorization: format!(
            "WECHATPAY2-SHA256-RSA2048 mchid=\"{mch_id}\",nonce_str=\"{nonce}\",timestamp=\"{timestamp}\",serial_no=\"{serial}\",signature=\"{signature}\""
        ),
        serial: public.first().map(|(id, _)| id.clone()),
    })
}

/// What a page hands to `WeixinJSBridge` for a JSAPI order.
pub fn call_up(
    merchant: &Merchant,
    prepay_id: &str,
    nonce: [u8; 16],
    now_ms: u64,
) -> Result<Vec<(String, String)>, Fault> {
    if prepay_id.is_empty()
        || prepay_id.len() > MAX_PREPAY_ID
        || !prepay_id.bytes().all(|b| b.is_ascii_graphic())
    {
        return Err(Refusal::Malformed.into());
    }
    let app_id = merchant.app_id.clone();
    let (timestamp, nonce) = ((now_ms / 1000).to_string(), hex(nonce));
    let package = format!("prepay_id={prepay_id}");
    let signature = merchant.sign_as_us(&format!("{app_id}\n{timestamp}\n{nonce}\n{package}\n"))?;
    let fields = [
        ("appId", app_id),
        ("timeStamp", timestamp),
        ("nonceStr", nonce),
        ("package", package),
        ("signType", "RSA".to_owned()),
        ("paySign", signature),
    ];
    Ok(fields.map(|(name, value)| (name.to_owned(), value)).into())
}

fn hex(bytes: [u8; 16]) -> String {
    format!("{:032X}", u128::from_be_bytes(bytes))
}
