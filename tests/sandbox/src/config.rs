//! The sandbox's configuration file.

use std::{fmt, fs, path::Path};

use serde::Deserialize;

use crate::{
    alipay::{Account, Certificates, CertificatesFile, KeyError, PrivateKey, PublicKey},
    authority, ccb, ctid,
    outbound::is_address,
    registry,
    service::{NotAToken, Token},
    sms, wechat,
};

/// What the sandbox must know before it can play anybody.
#[derive(Debug)]
pub struct Config {
    /// The merchant that Alipay serves, and Alipay's own key.
    pub alipay: Account,
    /// The merchant that WeChat Pay serves, if it is played.
    pub wechat_pay: Option<wechat::Account>,
    /// The merchant's counter at China Construction Bank; without it the bank is not played.
    pub ccb: Option<ccb::Account>,
    /// Who may ask CTID, if it is played.
    pub ctid: Option<ctid::Account>,
    /// Who may send text messages, if their gateway is played.
    pub sms: Option<sms::Account>,
    /// Who may report settlements to the traffic police, if they are played.
    pub police: Option<authority::Account>,
    /// The same of the treasury.
    pub treasury: Option<authority::Account>,
    /// Who may ask the registry of documents, if it is played.
    pub registry: Option<registry::Account>,
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
    /// The member `alipay.certificates` is not PEM, or not for Alipay's key.
    AlipayCertificates,
    /// WeChat Pay's account cannot be used.
    WechatPay(wechat::AccountError),
    /// A field must not be empty.
    Empty(&'static str),
    /// The member `ccb` cannot be used.
    Ccb(ccb::AccountError),
    /// An address is not one.
    Address(&'static str),
    /// A bearer token cannot be used.
    Token(&'static str),
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreadable(path, error) => write!(f, "cannot read {path}: {error}"),
            Self::Malformed(error) => write!(f, "malformed configuration: {error}"),
            Self::Key(field, error) => write!(f, "{field}: {error}"),
            Self::AlipayCertificates => {
                f.write_str("alipay.certificates: not PEM, or not for alipay.private_key")
            }
            Self::WechatPay(error) => error.fmt(f),
            Self::Empty(field) => write!(f, "{field} is empty"),
            Self::Ccb(error) => error.fmt(f),
            Self::Address(field) => write!(f, "{field} is not a list of http or https addresses"),
            Self::Token(field) => write!(f, "{field} is not 16 or more printable ASCII characters"),
        }
    }
}

impl std::error::Error for ConfigError {}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    alipay: AlipayFile,
    wechat_pay: Option<wechat::AccountFile>,
    ccb: Option<ccb::AccountFile>,
    ctid: Option<TokenFile>,
    sms: Option<TokenFile>,
    police: Option<authority::Account>,
    treasury: Option<authority::Account>,
    registry: Option<TokenFile>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TokenFile {
    token: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AlipayFile {
    app_id: String,
    seller_id: String,
    app_public_key: String,
    private_key: String,
    #[serde(default)]
    redirect_uris: Vec<String>,
    certificates: Option<CertificatesFile>,
}

impl Config {
    /// Reads the JSON file at `path`.
    pub fn read(path: &Path) -> Result<Self, ConfigError> {
        let text = fs::read_to_string(path)
            .map_err(|error| ConfigError::Unreadable(path.display().to_string(), error))?;
        Self::parse(&text)
    }

    /// Reads `{"alipay":{"app_id","seller_id","app_public_key","private_key","redirect_uris"}}`; keys as base64 of
    /// SubjectPublicKeyInfo and of PKCS#8; the last may be left out. With `"certificates":{"app","alipay","roots"}` beside them, PEM texts, Alipay
    /// is in certificate mode. The member `wechat_pay` is optional; [`wechat::account`] makes one. With a
    /// member `"ccb":{"merchant_id","pos_id","branch_id","private_key","query_password","callback_url","page_url"}`, key as
    /// base64 of PKCS#8, that bank is played too; with `"ctid":{"token"}`, `"sms":{"token"}`, `"registry":{"token"}`, `"police":{"token"}` and
    /// `"treasury":{"token"}` those, who serve the bearer of that token.
    pub fn parse(text: &str) -> Result<Self, ConfigError> {
        let File { alipay, wechat_pay, ccb, ctid, sms, police, treasury, registry } =
            serde_json::from_str(text).map_err(ConfigError::Malformed)?;
        let AlipayFile { app_id, seller_id, app_public_key, private_key, redirect_uris, certificates } =
            alipay;
        for (field, value) in [("alipay.app_id", &app_id), ("alipay.seller_id", &seller_id)] {
            if value.is_empty() {
                return Err(ConfigError::Empty(field));
            }
        }
        let app_public_key = PublicKey::from_base64(&app_public_key)
            .map_err(|error| ConfigError::Key("alipay.app_public_key", error))?;
        let private_key = PrivateKey::from_base64(&private_key)
            .map_err(|error| ConfigError::Key("alipay.private_key", error))?;
        if !redirect_uris.iter().all(|uri| is_address(uri)) {
            return Err(ConfigError::Address("alipay.redirect_uris"));
        }
        let certificates = certificates
            .map(|file| Certificates::read(&file, &private_key).ok_or(ConfigError::AlipayCertificates))
            .transpose()?;
        let alipay = Account { app_id, seller_id, redirect_uris, app_public_key, private_key, certificates };
        let wechat_pay =
            wechat_pay.map(wechat::Account::try_from).transpose().map_err(ConfigError::WechatPay)?;
        let ccb = ccb.map(ccb::Account::try_from).transpose().map_err(ConfigError::Ccb)?;
        let token = |field, file: Option<TokenFile>| {
            let token = file.map(|TokenFile { token }| Token::try_from(token)).transpose();
            token.map_err(|NotAToken| ConfigError::Token(field))
        };
        let ctid = token("ctid.token", ctid)?.map(|token| ctid::Account { token });
        let sms = token("sms.token", sms)?.map(|token| sms::Account { token });
        let registry = token("registry.token", registry)?.map(|token| registry::Account { token });
        Ok(Self { alipay, wechat_pay, ccb, ctid, sms, police, treasury, registry })
    }
}
