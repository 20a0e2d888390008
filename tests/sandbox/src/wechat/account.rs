//! The merchant that is served, and WeChat Pay's own keys for it.

use std::{fmt, ops::Range};

use serde::Deserialize;
use serde_json::{Value, json};

use super::{certificate::Certificate, seal::ApiKey, sign::Signer};
use crate::{
    clock::rfc3339,
    keys::{KeyError, PrivateKey, PublicKey},
};

/// How the names of keys in public-key mode begin.
pub const PUBLIC_KEY_PREFIX: &str = "PUB_KEY_ID_";

/// A merchant in the middle of its change from platform certificates to the public-key mode: both are live.
#[derive(Debug)]
pub struct Account {
    pub(super) app_id: String,
    pub(super) app_secret: String,
    pub(super) mch_id: String,
    /// Serial number of the merchant's own certificate.
    pub(super) merchant_serial: String,
    pub(super) merchant_key: PublicKey,
    pub(super) api_v3_key: ApiKey,
    /// The newest last. None at all: a merchant that has finished its change.
    certificates: Vec<Certificate>,
    public_key_id: String,
    public_key: PrivateKey,
}

/// Why an account cannot be played. The text names the field, never a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AccountError {
    /// A key cannot be used.
    Key(&'static str, KeyError),
    /// A field is not what it should be.
    Field(&'static str, &'static str),
}

impl fmt::Display for AccountError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Key(field, error) => write!(f, "wechat_pay.{field}: {error}"),
            Self::Field(field, shape) => write!(f, "wechat_pay.{field} is not {shape}"),
        }
    }
}

impl std::error::Error for AccountError {}

/// An account as the configuration has it; keys and certificates as base64 of DER.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AccountFile {
    app_id: String,
    app_secret: String,
    mch_id: String,
    merchant_serial: String,
    merchant_public_key: String,
    api_v3_key: String,
    certificates: Vec<CertificateFile>,
    public_key: PublicKeyFile,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CertificateFile {
    certificate: String,
    private_key: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PublicKeyFile {
    id: String,
    private_key: String,
}

impl TryFrom<AccountFile> for Account {
    type Error = AccountError;

    fn try_from(file: AccountFile) -> Result<Self, AccountError> {
        let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
        let shaped = |sound: bool, field, shape| sound.then_some(()).ok_or(AccountError::Field(field, shape));
        shaped(!file.app_id.is_empty(), "app_id", "a text")?;
        shaped(!file.app_secret.is_empty(), "app_secret", "a text")?;
        shaped(digits(&file.mch_id), "mch_id", "a number")?;
        shaped(!file.merchant_serial.is_empty(), "merchant_serial", "a text")?;
        let id = file.public_key.id.strip_prefix(PUBLIC_KEY_PREFIX);
        shaped(id.is_some_and(digits), "public_key.id", "PUB_KEY_ID_ and digits")?;
        let merchant_key = PublicKey::from_base64(&file.merchant_public_key)
            .map_err(|error| AccountError::Key("merchant_public_key", error))?;
        let mut certificates = Vec::new();
        for CertificateFile { certificate, private_key } in file.certificates {
            let key = PrivateKey::from_base64(&private_key)
                .map_err(|error| AccountError::Key("certificates.private_key", error))?;
            let shape = "base64 of a DER certificate for the private key beside it";
            let certificate = Certificate::from_base64(&certificate, key)
                .ok_or(AccountError::Field("certificates.certificate", shape))?;
            certificates.push(certificate);
        }
        certificates.sort_by_key(|certificate| certificate.effective_ms);
        Ok(Self {
            api_v3_key: ApiKey::new(&file.api_v3_key)
                .ok_or(AccountError::Field("api_v3_key", "32 printable ASCII characters"))?,
            app_id: file.app_id,
            app_secret: file.app_secret,
            mch_id: file.mch_id,
            merchant_serial: file.merchant_serial,
            merchant_key,
            certificates,
            public_key: PrivateKey::from_base64(&file.public_key.private_key)
                .map_err(|error| AccountError::Key("public_key.private_key", error))?,
            public_key_id: file.public_key.id,
        })
    }
}

impl Account {
    /// What an answer of `/v3/certificates` says of a certificate, which is PEM: its serial in upper-case hex, its life in Unix
    /// ms, and itself, sealed.
    pub fn announced(&self, serial: &str, pem: &str, life: Range<i64>) -> Value {
        json!({
            "serial_no": serial,
            "effective_time": rfc3339(life.start),
            "expire_time": rfc3339(life.end),
            "encrypt_certificate": self.api_v3_key.seal(pem, "certificate"),
        })
    }

    /// The certificates that are good at this instant, the newest last.
    pub(super) fn certificates(&self, now_ms: i64) -> impl DoubleEndedIterator<Item = &Certificate> {
        self.certificates.iter().filter(move |certificate| certificate.is_good(now_ms))
    }

    /// The key of the public-key mode.
    pub(super) fn public_key(&self) -> Signer<'_> {
        Signer { serial: &self.public_key_id, key: &self.public_key }
    }

    /// The newest platform certificate; without any, the key of the public-key mode.
    pub(super) fn newest_certificate(&self, now_ms: i64) -> Signer<'_> {
        self.certificates(now_ms).next_back().map_or_else(|| self.public_key(), Certificate::signer)
    }

    /// The key that a request asks for by `Wechatpay-Serial`. None for a name that nobody knows.
    pub(super) fn named(&self, serial: &str, now_ms: i64) -> Option<Signer<'_>> {
        if serial == self.public_key_id {
            return Some(self.public_key());
        }
        self.certificates(now_ms).find(|certificate| certificate.serial == serial).map(Certificate::signer)
    }
}
