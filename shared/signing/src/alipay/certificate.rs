//! Certificate mode: both sides' keys are named by the numbers (SN) of their certificates.
//!
//! An SN is MD5, in lower-case hex, of the issuer's name and the serial in decimal digits, as Alipay's own SDKs compute
//! it. It names a certificate and proves nothing.
//!
//! Alipay's certificates are trusted because they are configured. That they chain to the root is not checked: the root
//! comes from the same hands, and the file that Alipay gives out does not always hold what stands between. Dates are
//! looked at by [`Certificates::defect`] only: a payment that Alipay tells of a minute late is still a payment.

use crate::asn1::Elements;
use crate::hex;
use crate::x509::{self, Certificate, Validity};
use der::Tag;
use md5::{Digest, Md5};
use rsa::PublicKey;

/// 1.2.840.113549.1.1: RSA signatures of every kind are below it.
const PKCS_1: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1];
/// What the official SDKs write of an issuer: attribute types 2.5.4.n by their short names.
const ATTRIBUTES: [(u8, &str); 6] = [(3, "CN"), (6, "C"), (7, "L"), (8, "ST"), (10, "O"), (11, "OU")];
/// Escaped by one official SDK and not by another: what Alipay makes of an issuer that has one cannot be known.
const ESCAPED: &[u8] = b",+\"\\<>;=#";

/// What `app_certificate`, `alipay_certificates` and `alipay_root_certificates` say.
pub(super) struct Certificates {
    /// Sent with every call.
    pub(super) app_sn: String,
    /// Sent with every call: the SNs of the RSA roots.
    pub(super) root_sn: String,
    app_validity: Validity,
    alipay: Vec<Known>,
}

/// A certificate of Alipay.
struct Known {
    sn: String,
    key: PublicKey,
    validity: Validity,
}

impl Certificates {
    /// Texts of PEM. Each of `alipay` begins with the certificate itself; what follows is not looked at.
    pub(super) fn read(
        app: &str,
        alipay: &[String],
        roots: &str,
        own_key: &PublicKey,
    ) -> Result<Self, &'static str> {
        let app = Known::first(app).ok_or("app_certificate is not PEM of an RSA certificate")?;
        if app.key != *own_key {
            return Err("app_certificate is not for app_private_key");
        }
        let mut known: Vec<Known> = Vec::with_capacity(alipay.len());
        for text in alipay {
            let certificate =
                Known::first(text).ok_or("alipay_certificates must be PEM of RSA certificates")?;
            if known.iter().any(|other| other.sn == certificate.sn) {
                return Err("a certificate of alipay_certificates stands twice");
            }
            known.push(certificate);
        }
        if known.is_empty() {
            return Err("alipay_certificates must not be empty");
        }
        let root_sn = root_sn(roots);
        if root_sn.is_empty() {
            return Err("alipay_root_certificates is not PEM with an RSA certificate");
        }
        Ok(Self { app_sn: app.sn, root_sn, app_validity: app.validity, alipay: known })
    }

    /// The key of Alipay's certificate `sn`.
    pub(super) fn key(&self, sn: &str) -> Option<&PublicKey> {
        self.alipay.iter().find(|known| known.sn == sn).map(|known| &known.key)
    }

    /// Every key of Alipay's certificates.
    pub(super) fn keys(&self) -> impl Iterator<Item = &PublicKey> {
        self.alipay.iter().map(|known| &known.key)
    }

    /// Which of them has to be replaced now.
    pub(super) fn defect(&self, now_s: u64) -> Option<&'static str> {
        if !self.app_validity.holds_at(now_s) {
            return Some("app_certificate is not valid now");
        }
        let one_is_valid = self.alipay.iter().any(|known| known.validity.holds_at(now_s));
        (!one_is_valid).then_some("none of alipay_certificates is valid now")
    }
}

impl Known {
    fn first(text: &str) -> Option<Self> {
        let der = x509::pem(text).into_iter().next()??;
        let certificate = Certificate::read(&der)?;
        let (sn, validity) = (sn(&certificate)?, certificate.validity);
        Some(Self { sn, key: certificate.rsa_key()?, validity })
    }
}

/// The SNs of the certificates with RSA signatures, joined by `_`. The bundle holds others, and some that are not
/// quite certificates: they are passed over, as the official SDKs do.
fn root_sn(bundle: &str) -> String {
    let mut all = String::new();
    for der in x509::pem(bundle).into_iter().flatten() {
        let root = Certificate::read(&der).filter(|root| root.algorithm.starts_with(PKCS_1));
        if let Some(sn) = root.as_ref().and_then(sn) {
            if !all.is_empty() {
                all.push('_');
            }
            all.push_str(&sn);
        }
    }
    all
}

fn sn(certificate: &Certificate<'_>) -> Option<String> {
    let mut text = name(certificate.issuer.clone())?;
    text.push_str(&decimal(certificate.serial));
    Some(hex::encode(&Md5::digest(text.as_bytes())))
}

/// `CN=…,OU=…,O=…,C=…`: last attribute first. None for an attribute without a short name, or several in one SET.
fn name(mut names: Elements<'_>) -> Option<String> {
    let mut text = String::new();
    while names.end().is_none() {
        let mut set = Elements::of(names.content(Tag::Set)?)?;
        let mut attribute = set.sequence()?;
        set.end()?;
        let &[0x55, 4, number] = attribute.content(Tag::ObjectIdentifier)? else { return None };
        let (_, short) = ATTRIBUTES.iter().find(|(known, _)| *known == number)?;
        let value = attribute.any()?;
        attribute.end()?;
        let (Tag::Utf8String | Tag::PrintableString | Tag::Ia5String) = value.header().tag() else {
            return None;
        };
        let value = std::str::from_utf8(value.value()).ok()?;
        if value.bytes().any(|byte| ESCAPED.contains(&byte)) || value.trim_ascii() != value {
            return None;
        }
        let mut longer = (*short).to_owned();
        longer.push('=');
        longer.push_str(value);
        if !text.is_empty() {
            longer.push(',');
        }
        longer.push_str(&text);
        text = longer;
    }
    Some(text)
}

/// A big-endian number in decimal digits.
fn decimal(bytes: &[u8]) -> String {
    // Little-endian.
    let mut digits = vec![0];
    for byte in bytes {
        let mut carry = u16::from(*byte);
        for digit in &mut digits {
            carry += u16::from(*digit) << 8;
            *digit = (carry % 10) as u8;
            carry /= 10;
        }
        while carry > 0 {
            digits.push((carry % 10) as u8);
            carry /= 10;
        }
    }
    digits.iter().rev().map(|digit| char::from(b'0' + digit)).collect()
}

#[cfg(test)]
mod tests {
    use super::{Known, decimal, root_sn};

    /// Certificates and SNs that the official Node SDK is tested with: alipay/alipay-sdk-nodejs-all, `test/fixtures`
    /// and `test/antcertutil.test.ts`. Of the four roots one is signed with SM2 and one with ECDSA.
    #[test]
    fn the_published_certificates_have_the_published_numbers() {
        macro_rules! published {
            ($name:literal) => {
                include_str!(concat!("../../tests/alipay/published/", $name))
            };
        }
        let sn = |pem| Known::first(pem).map(|known| known.sn);
        assert_eq!(sn(published!("app.crt")).as_deref(), Some("866efef280dec9137a87d047ac446315"));
        assert_eq!(sn(published!("alipay.crt")).as_deref(), Some("7513daaaa48aa3ba2e4018d84402479c"));
        let roots = "687b59193f3f462dd5336e5abf83c5d8_02941eef3187dddf3d3b83462e1dfcf6";
        let bundle: &str = published!("roots.crt");
        assert_eq!(root_sn(bundle), roots);
        assert_eq!(root_sn(&bundle.replace('\n', "\r\n")), roots);
        let broken = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
        assert_eq!(root_sn(&[broken, bundle, broken].concat()), roots);
    }

    proptest::proptest! {
        #[test]
        fn digits_are_those_of_the_number(number: u128) {
            proptest::prop_assert_eq!(decimal(&number.to_be_bytes()), number.to_string());
        }
    }
}
