//! Asynchronous notifications (signature rule V1).

use super::Merchant;
use crate::fault::{Fault, Refusal};
use crate::form::{self, joined, sorted};

/// Longest body that is looked at.
const MAX_BODY: usize = 64 * 1024;
/// Most fields that are looked at; Alipay sends some thirty.
const MAX_FIELDS: usize = 256;

/// Names the certificate, where a notification does.
const SN: &str = "alipay_cert_sn";

/// Verifies the raw form body and gives its decoded fields as received, without `sign`, `sign_type` and
/// `alipay_cert_sn`.
///
/// The signed text is `name=value` of every other field, decoded once, sorted by name, joined by `&`: bytes, in whatever
/// `charset`. What of them is not UTF-8 is given with U+FFFD in its place; all that decides is ASCII. Only RSA2 is accepted;
/// a name that stands twice is refused, since two readings of it could differ. Clients disagree
/// whether `alipay_cert_sn` is signed, and Alipay does not say: both are taken, since all it does is pick one of our keys.
pub fn notification(merchant: &Merchant, body: &[u8]) -> Result<Vec<(String, String)>, Fault> {
    if body.len() > MAX_BODY {
        return Err(Refusal::Malformed.into());
    }
    let fields = decode_form(body).ok_or(Refusal::Malformed)?;
    if fields.len() > MAX_FIELDS {
        return Err(Refusal::Malformed.into());
    }
    let mut sorted = sorted(fields.iter().map(|(name, value)| (name.as_str(), value.as_slice())));
    if sorted.windows(2).any(|pair| pair[0].0 == pair[1].0) {
        return Err(Refusal::Malformed.into());
    }
    let value = |wanted: &str| sorted.iter().find(|(name, _)| *name == wanted).map(|(_, value)| *value);
    if value("sign_type") != Some(b"RSA2") {
        return Err(Refusal::Forged.into());
    }
    let signature = text(value("sign")).ok_or(Refusal::Forged)?;
    let is_signed = |name: &str| name != "sign" && name != "sign_type";
    sorted.retain(|(name, _)| is_signed(name));
    let whole = joined(sorted.iter().copied());
    let sn = sorted.iter().position(|(name, _)| *name == SN).map(|place| sorted.remove(place).1);
    let without_sn = joined(sorted.iter().copied());
    let readings: &[&[u8]] = if sn.is_some() { &[&whole, &without_sn] } else { &[&whole] };
    merchant.check(text(sn), signature, readings)?;
    let given = fields.into_iter().filter(|(name, _)| is_signed(name) && name != SN);
    Ok(given.map(|(name, value)| (name, String::from_utf8_lossy(&value).into_owned())).collect())
}

fn text(bytes: Option<&[u8]>) -> Option<&str> {
    bytes.and_then(|bytes| std::str::from_utf8(bytes).ok())
}

/// None for a broken escape or a name that is not UTF-8: no guessing.
fn decode_form(body: &[u8]) -> Option<Vec<(String, Vec<u8>)>> {
    let name_of = |encoded| String::from_utf8(form::decode(encoded)?).ok();
    form::pairs(body).map(|(name, value)| Some((name_of(name)?, form::decode(value)?))).collect()
}
