//! Sealed fields: AES-256-GCM, bound to the place where they are stored.
//!
//! Text form: base64url of version 1 | kid 1 | nonce 12 | ciphertext | tag 16. Version, kid and context are
//! authenticated, so that a field moved to another row, column or table does not open.

use crate::fault::{Fault, Refusal};
use crate::ring::Ring;
use aes_gcm::aead::{Aead, KeyInit, Payload};
use aes_gcm::{Aes256Gcm, Nonce};
use base64ct::{Base64UrlUnpadded, Encoding as _};

const VERSION: u8 = 1;
const HEAD: usize = 2 + 12;

/// Seals `plain` for `context` under the newest key. `nonce` is random.
pub fn seal(ring: &Ring, context: &str, plain: &[u8], nonce: [u8; 12], now_ms: u64) -> Result<String, Fault> {
    let key = ring.signing_key(now_ms)?;
    let aad = aad(key.kid, context);
    let payload = Payload { msg: plain, aad: &aad };
    let sealed = Aes256Gcm::new(&key.secret.into())
        .encrypt(&Nonce::from(nonce), payload)
        .map_err(|_| Fault::of("sealing_keys", "the field is too long to seal"))?;
    let mut out = vec![VERSION, key.kid];
    out.extend(nonce);
    out.extend(sealed);
    Ok(Base64UrlUnpadded::encode_string(&out))
}

/// Opens what was sealed for the same context.
pub fn open(ring: &Ring, context: &str, sealed: &str) -> Result<Vec<u8>, Fault> {
    let raw = Base64UrlUnpadded::decode_vec(sealed).map_err(|_| Refusal::Malformed)?;
    if raw.len() < HEAD + 16 || raw[0] != VERSION {
        return Err(Refusal::Malformed.into());
    }
    let key = ring.key(raw[1])?;
    let nonce: [u8; 12] = raw[2..HEAD].try_into().map_err(|_| Refusal::Malformed)?;
    Ok(decrypt(&key.secret, &nonce, &aad(key.kid, context), &raw[HEAD..])?)
}

/// AES-256-GCM: `sealed` is ciphertext and tag.
pub(crate) fn decrypt(
    key: &[u8; 32],
    nonce: &[u8; 12],
    aad: &[u8],
    sealed: &[u8],
) -> Result<Vec<u8>, Refusal> {
    let payload = Payload { msg: sealed, aad };
    Aes256Gcm::new(key.into()).decrypt(nonce.into(), payload).map_err(|_| Refusal::Forged)
}

/// The same content under the newest key, or none if it is there already.
pub fn reseal(
    ring: &Ring,
    context: &str,
    sealed: &str,
    nonce: [u8; 12],
    now_ms: u64,
) -> Result<Option<String>, Fault> {
    let plain = open(ring, context, sealed)?;
    let kid = Base64UrlUnpadded::decode_vec(sealed).map_err(|_| Refusal::Malformed)?[1];
    if kid == ring.signing_key(now_ms)?.kid {
        return Ok(None);
    }
    seal(ring, context, &plain, nonce, now_ms).map(Some)
}

fn aad(kid: u8, context: &str) -> Vec<u8> {
    let mut aad = vec![VERSION, kid];
    aad.extend(context.as_bytes());
    aad
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ring::tests::{DAY, JAN_01, two_keys};

    #[test]
    fn a_field_opens_only_in_its_own_place_and_whole() {
        let ring = two_keys("sealing_keys");
        let sealed = seal(&ring, "decisions.party/1", "张三".as_bytes(), [4; 12], JAN_01).expect("sealed");
        assert_eq!(open(&ring, "decisions.party/2", &sealed), Err(Refusal::Forged.into()));
        assert_eq!(
            open(&ring, "decisions.party/1", &sealed[..sealed.len() - 4]),
            Err(Refusal::Forged.into())
        );
        assert_eq!(open(&ring, "decisions.party/1", "AQ"), Err(Refusal::Malformed.into()));
        assert_eq!(open(&ring, "decisions.party/1", &sealed), Ok("张三".as_bytes().to_vec()));
    }

    #[test]
    fn resealing_moves_to_the_newest_key_once() {
        let ring = two_keys("sealing_keys");
        let old = seal(&ring, "c", b"x", [4; 12], JAN_01).expect("kid 1");
        let later = JAN_01 + 20 * DAY;
        let new = reseal(&ring, "c", &old, [5; 12], later).expect("opened").expect("moved");
        assert_eq!(open(&ring, "c", &new), Ok(b"x".to_vec()));
        assert_eq!(reseal(&ring, "c", &new, [6; 12], later), Ok(None));
    }

    /// Test case 14 of "The Galois/Counter Mode of Operation" (McGrew, Viega).
    #[test]
    fn gcm_is_the_published_one() {
        let cipher = Aes256Gcm::new(&[0; 32].into());
        let out = cipher.encrypt(&Nonce::from([0; 12]), &[0; 16][..]).expect("encrypts");
        let hex: String = out.iter().map(|b| format!("{b:02x}")).collect();
        assert_eq!(hex, "cea7403d4d606b6e074ec5d3baf39d18d0d1c8a799996bf0265b98b5d48ab919");
    }

    proptest::proptest! {
        #[test]
        fn no_text_makes_it_panic(text in ".{0,80}") {
            proptest::prop_assert!(open(&two_keys("sealing_keys"), "c", &text).is_err());
        }
    }
}
