//! Provider time: the machine's clock, shifted, and written as Asia/Shanghai (+08:00, no summer time).

use std::time::{SystemTime, UNIX_EPOCH};

use time::{
    OffsetDateTime, PrimitiveDateTime, UtcOffset,
    format_description::{BorrowedFormatItem, well_known::Rfc3339},
    macros::{format_description, offset},
};

const SHANGHAI: UtcOffset = offset!(+8);
const SECONDS: &[BorrowedFormatItem<'static>] =
    format_description!("[year]-[month]-[day] [hour]:[minute]:[second]");
const MILLIS: &[BorrowedFormatItem<'static>] =
    format_description!("[year]-[month]-[day] [hour]:[minute]:[second].[subsecond digits:3]");
const DIGITS: &[BorrowedFormatItem<'static>] =
    format_description!("[year][month][day][hour][minute][second]");

/// A clock that may run ahead of or behind the machine's.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    offset_ms: i64,
}

impl Clock {
    /// `offset_s` seconds are added to the machine's time.
    pub fn shifted(offset_s: i64) -> Self {
        Self { offset_ms: offset_s.saturating_mul(1000) }
    }

    /// Unix milliseconds.
    pub fn now_ms(self) -> i64 {
        let machine = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |d| d.as_millis());
        i64::try_from(machine).unwrap_or(i64::MAX).saturating_add(self.offset_ms)
    }
}

/// `yyyy-MM-dd HH:mm:ss`, as nearly every time of Alipay.
pub fn stamp(ms: i64) -> String {
    written(ms, SECONDS)
}

/// `yyyy-MM-dd HH:mm:ss.SSS`, as `gmt_refund`.
pub fn stamp_ms(ms: i64) -> String {
    written(ms, MILLIS)
}

/// `yyyyMMddHHmmss`, as identifiers begin.
pub fn digits(ms: i64) -> String {
    written(ms, DIGITS)
}

/// Reads `yyyy-MM-dd HH:mm:ss` as Unix milliseconds; anything else is none.
pub fn parse_stamp(text: &str) -> Option<i64> {
    let local = PrimitiveDateTime::parse(text, SECONDS).ok()?;
    Some(local.assume_offset(SHANGHAI).unix_timestamp() * 1000)
}

/// RFC 3339 in whole seconds: `yyyy-MM-ddTHH:mm:ss+08:00`.
pub fn rfc3339(ms: i64) -> String {
    OffsetDateTime::from_unix_timestamp(ms.div_euclid(1000))
        .ok()
        .and_then(|at| at.to_offset(SHANGHAI).format(&Rfc3339).ok())
        .expect("a Unix time within the years 1 to 9999")
}

/// Reads RFC 3339 of any zone as Unix milliseconds; anything else is none.
pub fn parse_rfc3339(text: &str) -> Option<i64> {
    let at = OffsetDateTime::parse(text, &Rfc3339).ok()?;
    i64::try_from(at.unix_timestamp_nanos() / 1_000_000).ok()
}

/// Reads `yyyyMMddHHmmss` as Unix milliseconds; anything else is none.
pub fn parse_digits(text: &str) -> Option<i64> {
    let local = PrimitiveDateTime::parse(text, DIGITS).ok()?;
    Some(local.assume_offset(SHANGHAI).unix_timestamp() * 1000)
}

/// Unix milliseconds of the coming midnight in Shanghai.
pub fn end_of_day(ms: i64) -> i64 {
    const DAY: i64 = 86_400_000;
    let shift = i64::from(SHANGHAI.whole_seconds()) * 1000;
    (ms + shift).div_euclid(DAY) * DAY + DAY - shift
}

fn written(ms: i64, format: &[BorrowedFormatItem<'static>]) -> String {
    OffsetDateTime::from_unix_timestamp_nanos(i128::from(ms) * 1_000_000)
        .ok()
        .and_then(|at| at.to_offset(SHANGHAI).format(format).ok())
        .expect("a Unix time within the years 1 to 9999")
}

#[cfg(test)]
mod tests {
    use super::*;

    // By GNU date: `TZ=Asia/Shanghai date -d @1795881600`.
    const MS: i64 = 1_795_881_600_123;

    #[test]
    fn another_time_format_is_refused() {
        for text in [
            "",
            "2026-11-29",
            "2026-11-29T00:00:00",
            "2026-11-29 24:00:00",
            "2026-02-30 00:00:00",
            "1795881600",
        ] {
            assert_eq!(parse_stamp(text), None, "{text}");
        }
        for text in ["", "20261129", "2026112900000", "202611290000000", "20261129240000", "20260230000000"] {
            assert_eq!(parse_digits(text), None, "{text}");
        }
    }

    #[test]
    fn provider_time_is_shanghai_time() {
        assert_eq!(stamp(MS), "2026-11-29 00:00:00");
        assert_eq!(stamp_ms(MS), "2026-11-29 00:00:00.123");
        assert_eq!(digits(MS), "20261129000000");
        assert_eq!(parse_stamp("2026-11-29 00:00:00"), Some(MS - 123));
        assert_eq!(parse_digits("20261129000000"), Some(MS - 123));
    }

    #[test]
    fn rfc_3339_names_its_zone() {
        for text in ["", "2026-11-29", "2026-11-29T00:00:00", "2026-11-29 00:00:00", "2026-02-30T00:00:00Z"] {
            assert_eq!(parse_rfc3339(text), None, "{text}");
        }
        assert_eq!(rfc3339(MS), "2026-11-29T00:00:00+08:00");
        assert_eq!(parse_rfc3339("2026-11-28T16:00:00.123Z"), Some(MS));
        assert_eq!(parse_rfc3339("2026-11-29T00:00:00+08:00"), Some(MS - 123));
    }

    #[test]
    fn the_day_ends_at_midnight_in_shanghai() {
        assert_eq!(stamp(end_of_day(MS)), "2026-11-30 00:00:00");
        assert_eq!(stamp(end_of_day(MS - 1000)), "2026-11-29 00:00:00");
    }
}
