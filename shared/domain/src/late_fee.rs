//! The late fee (加处罚款): 3 % of the fine for each day after the deadline, never more than the fine.
//!
//! 行政处罚法 art. 67 (15 days from receipt) and art. 72 (1) (3 %, cap). The 15 days are calendar days: art. 85 makes only
//! its 2, 3, 5 and 7 day periods working days. What is recorded later stops it or moves the deadline: [`Record`].

use crate::day::Day;
use crate::decision_event::Record;
use crate::money::Fen;

/// Days from receipt within which a fine is paid; the day of receipt is not counted.
pub const TERM_DAYS: u16 = 15;
const PERCENT_A_DAY: i64 = 3;

/// The last day on which nothing is added, computed once when the decision is handed over; a deferral moves it.
pub fn due(received: Day) -> Day {
    received.plus(TERM_DAYS)
}

/// What a fine has grown to on a day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Payable {
    /// The fine itself.
    pub fine: Fen,
    /// What is added.
    pub late_fee: Fen,
    /// Days after the deadline, without those on which the late fee did not run.
    pub late_days: u32,
}

impl Payable {
    /// Of `fine`, due on `due` as the decision says, paid on `day`, with what is recorded about it by then.
    pub fn on(day: Day, fine: Fen, due: Day, record: &Record) -> Self {
        let late_days = record.late_days(day, due);
        let grown = fine.get().saturating_mul(PERCENT_A_DAY).saturating_mul(i64::from(late_days)) / 100;
        let late_fee = Fen::new(grown).map_or(fine, |fee| fee.min(fine));
        Self { fine, late_fee, late_days }
    }

    /// Fine and late fee.
    pub fn total(self) -> Fen {
        self.fine.plus(self.late_fee)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decision_event::{Event, Kind};
    use proptest::prelude::*;

    fn day(text: &str) -> Day {
        Day::parse(text).expect("a day")
    }

    fn fine() -> Fen {
        Fen::new(20_000).expect("an amount")
    }

    #[test]
    fn two_hundred_yuan_grow_by_six_a_day_and_stop_at_double() {
        let due = due(day("2026-01-01"));
        assert_eq!(due, day("2026-01-16"));
        // Worked out by hand from art. 72: late day, late fee in yuan.
        for (on, days, fee) in [
            ("2026-01-01", 0, "0.00"),
            ("2026-01-16", 0, "0.00"),
            ("2026-01-17", 1, "6.00"),
            ("2026-02-18", 33, "198.00"),
            ("2026-02-19", 34, "200.00"),
            ("2026-03-17", 60, "200.00"),
        ] {
            let payable = Payable::on(day(on), fine(), due, &Record::default());
            assert_eq!((payable.late_days, payable.late_fee.to_string().as_str()), (days, fee), "{on}");
        }
    }

    #[test]
    fn the_late_fee_stands_still_while_it_is_contested_and_begins_after_a_deferral() {
        use Kind::{Contest, Deferral, Suspension};
        let due = day("2026-01-16");
        // What is recorded: kind, first day, last day. Then days, and the late days that a calendar shows by then.
        type Recorded<'a> = &'a [(Kind, Option<&'a str>, Option<&'a str>)];
        let cases: [(Recorded<'_>, &[(&str, u32)]); 8] = [
            (
                &[(Contest, Some("2026-01-19"), Some("2026-01-28"))],
                &[("2026-01-18", 2), ("2026-01-19", 2), ("2026-01-28", 2), ("2026-01-29", 3)],
            ),
            (&[(Contest, Some("2026-01-19"), None)], &[("2026-01-18", 2), ("2027-01-18", 2)]),
            // Begun before the deadline: only what is after it matters.
            (
                &[(Suspension, Some("2026-01-02"), Some("2026-01-20"))],
                &[("2026-01-20", 0), ("2026-01-21", 1)],
            ),
            (&[(Contest, Some("2026-01-02"), Some("2026-01-16"))], &[("2026-01-17", 1)]),
            // They overlap in three days.
            (
                &[
                    (Contest, Some("2026-01-20"), Some("2026-01-25")),
                    (Suspension, Some("2026-01-23"), Some("2026-01-30")),
                ],
                &[("2026-01-19", 3), ("2026-01-30", 3), ("2026-02-01", 5)],
            ),
            (&[(Deferral, None, Some("2026-03-16"))], &[("2026-03-16", 0), ("2026-03-17", 1)]),
            // An earlier day than the decision's changes nothing, and the latest counts.
            (
                &[
                    (Deferral, None, Some("2026-02-16")),
                    (Deferral, None, Some("2026-01-10")),
                    (Deferral, None, Some("2026-01-20")),
                ],
                &[("2026-02-16", 0), ("2026-02-17", 1)],
            ),
            // The contest's days before the moved deadline are nobody's gain.
            (
                &[(Deferral, None, Some("2026-02-16")), (Contest, Some("2026-02-10"), Some("2026-02-20"))],
                &[("2026-02-20", 0), ("2026-02-21", 1)],
            ),
        ];
        for (recorded, expected) in cases {
            let event = |&(kind, first, last): &(Kind, Option<&str>, Option<&str>)| {
                Event::new(kind, first.map(day), last.map(day)).expect("an event")
            };
            let record: Record = recorded.iter().map(event).collect();
            for (on, late) in expected {
                let payable = Payable::on(day(on), fine(), due, &record);
                assert_eq!(payable.late_days, *late, "{recorded:?} on {on}");
                assert_eq!(payable.late_fee.get(), 600 * i64::from(*late), "{recorded:?} on {on}");
            }
        }
    }

    /// Up to eight events of 120 days, of which day 40 is the deadline.
    fn events() -> impl Strategy<Value = Vec<(Kind, u16, Option<u16>)>> {
        let kind = prop_oneof![Just(Kind::Contest), Just(Kind::Suspension), Just(Kind::Deferral)];
        prop::collection::vec((kind, 0u16..120, prop::option::of(0u16..60)), 0..8)
    }

    const DUE: u16 = 40;

    fn start() -> Day {
        day("2027-12-20")
    }

    fn event(&(kind, first, length): &(Kind, u16, Option<u16>)) -> Event {
        let (first, last) = (start().plus(first), length.map(|days| start().plus(first + days)));
        let event = match kind {
            Kind::Deferral => Event::new(kind, None, Some(first)),
            _ => Event::new(kind, Some(first), last),
        };
        event.expect("an event")
    }

    fn late_days(events: &[(Kind, u16, Option<u16>)], on: u16) -> u32 {
        let record = events.iter().map(event).collect();
        Payable::on(start().plus(on), fine(), start().plus(DUE), &record).late_days
    }

    proptest! {
        #[test]
        fn it_never_shrinks_and_never_passes_the_fine(
            yuan in 1i64..=200, days in 0u16..2000, events in events(),
        ) {
            let fine = Fen::new(yuan * 100).expect("an amount");
            let record: Record = events.iter().map(event).collect();
            let on = |day: u16| Payable::on(start().plus(day), fine, start().plus(DUE), &record);
            let (today, tomorrow) = (on(days), on(days + 1));
            prop_assert!(Fen::ZERO <= today.late_fee && today.late_fee <= tomorrow.late_fee);
            prop_assert!(tomorrow.late_fee <= fine);
            prop_assert!((0..=1).contains(&(tomorrow.late_days - today.late_days)), "a day adds at most a day");
        }

        #[test]
        fn with_nothing_recorded_it_is_the_plain_rule(yuan in 1i64..=200, days in 0u16..2000) {
            let (fine, start) = (Fen::new(yuan * 100).expect("an amount"), day("2026-01-01"));
            let payable = Payable::on(start.plus(days), fine, start, &Record::default());
            // Exact in fen for whole yuan.
            prop_assert_eq!(payable.late_fee.get(), (yuan * 3 * i64::from(days)).min(yuan * 100));
            prop_assert_eq!(payable.late_days, u32::from(days));
        }

        #[test]
        fn a_day_counts_if_it_is_after_the_deadline_and_in_no_period(events in events(), on in 0u16..300) {
            let due = events.iter().filter(|event| event.0 == Kind::Deferral).fold(DUE, |due, e| due.max(e.1));
            let free = |day: u16| {
                let periods = events.iter().filter(|event| event.0 != Kind::Deferral);
                periods.into_iter().any(|(_, first, length)| {
                    day >= *first && length.is_none_or(|length| day <= first + length)
                })
            };
            let counted = (due + 1..=on).filter(|day| !free(*day)).count();
            prop_assert_eq!(late_days(&events, on) as usize, counted);
        }

        #[test]
        fn the_order_of_recording_and_repetition_are_irrelevant(
            (events, shuffled) in events().prop_flat_map(|all| (Just(all.clone()), Just(all).prop_shuffle())),
            on in 0u16..300,
        ) {
            prop_assert_eq!(late_days(&events, on), late_days(&shuffled, on));
            let twice: Vec<_> = events.iter().chain(&shuffled).copied().collect();
            prop_assert_eq!(late_days(&events, on), late_days(&twice, on));
        }

        #[test]
        fn what_is_recorded_never_makes_it_dearer(events in events(), on in 0u16..300) {
            let fewer = &events[..events.len().saturating_sub(1)];
            prop_assert!(late_days(&events, on) <= late_days(fewer, on));
        }
    }
}
