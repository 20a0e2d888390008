//! Platform certificates: the keys that sign in certificate mode.
//!
//! `GET /v3/certificates` answers `{"data": [{"serial_no", "encrypt_certificate": {…}}, …]}`. What makes a
//! certificate trustworthy is that it opens under our APIv3 key, which only WeChat Pay and we hold. Its issuer is not
//! known to us and the issuer's signature is not checked: it could say no more than that.

use super::{Merchant, sealed};
use crate::x509::Certificate;
use crate::{hex, json, rsa_key};
use rsa::PublicKey;

/// Longest answer that is looked at.
const MAX_BODY: usize = 64 * 1024;

/// The key of the certificate `serial` (upper-case hex), if one of the answers holds it and it is valid at `now_s`.
///
/// None as well for an answer that cannot be read or does not open: it holds no key for us.
pub(super) fn key(merchant: &Merchant, serial: &str, answers: &[String], now_s: u64) -> Option<PublicKey> {
    let mut readable = answers.iter().filter(|answer| answer.len() <= MAX_BODY);
    readable.find_map(|answer| find(merchant, serial, answer, now_s))
}

fn find(merchant: &Merchant, serial: &str, answer: &str, now_s: u64) -> Option<PublicKey> {
    let [data] = json::read(answer).ok()?.members_among(["data"])?;
    for entry in json::elements(data?)? {
        let [serial_no, sealed] =
            json::read(entry).ok()?.members_among(["serial_no", "encrypt_certificate"])?;
        if json::string(serial_no?)? == serial {
            let pem = String::from_utf8(sealed::open(merchant, sealed?).ok()?).ok()?;
            return public_key(&rsa_key::der(&pem)?, serial, now_s);
        }
    }
    None
}

/// The RSA key of a certificate that has this serial and is valid at `now_s`.
fn public_key(der: &[u8], serial: &str, now_s: u64) -> Option<PublicKey> {
    let certificate = Certificate::read(der)?;
    let named = hex::encode(certificate.serial).to_ascii_uppercase() == serial;
    (named && certificate.validity.holds_at(now_s)).then(|| certificate.rsa_key())?
}
