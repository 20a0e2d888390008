//! Answers of the gateway: the signature covers the raw JSON text of one member.

use super::Merchant;
use crate::fault::{Fault, Refusal};
use crate::json::{self, Json};

/// Longest answer that is looked at.
const MAX_BODY: usize = 256 * 1024;

/// Verifies the gateway's answer to `method` and gives the signed JSON text, byte for byte.
///
/// The member is `alipay_trade_query_response` for `alipay.trade.query`, or `error_response`. An unsigned or doubled
/// member is refused. `alipay_cert_sn` beside it names the certificate in certificate mode.
pub fn answer(merchant: &Merchant, method: &str, body: &[u8]) -> Result<String, Fault> {
    if body.len() > MAX_BODY {
        return Err(Refusal::Malformed.into());
    }
    let text = std::str::from_utf8(body).map_err(|_| Refusal::Malformed)?;
    let member = format!("{}_response", method.replace('.', "_"));
    let (mut signed, mut signature, mut sn) = (None, None, None);
    let Ok(Json::Object(members)) = json::read(text) else { return Err(Refusal::Malformed.into()) };
    for (name, raw) in members {
        let slot = match name.as_str() {
            name if name == member || name == "error_response" => &mut signed,
            "sign" => &mut signature,
            "alipay_cert_sn" => &mut sn,
            _ => continue,
        };
        if slot.replace(raw).is_some() {
            return Err(Refusal::Malformed.into());
        }
    }
    let signed = signed.ok_or(Refusal::Malformed)?;
    let signature = signature.and_then(json::string).ok_or(Refusal::Forged)?;
    let sn = sn.map(|sn| json::string(sn).ok_or(Refusal::Malformed)).transpose()?;
    merchant.check(sn.as_deref(), &signature, &[signed.as_bytes()])?;
    Ok(signed.to_owned())
}
