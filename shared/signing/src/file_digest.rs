//! Digests of files, in pieces. Nothing secret: they say whether bytes are the ones that somebody has named.

use crate::hex;
use sha1::Sha1;
use sha2::{Digest as _, Sha256};

/// A digest under way.
pub enum Digest {
    /// What WeChat Pay names its bills by.
    Sha1(Sha1),
    /// What we remember a file by.
    Sha256(Sha256),
}

impl Digest {
    /// A SHA-1 of nothing yet.
    pub fn sha1() -> Self {
        Self::Sha1(Sha1::new())
    }

    /// A SHA-256 of nothing yet.
    pub fn sha256() -> Self {
        Self::Sha256(Sha256::new())
    }

    /// Adds `piece`.
    pub fn update(&mut self, piece: &[u8]) {
        match self {
            Self::Sha1(state) => state.update(piece),
            Self::Sha256(state) => state.update(piece),
        }
    }

    /// Of all pieces so far, in lower-case hex.
    pub fn hex(&self) -> String {
        match self {
            Self::Sha1(state) => hex::encode(&state.clone().finalize()),
            Self::Sha256(state) => hex::encode(&state.clone().finalize()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// FIPS 180-4, the examples of NIST: 448 bits.
    const MESSAGE: &[u8] = b"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq";

    #[test]
    fn the_published_examples_hold_however_the_message_is_cut() {
        for cut in 0..=MESSAGE.len() {
            for (mut digest, expected) in [
                (Digest::sha1(), "84983e441c3bd26ebaae4aa1f95129e5e54670f1"),
                (Digest::sha256(), "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"),
            ] {
                digest.update(&MESSAGE[..cut]);
                digest.update(&MESSAGE[cut..]);
                assert_eq!(digest.hex(), expected, "cut at {cut}");
            }
        }
    }
}
