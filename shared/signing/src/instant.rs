//! Instants as text.

use der::DateTime;
use std::str::FromStr as _;
use std::time::Duration;

/// Asia/Shanghai has had one offset from UTC since 1991.
const SHANGHAI: Duration = Duration::from_secs(8 * 3600);

/// Unix ms of RFC 3339 text in whole seconds, `2026-01-01T00:00:00Z` or with an offset in place of the `Z`.
pub(crate) fn parse(text: &str) -> Option<u64> {
    let (local, offset) = match text.strip_suffix('Z') {
        Some(local) => (local, 0),
        None => text
            .split_at_checked(text.len().checked_sub(6)?)
            .and_then(|(local, offset)| Some((local, minutes(offset)?)))?,
    };
    let local = DateTime::from_str(&format!("{local}Z")).ok()?.unix_duration().as_secs();
    local.checked_add_signed(-60 * offset)?.checked_mul(1000)
}

/// `+08:00`.
fn minutes(offset: &str) -> Option<i64> {
    let &[sign, h1, h2, b':', m1, m2] = offset.as_bytes() else { return None };
    let digit = |byte: u8| byte.is_ascii_digit().then(|| i64::from(byte - b'0'));
    let (hours, minutes) = (digit(h1)? * 10 + digit(h2)?, digit(m1)? * 10 + digit(m2)?);
    match sign {
        _ if hours > 23 || minutes > 59 => None,
        b'+' => Some(hours * 60 + minutes),
        b'-' => Some(-(hours * 60 + minutes)),
        _ => None,
    }
}

/// Date and time in Asia/Shanghai at Unix `ms`. None after the year 9999.
pub(crate) fn shanghai(ms: u64) -> Option<DateTime> {
    DateTime::from_unix_duration(Duration::from_secs(ms / 1000) + SHANGHAI).ok()
}

#[cfg(test)]
mod tests {
    use super::{parse, shanghai};

    /// Expected values: `date -ud TEXT +%s`.
    #[test]
    fn rfc_3339_is_read_with_every_offset_and_nothing_else_is() {
        assert_eq!(parse("2026-01-01T00:00:00Z"), Some(1_767_225_600_000));
        assert_eq!(parse("2026-01-01T08:00:00+08:00"), Some(1_767_225_600_000));
        assert_eq!(parse("2025-12-31T20:15:00-03:45"), Some(1_767_225_600_000));
        assert_eq!(parse("2024-02-29T23:59:59Z"), Some(1_709_251_199_000));
        assert_eq!(parse("1970-01-01T00:00:00Z"), Some(0));
        for bad in [
            "",
            "Z",
            "soon",
            "2026-01-01",
            "2026-01-01T00:00:00",
            "2026-01-01 00:00:00Z",
            "2026-02-29T00:00:00Z",
            "2026-01-01T24:00:00Z",
            "1970-01-01T00:00:00+00:01",
            "2026-01-01T00:00:00+24:00",
            "2026-01-01T00:00:00+08:60",
            "2026-01-01T00:00:00 08:00",
            "2026-01-01T00:00:00++8:00",
            "2026-01-01T00:00:00Z+08:00",
            "2026-01-01T00:00:0罚08:00",
        ] {
            assert_eq!(parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn shanghai_is_eight_hours_ahead_until_the_year_9999() {
        let at = |ms| shanghai(ms).map(|t| t.to_string());
        assert_eq!(at(1_767_225_600_000).as_deref(), Some("2026-01-01T08:00:00Z"));
        assert_eq!(at(1_767_283_199_999).as_deref(), Some("2026-01-01T23:59:59Z"));
        assert_eq!(at(u64::MAX), None);
    }
}
