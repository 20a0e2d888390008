//! When a private car must be inspected (机动车检验): small passenger cars that are not for hire. For other vehicles the registry's
//! day is all that is known here.

use crate::day::Day;
use crate::document::VehicleLicence;
use time::macros::date;

/// From one age on, every so many months.
struct Step {
    /// Age in months to which this step reaches, with it.
    to: i32,
    every: i32,
}

/// The rule of a time.
pub struct Schedule {
    version: &'static str,
    since: Day,
    steps: &'static [Step],
    /// Ages in months at which the mark is asked for without a test.
    untested: &'static [i32],
}

/// One that is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Inspection {
    /// The month's last day.
    pub last: Day,
    /// Whether the car is tested; else the mark is asked for online.
    pub tested: bool,
}

/// Newest first.
static SCHEDULES: [Schedule; 2] = [
    // The easing of 2022-10 (R): tested in the 6th and 10th year, then yearly; the half-yearly tests are gone.
    Schedule {
        version: "inspection@2022-10",
        since: Day::on(date!(2022 - 10 - 01)),
        steps: &[Step { to: 120, every: 24 }, Step { to: i32::MAX, every: 12 }],
        untested: &[24, 48, 96],
    },
    // 道路交通安全法实施条例 art. 16 (4) (W).
    Schedule {
        version: "inspection@2004-05",
        since: Day::on(date!(2004 - 05 - 01)),
        steps: &[Step { to: 72, every: 24 }, Step { to: 180, every: 12 }, Step { to: i32::MAX, every: 6 }],
        untested: &[],
    },
];

/// How long before the last day the mark may be asked for: 机动车登记规定 (W).
pub(super) const WINDOW_MONTHS: u16 = 3;
/// No car is older than this.
const OLDEST: i32 = 100 * 12;

impl Schedule {
    /// The one that holds on `day`; the oldest for days before all.
    pub fn on(day: Day) -> &'static Self {
        SCHEDULES.iter().find(|schedule| schedule.since <= day).unwrap_or(&SCHEDULES[1])
    }

    /// Its name.
    pub fn version(&self) -> &'static str {
        self.version
    }

    /// The first that is due after `day`, of a car registered on `registered`. None for a car older than a hundred years.
    pub fn next_after(&self, registered: Day, day: Day) -> Option<Inspection> {
        self.all(registered).find(|inspection| inspection.last > day)
    }

    /// All of them, in order.
    fn all(&self, registered: Day) -> impl Iterator<Item = Inspection> {
        let next = |age: i32| {
            let every = self.steps.iter().find(|step| age < step.to).map_or(12, |step| step.every);
            Some(age + every).filter(|age| *age <= OLDEST)
        };
        std::iter::successors(next(0), move |age| next(*age)).map(move |age| Inspection {
            last: registered.plus_months(age).month_end(),
            tested: !self.untested.contains(&age),
        })
    }
}

/// The inspection at which the present mark ends, by the rule of `today`. None for vehicles that the schedules are not for.
pub fn inspection_due(vehicle: &VehicleLicence, today: Day) -> Option<Inspection> {
    let kind = vehicle.vehicle_type.as_str();
    // GA 24.4 names small cars so; a van (面包车) is none.
    let small = ["小型", "微型"].iter().any(|size| kind.starts_with(size));
    let car = ["轿车", "客车"].iter().any(|body| kind.ends_with(body));
    let private = vehicle.usage.as_str() == "非营运" && vehicle.seats.get() <= 9;
    let before = vehicle.inspection_to.month_end().minus(1);
    (small && car && private).then(|| Schedule::on(today).next_after(vehicle.registered, before)).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::{Datelike, Months, NaiveDate};
    use proptest::prelude::*;

    fn day(text: &str) -> Day {
        Day::parse(text).expect("a day")
    }

    fn due(on: &str, registered: &str, count: usize) -> Vec<String> {
        let show = |one: Inspection| format!("{}{}", one.last, if one.tested { "" } else { " mark" });
        Schedule::on(day(on)).all(day(registered)).take(count).map(show).collect()
    }

    #[test]
    fn the_statute_and_the_easing_year_by_year() {
        // By hand from art. 16: ages 2, 4, 6, 7, 8 …
        assert_eq!(
            due("2022-09-30", "2004-02-29", 5),
            ["2006-02-28", "2008-02-29", "2010-02-28", "2011-02-28", "2012-02-29"]
        );
        // … 15, 15½, 16.
        assert_eq!(due("2022-09-30", "2004-03-15", 14)[11..], ["2019-03-31", "2019-09-30", "2020-03-31"]);
        assert_eq!(
            due("2022-10-01", "2017-03-15", 7),
            [
                "2019-03-31 mark",
                "2021-03-31 mark",
                "2023-03-31",
                "2025-03-31 mark",
                "2027-03-31",
                "2028-03-31",
                "2029-03-31"
            ]
        );
        assert_eq!(Schedule::on(day("2022-10-01")).version(), "inspection@2022-10");
        assert_eq!(Schedule::on(day("1999-01-01")).version(), "inspection@2004-05");
    }

    #[test]
    fn a_month_that_is_over_counts_from_the_next() {
        let next = |after| Schedule::on(day("2026-11-25")).next_after(day("2017-03-15"), day(after));
        assert_eq!(next("2027-03-30").map(|one| one.last), Some(day("2027-03-31")));
        assert_eq!(next("2027-03-31").map(|one| one.last), Some(day("2028-03-31")));
        assert_eq!(next("9999-12-31"), None);
    }

    #[test]
    fn the_rule_is_for_private_cars() {
        use crate::document::{Document, Kind, tests::document};
        let due = |changes: &[(&'static str, crate::document::Value)]| {
            let Document::VehicleLicence(paper) = document(Kind::VehicleLicence, changes) else {
                panic!("one")
            };
            inspection_due(&paper, day("2026-11-25"))
        };
        let tenth_year = Inspection { last: day("2027-03-31"), tested: true };
        assert_eq!(due(&[]), Some(tenth_year));
        assert_eq!(due(&[("vehicle_type", "小型普通客车".into())]), Some(tenth_year));
        let eighth_year = Inspection { last: day("2025-03-31"), tested: false };
        assert_eq!(due(&[("inspection_to", "2025-03-02".into())]), Some(eighth_year));
        for (field, value) in [
            ("use", "出租客运"),
            ("vehicle_type", "小型面包车"),
            ("vehicle_type", "大型普通客车"),
            ("vehicle_type", "重型半挂牵引车"),
            ("seats", "10"),
        ] {
            assert_eq!(due(&[(field, value.into())]), None, "{field} {value}");
        }
    }

    proptest! {
        #[test]
        fn it_is_always_the_last_of_the_month_of_registration_or_half_a_year_from_it(
            start in 0u16..15_000, days in 0u16..20_000, eased: bool,
        ) {
            let theirs = NaiveDate::from_ymd_opt(1990, 1, 1).expect("a day") + chrono::Days::new(start.into());
            let (registered, schedule) = (day(&theirs.to_string()), &SCHEDULES[usize::from(!eased)]);
            let after = registered.plus(days);
            let next = schedule.next_after(registered, after).expect("within a hundred years").last;
            let last = NaiveDate::parse_from_str(&next.to_string(), "%Y-%m-%d").expect("a day");
            prop_assert_ne!(last.succ_opt().expect("a day").month(), last.month(), "a month's last day");
            let months = (last.year() - theirs.year()) * 12 + last.month().cast_signed() - theirs.month().cast_signed();
            // The age at which it is due, by the two rules as sentences.
            let fits = match (months, eased) {
                (..=120, true) => months % 24 == 0,
                (..=72, false) => months % 24 == 0,
                (..=180, false) | (_, true) => months % 12 == 0,
                (_, false) => months % 6 == 0,
            };
            prop_assert!(fits, "due at {months} months");
            prop_assert!(next > after && theirs + Months::new(1) < last);
        }
    }
}
