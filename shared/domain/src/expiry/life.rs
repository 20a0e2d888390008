//! For how long a document is given out.

use crate::day::Day;
use crate::document::{Kind, Until};

/// How long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Life {
    /// So many years.
    Years(u16),
    /// 长期
    LongTerm,
}

/// What is printed as the last day of a number of years.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Last {
    /// The day of the year on which it was given out.
    SameDay,
    /// The day before that.
    DayBefore,
}

struct Lives {
    kind: Kind,
    last: Last,
    /// Up to which age of the holder, in full years on the day of issue, for how long.
    tiers: &'static [(i32, Life)],
}

const ANY_AGE: i32 = i32::MAX;

const LIVES: [Lives; 4] = [
    // 居民身份证法 art. 5 (W; under 16: R). Printed 2010.05.10-2020.05.10 (R).
    Lives {
        kind: Kind::ResidentId,
        last: Last::SameDay,
        tiers: &[
            (15, Life::Years(5)),
            (25, Life::Years(10)),
            (45, Life::Years(20)),
            (ANY_AGE, Life::LongTerm),
        ],
    },
    // 护照法 art. 7 (W). Printed 10 MAY 2019, 09 MAY 2029 (R).
    Lives {
        kind: Kind::Passport,
        last: Last::DayBefore,
        tiers: &[(15, Life::Years(5)), (ANY_AGE, Life::Years(10))],
    },
    // The electronic card (R).
    Lives {
        kind: Kind::HkMacauPermit,
        last: Last::DayBefore,
        tiers: &[(15, Life::Years(5)), (ANY_AGE, Life::Years(10))],
    },
    // The same; minors (R).
    Lives {
        kind: Kind::TaiwanPermit,
        last: Last::DayBefore,
        tiers: &[(15, Life::Years(5)), (ANY_AGE, Life::Years(10))],
    },
];

/// For how long a document of this kind is given out on `issued` to somebody born on `born`. None where age does not decide:
/// driving licences ([`DrivingTerm`]), vehicle licences ([`super::Schedule`]) and residence permits ([`super::next_endorsement`]).
pub fn life(kind: Kind, issued: Day, born: Day) -> Option<Life> {
    let age = born.years_until(issued);
    let lives = LIVES.iter().find(|lives| lives.kind == kind)?;
    lives.tiers.iter().find(|(oldest, _)| age <= *oldest).map(|(_, life)| *life)
}

/// What is then printed as its last day.
pub fn valid_to(kind: Kind, issued: Day, born: Day) -> Option<Until> {
    let last = LIVES.iter().find(|lives| lives.kind == kind)?.last;
    Some(match life(kind, issued, born)? {
        Life::LongTerm => Until::LongTerm,
        Life::Years(years) => Until::Day(match last {
            Last::SameDay => issued.plus_years(years),
            Last::DayBefore => issued.plus_years(years).minus(1),
        }),
    })
}

/// A driving licence's, 机动车驾驶证申领和使用规定 (W): six years at first; ten, then long-term, for who has never reached 12 points
/// in a scoring period of the term before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DrivingTerm {
    /// The first.
    Six,
    /// After it.
    Ten,
    /// The last.
    LongTerm,
}

impl DrivingTerm {
    /// The one that follows this.
    pub fn next(self, ever_full: bool) -> Self {
        match (self, ever_full) {
            (term, true) => term,
            (Self::Six, false) => Self::Ten,
            (Self::Ten | Self::LongTerm, false) => Self::LongTerm,
        }
    }

    /// How long it is.
    pub fn life(self) -> Life {
        match self {
            Self::Six => Life::Years(6),
            Self::Ten => Life::Years(10),
            Self::LongTerm => Life::LongTerm,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> Day {
        Day::parse(text).expect("a day")
    }

    #[test]
    fn age_on_the_day_of_issue_decides() {
        use Kind::{HkMacauPermit, Passport, ResidentId, TaiwanPermit};
        // Born on 2 June 2000. By hand from the laws.
        for (kind, issued, last) in [
            (ResidentId, "2016-06-01", "2021-06-01"),
            (ResidentId, "2016-06-02", "2026-06-02"),
            (ResidentId, "2026-06-01", "2036-06-01"),
            (ResidentId, "2026-06-02", "2046-06-02"),
            (ResidentId, "2046-06-01", "2066-06-01"),
            (ResidentId, "2046-06-02", "long-term"),
            (ResidentId, "2028-02-29", "2048-02-29"),
            (Passport, "2016-06-01", "2021-05-31"),
            (Passport, "2016-06-02", "2026-06-01"),
            (Passport, "2016-02-29", "2021-02-27"),
            (HkMacauPermit, "2016-06-01", "2021-05-31"),
            (HkMacauPermit, "2019-05-10", "2029-05-09"),
            (TaiwanPermit, "2016-06-01", "2021-05-31"),
            (TaiwanPermit, "2019-05-10", "2029-05-09"),
        ] {
            let printed = valid_to(kind, day(issued), day("2000-06-02")).expect("age decides");
            assert_eq!(printed.to_string(), last, "{kind:?} {issued}");
        }
        for kind in [Kind::ResidencePermit, Kind::DrivingLicence, Kind::VehicleLicence] {
            assert_eq!(valid_to(kind, day("2026-01-01"), day("2000-06-02")), None);
        }
    }

    #[test]
    fn six_years_ten_years_for_good_unless_the_points_were_full() {
        let life = |terms: &[bool]| terms.iter().fold(DrivingTerm::Six, |term, full| term.next(*full)).life();
        assert_eq!(life(&[]), Life::Years(6));
        assert_eq!(life(&[true]), Life::Years(6));
        assert_eq!(life(&[true, false]), Life::Years(10));
        assert_eq!(life(&[false, true]), Life::Years(10));
        assert_eq!(life(&[false, false]), Life::LongTerm);
        assert_eq!(life(&[false, false, true]), Life::LongTerm);
    }
}
