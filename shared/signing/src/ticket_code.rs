//! The code on a penalty decision: 100 bits as 20 characters of Crockford's base32.
//!
//! From the left: kid 8 bits, random id 56 bits, tag 36 bits. The tag is the head of HMAC-SHA256 over kid and id, so
//! that a made-up code is refused without a look into the database. Printed keys verify for ever.

use crate::crockford;
use crate::fault::{Fault, Refusal};
use crate::mac;
use crate::ring::{Key, Ring};

/// Characters of the canonical form.
pub const LENGTH: usize = 20;
const TAG_BITS: u32 = 36;

/// A new code. `id` is random.
pub fn mint(ring: &Ring, id: [u8; 7], now_ms: u64) -> Result<String, Fault> {
    let key = ring.signing_key(now_ms)?;
    let body = id.iter().fold(u64::from(key.kid), |bits, &byte| bits << 8 | u64::from(byte));
    Ok(text(body, tag(key, body)))
}

/// The canonical form of a code that is ours. Takes any case, hyphens and spaces, O for 0, I and L for 1.
pub fn check(ring: &Ring, typed: &str) -> Result<String, Fault> {
    let symbols = crockford::symbols(typed, LENGTH)?;
    let bits = |symbols: &[u8]| symbols.iter().fold(0u64, |bits, symbol| bits << 5 | u64::from(*symbol));
    // 60 bits, 4 and 1, 35: one character holds the end of the body and the beginning of the tag.
    let border = u64::from(symbols[12]);
    let body = bits(&symbols[..12]) << 4 | border >> 1;
    let given = (border & 1) << (TAG_BITS - 1) | bits(&symbols[13..]);
    let key = ring.key((body >> 56) as u8)?;
    let expected = tag(key, body);
    if bool::from(subtle::ConstantTimeEq::ct_eq(&expected.to_be_bytes()[..], &given.to_be_bytes()[..])) {
        Ok(text(body, expected))
    } else {
        Err(Refusal::Forged.into())
    }
}

fn text(body: u64, tag: u64) -> String {
    let mut text = String::with_capacity(LENGTH);
    let mut push = |bits: u64| text.push(crockford::character(bits as u8));
    (0..12).rev().for_each(|place| push(body >> (4 + 5 * place)));
    push(body << 1 | tag >> (TAG_BITS - 1));
    (0..7).rev().for_each(|place| push(tag >> (5 * place)));
    text
}

fn tag(key: &Key, body: u64) -> u64 {
    let mac = mac::mac(&key.secret, &[b"ticket", &[0; 8], &body.to_be_bytes()]);
    mac[..8].iter().fold(0, |bits: u64, &byte| bits << 8 | u64::from(byte)) >> (64 - TAG_BITS)
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
            for other in (0..32).map(crockford::character).filter(|c| *c != char::from(code.as_bytes()[at])) {
                let mut changed = code.clone();
                changed.replace_range(at..=at, &other.to_string());
                assert!(check(&ring, &changed).is_err(), "{changed}");
            }
        }
    }

    /// Made by Python's hmac, the key by HKDF, over 100 bits as one number: codes that are printed stay what they are.
    #[test]
    fn another_implementation_makes_the_same_code() {
        let code = mint(&two_keys("ticket_code_keys"), [0, 1, 2, 3, 4, 5, 6], JAN_01);
        assert_eq!(code.as_deref(), Ok("040020G30G2GCXE19MVC"));
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
