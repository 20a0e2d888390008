//! The late fee (加处罚款): 3 % of the fine for each day after the deadline, never more than the fine.
//!
//! 行政处罚法 art. 67 (15 days from receipt) and art. 72 (1) (3 %, cap). The 15 days are calendar days: art. 85 makes only
//! its 2, 3, 5 and 7 day periods working days.

use crate::day::Day;
use crate::money::Fen;

/// Days from receipt within which a fine is paid; the day of receipt is not counted.
pub const TERM_DAYS: u16 = 15;
const PERCENT_A_DAY: i64 = 3;

/// The last day on which nothing is added, computed once when the decision is handed over.
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
    /// Days after the deadline.
    pub late_days: u32,
}

impl Payable {
    /// Of `fine`, due on `due`, paid on `day`.
    pub fn on(day: Day, fine: Fen, due: Day) -> Self {
        let late_days = u32::try_from(day.since(due)).unwrap_or(0);
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
    use proptest::prelude::*;

    fn day(text: &str) -> Day {
        Day::parse(text).expect("a day")
    }

    #[test]
    fn two_hundred_yuan_grow_by_six_a_day_and_stop_at_double() {
        let fine = Fen::new(20_000).expect("an amount");
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
            let payable = Payable::on(day(on), fine, due);
            assert_eq!((payable.late_days, payable.late_fee.to_string().as_str()), (days, fee), "{on}");
        }
    }

    proptest! {
        #[test]
        fn it_never_shrinks_and_never_passes_the_fine(yuan in 1i64..=200, days in 0u16..2000) {
            let (fine, start) = (Fen::new(yuan * 100).expect("an amount"), day("2026-01-01"));
            let today = Payable::on(start.plus(days), fine, start);
            let tomorrow = Payable::on(start.plus(days + 1), fine, start);
            prop_assert!(today.late_fee <= tomorrow.late_fee);
            prop_assert!(tomorrow.late_fee <= fine);
            // Exact in fen for whole yuan.
            prop_assert_eq!(today.late_fee.get(), (yuan * 3 * i64::from(days)).min(yuan * 100));
        }
    }
}
