//! Answers of the gateway: the signature covers the raw JSON text of one member.

use super::Merchant;
use crate::fault::{Fault, Refusal};
use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

/// Longest answer that is looked at.
const MAX_BODY: usize = 256 * 1024;

/// Verifies the gateway's answer to `method` and gives the signed JSON text, byte for byte.
///
/// The member is `alipay_trade_query_response` for `alipay.trade.query`, or `error_response`. An unsigned or doubled
/// member is refused.
pub fn answer(merchant: &Merchant, method: &str, body: &[u8]) -> Result<String, Fault> {
    if body.len() > MAX_BODY {
        return Err(Refusal::Malformed.into());
    }
    let text = std::str::from_utf8(body).map_err(|_| Refusal::Malformed)?;
    let member = format!("{}_response", method.replace('.', "_"));
    let (mut signed, mut signature) = (None, None);
    for (name, raw) in members(text).ok_or(Refusal::Malformed)? {
        let slot = match name.as_str() {
            name if name == member || name == "error_response" => &mut signed,
            "sign" => &mut signature,
            _ => continue,
        };
        if slot.replace(raw).is_some() {
            return Err(Refusal::Malformed.into());
        }
    }
    let signed = signed.ok_or(Refusal::Malformed)?.get();
    let signature: String =
        signature.and_then(|raw| serde_json::from_str(raw.get()).ok()).ok_or(Refusal::Forged)?;
    if merchant.signed_by_alipay(signed.as_bytes(), &signature) {
        Ok(signed.to_owned())
    } else {
        Err(Refusal::Forged.into())
    }
}

/// The members of a JSON object in order, doubled names included, each value as its own text.
fn members(text: &str) -> Option<Vec<(String, &RawValue)>> {
    struct Members;
    impl<'de> Visitor<'de> for Members {
        type Value = Vec<(String, &'de RawValue)>;

        fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("a JSON object")
        }

        fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<Self::Value, M::Error> {
            let mut members = Vec::new();
            while let Some(member) = map.next_entry()? {
                members.push(member);
            }
            Ok(members)
        }
    }
    let mut json = serde_json::Deserializer::from_str(text);
    let members = json.deserialize_map(Members).ok()?;
    json.end().ok()?;
    Some(members)
}
