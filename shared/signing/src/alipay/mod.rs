//! Alipay in key mode and in certificate mode: RSA2 (RSASSA-PKCS1-v1_5, SHA-256).
//!
//! The variable `alipay`: `{"app_id", "seller_id", "app_private_key", "alipay_public_keys": […]}`. Keys are base64 of
//! DER (PKCS#8 or PKCS#1 private, SubjectPublicKeyInfo public), with or without PEM lines. Several public keys may
//! be live at once, so that Alipay's key can be replaced.
//!
//! Certificate mode adds `"app_certificate"`, `"alipay_certificates": […]` and `"alipay_root_certificates"`: the texts
//! of the files that Alipay gives out as `appCertPublicKey_….crt`, `alipayCertPublicKey_RSA2.crt` (several may be live)
//! and `alipayRootCert.crt`. Every call then names them. `alipay_public_keys` may stand beside them while one mode
//! gives way to the other, and may be left out after that. A message that names a certificate is signed by that
//! one or refused as `unknown-key`; one that names none, by any key here.

mod answer;
mod certificate;
mod notification;
mod request;

pub use answer::answer;
pub use notification::notification;
pub use request::sign;

use crate::fault::{Fault, Refusal};
use crate::{json, rsa_key};
use certificate::Certificates;
use rsa::{PrivateKey, PublicKey};

/// Our identity at Alipay and both sides' keys.
pub struct Merchant {
    /// Our app.
    pub app_id: String,
    /// Whom the money goes to; `2088…`.
    pub seller_id: String,
    private: PrivateKey,
    public: Vec<PublicKey>,
    /// In certificate mode.
    certificates: Option<Certificates>,
}

impl Merchant {
    /// Reads the variable. The error names the defect, never a key.
    pub fn parse(text: &str) -> Result<Self, Fault> {
        Self::read(text).map_err(misconfigured)
    }

    fn read(text: &str) -> Result<Self, &'static str> {
        let [app_id, seller_id, private, given, app, alipay, roots] = json::read(text)
            .ok()
            .and_then(|variable| variable.members(MEMBERS))
            .ok_or("not an object of the members that it may have")?;
        let [app_id, seller_id, private] = json::strings([app_id, seller_id, private])
            .ok_or("app_id, seller_id and app_private_key must be texts")?;
        if app_id.is_empty() || seller_id.is_empty() {
            return Err("app_id and seller_id must not be empty");
        }
        let private = rsa_key::private(&private)
            .ok_or("app_private_key is not an RSA key in base64 of PKCS#8 or PKCS#1")?;
        let mut public = Vec::new();
        for key in texts(given.unwrap_or("[]")).ok_or(BAD_PUBLIC_KEYS)? {
            public.push(rsa_key::public(&key).ok_or(BAD_PUBLIC_KEYS)?);
        }
        let certificates = match [app, alipay, roots] {
            [None, None, None] => None,
            [Some(app), Some(alipay), Some(roots)] => {
                let (app, roots) = (json::string(app), json::string(roots));
                let (app, roots) = app.zip(roots).ok_or(BAD_CERTIFICATES)?;
                let alipay = texts(alipay).ok_or(BAD_CERTIFICATES)?;
                Some(Certificates::read(&app, &alipay, &roots, private.as_ref())?)
            }
            _ => return Err(BAD_CERTIFICATES),
        };
        if public.is_empty() && certificates.is_none() {
            return Err(BAD_PUBLIC_KEYS);
        }
        Ok(Self { app_id, seller_id, private, public, certificates })
    }

    /// Whether Alipay will take our calls and we its answers at `now_ms`, as far as certificates' dates say.
    pub fn usable(&self, now_ms: u64) -> Result<(), Fault> {
        let certificates = self.certificates.as_ref();
        certificates
            .and_then(|own| own.defect(now_ms / 1000))
            .map_or(Ok(()), |defect| Err(misconfigured(defect)))
    }

    /// Whether Alipay made `signature` (base64) over one of the `readings` of a message that names the certificate
    /// `sn`, or none.
    fn check(&self, sn: Option<&str>, signature: &str, readings: &[&[u8]]) -> Result<(), Fault> {
        let named = match (sn.filter(|sn| !sn.is_empty()), &self.certificates) {
            (Some(sn), Some(certificates)) => Some(certificates.key(sn).ok_or(Refusal::UnknownKey)?),
            _ => None,
        };
        let signed = readings.iter().any(|content| match named {
            Some(key) => rsa_key::signed_by(std::iter::once(key), content, signature),
            None => rsa_key::signed_by(self.keys(), content, signature),
        });
        if signed { Ok(()) } else { Err(Refusal::Forged.into()) }
    }

    fn keys(&self) -> impl Iterator<Item = &PublicKey> {
        self.public.iter().chain(self.certificates.iter().flat_map(Certificates::keys))
    }

    fn sign_as_us(&self, content: &[u8]) -> Result<String, Fault> {
        rsa_key::sign(&self.private, content).ok_or_else(|| misconfigured("app_private_key cannot sign"))
    }
}

const MEMBERS: [&str; 7] = [
    "app_id",
    "seller_id",
    "app_private_key",
    "alipay_public_keys",
    "app_certificate",
    "alipay_certificates",
    "alipay_root_certificates",
];
const BAD_PUBLIC_KEYS: &str = "alipay_public_keys must be RSA keys in base64 of SubjectPublicKeyInfo";
const BAD_CERTIFICATES: &str =
    "app_certificate, alipay_certificates (a list) and alipay_root_certificates are PEM texts, all or none";

fn misconfigured(defect: &str) -> Fault {
    Fault::of("alipay", defect)
}

fn texts(list: &str) -> Option<Vec<String>> {
    json::elements(list)?.into_iter().map(json::string).collect()
}
