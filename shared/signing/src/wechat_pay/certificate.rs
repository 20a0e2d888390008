//! Platform certificates: the keys that sign in certificate mode.
//!
//! `GET /v3/certificates` answers `{"data": [{"serial_no", "encrypt_certificate": {…}}, …]}`. What makes a
//! certificate trustworthy is that it opens under our APIv3 key, which only WeChat Pay and we hold. Its issuer is not
//! known to us and the issuer's signature is not checked: it could say no more than that.

use super::{Merchant, sealed};
use crate::asn1::Elements;
use crate::{hex, instant, json, rsa_key};
use der::asn1::AnyRef;
use der::{Tag, TagNumber};
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

/// The RSA key of a certificate (RFC 5280) that has this serial and is valid at `now_s`.
fn public_key(certificate: &[u8], serial: &str, now_s: u64) -> Option<PublicKey> {
    let mut certificate = Elements::of_sequence(certificate)?.sequence()?;
    let version = Tag::ContextSpecific { constructed: true, number: TagNumber(0) };
    certificate.content(version)?;
    if hex::encode(certificate.unsigned()?).to_ascii_uppercase() != serial {
        return None;
    }
    let (_algorithm, _issuer) = (certificate.sequence()?, certificate.sequence()?);
    let mut validity = certificate.sequence()?;
    let (from, to) = (seconds(validity.any()?)?, seconds(validity.any()?)?);
    if now_s < from || to < now_s {
        return None;
    }
    let _subject = certificate.sequence()?;
    rsa_key::public_of(certificate.sequence()?, rsa_key::SIZES)
}

/// Unix seconds of UTCTime or GeneralizedTime, in UTC to the second as RFC 5280 (4.1.2.5) wants them.
fn seconds(time: AnyRef<'_>) -> Option<u64> {
    let digits = std::str::from_utf8(time.value()).ok()?;
    let century = match time.header().tag() {
        Tag::GeneralizedTime => "",
        Tag::UtcTime if digits < "50" => "20",
        Tag::UtcTime => "19",
        _ => return None,
    };
    let all = format!("{century}{digits}");
    let (date, time) = all.split_at_checked(8)?;
    let (year, date) = date.split_at_checked(4)?;
    let (month, day) = date.split_at_checked(2)?;
    let (hour, time) = time.split_at_checked(2)?;
    let (minute, second) = time.split_at_checked(2)?;
    Some(instant::parse(&format!("{year}-{month}-{day}T{hour}:{minute}:{second}"))? / 1000)
}
