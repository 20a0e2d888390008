//! Money as the gateway writes it: yuan, decimal text.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// An amount in fen, 0.01 to 100000000.00 yuan. Written with two decimals.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Fen(i64);

const MOST: i64 = 10_000_000_000;

impl Fen {
    /// In fen, unchecked against the gateway's limits: sums and rests.
    pub(super) const fn raw(fen: i64) -> Self {
        Self(fen)
    }

    /// In fen.
    pub const fn get(self) -> i64 {
        self.0
    }
}

/// Not an amount that the gateway takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotAnAmount;

impl FromStr for Fen {
    type Err = NotAnAmount;

    fn from_str(text: &str) -> Result<Self, NotAnAmount> {
        let (yuan, decimals) = text.split_once('.').unwrap_or((text, "0"));
        let digits =
            |t: &str, most: usize| (1..=most).contains(&t.len()) && t.bytes().all(|b| b.is_ascii_digit());
        if !digits(yuan, 9) || !digits(decimals, 2) {
            return Err(NotAnAmount);
        }
        let fen: i64 = format!("{yuan}{decimals:0<2}").parse().map_err(|_| NotAnAmount)?;
        if (1..=MOST).contains(&fen) { Ok(Self(fen)) } else { Err(NotAnAmount) }
    }
}

impl fmt::Display for Fen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{:02}", self.0 / 100, self.0 % 100)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_amount_is_refused() {
        for text in [
            "",
            "0",
            "0.00",
            "-1",
            "+1",
            "1.",
            ".5",
            "1.234",
            "1,00",
            "1e2",
            "100000000.01",
            "1000000000",
            "1 ",
            "１",
        ] {
            assert_eq!(text.parse::<Fen>(), Err(NotAnAmount), "{text}");
        }
    }

    #[test]
    fn amounts_are_written_with_two_decimals() {
        for (text, fen, written) in [
            ("0.01", 1, "0.01"),
            ("206", 20600, "206.00"),
            ("206.5", 20650, "206.50"),
            ("100000000.00", 10_000_000_000, "100000000.00"),
        ] {
            let amount = text.parse::<Fen>().unwrap_or_else(|_| panic!("{text}"));
            assert_eq!((amount.get(), amount.to_string().as_str()), (fen, written));
        }
    }
}
