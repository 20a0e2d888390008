//! Identity codes: `ZT1:` and base45 (RFC 9285) of 59 bytes, sized for a quick scan. No personal data in them.
//!
//! | offset | bytes | what |
//! |---|---|---|
//! | 0 | 1 | kid |
//! | 1 | 1 | scenario |
//! | 2 | 1 | documents, a bit each |
//! | 3 | 16 | id |
//! | 19, 23 | 4 each | issued, expires; Unix seconds, big-endian |
//! | 27 | 32 | HMAC-SHA256 of the prefix and everything before |

use crate::fault::{Fault, Refusal};
use crate::mac;
use crate::ring::Ring;

/// Stands before every code and is covered by its MAC.
pub const PREFIX: &str = "ZT1:";
/// Characters of a code: 59 bytes are 29 pairs of three characters and a last one of two.
pub const LENGTH: usize = PREFIX.len() + 89;
const SIGNED: usize = 27;

/// What a code says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Content {
    /// Index into the scenario table.
    pub scenario: u8,
    /// A bit per document.
    pub documents: u8,
    /// Names the row.
    pub id: [u8; 16],
    /// Unix seconds.
    pub issued_at_s: u32,
    /// Unix seconds.
    pub expires_at_s: u32,
}

/// The code of `content`, under the key in use when it is issued.
pub fn mint(ring: &Ring, content: &Content) -> Result<String, Fault> {
    let key = ring.signing_key(u64::from(content.issued_at_s) * 1000)?;
    let mut code = vec![key.kid, content.scenario, content.documents];
    code.extend(content.id);
    code.extend(content.issued_at_s.to_be_bytes());
    code.extend(content.expires_at_s.to_be_bytes());
    code.extend(mac::mac(&key.secret, &[PREFIX.as_bytes(), &code]));
    Ok(format!("{PREFIX}{}", base45::encode(&code)))
}

/// The content of an authentic, unexpired code for `scenario`. Checked in this order: length, prefix, kid, MAC,
/// expiry, scenario.
pub fn check(ring: &Ring, code: &str, scenario: u8, now_ms: u64) -> Result<Content, Fault> {
    if code.len() != LENGTH {
        return Err(Refusal::Malformed.into());
    }
    let body = code.strip_prefix(PREFIX).ok_or(Refusal::Malformed)?;
    let body = base45::decode(body).map_err(|_| Refusal::Malformed)?;
    let body: &[u8; SIGNED + 32] = body.as_slice().try_into().map_err(|_| Refusal::Malformed)?;
    let number = |at: usize| u32::from_be_bytes([body[at], body[at + 1], body[at + 2], body[at + 3]]);
    let mut id = [0; 16];
    id.copy_from_slice(&body[3..19]);
    let content = Content {
        scenario: body[1],
        documents: body[2],
        id,
        issued_at_s: number(19),
        expires_at_s: number(23),
    };
    let key = ring.key_in_use(body[0], u64::from(content.issued_at_s) * 1000)?;
    if !mac::verify(&key.secret, &[PREFIX.as_bytes(), &body[..SIGNED]], &body[SIGNED..]) {
        return Err(Refusal::Forged.into());
    }
    if now_ms >= u64::from(content.expires_at_s) * 1000 {
        return Err(Refusal::Expired.into());
    }
    if content.scenario != scenario {
        return Err(Refusal::WrongPurpose.into());
    }
    Ok(content)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ring::tests::{JAN_01, two_keys};
    use proptest::prelude::*;

    const NOW_S: u32 = (JAN_01 / 1000) as u32;

    fn content() -> Content {
        Content { scenario: 3, documents: 5, id: [8; 16], issued_at_s: NOW_S, expires_at_s: NOW_S + 60 }
    }

    #[test]
    fn base45_is_rfc_9285s() {
        for (plain, encoded) in
            [("AB", "BB8"), ("Hello!!", "%69 VD92EX0"), ("base-45", "UJCLQE7W581"), ("ietf!", "QED8WEX0")]
        {
            assert_eq!(base45::encode(plain.as_bytes()), encoded);
            assert_eq!(base45::decode(encoded).expect("valid"), plain.as_bytes());
        }
        assert!(base45::decode("FGW").is_ok(), "65535");
        assert!(base45::decode("GGW").is_err(), "65536 does not fit two bytes");
    }

    #[test]
    fn refusals_come_in_the_stated_order() {
        let ring = two_keys("identity_code_keys");
        let code = mint(&ring, &content()).expect("minted");
        let refused = |code: &str, scenario, ms| check(&ring, code, scenario, ms).expect_err("refused");
        assert_eq!(refused(&"A".repeat(100_000), 3, JAN_01), Refusal::Malformed.into());
        assert_eq!(refused(&code[1..], 3, JAN_01), Refusal::Malformed.into());
        assert_eq!(refused(&code.replace("ZT1:", "ZT2:"), 3, JAN_01), Refusal::Malformed.into());
        assert_eq!(refused(&code, 3, JAN_01 + 60_000), Refusal::Expired.into());
        assert_eq!(refused(&code, 4, JAN_01 + 60_000), Refusal::Expired.into(), "expiry before scenario");
        assert_eq!(refused(&code, 4, JAN_01), Refusal::WrongPurpose.into());
        assert_eq!(
            check(&two_keys("other"), &code, 3, JAN_01 + 60_000),
            Err(Refusal::Forged.into()),
            "MAC before expiry"
        );
        assert_eq!(check(&ring, &code, 3, JAN_01 + 59_999), Ok(content()));
    }

    /// What a QR code holds in eleven bits for two characters (ISO/IEC 18004, 7.4.4), and in base45 as well.
    const ALPHANUMERIC: &str = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:";

    proptest! {
        #[test]
        fn whatever_it_says_is_read_back_from_93_characters_of_a_small_picture(
            scenario: u8, documents: u8, id: [u8; 16], issued_at_s in NOW_S..NOW_S + 86_400, life in 1_u32..1_000_000
        ) {
            let ring = two_keys("identity_code_keys");
            let content = Content { scenario, documents, id, issued_at_s, expires_at_s: issued_at_s + life };
            let code = mint(&ring, &content).expect("minted");
            prop_assert_eq!(code.len(), LENGTH);
            prop_assert!(code.chars().all(|symbol| ALPHANUMERIC.contains(symbol)));
            prop_assert_eq!(check(&ring, &code, scenario, u64::from(issued_at_s) * 1000), Ok(content));
        }

        #[test]
        fn one_character_that_is_another_is_found(at in 0..LENGTH, symbol in 0..ALPHANUMERIC.len()) {
            let ring = two_keys("identity_code_keys");
            let code = mint(&ring, &content()).expect("minted");
            let changed = format!("{}{}{}", &code[..at], &ALPHANUMERIC[symbol..=symbol], &code[at + 1..]);
            prop_assert_eq!(check(&ring, &changed, 3, JAN_01).is_ok(), changed == code);
        }

        #[test]
        fn no_text_is_a_code_that_nobody_minted(text in ".{0,200}", body in "[0-9A-Z $%*+./:-]{89}") {
            let ring = two_keys("identity_code_keys");
            prop_assert!(check(&ring, &text, 3, JAN_01).is_err());
            let framed = format!("{PREFIX}{body}");
            prop_assert!(check(&ring, &framed, 3, JAN_01).is_err());
        }
    }
}
