//! AES-256-GCM under the APIv3 key: what notifications and certificates come in.

use std::fmt;

use base64::{Engine, engine::general_purpose::STANDARD};
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use serde_json::{Value, json};

use super::identifiers;

/// APIv3密钥: 32 ASCII characters, which are the key as they stand.
pub struct ApiKey(LessSafeKey);

impl fmt::Debug for ApiKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ApiKey(…)")
    }
}

impl ApiKey {
    /// None unless it is 32 printable ASCII characters.
    pub fn new(text: &str) -> Option<Self> {
        if !text.bytes().all(|b| b.is_ascii_graphic()) {
            return None;
        }
        UnboundKey::new(&AES_256_GCM, text.as_bytes()).ok().map(|key| Self(LessSafeKey::new(key)))
    }

    /// `{"algorithm","nonce","associated_data","ciphertext"}` with a nonce of its own.
    pub(super) fn seal(&self, text: &str, associated_data: &str) -> Value {
        let nonce = identifiers::text(12);
        let mut sealed = text.as_bytes().to_vec();
        let counter = Nonce::try_assume_unique_for_key(nonce.as_bytes()).expect("12 bytes");
        self.0
            .seal_in_place_append_tag(counter, Aad::from(associated_data.as_bytes()), &mut sealed)
            .expect("less than 64 GiB");
        json!({
            "algorithm": "AEAD_AES_256_GCM",
            "nonce": nonce,
            "associated_data": associated_data,
            "ciphertext": STANDARD.encode(sealed),
        })
    }
}
