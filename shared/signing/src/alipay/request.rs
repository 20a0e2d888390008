//! Our calls of the gateway.

use super::Merchant;
use super::notification::{joined, sorted};
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
    let timestamp = shanghai(now_ms)?;
    let mut fields = vec![
        ("app_id", merchant.app_id.as_str()),
        ("method", method),
        ("format", "JSON"),
        ("charset", "utf-8"),
        ("sign_type", "RSA2"),
        ("timestamp", &timestamp),
        ("version", "1.0"),
    ];
    let given = parameters.iter().filter(|(_, value)| !value.is_empty());
    fields.extend(given.map(|(name, value)| (name.as_str(), value.as_str())));
    let signature = merchant.sign_as_us(joined(&sorted(fields.iter().copied())).as_bytes())?;
    fields.push(("sign", &signature));
    let encoded: Vec<_> = fields.iter().map(|(name, value)| (encode(name), encode(value))).collect();
    Ok(joined(&encoded))
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
