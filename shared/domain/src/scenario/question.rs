//! What a venue may ask about, to be answered by yes or no.

use crate::document::{Malformed, Text};
use crate::plate::Plate;
use std::fmt;

/// Whose door, or whose car.
#[derive(Clone, PartialEq, Eq)]
pub enum Question {
    /// Whether the person lives at this address.
    Address(Address),
    /// Whether the vehicle is the person's.
    Vehicle(Plate),
}

impl fmt::Debug for Question {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Address(_) => "Address(…)",
            Self::Vehicle(_) => "Vehicle(…)",
        })
    }
}

/// An address in the form in which two are compared: full-width characters are their ASCII ones, letters small, and
/// spaces and punctuation gone. Whole addresses only: the end of one is that of many.
#[derive(Clone, PartialEq, Eq)]
pub struct Address(String);

impl Address {
    /// With less than this, an address names no door.
    const SHORTEST: usize = 6;

    /// As the venue typed it, or as a document has it.
    pub fn new(text: &Text) -> Result<Self, Malformed> {
        let half = |c: char| match c {
            '！'..='～' => char::from_u32(c as u32 - 0xFEE0).unwrap_or(c),
            other => other,
        };
        let symbols = text.as_str().chars().map(half).filter(|c| c.is_alphanumeric());
        let plain: String = symbols.flat_map(char::to_lowercase).collect();
        if plain.chars().count() < Self::SHORTEST { Err(Malformed) } else { Ok(Self(plain)) }
    }

    pub(super) fn is(&self, other: &Text) -> bool {
        Self::new(other).is_ok_and(|other| other == *self)
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Address(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_the_same_however_it_is_typed_and_no_other() {
        let text = |text: &str| text.parse::<Text>().expect("a text");
        let home = text("长春市南关区示例街2号3栋B单元401室");
        for same in [
            "长春市南关区示例街2号3栋B单元401室",
            "长春市 南关区 示例街２号，３栋ｂ单元401室",
            "长春市南关区示例街2号-3栋-b单元-401室。",
        ] {
            assert!(Address::new(&text(same)).expect("an address").is(&home), "{same}");
        }
        for other in [
            "长春市南关区示例街2号3栋B单元402室",
            "示例街2号3栋B单元401室",
            "长春市南关区示例街23号栋B单元401",
            "长春市南关区",
        ] {
            assert!(!Address::new(&text(other)).expect("an address").is(&home), "{other}");
        }
        assert_eq!(Address::new(&text("401 - 室")), Err(Malformed));
    }
}
