//! Days, counted from the clock's own.

use time::{
    Date, Duration, Month, OffsetDateTime, UtcOffset, format_description::BorrowedFormatItem,
    macros::format_description, macros::offset,
};

const SHANGHAI: UtcOffset = offset!(+8);
const DAY: &[BorrowedFormatItem<'static>] = format_description!("[year]-[month]-[day]");

/// A calendar day in China.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Day(Date);

impl Day {
    /// The one at this Unix time.
    pub fn at(unix_ms: i64) -> Self {
        let at =
            OffsetDateTime::from_unix_timestamp(unix_ms.div_euclid(1000)).expect("a time of this calendar");
        Self(at.to_offset(SHANGHAI).date())
    }

    /// Reads `YYYY-MM-DD`.
    pub fn read(text: &str) -> Option<Self> {
        Date::parse(text, DAY).ok().map(Self)
    }

    pub fn plus_days(self, days: i64) -> Self {
        Self(self.0 + Duration::days(days))
    }

    /// 29 February becomes 28 February where it is missing, and likewise for the 31st.
    pub fn plus_months(self, months: i32) -> Self {
        let (mut year, mut month) = (self.0.year(), i32::from(u8::from(self.0.month())) + months);
        while month < 1 {
            (year, month) = (year - 1, month + 12);
        }
        while month > 12 {
            (year, month) = (year + 1, month - 12);
        }
        let month = Month::January.nth_next((month - 1) as u8);
        let day = self.0.day().min(month.length(year));
        Self(Date::from_calendar_date(year, month, day).expect("a day of that month"))
    }

    pub fn plus_years(self, years: i32) -> Self {
        self.plus_months(12 * years)
    }

    pub fn month_end(self) -> Self {
        let (year, month) = (self.0.year(), self.0.month());
        Self(Date::from_calendar_date(year, month, month.length(year)).expect("a month's last day"))
    }

    /// A day of the year so many years from this one's: the same for as long as this year lasts.
    pub fn in_year(self, years: i32, month: u8, day: u8) -> Self {
        let month = Month::January.nth_next(month % 12);
        let year = self.0.year() + years;
        Self(Date::from_calendar_date(year, month, 1 + day % 28).expect("every month has 28 days"))
    }

    /// Full years to `later`.
    pub fn years_to(self, later: Self) -> i32 {
        let years = later.0.year() - self.0.year();
        let reached = (later.0.month() as u8, later.0.day()) >= (self.0.month() as u8, self.0.day());
        if reached { years } else { years - 1 }
    }

    /// `YYYY-MM-DD`
    pub fn text(self) -> String {
        self.0.format(DAY).expect("a day within the years 0 to 9999")
    }
}
