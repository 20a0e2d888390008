//! Unified social credit codes (统一社会信用代码) of venues, GB 32100-2015.

use std::fmt;
use std::str::FromStr;

/// 18 characters: registering authority, class, place 6, organisation 9, check character.
///
/// Some codes that were given out before the standard have another check character; they are refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CreditCode(String);

/// Not a unified social credit code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotACreditCode;

/// A character's value is its place here: I, O, S, V and Z are left out.
const ALPHABET: &str = "0123456789ABCDEFGHJKLMNPQRTUWXY";

impl FromStr for CreditCode {
    type Err = NotACreditCode;

    /// Takes lower case.
    fn from_str(text: &str) -> Result<Self, NotACreditCode> {
        if text.len() != 18 {
            return Err(NotACreditCode);
        }
        let text = text.to_ascii_uppercase();
        let mut values = Vec::with_capacity(18);
        for symbol in text.chars() {
            values.push(ALPHABET.find(symbol).ok_or(NotACreditCode)?);
        }
        let place_is_number = text.bytes().skip(2).take(6).all(|b| b.is_ascii_digit());
        // The weights are the powers of 3 modulo 31, the check character's is 1: the sum is a multiple of 31.
        let head = values[..17].iter().rfold(0, |sum, value| (sum * 3 + value) % 31);
        let holds = (head + values[17]) % 31 == 0;
        if place_is_number && holds { Ok(Self(text)) } else { Err(NotACreditCode) }
    }
}

impl fmt::Display for CreditCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_of_the_public_register_are_read() {
        // python-stdnum's `cn.uscc` takes them too.
        for code in ["91350100M000100Y43", "91110000600037341L", "91350203MA32AXT97E", "913502000728319549"] {
            assert_eq!(code.parse::<CreditCode>().expect(code).to_string(), code);
            assert!(code.to_lowercase().parse::<CreditCode>().is_ok());
        }
    }

    #[test]
    fn one_wrong_character_anywhere_is_found() {
        let right = "91350100M000100Y43";
        for at in 0..18 {
            for symbol in ALPHABET.chars() {
                let changed = format!("{}{symbol}{}", &right[..at], &right[at + 1..]);
                assert_eq!(changed.parse::<CreditCode>().is_ok(), changed == right, "{changed}");
            }
        }
        for bad in
            ["", "91350100M000100Y4", "91350100M000100Y433", "91350100S000100Y43", "9135O100M000100Y43"]
        {
            assert_eq!(bad.parse::<CreditCode>(), Err(NotACreditCode), "{bad}");
        }
        // 18 bytes that are not 18 characters.
        assert_eq!("证证证证证证".parse::<CreditCode>(), Err(NotACreditCode));
    }
}
