//! Violation codes (违法代码).

use std::fmt;
use std::str::FromStr;

/// Four digits of the national list, five with a local extension.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ViolationCode(String);

/// Not a violation code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotAViolationCode;

impl fmt::Display for ViolationCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for ViolationCode {
    type Err = NotAViolationCode;

    fn from_str(text: &str) -> Result<Self, NotAViolationCode> {
        let valid = matches!(text.len(), 4 | 5) && text.bytes().all(|b| b.is_ascii_digit());
        if valid { Ok(Self(text.to_owned())) } else { Err(NotAViolationCode) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn four_digits_or_five() {
        for good in ["1349", "1636", "4706", "17216", "80170"] {
            assert!(good.parse::<ViolationCode>().is_ok(), "{good}");
        }
        for bad in ["", "134", "134900", "134a", "１３４９"] {
            assert_eq!(bad.parse::<ViolationCode>(), Err(NotAViolationCode), "{bad}");
        }
    }
}
