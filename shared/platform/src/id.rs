//! Identifiers: 16 random bytes, in the database as 32 lower-case hex characters.

use std::fmt;
use std::str::FromStr;

/// One identifier.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Id([u8; 16]);

/// The text is not 32 hex characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotAnId;

impl Id {
    /// Stands for "none", e.g. a session without a device.
    pub const NONE: Self = Self([0; 16]);

    /// A new one, from the host's secure randomness.
    pub fn random() -> Self {
        let (high, low) = (random_u64(), random_u64());
        Self::from_halves((high, low))
    }

    /// From two big-endian halves, as the signing contract holds it.
    pub fn from_halves((high, low): (u64, u64)) -> Self {
        Self((u128::from(high) << 64 | u128::from(low)).to_be_bytes())
    }

    /// As two big-endian halves.
    pub fn halves(self) -> (u64, u64) {
        let whole = u128::from_be_bytes(self.0);
        ((whole >> 64) as u64, whole as u64)
    }
}

fn random_u64() -> u64 {
    spin_sdk::wasip3::random::random::get_random_u64()
}

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl FromStr for Id {
    type Err = NotAnId;

    fn from_str(text: &str) -> Result<Self, NotAnId> {
        let hex = text.len() == 32 && text.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b));
        if !hex {
            return Err(NotAnId);
        }
        u128::from_str_radix(text, 16).map(|whole| Self(whole.to_be_bytes())).map_err(|_| NotAnId)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_lower_case_hex_of_full_length_is_an_id() {
        for bad in
            ["", "0", &"0".repeat(31), &"0".repeat(33), &"A".repeat(32), &format!("+{}", "0".repeat(31))]
        {
            assert_eq!(bad.parse::<Id>(), Err(NotAnId), "{bad}");
        }
        let text = "00112233445566778899aabbccddeeff";
        let id: Id = text.parse().expect("an id");
        assert_eq!(id.to_string(), text);
        assert_eq!(Id::from_halves(id.halves()), id);
    }
}
