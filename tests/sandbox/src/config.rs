//! The sandbox's configuration file.

use std::{fmt, fs, path::Path};

use serde::Deserialize;

use crate::alipay::{Account, KeyError, PrivateKey, PublicKey};

/// What the sandbox must know before it can play anybody.
#[derive(Debug)]
pub struct Config {
    /// The merchant that Alipay serves, and Alipay's own key.
    pub alipay: Account,
}

/// Why a configuration cannot be used. The text names the field, never a key.
#[derive(Debug)]
pub enum ConfigError {
    /// The file cannot be read.
    Unreadable(String, std::io::Error),
    /// The text is not JSON of the expected shape.
    Malformed(serde_json::Error),
    /// A key cannot be used.
    Key(&'static str, KeyError),
    /// A field must not be empty.
    Empty(&'static str),
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreadable(path, error) => write!(f, "cannot read {path}: {error}"),
            Self::Malformed(error) => write!(f, "malformed configuration: {error}"),
            Self::Key(field, error) => write!(f, "{field}: {error}"),
            Self::Empty(field) => write!(f, "{field} is empty"),
        }
    }
}

impl std::error::Error for ConfigError {}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    alipay: AlipayFile,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AlipayFile {
    app_id: String,
    seller_id: String,
    app_public_key: String,
    private_key: String,
}

impl Config {
    /// Reads the JSON file at `path`.
    pub fn read(path: &Path) -> Result<Self, ConfigError> {
        let text = fs::read_to_string(path)
            .map_err(|error| ConfigError::Unreadable(path.display().to_string(), error))?;
        Self::parse(&text)
    }

    /// Reads `{"alipay":{"app_id","seller_id","app_public_key","private_key"}}`; keys as base64 of
    /// SubjectPublicKeyInfo and of PKCS#8.
    pub fn parse(text: &str) -> Result<Self, ConfigError> {
        let AlipayFile { app_id, seller_id, app_public_key, private_key } =
            serde_json::from_str::<File>(text).map_err(ConfigError::Malformed)?.alipay;
        for (field, value) in [("alipay.app_id", &app_id), ("alipay.seller_id", &seller_id)] {
            if value.is_empty() {
                return Err(ConfigError::Empty(field));
            }
        }
        let app_public_key = PublicKey::from_base64(&app_public_key)
            .map_err(|error| ConfigError::Key("alipay.app_public_key", error))?;
        let private_key = PrivateKey::from_base64(&private_key)
            .map_err(|error| ConfigError::Key("alipay.private_key", error))?;
        Ok(Self { alipay: Account { app_id, seller_id, app_public_key, private_key } })
    }
}
