//! Calendar days in China: Asia/Shanghai has had one offset, +08:00, since 1991.

use std::fmt;
use time::macros::format_description;
use time::{Date, Duration, Month, OffsetDateTime, PrimitiveDateTime, UtcOffset};

const SHANGHAI: UtcOffset = match UtcOffset::from_hms(8, 0, 0) {
    Ok(offset) => offset,
    Err(_) => panic!("+08:00 is an offset"),
};

/// A day's length: there is no summer time.
pub const DAY_MS: u64 = 86_400_000;

/// A calendar day in China.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Day(Date);

impl Day {
    /// The day in China at this Unix ms. Instants beyond the calendar give its last day.
    pub fn at(unix_ms: u64) -> Self {
        Self(local(unix_ms).date())
    }

    /// A day that stands in a rule.
    pub(crate) const fn on(date: Date) -> Self {
        Self(date)
    }

    /// From `yyyy-MM-dd`.
    pub fn parse(text: &str) -> Option<Self> {
        Date::parse(text, format_description!("[year]-[month]-[day]")).ok().map(Self)
    }

    /// So many days later.
    pub fn plus(self, days: u16) -> Self {
        Self(self.0.saturating_add(Duration::days(i64::from(days))))
    }

    /// So many days earlier.
    pub fn minus(self, days: u16) -> Self {
        Self(self.0.saturating_sub(Duration::days(i64::from(days))))
    }

    /// The same day so many months later, or earlier where negative; the last of the month where it has no such day
    /// (民法典 art. 202).
    pub fn plus_months(self, months: i32) -> Self {
        let counted = self.0.year() * 12 + i32::from(u8::from(self.0.month())) - 1 + months;
        let (year, month) = (counted.div_euclid(12), counted.rem_euclid(12));
        let month = Month::January.nth_next(month as u8);
        let day = self.0.day().min(month.length(year));
        let beyond = if months < 0 { Date::MIN } else { Date::MAX };
        Self(Date::from_calendar_date(year, month, day).unwrap_or(beyond))
    }

    /// The same day so many years later; 28 February where 29 February is missing.
    pub fn plus_years(self, years: u16) -> Self {
        self.plus_months(i32::from(years) * 12)
    }

    /// The last day of its month.
    pub fn month_end(self) -> Self {
        let (year, month) = (self.0.year(), self.0.month());
        Self(Date::from_calendar_date(year, month, month.length(year)).unwrap_or(self.0))
    }

    /// Days from `earlier` to this one; negative if it is later.
    pub fn since(self, earlier: Self) -> i64 {
        (self.0 - earlier.0).whole_days()
    }

    /// Full years from this day to `later`.
    pub fn years_until(self, later: Self) -> i32 {
        let before_birthday = (later.0.month() as u8, later.0.day()) < (self.0.month() as u8, self.0.day());
        later.0.year() - self.0.year() - i32::from(before_birthday)
    }

    /// Unix ms of 0:00 of this day.
    pub fn start_ms(self) -> u64 {
        self.end_ms().saturating_sub(DAY_MS)
    }

    /// Unix ms of 24:00 of this day.
    pub fn end_ms(self) -> u64 {
        let midnight = self.0.saturating_add(Duration::DAY).midnight().assume_offset(SHANGHAI);
        u64::try_from(midnight.unix_timestamp()).unwrap_or(0) * 1000
    }
}

/// `yyyy-MM-dd`.
impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}-{:02}", self.0.year(), u8::from(self.0.month()), self.0.day())
    }
}

fn local(unix_ms: u64) -> OffsetDateTime {
    i64::try_from(unix_ms / 1000)
        .ok()
        .and_then(|seconds| OffsetDateTime::from_unix_timestamp(seconds).ok())
        .map_or(PrimitiveDateTime::MAX.assume_offset(SHANGHAI), |at| at.to_offset(SHANGHAI))
}

/// `yyyy-MM-dd HH:mm:ss` in China, as providers and people read it.
pub fn stamp(unix_ms: u64) -> String {
    let at = local(unix_ms);
    format!("{} {:02}:{:02}:{:02}", Day(at.date()), at.hour(), at.minute(), at.second())
}

/// `yyyyMMddTHHmmssZ`, as calendars write an instant (RFC 5545, section 3.3.5).
pub fn utc_stamp(unix_ms: u64) -> String {
    let at = local(unix_ms).to_offset(UtcOffset::UTC);
    let (date, time) = (at.date(), at.time());
    let (hour, minute, second) = time.as_hms();
    format!("{}T{hour:02}{minute:02}{second:02}Z", Day(date).to_string().replace('-', ""))
}

/// Unix ms of `yyyy-MM-dd HH:mm:ss` in China; fractions of a second are cut.
pub fn parse_stamp(text: &str) -> Option<u64> {
    let whole = text.split_once('.').map_or(text, |(whole, _)| whole);
    let format = format_description!("[year]-[month]-[day] [hour]:[minute]:[second]");
    let at = PrimitiveDateTime::parse(whole, format).ok()?.assume_offset(SHANGHAI);
    u64::try_from(at.unix_timestamp()).ok()?.checked_mul(1000)
}

/// Unix ms of an RFC 3339 time with its offset, e.g. `2018-06-08T10:34:56+08:00`.
pub fn parse_rfc3339(text: &str) -> Option<u64> {
    let at = OffsetDateTime::parse(text, &time::format_description::well_known::Rfc3339).ok()?;
    u64::try_from(at.unix_timestamp()).ok()?.checked_mul(1000)
}

/// `yyyy-MM-ddTHH:mm:ss+08:00`.
pub fn rfc3339(unix_ms: u64) -> String {
    format!("{}+08:00", stamp(unix_ms).replace(' ', "T"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::{Datelike, Months, NaiveDate};
    use proptest::prelude::*;

    /// 2026-03-01 00:00:00 +08:00, by `date -d '2026-03-01 00:00:00 +0800' +%s`.
    const MARCH: u64 = 1_772_294_400_000;

    #[test]
    fn the_day_turns_at_midnight_in_shanghai() {
        assert_eq!(Day::at(MARCH).to_string(), "2026-03-01");
        assert_eq!(Day::at(MARCH - 1).to_string(), "2026-02-28");
        assert_eq!((Day::at(MARCH - 1).end_ms(), Day::at(MARCH).start_ms()), (MARCH, MARCH));
        assert_eq!(stamp(MARCH - 1000), "2026-02-28 23:59:59");
        assert_eq!(parse_stamp("2026-02-28 23:59:59"), Some(MARCH - 1000));
        assert_eq!(parse_stamp("2026-02-28 23:59:59.123"), Some(MARCH - 1000));
        assert_eq!(rfc3339(MARCH - 1000), "2026-02-28T23:59:59+08:00");
        assert_eq!(utc_stamp(MARCH - 1000), "20260228T155959Z");
        assert_eq!(parse_rfc3339("2026-02-28T23:59:59+08:00"), Some(MARCH - 1000));
        assert_eq!(parse_rfc3339("2026-02-28T15:59:59Z"), Some(MARCH - 1000));
        assert_eq!(parse_rfc3339("2026-02-28 23:59:59"), None);
        for bad in ["", "2026-02-30 00:00:00", "2026-02-28", "2026-02-28T00:00:00"] {
            assert_eq!(parse_stamp(bad), None, "{bad}");
        }
    }

    #[test]
    fn days_are_counted_over_leap_years() {
        let day = Day::parse("2028-02-20").expect("a day");
        assert_eq!(day.plus(15).to_string(), "2028-03-06");
        assert_eq!(day.plus(15).since(day), 15);
        assert_eq!(day.since(day.plus(1)), -1);
        assert_eq!(Day::parse("2027-02-29"), None);
        assert_eq!(Day::at(u64::MAX).to_string(), "9999-12-31");
    }
    #[test]
    fn a_month_without_that_day_ends_it_on_its_last() {
        let day = |text: &str| Day::parse(text).expect("a day");
        for (start, months, end) in [
            ("2028-01-31", 1, "2028-02-29"),
            ("2027-01-31", 1, "2027-02-28"),
            ("2028-03-31", -1, "2028-02-29"),
            ("2026-01-15", -1, "2025-12-15"),
            ("2026-12-31", 6, "2027-06-30"),
            ("0000-01-01", 0, "0000-01-01"),
        ] {
            assert_eq!(day(start).plus_months(months).to_string(), end, "{start} {months}");
        }
        assert_eq!(day("2028-02-29").plus_years(1).to_string(), "2029-02-28");
        assert_eq!(day("2028-02-29").plus_years(4).to_string(), "2032-02-29");
        assert_eq!(day("9999-12-01").plus_months(1).to_string(), "9999-12-31");
        assert_eq!(day("2028-02-03").month_end().to_string(), "2028-02-29");
    }

    proptest! {
        /// `chrono` is another calendar.
        #[test]
        fn days_months_and_years_are_counted_as_another_calendar_does(
            from in 0i64..80_000, days in 0u16..20_000, months in 0u32..2_400, years in 0u16..200,
        ) {
            let epoch = NaiveDate::from_ymd_opt(1900, 1, 1).expect("a day");
            let theirs = epoch + chrono::Days::new(from.unsigned_abs());
            let ours = Day::parse(&theirs.to_string()).expect("a day");
            let pairs = [
                (ours.plus(days), theirs + chrono::Days::new(days.into())),
                (ours.minus(days), theirs - chrono::Days::new(days.into())),
                (ours.plus_months(months.cast_signed()), theirs + Months::new(months)),
                (ours.plus_months(-months.cast_signed()), theirs - Months::new(months)),
                (ours.plus_years(years), theirs + Months::new(u32::from(years) * 12)),
                (ours.month_end(), (theirs.with_day(1).expect("a first") + Months::new(1)).pred_opt().expect("a day")),
            ];
            for (ours, theirs) in pairs {
                prop_assert_eq!(ours.to_string(), theirs.to_string());
            }
        }
    }
}
