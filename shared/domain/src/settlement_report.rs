//! What the authorities are told of the money: who is told, of what, when again, and what an answer means. Pure.
//!
//! 罚款决定与罚款收缴分离实施办法 arts. 8, 10 to 12: who collects a fine reports it to the authority that decided, and the treasury
//! reconciles. Neither has a published interface: this one is ours.

use std::str::FromStr;

/// Who is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Recipient {
    /// 公安交管, whose decision it is.
    TrafficPolice,
    /// 财政国库, whose money it is.
    Treasury,
}

/// Of what.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A decision is paid.
    Settlement,
    /// Its money has gone back to the payer. Never told before the settlement.
    Reversal,
}

/// Not the name of one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotOne;

impl Recipient {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::TrafficPolice, Self::Treasury];

    /// As the database and clients write it.
    pub fn name(self) -> &'static str {
        match self {
            Self::TrafficPolice => "traffic-police",
            Self::Treasury => "treasury",
        }
    }

    /// Where it takes reports, below its origin.
    pub fn path(self) -> &'static str {
        match self {
            Self::TrafficPolice => "/v1/settlements",
            Self::Treasury => "/v1/receipts",
        }
    }
}

impl FromStr for Recipient {
    type Err = NotOne;

    fn from_str(text: &str) -> Result<Self, NotOne> {
        Self::ALL.into_iter().find(|recipient| recipient.name() == text).ok_or(NotOne)
    }
}

impl Kind {
    /// Both, in the order in which they happen.
    pub const ALL: [Self; 2] = [Self::Settlement, Self::Reversal];

    /// As the database and clients write it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Settlement => "settlement",
            Self::Reversal => "reversal",
        }
    }

    /// What names the report of `order` at the recipient, the same each time it is sent.
    pub fn idempotency_key(self, order: &str) -> String {
        match self {
            Self::Settlement => order.to_owned(),
            Self::Reversal => format!("{order}-reversal"),
        }
    }
}

impl FromStr for Kind {
    type Err = NotOne;

    fn from_str(text: &str) -> Result<Self, NotOne> {
        Self::ALL.into_iter().find(|kind| kind.name() == text).ok_or(NotOne)
    }
}

/// What became of a report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answered {
    /// The recipient has it.
    Taken,
    /// It will never take this one: a person has to look.
    Refused,
    /// Nothing is wrong with the report, but with us or with the recipient: the same again later.
    Later,
}

/// By the status of the answer.
pub fn answered(status: u16) -> Answered {
    match status {
        200..=299 => Answered::Taken,
        // Our token or address is wrong, or it is too early or too much: that gets better.
        401 | 403 | 404 | 405 | 407 | 408 | 425 | 429 => Answered::Later,
        400..=499 => Answered::Refused,
        _ => Answered::Later,
    }
}

/// Sends in vain after which a person looks at a report.
pub const TRIES_ALONE: u32 = 5;

/// How long after the `tries`-th send the next one is made, in ms: 1, 5, 15 min, then hourly.
pub fn next_try_after_ms(tries: u32) -> u64 {
    const MINUTE: u64 = 60_000;
    match tries {
        0 => 0,
        1 => MINUTE,
        2 => 5 * MINUTE,
        3 => 15 * MINUTE,
        _ => 60 * MINUTE,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_cannot_get_better_is_refused() {
        for (status, what) in [
            (200, Answered::Taken),
            (201, Answered::Taken),
            (204, Answered::Taken),
            (400, Answered::Refused),
            (409, Answered::Refused),
            (422, Answered::Refused),
            (302, Answered::Later),
            (401, Answered::Later),
            (404, Answered::Later),
            (429, Answered::Later),
            (500, Answered::Later),
            (503, Answered::Later),
        ] {
            assert_eq!(answered(status), what, "{status}");
        }
    }

    #[test]
    fn names_are_read_back_and_a_reversal_has_a_key_of_its_own() {
        assert!(Recipient::ALL.into_iter().all(|one| one.name().parse() == Ok(one)));
        assert!(Kind::ALL.into_iter().all(|one| one.name().parse() == Ok(one)));
        assert_eq!("".parse::<Kind>(), Err(NotOne));
        let keys = Kind::ALL.map(|kind| kind.idempotency_key("20261124ffffffffffffffffffff"));
        assert_eq!(keys, ["20261124ffffffffffffffffffff", "20261124ffffffffffffffffffff-reversal"]);
    }

    #[test]
    fn sends_come_later_and_later_and_never_end() {
        let gaps: Vec<u64> = (0..8).map(next_try_after_ms).collect();
        assert!(gaps.windows(2).all(|pair| pair[0] <= pair[1]) && gaps[0] == 0);
        assert_eq!(next_try_after_ms(u32::MAX), 3_600_000);
    }
}
