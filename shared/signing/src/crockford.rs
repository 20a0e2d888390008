//! Crockford's base32: codes that people read off paper and type.

use crate::fault::Refusal;

const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// The character of the lowest five bits.
pub(crate) fn character(bits: u8) -> char {
    char::from(ALPHABET[usize::from(bits & 31)])
}

/// The `count` symbols of what was typed. Takes any case, hyphens and spaces, O for 0, I and L for 1.
pub(crate) fn symbols(typed: &str, count: usize) -> Result<Vec<u8>, Refusal> {
    if typed.len() > 3 * count {
        return Err(Refusal::Malformed);
    }
    let mut symbols = Vec::with_capacity(3 * count);
    for typed in typed.bytes() {
        let symbol = match typed.to_ascii_uppercase() {
            b'-' | b' ' => continue,
            b'O' => b'0',
            b'I' | b'L' => b'1',
            other => other,
        };
        let value = ALPHABET.iter().position(|c| *c == symbol).ok_or(Refusal::Malformed)?;
        symbols.push(value as u8);
    }
    if symbols.len() == count { Ok(symbols) } else { Err(Refusal::Malformed) }
}
