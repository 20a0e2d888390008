//! The yearly endorsement (签注) of a residence permit, 居住证暂行条例 art. 10 (W).

use crate::day::Day;

/// How long before the anniversary it may be made.
pub(super) const WINDOW_MONTHS: i32 = 1;

/// The last day on which a permit may be endorsed next in time; after it, its function is suspended. `endorsed` in any order.
///
/// An endorsement in the month before the anniversary (满1年之日前1个月内: the day itself is late, as Chongqing's police explain it)
/// carries it to the next one. One made later restores the function, and
/// the years are counted from it (art. 10 ¶3). One made earlier than that month is none.
pub fn next_endorsement(issued: Day, endorsed: &[Day]) -> Day {
    let mut endorsed = endorsed.to_vec();
    endorsed.sort_unstable();
    let (mut start, mut year) = (issued, 1);
    for day in endorsed {
        let anniversary = start.plus_years(year);
        if day >= anniversary {
            (start, year) = (day, 1);
        } else if day >= anniversary.plus_months(-WINDOW_MONTHS) {
            year += 1;
        }
    }
    start.plus_years(year).minus(1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn day(text: &str) -> Day {
        Day::parse(text).expect("a day")
    }

    #[test]
    fn an_endorsement_carries_to_the_next_anniversary_and_a_late_one_begins_anew() {
        // Worked out by hand from art. 10.
        let cases: [(&str, &[&str], &str); 13] = [
            // The example that Chongqing's police give (W): from 1 to 31 December, and anew from June.
            ("2021-01-01", &[], "2021-12-31"),
            ("2021-01-01", &["2021-11-30"], "2021-12-31"),
            ("2021-01-01", &["2021-12-01"], "2022-12-31"),
            ("2021-01-01", &["2021-12-31"], "2022-12-31"),
            ("2021-01-01", &["2022-06-01"], "2023-05-31"),
            ("2024-03-10", &[], "2025-03-09"),
            ("2024-03-10", &["2025-02-10"], "2026-03-09"),
            ("2024-03-10", &["2025-02-09"], "2025-03-09"),
            ("2024-03-10", &["2025-03-11"], "2026-03-10"),
            ("2024-03-10", &["2026-02-20", "2025-03-01"], "2027-03-09"),
            ("2024-03-10", &["2025-09-01", "2026-08-15"], "2027-08-31"),
            // Issued on a leap day: the year ends on the month's last.
            ("2024-02-29", &[], "2025-02-27"),
            ("2024-02-29", &["2025-02-27", "2026-02-27", "2027-02-27"], "2028-02-28"),
        ];
        for (issued, endorsed, next) in cases {
            let days: Vec<Day> = endorsed.iter().map(|text| day(text)).collect();
            assert_eq!(next_endorsement(day(issued), &days).to_string(), next, "{issued} {endorsed:?}");
        }
    }

    proptest! {
        #[test]
        fn who_is_always_in_time_keeps_the_anniversary(start in 0u16..20_000, early in prop::collection::vec(1u16..=28, 0..30)) {
            use chrono::{Months, NaiveDate};
            let theirs = NaiveDate::from_ymd_opt(2000, 1, 1).expect("a day") + chrono::Days::new(start.into());
            let issued = day(&theirs.to_string());
            let anniversary = |year: usize| theirs + Months::new(u32::try_from(year * 12).expect("years"));
            let endorsed: Vec<Day> = early
                .iter()
                .enumerate()
                .map(|(at, early)| day(&(anniversary(at + 1) - chrono::Days::new((*early).into())).to_string()))
                .collect();
            let next = next_endorsement(issued, &endorsed);
            let last = anniversary(endorsed.len() + 1) - chrono::Days::new(1);
            prop_assert_eq!(next.to_string(), last.to_string());
        }

        #[test]
        fn one_more_endorsement_never_brings_the_day_nearer(
            start in 0u16..5_000, days in prop::collection::vec(0u16..4_000, 0..8), one in 0u16..4_000,
        ) {
            let issued = day("2010-01-01").plus(start);
            let mut endorsed: Vec<Day> = days.into_iter().map(|days| issued.plus(days)).collect();
            endorsed.sort_unstable();
            let latest = issued.plus(one);
            if endorsed.last().is_none_or(|last| *last <= latest) {
                let before = next_endorsement(issued, &endorsed);
                endorsed.push(latest);
                let after = next_endorsement(issued, &endorsed);
                prop_assert!(after >= before);
                prop_assert!(after <= latest.plus_years(1).plus_months(1).plus(3) || after == before);
            }
        }
    }
}
