//! HMAC-SHA256 (RFC 2104) and HKDF-SHA256 (RFC 5869), the only keyed hashes in use.

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// HMAC-SHA256 over the parts, one after the other. The caller makes their borders unambiguous.
pub fn mac(key: &[u8], parts: &[&[u8]]) -> [u8; 32] {
    keyed(key, parts).finalize().into_bytes().into()
}

/// Whether `tag`, in full or cut to its first bytes, is the MAC of the parts. Constant time.
pub fn verify(key: &[u8], parts: &[&[u8]], tag: &[u8]) -> bool {
    keyed(key, parts).verify_slice(tag).is_ok()
}

fn keyed(key: &[u8], parts: &[&[u8]]) -> Hmac<Sha256> {
    let mut mac = <Hmac<Sha256> as KeyInit>::new_from_slice(key).expect("HMAC takes keys of any length");
    for part in parts {
        mac.update(part);
    }
    mac
}

/// Fills `out` (at most 8 160 bytes) from `secret` for the use that `info` names.
pub fn derive(secret: &[u8], salt: Option<&[u8]>, info: &[u8], out: &mut [u8]) {
    hkdf::Hkdf::<Sha256>::new(salt, secret).expand(info, out).expect("length is within RFC 5869's limit");
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hex(text: &str) -> Vec<u8> {
        (0..text.len()).step_by(2).map(|i| u8::from_str_radix(&text[i..i + 2], 16).expect("hex")).collect()
    }

    #[test]
    fn a_changed_byte_or_a_short_tag_does_not_verify() {
        let tag = mac(b"key", &[b"data"]);
        assert!(verify(b"key", &[b"da", b"ta"], &tag));
        assert!(!verify(b"key", &[b"dato"], &tag));
        assert!(!verify(b"kex", &[b"data"], &tag));
        assert!(!verify(b"key", &[b"data"], &tag[..31]));
    }

    #[test]
    fn rfc_4231_vectors() {
        let cases: [(Vec<u8>, Vec<u8>, &str); 4] = [
            (
                vec![0x0b; 20],
                b"Hi There".to_vec(),
                "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7",
            ),
            (
                b"Jefe".to_vec(),
                b"what do ya want for nothing?".to_vec(),
                "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
            ),
            (
                vec![0xaa; 20],
                vec![0xdd; 50],
                "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe",
            ),
            (
                vec![0xaa; 131],
                b"Test Using Larger Than Block-Size Key - Hash Key First".to_vec(),
                "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54",
            ),
        ];
        for (key, data, expected) in cases {
            assert_eq!(mac(&key, &[&data]).to_vec(), hex(expected));
        }
    }

    #[test]
    fn rfc_5869_vectors() {
        let mut okm = [0; 42];
        derive(&[0x0b; 22], Some(&hex("000102030405060708090a0b0c")), &hex("f0f1f2f3f4f5f6f7f8f9"), &mut okm);
        assert_eq!(
            okm.to_vec(),
            hex("3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865")
        );
        derive(&[0x0b; 22], None, &[], &mut okm);
        assert_eq!(
            okm.to_vec(),
            hex("8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8")
        );
    }
}
