//! The eight characters that stand in for an identity code where a desk has no camera.

use std::fmt;
use std::str::FromStr;

/// No two that look alike in print or sound alike on the telephone's keyboard: none of 0 O, 1 I L, 5 S, 2, B.
const ALPHABET: &[u8; 27] = b"346789ACDEFGHJKMNPQRTUVWXYZ";
const LENGTH: usize = 8;
/// More than this is none, however it is spaced.
const LONGEST: usize = 32;

/// Eight characters of 27: 38 bits, good for minutes and at a desk that may try few.
#[derive(Clone, PartialEq, Eq)]
pub struct TypedCode(String);

/// Not eight characters of the alphabet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotATypedCode;

impl TypedCode {
    /// From 64 random bits.
    pub fn from_random(mut bits: u64) -> Self {
        let mut symbols = String::with_capacity(LENGTH);
        for _ in 0..LENGTH {
            let (rest, place) = (bits / ALPHABET.len() as u64, bits % ALPHABET.len() as u64);
            symbols.push(char::from(ALPHABET[place as usize]));
            bits = rest;
        }
        Self(symbols)
    }

    /// In its one form, as it is indexed.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// In two groups, as it is read out: `K7MQ-X3RT`.
    pub fn grouped(&self) -> String {
        format!("{}-{}", &self.0[..LENGTH / 2], &self.0[LENGTH / 2..])
    }
}

/// Takes any case, spaces and hyphens, and what is seen in place of Z and 8.
impl FromStr for TypedCode {
    type Err = NotATypedCode;

    fn from_str(text: &str) -> Result<Self, NotATypedCode> {
        if text.len() > LONGEST {
            return Err(NotATypedCode);
        }
        let meant = |c: char| match c.to_ascii_uppercase() {
            '2' => 'Z',
            'B' => '8',
            other => other,
        };
        let symbols: String = text.chars().filter(|c| !matches!(c, ' ' | '-')).map(meant).collect();
        let known = symbols.bytes().all(|symbol| ALPHABET.contains(&symbol));
        if known && symbols.len() == LENGTH { Ok(Self(symbols)) } else { Err(NotATypedCode) }
    }
}

/// Whoever reads it in a log could use it.
impl fmt::Debug for TypedCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TypedCode(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn however_it_is_typed_it_is_the_same_and_look_alikes_are_refused() {
        let code: TypedCode = "K7MZ8X3R".parse().expect("a code");
        for same in ["k7mz8x3r", "K7MZ-8X3R", " K7 M2 BX 3R ", "k-7-m-z-b-x-3-r"] {
            assert_eq!(same.parse(), Ok(code.clone()), "{same}");
        }
        assert_eq!(code.grouped(), "K7MZ-8X3R");
        assert_eq!(format!("{code:?}"), "TypedCode(…)");
        for bad in
            ["", "K7MZ8X3", "K7MZ8X3RR", "K7MZ8X3O", "K7MZ8X31", "K7MZ8X3五", "K7MZ8X3\n", &"-".repeat(40)]
        {
            assert_eq!(bad.parse::<TypedCode>(), Err(NotATypedCode), "{bad}");
        }
    }

    #[test]
    fn there_are_more_than_38_bits_of_them() {
        assert!((ALPHABET.len() as f64).log2() * LENGTH as f64 > 38.0);
    }

    proptest! {
        #[test]
        fn every_random_one_is_read_back(bits: u64) {
            let code = TypedCode::from_random(bits);
            prop_assert_eq!(code.grouped().to_lowercase().parse(), Ok(code));
        }

        #[test]
        fn whatever_is_typed_is_refused_or_canonical(text in ".{0,40}") {
            if let Ok(code) = text.parse::<TypedCode>() {
                prop_assert_eq!(code.as_str().len(), LENGTH);
                prop_assert_eq!(code.as_str().parse(), Ok(code));
            }
        }
    }
}
