//! What WeChat Pay encrypts for us under the APIv3 key: AES-256-GCM.

use super::Merchant;
use crate::fault::Refusal;
use crate::{json, sealing};
use base64ct::{Base64, Encoding as _};

const ALGORITHM: &str = "AEAD_AES_256_GCM";

/// Opens the JSON object `{"algorithm", "ciphertext", "associated_data", "nonce", …}`.
///
/// `ciphertext` is base64 of ciphertext and tag; `associated_data` may be empty, null or absent.
pub(super) fn open(merchant: &Merchant, sealed: &str) -> Result<Vec<u8>, Refusal> {
    let [algorithm, ciphertext, nonce, aad] = parts(sealed).ok_or(Refusal::Malformed)?;
    let nonce = nonce.as_bytes().try_into().map_err(|_| Refusal::Malformed)?;
    if algorithm != ALGORITHM {
        return Err(Refusal::Malformed);
    }
    let ciphertext = Base64::decode_vec(&ciphertext).map_err(|_| Refusal::Forged)?;
    sealing::decrypt(&merchant.api_v3_key, nonce, aad.as_bytes(), &ciphertext)
}

fn parts(sealed: &str) -> Option<[String; 4]> {
    let [algorithm, ciphertext, nonce, aad] =
        json::read(sealed).ok()?.members_among(["algorithm", "ciphertext", "nonce", "associated_data"])?;
    let aad = aad.filter(|text| *text != "null").unwrap_or("\"\"");
    json::strings([algorithm, ciphertext, nonce, Some(aad)])
}
