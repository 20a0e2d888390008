//! Money that goes back: what is refunded, and when it is tried again. Pure.

use std::str::FromStr;

/// Why money goes back. Always the whole of an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// Another order had settled the ticket.
    PaidTwice,
    /// The decision was revoked, before or after it was paid.
    Revoked,
}

impl Cause {
    /// As the database and clients write it.
    pub fn name(self) -> &'static str {
        match self {
            Self::PaidTwice => "paid-twice",
            Self::Revoked => "revoked",
        }
    }
}

impl FromStr for Cause {
    type Err = NotACause;

    fn from_str(text: &str) -> Result<Self, NotACause> {
        [Self::PaidTwice, Self::Revoked].into_iter().find(|cause| cause.name() == text).ok_or(NotACause)
    }
}

/// Not the name of a cause.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotACause;

/// Calls in vain after which a person looks at a refund: it is tried for hours by then.
pub const TRIES_ALONE: u32 = 5;

/// The one refund of an order, as the provider knows it. The same whoever asks, however often: that makes it happen once.
pub fn number(order: &str) -> String {
    format!("R{order}")
}

/// How long after the `tries`-th call the next one is made, in ms: 1, 5, 15, 60 min, then every 4 hours.
pub fn next_try_after_ms(tries: u32) -> u64 {
    const MINUTE: u64 = 60_000;
    match tries {
        0 => 0,
        1 => MINUTE,
        2 => 5 * MINUTE,
        3 => 15 * MINUTE,
        4 => 60 * MINUTE,
        _ => 240 * MINUTE,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refund_has_one_number_that_every_provider_takes() {
        // WeChat Pay: at most 64 of letters, digits and _-|*@; Alipay the same; both refuse another refund under it.
        let number = number("20261124ffffffffffffffffffff");
        assert_eq!(number, "R20261124ffffffffffffffffffff");
        assert!(number.len() <= 64 && number.bytes().all(|b| b.is_ascii_alphanumeric()));
    }

    #[test]
    fn tries_come_later_and_later_and_never_end() {
        let gaps: Vec<u64> = (0..8).map(next_try_after_ms).collect();
        assert!(gaps.windows(2).all(|pair| pair[0] <= pair[1]) && gaps[0] == 0);
        assert_eq!(next_try_after_ms(u32::MAX), 4 * 3600 * 1000);
    }

    #[test]
    fn causes_are_read_back() {
        for cause in [Cause::PaidTwice, Cause::Revoked] {
            assert_eq!(cause.name().parse(), Ok(cause));
        }
        assert_eq!("".parse::<Cause>(), Err(NotACause));
    }
}
