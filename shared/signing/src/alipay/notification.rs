//! Asynchronous notifications (signature rule V1).

use super::Merchant;
use crate::fault::{Fault, Refusal};
use crate::form::{self, joined_texts, sorted};

/// Longest body that is looked at.
const MAX_BODY: usize = 64 * 1024;
/// Most fields that are looked at; Alipay sends some thirty.
const MAX_FIELDS: usize = 256;

/// Names the certificate, where a notification does.
const SN: &str = "alipay_cert_sn";

/// Verifies the raw form body and gives its decoded fields as received, without `sign`, `sign_type` and
/// `alipay_cert_sn`.
///
/// The signed text is `name=value` of every other field, decoded once, sorted by name, joined by `&`. Only RSA2 and
/// UTF-8 are accepted; a name that stands twice is refused, since two readings of it could differ. Clients disagree
/// whether `alipay_cert_sn` is signed, and Alipay does not say: both are taken, since all it does is pick one of our keys.
pub fn notification(merchant: &Merchant, body: &[u8]) -> Result<Vec<(String, String)>, Fault> {
    if body.len() > MAX_BODY {
        return Err(Refusal::Malformed.into());
    }
    let mut fields = decode_form(body).ok_or(Refusal::Malformed)?;
    if fields.len() > MAX_FIELDS {
        return Err(Refusal::Malformed.into());
    }
    let mut sorted = sorted(fields.iter().map(|(name, value)| (name.as_str(), value.as_str())));
    if sorted.windows(2).any(|pair| pair[0].0 == pair[1].0) {
        return Err(Refusal::Malformed.into());
    }
    let value = |wanted: &str| sorted.iter().find(|(name, _)| *name == wanted).map(|(_, value)| *value);
    if value("charset").is_some_and(|charset| !charset.eq_ignore_ascii_case("utf-8")) {
        return Err(Refusal::Malformed.into());
    }
    if value("sign_type") != Some("RSA2") {
        return Err(Refusal::Forged.into());
    }
    let signature = value("sign").ok_or(Refusal::Forged)?;
    let is_signed = |name: &str| name != "sign" && name != "sign_type";
    sorted.retain(|(name, _)| is_signed(name));
    let whole = joined_texts(&sorted);
    let sn = sorted.iter().position(|(name, _)| *name == SN).map(|place| sorted.remove(place).1);
    let without_sn = joined_texts(&sorted);
    let readings: &[&[u8]] = if sn.is_some() { &[&whole, &without_sn] } else { &[&whole] };
    merchant.check(sn, signature, readings)?;
    fields.retain(|(name, _)| is_signed(name) && name != SN);
    Ok(fields)
}

/// None for a broken escape or text that is not UTF-8: no guessing.
fn decode_form(body: &[u8]) -> Option<Vec<(String, String)>> {
    let text = |encoded| String::from_utf8(form::decode(encoded)?).ok();
    form::pairs(body).map(|(name, value)| Some((text(name)?, text(value)?))).collect()
}
