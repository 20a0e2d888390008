//! Audit digests and the chain over them.
//!
//! A line gets a digest when it is written; a job later links batches of digests into a chain. A payload may be
//! erased while its digest stays. Text form: base64url of kid 1 | HMAC-SHA256 32.

use crate::fault::{Fault, Refusal};
use crate::mac;
use crate::ring::Ring;
use base64ct::{Base64UrlUnpadded, Encoding as _};

/// The digest of one line.
pub fn digest(ring: &Ring, line: &[u8], now_ms: u64) -> Result<String, Fault> {
    make(ring, &[b"line", line], now_ms)
}

/// Whether `digest` belongs to `line`.
pub fn matches(ring: &Ring, line: &[u8], digest: &str) -> Result<bool, Fault> {
    verify(ring, &[b"line", line], digest)
}

/// The link after `previous` (empty for the first) over `digests`, in order.
pub fn link(ring: &Ring, previous: &str, digests: &[String], now_ms: u64) -> Result<String, Fault> {
    make(ring, &[b"link", &chained(previous, digests)], now_ms)
}

/// Whether `link` follows `previous` over `digests`.
pub fn follows(ring: &Ring, previous: &str, digests: &[String], link: &str) -> Result<bool, Fault> {
    verify(ring, &[b"link", &chained(previous, digests)], link)
}

fn chained(previous: &str, digests: &[String]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for part in std::iter::once(previous).chain(digests.iter().map(String::as_str)) {
        bytes.extend((part.len() as u64).to_be_bytes());
        bytes.extend(part.as_bytes());
    }
    bytes
}

fn make(ring: &Ring, parts: &[&[u8]], now_ms: u64) -> Result<String, Fault> {
    let key = ring.signing_key(now_ms)?;
    let mut out = vec![key.kid];
    out.extend(mac::mac(&key.secret, parts));
    Ok(Base64UrlUnpadded::encode_string(&out))
}

fn verify(ring: &Ring, parts: &[&[u8]], text: &str) -> Result<bool, Fault> {
    let raw = Base64UrlUnpadded::decode_vec(text).map_err(|_| Refusal::Malformed)?;
    if raw.len() != 33 {
        return Err(Refusal::Malformed.into());
    }
    Ok(mac::verify(&ring.key(raw[0])?.secret, parts, &raw[1..]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ring::tests::{DAY, JAN_01, two_keys};

    #[test]
    fn edited_removed_inserted_and_swapped_lines_are_found() {
        let ring = two_keys("audit_keys");
        let lines: Vec<String> = (0..4u8).map(|i| digest(&ring, &[i], JAN_01).expect("digest")).collect();
        let first = link(&ring, "", &lines[..2], JAN_01).expect("link");
        let second = link(&ring, &first, &lines[2..], JAN_01 + 20 * DAY).expect("link under the next key");
        assert_eq!(follows(&ring, "", &lines[..2], &first), Ok(true));
        assert_eq!(follows(&ring, &first, &lines[2..], &second), Ok(true));
        assert_eq!(matches(&ring, &[0], &lines[0]), Ok(true));
        assert_eq!(matches(&ring, &[9], &lines[0]), Ok(false), "edited");
        assert_eq!(follows(&ring, "", &lines[..1], &first), Ok(false), "removed");
        assert_eq!(follows(&ring, "", &lines[..3], &first), Ok(false), "inserted");
        let swapped = [lines[1].clone(), lines[0].clone()];
        assert_eq!(follows(&ring, "", &swapped, &first), Ok(false), "swapped");
        assert_eq!(follows(&ring, "", &lines[2..], &second), Ok(false), "cut from the chain");
    }
}
