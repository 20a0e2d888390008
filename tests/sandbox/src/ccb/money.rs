//! Money as the bank takes and writes it: yuan, decimal text, Oracle's NUMBER(16,2).

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// An amount in fen, 0.01 to 99999999999999.99 yuan when it comes from outside.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Fen(i64);

impl Fen {
    pub(super) const ZERO: Self = Self(0);
    pub(super) const FEN: Self = Self(1);
    pub(super) const YUAN: Self = Self(100);

    /// None when there is less than that.
    pub(super) fn less(self, other: Self) -> Option<Self> {
        (other <= self).then(|| Self(self.0 - other.0))
    }

    /// `206.0`, `206.5`, `.01`: as a database writes a number.
    pub(super) fn short(self) -> String {
        let text = self.to_string();
        let text = text.strip_suffix('0').unwrap_or(&text);
        text.strip_prefix('0').unwrap_or(text).to_owned()
    }
}

impl std::iter::Sum for Fen {
    fn sum<I: Iterator<Item = Self>>(amounts: I) -> Self {
        Self(amounts.map(|amount| amount.0).sum())
    }
}

/// Not an amount that the bank takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotAnAmount;

impl FromStr for Fen {
    type Err = NotAnAmount;

    fn from_str(text: &str) -> Result<Self, NotAnAmount> {
        let (yuan, decimals) = text.split_once('.').unwrap_or((text, "0"));
        let digits =
            |t: &str, most: usize| (1..=most).contains(&t.len()) && t.bytes().all(|b| b.is_ascii_digit());
        let padded = yuan.len() > 1 && yuan.starts_with('0');
        if padded || !digits(yuan, 14) || !digits(decimals, 2) {
            return Err(NotAnAmount);
        }
        match format!("{yuan}{decimals:0<2}").parse() {
            Ok(fen) if fen > 0 => Ok(Self(fen)),
            _ => Err(NotAnAmount),
        }
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
        for text in ["", "0", "0.00", "-1", "+1", "1.", ".01", "1.234", "1,00", "1e2", "0206", "1 ", "１"] {
            assert_eq!(text.parse::<Fen>(), Err(NotAnAmount), "{text}");
        }
        assert_eq!("100000000000000".parse::<Fen>(), Err(NotAnAmount));
    }

    // The short forms that occur in callbacks: payments facts, section 0.
    #[test]
    fn amounts_are_written_in_two_ways() {
        for (text, fen, plain, short) in [
            ("0.01", 1, "0.01", ".01"),
            ("600", 60_000, "600.00", "600.0"),
            ("206.5", 20_650, "206.50", "206.5"),
            ("0.1", 10, "0.10", ".1"),
            ("2.41", 241, "2.41", "2.41"),
            ("99999999999999.99", 9_999_999_999_999_999, "99999999999999.99", "99999999999999.99"),
        ] {
            let amount = text.parse::<Fen>().unwrap_or_else(|_| panic!("{text}"));
            assert_eq!((amount.0, amount.to_string().as_str()), (fen, plain));
            assert_eq!(amount.short(), short);
        }
    }
}
