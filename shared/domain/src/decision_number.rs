//! Decision numbers (处罚决定书编号).

use std::fmt;
use std::str::FromStr;

/// 15 or 16 digits; their structure and check digit are not published, so they are kept as text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DecisionNumber(String);

/// Not a decision number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotADecisionNumber;

impl DecisionNumber {
    /// The digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for DecisionNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for DecisionNumber {
    type Err = NotADecisionNumber;

    fn from_str(text: &str) -> Result<Self, NotADecisionNumber> {
        let valid = matches!(text.len(), 15 | 16) && text.bytes().all(|b| b.is_ascii_digit());
        if valid { Ok(Self(text.to_owned())) } else { Err(NotADecisionNumber) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fifteen_or_sixteen_digits() {
        for good in ["440305270097751", "5101041204594064", "4101051700000012"] {
            assert_eq!(good.parse::<DecisionNumber>().map(|n| n.to_string()), Ok(good.to_owned()));
        }
        for bad in ["", "44030527009775", "44030527009775123", "44030527009775a", "４４0305270097751"] {
            assert_eq!(bad.parse::<DecisionNumber>(), Err(NotADecisionNumber), "{bad}");
        }
    }
}
