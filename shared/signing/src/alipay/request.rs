//! Our calls of the gateway.

use super::Merchant;
use super::notification::signed_text;
use crate::fault::Fault;
use time::{OffsetDateTime, UtcOffset};

/// One call as form text with its signature.
///
/// `parameters` go beyond the common ones, which are added here. Empty ones are dropped. Everything but `sign` is
/// signed, `sign_type` included.
pub fn sign(
    merchant: &Merchant,
    method: &str,
    parameters: &[(String, String)],
    now_ms: u64,
) -> Result<String, Fault> {
    let common = [
        ("app_id", merchant.app_id.clone()),
        ("method", method.to_owned()),
        ("format", "JSON".to_owned()),
        ("charset", "utf-8".to_owned()),
        ("sign_type", "RSA2".to_owned()),
        ("timestamp", shanghai(now_ms)?),
        ("version", "1.0".to_owned()),
    ];
    let mut fields: Vec<(String, String)> =
        common.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
    fields.extend(parameters.iter().filter(|(_, value)| !value.is_empty()).cloned());
    let signature = merchant.sign_as_us(signed_text(&fields).as_bytes())?;
    fields.push(("sign".to_owned(), signature));
    let pairs: Vec<String> =
        fields.iter().map(|(name, value)| format!("{}={}", encode(name), encode(value))).collect();
    Ok(pairs.join("&"))
}

/// `yyyy-MM-dd HH:mm:ss` in Asia/Shanghai, which has had one offset since 1991.
fn shanghai(now_ms: u64) -> Result<String, Fault> {
    let unusable = |_| Fault::Misconfigured("the clock is out of range".to_owned());
    let seconds = i64::try_from(now_ms / 1000)
        .map_err(|_| Fault::Misconfigured("the clock is out of range".to_owned()))?;
    let offset = UtcOffset::from_hms(8, 0, 0).map_err(unusable)?;
    let t = OffsetDateTime::from_unix_timestamp(seconds).map_err(unusable)?.to_offset(offset);
    Ok(format!(
        "{:04}-{:02}-{:02} {:02}:{:02}:{:02}",
        t.year(),
        u8::from(t.month()),
        t.day(),
        t.hour(),
        t.minute(),
        t.second()
    ))
}

fn encode(text: &str) -> String {
    use std::fmt::Write as _;
    text.bytes().fold(String::with_capacity(text.len()), |mut out, byte| {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            write!(out, "%{byte:02X}").expect("a String takes all");
        }
        out
    })
}

#[cfg(test)]
mod tests {
    use super::shanghai;

    #[test]
    fn the_timestamp_is_shanghais() {
        assert_eq!(shanghai(1_767_225_600_000).expect("in range"), "2026-01-01 08:00:00");
        assert!(shanghai(u64::MAX).is_err());
    }
}
