//! 公钥证书模式: what both sides' certificates are called (SN). Rules: payments facts 2b, from the official SDKs.

use md5::{Digest, Md5};
use num_bigint::BigUint;
use serde::Deserialize;
use x509_cert::{Certificate, der::asn1::ObjectIdentifier};

use crate::keys::PrivateKey;

const PKCS_1: &str = "1.2.840.113549.1.1.";

/// The member `certificates` of the configuration: PEM.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CertificatesFile {
    /// The merchant's.
    pub app: String,
    /// Alipay's own, for its `private_key`.
    pub alipay: String,
    /// One file of several.
    pub roots: String,
}

/// How they are named in calls and answers.
#[derive(Debug)]
pub struct Certificates {
    pub(super) app_sn: String,
    pub(super) alipay_sn: String,
    pub(super) root_sn: String,
}

impl Certificates {
    /// None where a text is not PEM, or Alipay's certificate not for its key.
    pub fn read(file: &CertificatesFile, key: &PrivateKey) -> Option<Self> {
        let (app, alipay) = (first(&file.app)?, first(&file.alipay)?);
        if alipay.tbs_certificate.subject_public_key_info.subject_public_key.as_bytes()? != key.public() {
            return None;
        }
        let roots = Certificate::load_pem_chain(file.roots.as_bytes()).ok()?;
        let rsa = |oid: &ObjectIdentifier| oid.to_string().starts_with(PKCS_1);
        let root_sns: Vec<String> =
            roots.iter().filter(|root| rsa(&root.signature_algorithm.oid)).map(sn).collect();
        Some(Self { app_sn: sn(&app), alipay_sn: sn(&alipay), root_sn: root_sns.join("_") })
    }
}

fn first(pem: &str) -> Option<Certificate> {
    Certificate::load_pem_chain(pem.as_bytes()).ok()?.into_iter().next()
}

fn sn(certificate: &Certificate) -> String {
    let certificate = &certificate.tbs_certificate;
    let serial = BigUint::from_bytes_be(certificate.serial_number.as_bytes());
    let text = format!("{}{serial}", certificate.issuer);
    Md5::digest(text).iter().map(|byte| format!("{byte:02x}")).collect()
}
