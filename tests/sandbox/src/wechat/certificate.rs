//! 平台证书: the X.509 certificates under which WeChat Pay signs.

use std::{str::FromStr, time::Duration};

use x509_cert::{
    Certificate as X509, TbsCertificate, Version,
    der::{
        Decode, Encode, EncodePem,
        asn1::{Any, BitString, ObjectIdentifier, UtcTime},
        pem::LineEnding,
    },
    name::Name,
    serial_number::SerialNumber,
    spki::{AlgorithmIdentifierOwned, SubjectPublicKeyInfoOwned},
    time::{Time, Validity},
};

use super::sign::Signer;
use crate::keys::{PrivateKey, decode};

const SHA256_WITH_RSA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.11");
/// Issuer and subject: the certificate is its own authority.
const NAME: &str = "CN=Sandbox Pay Root CA,OU=Sandbox Pay CA Center,O=sandbox.example,C=CN";

/// A certificate and the key that it is for.
#[derive(Debug)]
pub struct Certificate {
    /// Upper-case hex.
    pub(super) serial: String,
    pub(super) pem: String,
    pub(super) effective_ms: i64,
    pub(super) expire_ms: i64,
    key: PrivateKey,
}

impl Certificate {
    /// From base64 of DER. None when it is no certificate or for another key.
    pub(super) fn from_base64(text: &str, key: PrivateKey) -> Option<Self> {
        let x509 = X509::from_der(&decode(text).ok()?).ok()?;
        let TbsCertificate { serial_number, validity, subject_public_key_info, .. } = &x509.tbs_certificate;
        if subject_public_key_info.subject_public_key.as_bytes()? != key.public() {
            return None;
        }
        let ms = |time: &Time| i64::try_from(time.to_unix_duration().as_millis()).ok();
        Some(Self {
            serial: serial_number.as_bytes().iter().map(|byte| format!("{byte:02X}")).collect(),
            pem: x509.to_pem(LineEnding::LF).ok()?,
            effective_ms: ms(&validity.not_before)?,
            expire_ms: ms(&validity.not_after)?,
            key,
        })
    }

    pub(super) fn is_good(&self, now_ms: i64) -> bool {
        (self.effective_ms..self.expire_ms).contains(&now_ms)
    }

    pub(super) fn signer(&self) -> Signer<'_> {
        Signer { serial: &self.serial, key: &self.key }
    }
}

/// DER of a self-signed certificate for this key, good from one Unix second to another; the years 1970 to 2049.
/// `public` is DER of SubjectPublicKeyInfo. None when it is not, or does not belong to `key`.
pub fn issue(
    key: &PrivateKey,
    public: &[u8],
    serial: [u8; 20],
    from_s: u64,
    until_s: u64,
) -> Option<Vec<u8>> {
    let subject_public_key_info = SubjectPublicKeyInfoOwned::from_der(public).ok()?;
    if subject_public_key_info.subject_public_key.as_bytes()? != key.public() {
        return None;
    }
    let time = |seconds| UtcTime::from_unix_duration(Duration::from_secs(seconds)).ok().map(Time::UtcTime);
    let algorithm = AlgorithmIdentifierOwned { oid: SHA256_WITH_RSA, parameters: Some(Any::null()) };
    let name = Name::from_str(NAME).ok()?;
    let tbs_certificate = TbsCertificate {
        version: Version::V3,
        serial_number: SerialNumber::new(&serial).ok()?,
        signature: algorithm.clone(),
        issuer: name.clone(),
        validity: Validity { not_before: time(from_s)?, not_after: time(until_s)? },
        subject: name,
        subject_public_key_info,
        issuer_unique_id: None,
        subject_unique_id: None,
        extensions: None,
    };
    let signature = key.sign_bytes(&tbs_certificate.to_der().ok()?);
    let signature = BitString::from_bytes(&signature).ok()?;
    X509 { tbs_certificate, signature_algorithm: algorithm, signature }.to_der().ok()
}
