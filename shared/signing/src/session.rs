//! Session tokens: an own versioned binary format without an algorithm field.
//!
//! | offset | bytes | what |
//! |---|---|---|
//! | 0 | 1 | version, 1 |
//! | 1 | 1 | purpose |
//! | 2 | 1 | kid |
//! | 3 | 1 | role |
//! | 4 | 1 | level |
//! | 5 | 4 | generation |
//! | 9, 25, 41 | 16 each | session, principal, device |
//! | 57, 65, 73 | 8 each | face check, issued, expires; Unix ms |
//! | 81 | 32 | HMAC-SHA256 of everything before |
//!
//! Integers are big-endian. As text: base64url without padding, 151 characters.

use crate::fault::{Fault, Refusal};
use crate::mac;
use crate::ring::Ring;
use base64ct::{Base64UrlUnpadded, Encoding as _};

const VERSION: u8 = 1;
const SIGNED: usize = 81;
const LENGTH: usize = SIGNED + 32;
const TEXT_LENGTH: usize = (LENGTH * 4).div_ceil(3);

/// What a token is good for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Purpose {
    /// Carried by each request.
    Access = 1,
    /// Exchanged once for the next pair.
    Refresh = 2,
    /// Proves an enrolled device.
    Device = 3,
    /// Calls the job endpoints.
    Job = 4,
}

/// What a token says; identifiers are 16 random bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Claims {
    /// The row that decides.
    pub session: [u8; 16],
    /// Who.
    pub principal: [u8; 16],
    /// On which device; zero for none.
    pub device: [u8; 16],
    /// As numbered by the contract, in its order from 0.
    pub role: u8,
    /// 0 registered, 1 real-name, 2 real-person.
    pub level: u8,
    /// Unix ms of the last face check; 0 for none.
    pub face_at_ms: u64,
    /// Refreshes so far.
    pub generation: u32,
    /// Unix ms.
    pub issued_at_ms: u64,
    /// Unix ms.
    pub expires_at_ms: u64,
}

/// Signs `claims` with the key in use at their time of issue.
pub fn issue(ring: &Ring, purpose: Purpose, claims: &Claims) -> Result<String, Fault> {
    let key = ring.signing_key(claims.issued_at_ms)?;
    let mut token = Vec::with_capacity(LENGTH);
    token.extend([VERSION, purpose as u8, key.kid, claims.role, claims.level]);
    token.extend(claims.generation.to_be_bytes());
    token.extend(claims.session);
    token.extend(claims.principal);
    token.extend(claims.device);
    token.extend(claims.face_at_ms.to_be_bytes());
    token.extend(claims.issued_at_ms.to_be_bytes());
    token.extend(claims.expires_at_ms.to_be_bytes());
    token.extend(mac::mac(&key.secret, &[&token]));
    Ok(Base64UrlUnpadded::encode_string(&token))
}

/// The claims of an authentic, unexpired token of this purpose.
pub fn check(ring: &Ring, purpose: Purpose, token: &str, now_ms: u64) -> Result<Claims, Fault> {
    if token.len() != TEXT_LENGTH {
        return Err(Refusal::Malformed.into());
    }
    let token = Base64UrlUnpadded::decode_vec(token).map_err(|_| Refusal::Malformed)?;
    let token: &[u8; LENGTH] = token.as_slice().try_into().map_err(|_| Refusal::Malformed)?;
    if token[0] != VERSION {
        return Err(Refusal::Malformed.into());
    }
    let claims = Claims {
        session: take(token, 9),
        principal: take(token, 25),
        device: take(token, 41),
        role: token[3],
        level: token[4],
        face_at_ms: u64::from_be_bytes(take(token, 57)),
        generation: u32::from_be_bytes(take(token, 5)),
        issued_at_ms: u64::from_be_bytes(take(token, 65)),
        expires_at_ms: u64::from_be_bytes(take(token, 73)),
    };
    let key = ring.key_in_use(token[2], claims.issued_at_ms)?;
    if !mac::verify(&key.secret, &[&token[..SIGNED]], &token[SIGNED..]) {
        return Err(Refusal::Forged.into());
    }
    if token[1] != purpose as u8 {
        return Err(Refusal::WrongPurpose.into());
    }
    if now_ms >= claims.expires_at_ms {
        return Err(Refusal::Expired.into());
    }
    Ok(claims)
}

fn take<const N: usize>(token: &[u8; LENGTH], at: usize) -> [u8; N] {
    token[at..at + N].try_into().expect("offsets are inside the token")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ring::tests::{DAY, JAN_01, two_keys};

    fn claims() -> Claims {
        Claims {
            session: [1; 16],
            principal: [2; 16],
            device: [3; 16],
            role: 1,
            level: 2,
            face_at_ms: 5,
            generation: 7,
            issued_at_ms: JAN_01 + DAY,
            expires_at_ms: JAN_01 + DAY + 600_000,
        }
    }

    #[test]
    fn every_changed_bit_is_refused() {
        let ring = two_keys("session_keys");
        let token = issue(&ring, Purpose::Access, &claims()).expect("issued");
        let raw = Base64UrlUnpadded::decode_vec(&token).expect("base64url");
        for bit in 0..raw.len() * 8 {
            let mut changed = raw.clone();
            changed[bit / 8] ^= 1 << (bit % 8);
            let changed = Base64UrlUnpadded::encode_string(&changed);
            assert!(check(&ring, Purpose::Access, &changed, JAN_01 + DAY).is_err(), "bit {bit}");
        }
    }

    #[test]
    fn a_token_serves_its_purpose_until_its_expiry() {
        let ring = two_keys("session_keys");
        let token = issue(&ring, Purpose::Access, &claims()).expect("issued");
        let at = |ms| check(&ring, Purpose::Access, &token, ms);
        assert_eq!(at(JAN_01 + DAY + 599_999), Ok(claims()));
        assert_eq!(at(JAN_01 + DAY + 600_000), Err(Refusal::Expired.into()));
        assert_eq!(check(&ring, Purpose::Refresh, &token, JAN_01 + DAY), Err(Refusal::WrongPurpose.into()));
        assert_eq!(check(&ring, Purpose::Access, &token[1..], JAN_01), Err(Refusal::Malformed.into()));
        assert_eq!(
            check(&two_keys("other"), Purpose::Access, &token, JAN_01 + DAY),
            Err(Refusal::Forged.into())
        );
    }

    proptest::proptest! {
        #[test]
        fn no_text_makes_it_panic(text in ".{0,160}") {
            let refused = check(&two_keys("session_keys"), Purpose::Access, &text, 0).is_err();
            proptest::prop_assert!(refused);
        }
    }
}
