//! The code on a penalty decision: 100 bits as 20 characters of Crockford's base32.
//!
//! From the left: kid 8 bits, random id 56 bits, tag 36 bits. The tag is the head of HMAC-SHA256 over kid and id, so
//! that a made-up code is refused without a look into the database. Printed keys verify for ever.

use crate::fault::{Fault, Refusal};
use crate::mac;
use crate::ring::{Key, Ring};

/// Characters of the canonical form.
pub const LENGTH: usize = 20;
const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const MAX_TYPED: usize = 64;
const TAG_BITS: u32 = 36;

/// A new code. `id` is random.
pub fn mint(ring: &Ring, id: [u8; 7], now_ms: u64) -> Result<String, Fault> {
    let key = ring.signing_key(now_ms)?;
    let body = body(key.kid, id);
    let bits = body << TAG_BITS | tag(key, body);
    Ok((0..LENGTH).map(|i| char::from(ALPHABET[(bits >> (5 * (LENGTH - 1 - i)) & 31) as usize])).collect())
}

/// The canonical form of a code that is ours. Takes any case, hyphens and spaces, O for 0, I and L for 1.
pub fn check(ring: &Ring, typed: &str) -> Result<String, Fault> {
    if typed.len() > MAX_TYPED {
        return Err(Refusal::Malformed.into());
    }
    let mut canonical = String::with_capacity(LENGTH);
    let mut bits: u128 = 0;
    for typed in typed.chars() {
        let symbol = match typed.to_ascii_uppercase() {
            '-' | ' ' => continue,
            'O' => '0',
            'I' | 'L' => '1',
            other => other,
        };
        let value = ALPHABET.iter().position(|&c| char::from(c) == symbol).ok_or(Refusal::Malformed)?;
        if canonical.len() == LENGTH {
            return Err(Refusal::Malformed.into());
        }
        canonical.push(symbol);
        bits = bits << 5 | value as u128;
    }
    if canonical.len() != LENGTH {
        return Err(Refusal::Malformed.into());
    }
    let body = bits >> TAG_BITS;
    let key = ring.key((body >> 56) as u8)?;
    let expected = tag(key, body).to_be_bytes();
    let given = (bits & ((1 << TAG_BITS) - 1)).to_be_bytes();
    if bool::from(subtle::ConstantTimeEq::ct_eq(&expected[..], &given[..])) {
        Ok(canonical)
    } else {
        Err(Refusal::Forged.into())
    }
}

fn body(kid: u8, id: [u8; 7]) -> u128 {
    id.iter().fold(u128::from(kid), |bits, &byte| bits << 8 | u128::from(byte))
}

fn tag(key: &Key, body: u128) -> u128 {
    let mac = mac::mac(&key.secret, &[b"ticket", &body.to_be_bytes()]);
    u128::from_be_bytes(mac[..16].try_into().expect("a MAC has 32 bytes")) >> (128 - TAG_BITS)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ring::tests::{DAY, JAN_01, two_keys};

    #[test]
    fn a_code_with_any_character_changed_is_refused() {
        let ring = two_keys("ticket_code_keys");
        let code = mint(&ring, [9; 7], JAN_01).expect("minted");
        for at in 0..LENGTH {
            for &other in ALPHABET.iter().filter(|&&c| c != code.as_bytes()[at]) {
                let mut changed = code.clone().into_bytes();
                changed[at] = other;
                let changed = String::from_utf8(changed).expect("ASCII");
                assert!(check(&ring, &changed).is_err(), "{changed}");
            }
        }
    }

    #[test]
    fn what_a_person_types_is_understood() {
        let ring = two_keys("ticket_code_keys");
        let code = mint(&ring, [0, 1, 2, 3, 4, 5, 6], JAN_01).expect("minted");
        let typed = code.to_lowercase().replace('0', "o").replace('1', "l");
        let typed: Vec<&str> = (0..5).map(|i| &typed[i * 4..i * 4 + 4]).collect();
        assert_eq!(check(&ring, &typed.join("-")), Ok(code.clone()));
        assert_eq!(check(&ring, &typed.join(" ")), Ok(code.clone()));
        for bad in ["", &code[1..], &format!("{code}0"), &code.replacen(&code[..1], "U", 1), &"0".repeat(65)]
        {
            assert_eq!(check(&ring, bad), Err(Refusal::Malformed.into()), "{bad}");
        }
    }

    #[test]
    fn paper_outlives_its_key() {
        let ring = two_keys("ticket_code_keys");
        let old = mint(&ring, [1; 7], JAN_01).expect("kid 1");
        let new = mint(&ring, [1; 7], JAN_01 + 60 * DAY).expect("kid 2");
        assert_ne!(old, new);
        assert!(check(&ring, &old).is_ok() && check(&ring, &new).is_ok());
        assert!(check(&two_keys("other"), &old).is_err());
    }
}
