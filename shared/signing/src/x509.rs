//! What we read of certificates (RFC 5280). Nobody's signature over them is checked: who reads one says why it is
//! trusted.

use crate::asn1::Elements;
use crate::{instant, rsa_key};
use der::asn1::AnyRef;
use der::{Tag, TagNumber};
use rsa::PublicKey;

/// The parts of one certificate that somebody here asks for.
pub(crate) struct Certificate<'a> {
    /// Big-endian without leading zeros.
    pub(crate) serial: &'a [u8],
    /// Content of the OBJECT IDENTIFIER of the algorithm that its issuer signed it with.
    pub(crate) algorithm: &'a [u8],
    /// The relative distinguished names, one SET each.
    pub(crate) issuer: Elements<'a>,
    pub(crate) validity: Validity,
    key: Elements<'a>,
}

/// From when to when, both included; Unix seconds.
#[derive(Clone, Copy)]
pub(crate) struct Validity(u64, u64);

impl Validity {
    pub(crate) fn holds_at(self, now_s: u64) -> bool {
        self.0 <= now_s && now_s <= self.1
    }
}

impl<'a> Certificate<'a> {
    /// Reads DER. None for version 1 as well, which nobody issues any more.
    pub(crate) fn read(der: &'a [u8]) -> Option<Self> {
        let mut signed = Elements::of_sequence(der)?.sequence()?;
        let version = Tag::ContextSpecific { constructed: true, number: TagNumber(0) };
        signed.content(version)?;
        let serial = signed.unsigned()?;
        let algorithm = signed.sequence()?.content(Tag::ObjectIdentifier)?;
        let issuer = signed.sequence()?;
        let mut dates = signed.sequence()?;
        let validity = Validity(seconds(dates.any()?)?, seconds(dates.any()?)?);
        let _subject = signed.sequence()?;
        Some(Self { serial, algorithm, issuer, validity, key: signed.sequence()? })
    }

    /// The key that it is for, if that is an RSA key of 2048 to 4096 bits.
    pub(crate) fn rsa_key(self) -> Option<PublicKey> {
        rsa_key::public_of(self.key, rsa_key::SIZES)
    }
}

const BEGIN: &str = "-----BEGIN CERTIFICATE-----";
const END: &str = "-----END CERTIFICATE-----";

/// DER of each certificate between PEM lines, in order; None where base64 is broken. Where files were put together
/// that had no last line break, an end and a beginning share a line.
pub(crate) fn pem(text: &str) -> Vec<Option<Vec<u8>>> {
    let (mut certificates, mut body) = (Vec::new(), None::<String>);
    for line in text.split('\n').map(str::trim_ascii) {
        if line.starts_with(END) {
            certificates.extend(body.take().map(|base64| rsa_key::der(&base64)));
        }
        if line.ends_with(BEGIN) {
            body = Some(String::new());
        } else if let Some(base64) = &mut body {
            base64.push_str(line);
        }
    }
    certificates
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
