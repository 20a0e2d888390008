//! Money: integer fen, decimal yuan text at the edges, never a float.

use std::fmt;
use std::str::FromStr;

/// An amount in fen (分), zero or more, at most a hundred million yuan.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Fen(i64);

/// Not an amount.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotAnAmount;

const MOST: i64 = 10_000_000_000;

impl Fen {
    /// Nothing.
    pub const ZERO: Self = Self(0);

    /// From a count of fen.
    pub fn new(fen: i64) -> Result<Self, NotAnAmount> {
        if (0..=MOST).contains(&fen) { Ok(Self(fen)) } else { Err(NotAnAmount) }
    }

    /// The count of fen.
    pub fn get(self) -> i64 {
        self.0
    }

    /// The sum, which stays an amount.
    pub fn plus(self, other: Self) -> Self {
        Self((self.0 + other.0).min(MOST))
    }

    /// What this is more than `other`; nothing if it is not.
    pub fn beyond(self, other: Self) -> Self {
        Self((self.0 - other.0).max(0))
    }

    /// Whether there are no odd fen.
    pub fn is_whole_yuan(self) -> bool {
        self.0 % 100 == 0
    }
}

/// Yuan with exactly two decimals, as every provider reads it: `206.00`.
impl fmt::Display for Fen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{:02}", self.0 / 100, self.0 % 100)
    }
}

/// Decimal yuan as providers write it: `206`, `206.5`, `206.00`, and CCB's `.01`.
impl FromStr for Fen {
    type Err = NotAnAmount;

    fn from_str(text: &str) -> Result<Self, NotAnAmount> {
        let (yuan, decimals) = text.split_once('.').unwrap_or((text, ""));
        let digits = |part: &str| part.bytes().all(|b| b.is_ascii_digit());
        let dangling = text.ends_with('.') || (yuan.is_empty() && decimals.is_empty());
        if dangling || !digits(yuan) || !digits(decimals) || yuan.len() > 9 || decimals.len() > 2 {
            return Err(NotAnAmount);
        }
        let fen = format!("{yuan}{decimals:0<2}").parse().map_err(|_| NotAnAmount)?;
        Self::new(fen)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn amounts_as_the_providers_write_them() {
        for (text, fen) in
            [("206.00", 20600), ("206", 20600), ("600.0", 60000), (".01", 1), ("0.01", 1), ("0", 0)]
        {
            assert_eq!(text.parse(), Fen::new(fen), "{text}");
        }
        let not = ["", ".", "1.", "-1", "+1", "1.234", "1,00", "1e2", " 1", "1 ", "１", "0x1", "1000000000"];
        for text in not {
            assert_eq!(text.parse::<Fen>(), Err(NotAnAmount), "{text}");
        }
        assert_eq!(Fen::new(-1), Err(NotAnAmount));
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back(fen in 0..=MOST) {
            let amount = Fen::new(fen).expect("in range");
            prop_assert_eq!(amount.to_string().parse(), Ok(amount));
        }

        #[test]
        fn no_text_panics(text in ".{0,20}") {
            let _ = text.parse::<Fen>();
        }
    }
}
