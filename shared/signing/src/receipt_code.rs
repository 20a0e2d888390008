//! The code on a receipt: 20 bytes as 32 characters of Crockford's base32. It names the order and proves that we said so.
//!
//! `kid 1 | order 14 | tag 5`. The tag is the head of HMAC-SHA256 over all before it, so that a made-up code is refused
//! without a look into the database. Receipts are kept for years: their keys verify for ever, as those of ticket codes,
//! whose ring they share.

use crate::crockford;
use crate::fault::{Fault, Refusal};
use crate::ring::{Key, Ring};
use crate::{hex, mac};

/// Characters of the canonical form.
pub const LENGTH: usize = 32;
const SIGNED: usize = 15;
const TAG: usize = 5;

/// The code of `order`, 28 lower-case hex digits.
pub fn mint(ring: &Ring, order: &str, now_ms: u64) -> Result<String, Fault> {
    let key = ring.signing_key(now_ms)?;
    let named = hex::decode(order.as_bytes()).ok_or(Refusal::Malformed)?;
    if named.len() != SIGNED - 1 || hex::encode(&named) != order {
        return Err(Refusal::Malformed.into());
    }
    let mut bytes = vec![key.kid];
    bytes.extend_from_slice(&named);
    let tag = tag(key, &bytes);
    bytes.extend_from_slice(&tag);
    let mut code = String::with_capacity(LENGTH);
    for five in bytes.chunks(5) {
        let bits = five.iter().fold(0, |bits: u64, byte| bits << 8 | u64::from(*byte));
        for place in (0..8).rev() {
            code.push(crockford::character((bits >> (5 * place)) as u8));
        }
    }
    Ok(code)
}

/// The order of a code that is ours, as read off a screen or typed.
pub fn check(ring: &Ring, typed: &str) -> Result<String, Fault> {
    let symbols = crockford::symbols(typed, LENGTH)?;
    let mut bytes = Vec::with_capacity(SIGNED + TAG);
    for eight in symbols.chunks(8) {
        let bits = eight.iter().fold(0u64, |bits, symbol| bits << 5 | u64::from(*symbol));
        bytes.extend_from_slice(&bits.to_be_bytes()[3..]);
    }
    let (signed, given) = bytes.split_at(SIGNED);
    let key = ring.key(signed[0])?;
    if bool::from(subtle::ConstantTimeEq::ct_eq(&tag(key, signed)[..], given)) {
        Ok(hex::encode(&signed[1..]))
    } else {
        Err(Refusal::Forged.into())
    }
}

fn tag(key: &Key, signed: &[u8]) -> [u8; TAG] {
    let mac = mac::mac(&key.secret, &[b"receipt", signed]);
    std::array::from_fn(|at| mac[at])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ring::tests::{DAY, JAN_01, two_keys};
    use crate::ticket_code;
    use proptest::prelude::*;

    const ORDER: &str = "20261124d8925b52beb19b86b5ff";

    #[test]
    fn a_code_with_any_character_changed_is_refused() {
        let ring = two_keys("ticket_code_keys");
        let code = mint(&ring, ORDER, JAN_01).expect("minted");
        assert_eq!(check(&ring, &code), Ok(ORDER.to_owned()));
        for at in 0..LENGTH {
            for other in (0..32).map(crockford::character).filter(|c| *c != char::from(code.as_bytes()[at])) {
                let mut changed = code.clone();
                changed.replace_range(at..=at, &other.to_string());
                assert!(check(&ring, &changed).is_err(), "{changed}");
            }
        }
        for bad in ["", &code[1..], &format!("{code}0"), &code.replacen(&code[..1], "U", 1), &"0".repeat(97)]
        {
            assert_eq!(check(&ring, bad), Err(Refusal::Malformed.into()), "{bad}");
        }
        let typed: Vec<String> =
            (0..8).map(|i| code[i * 4..i * 4 + 4].to_lowercase().replace('0', "o")).collect();
        assert_eq!(check(&ring, &typed.join("-")), Ok(ORDER.to_owned()));
    }

    /// Made by Python's hmac, the key by HKDF: `bytes([1]) + bytes.fromhex(ORDER)`.
    #[test]
    fn another_implementation_makes_the_same_code() {
        let code = mint(&two_keys("ticket_code_keys"), ORDER, JAN_01);
        assert_eq!(code.as_deref(), Ok("04G2C494V295PMNYP6DRDDFZQC09WBAH"));
    }

    #[test]
    fn a_receipt_outlives_its_key_and_is_no_ticket() {
        let ring = two_keys("ticket_code_keys");
        let (old, new) = (mint(&ring, ORDER, JAN_01), mint(&ring, ORDER, JAN_01 + 60 * DAY));
        assert_ne!(old, new);
        for code in [old.expect("kid 1"), new.expect("kid 2")] {
            assert_eq!(check(&ring, &code), Ok(ORDER.to_owned()));
            assert!(check(&two_keys("other"), &code).is_err());
            assert!(ticket_code::check(&ring, &code).is_err());
        }
    }

    #[test]
    fn what_is_no_order_has_no_receipt() {
        let ring = two_keys("ticket_code_keys");
        for bad in [
            "",
            "20261124",
            &ORDER[1..],
            &ORDER.to_uppercase(),
            &format!("{ORDER}0"),
            "2026112罚8925b52beb19b86b5ff",
        ] {
            assert_eq!(mint(&ring, bad, JAN_01), Err(Refusal::Malformed.into()), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn every_order_is_read_back(day in 0u32..100_000_000, random in 0u128..1 << 80) {
            let ring = two_keys("ticket_code_keys");
            let order = format!("{day:08}{random:020x}");
            let code = mint(&ring, &order, JAN_01).expect("minted");
            prop_assert_eq!(check(&ring, &code), Ok(order));
        }

        #[test]
        fn no_text_panics(text in ".{0,40}") {
            let _ = check(&two_keys("ticket_code_keys"), &text);
            let _ = mint(&two_keys("ticket_code_keys"), &text, JAN_01);
        }
    }
}
