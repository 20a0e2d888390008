//! A penalty decision (当场处罚决定) of the simplified procedure and what may follow it.

use crate::money::Fen;

/// On the spot a person is fined at most 200 yuan (道路交通安全法 art. 107, 行政处罚法 art. 51).
pub const MOST: i64 = 20_000;
/// And at least 5 (道路交通安全法 art. 89).
pub const LEAST: i64 = 500;
/// How long after the violation a decision on the spot can be made.
pub const ON_THE_SPOT_MS: u64 = 24 * 3600 * 1000;
/// How far a terminal's clock may run ahead.
pub const CLOCK_SKEW_MS: u64 = 5 * 60 * 1000;

/// Why this cannot be decided on the spot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotOnTheSpot {
    /// Not between 5 and 200 yuan.
    Amount,
    /// Not whole yuan: the late fee would not be exact in fen.
    OddFen,
    /// In the future.
    Future,
    /// Too long ago.
    TooOld,
}

/// Whether a violation at `violated_ms` may be fined with `fine` on the spot at `now_ms`.
pub fn on_the_spot(fine: Fen, violated_ms: u64, now_ms: u64) -> Result<(), NotOnTheSpot> {
    if !(LEAST..=MOST).contains(&fine.get()) {
        return Err(NotOnTheSpot::Amount);
    }
    if !fine.is_whole_yuan() {
        return Err(NotOnTheSpot::OddFen);
    }
    if violated_ms > now_ms + CLOCK_SKEW_MS {
        return Err(NotOnTheSpot::Future);
    }
    if now_ms.saturating_sub(violated_ms) > ON_THE_SPOT_MS {
        return Err(NotOnTheSpot::TooOld);
    }
    Ok(())
}

/// Where a decision stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// To be paid, in time.
    Due,
    /// To be paid, with a late fee.
    Overdue,
    /// Paid.
    Paid,
    /// Withdrawn by the agency, not to be paid.
    Revoked,
}

impl State {
    /// With so many days that count for the late fee. A payment outweighs a revocation: money that came in is shown as such
    /// until it is refunded.
    pub fn of(paid: bool, revoked: bool, late_days: u32) -> Self {
        match (paid, revoked) {
            (true, _) => Self::Paid,
            (false, true) => Self::Revoked,
            (false, false) if late_days > 0 => Self::Overdue,
            (false, false) => Self::Due,
        }
    }

    /// As clients read it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Due => "due",
            Self::Overdue => "overdue",
            Self::Paid => "paid",
            Self::Revoked => "revoked",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_laws_limits_hold_on_the_spot() {
        const NOW: u64 = 1_800_000_000_000;
        let decide = |fen, at| on_the_spot(Fen::new(fen).expect("an amount"), at, NOW);
        assert_eq!(decide(20_000, NOW), Ok(()));
        assert_eq!(decide(500, NOW - ON_THE_SPOT_MS), Ok(()));
        assert_eq!(decide(20_100, NOW), Err(NotOnTheSpot::Amount));
        assert_eq!(decide(400, NOW), Err(NotOnTheSpot::Amount));
        assert_eq!(decide(15_050, NOW), Err(NotOnTheSpot::OddFen));
        assert_eq!(decide(10_000, NOW + CLOCK_SKEW_MS + 1), Err(NotOnTheSpot::Future));
        assert_eq!(decide(10_000, NOW - ON_THE_SPOT_MS - 1), Err(NotOnTheSpot::TooOld));
    }

    #[test]
    fn a_payment_outweighs_everything() {
        assert_eq!(State::of(true, true, 1), State::Paid);
        assert_eq!(State::of(false, true, 1), State::Revoked);
        assert_eq!(State::of(false, false, 1), State::Overdue);
        assert_eq!(State::of(false, false, 0), State::Due);
    }
}
