//! Whom the bank serves: one merchant with one counter (柜台).

use std::fmt;

use http::Uri;
use serde::Deserialize;
use serde_json::{Value, json};

use super::keys::{KeyError, PrivateKey};

/// A merchant's counter, the counter's key, and what the merchant has set by hand on the bank's merchant platform.
#[derive(Clone)]
pub struct Account {
    /// MERCHANTID, 15 digits.
    pub merchant_id: String,
    /// POSID, 9 digits.
    pub pos_id: String,
    /// BRANCHID, 9 digits.
    pub branch_id: String,
    /// Signs what the bank sends; its public half is the merchant's `PUB`.
    pub private_key: PrivateKey,
    /// QUPWD of the merchant's query operator.
    pub query_password: String,
    /// Where server callbacks go: plain HTTP, as this machine is.
    pub callback_url: String,
    /// Where a browser is led after paying.
    pub page_url: String,
}

/// Why an account cannot be served. The text names the field, never a key or a password.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AccountError {
    /// A field must be so many digits.
    Digits(&'static str, usize),
    /// A field must not be empty.
    Empty(&'static str),
    /// A field must be an absolute address of a scheme that is served.
    Address(&'static str),
    /// The key cannot be used.
    Key(KeyError),
}

impl fmt::Display for AccountError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Digits(field, count) => write!(f, "ccb.{field} is not {count} digits"),
            Self::Empty(field) => write!(f, "ccb.{field} is empty"),
            Self::Address(field) => write!(f, "ccb.{field} is not an absolute address"),
            Self::Key(error) => write!(f, "ccb.private_key: {error}"),
        }
    }
}

impl std::error::Error for AccountError {}

/// The member `ccb` of the configuration, as it is written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct AccountFile {
    merchant_id: String,
    pos_id: String,
    branch_id: String,
    private_key: String,
    query_password: String,
    callback_url: String,
    page_url: String,
}

impl TryFrom<AccountFile> for Account {
    type Error = AccountError;

    fn try_from(file: AccountFile) -> Result<Self, AccountError> {
        let AccountFile {
            merchant_id,
            pos_id,
            branch_id,
            private_key,
            query_password,
            callback_url,
            page_url,
        } = file;
        for (field, value, count) in
            [("merchant_id", &merchant_id, 15), ("pos_id", &pos_id, 9), ("branch_id", &branch_id, 9)]
        {
            if value.len() != count || !value.bytes().all(|b| b.is_ascii_digit()) {
                return Err(AccountError::Digits(field, count));
            }
        }
        if query_password.is_empty() {
            return Err(AccountError::Empty("query_password"));
        }
        if !callable(&callback_url) {
            return Err(AccountError::Address("callback_url"));
        }
        if !visitable(&page_url) {
            return Err(AccountError::Address("page_url"));
        }
        let private_key = PrivateKey::from_base64(&private_key).map_err(AccountError::Key)?;
        Ok(Self { merchant_id, pos_id, branch_id, private_key, query_password, callback_url, page_url })
    }
}

/// Whether the sandbox itself can call the address.
pub(super) fn callable(url: &str) -> bool {
    url.parse::<Uri>().is_ok_and(|uri| uri.scheme_str() == Some("http"))
}

/// Whether a browser can be sent to the address.
pub(super) fn visitable(url: &str) -> bool {
    url.parse::<Uri>().is_ok_and(|uri| matches!(uri.scheme_str(), Some("http" | "https")))
}

impl fmt::Debug for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Account")
            .field("merchant_id", &self.merchant_id)
            .field("pos_id", &self.pos_id)
            .field("branch_id", &self.branch_id)
            .finish_non_exhaustive()
    }
}

impl Account {
    /// What the merchant must know to deal with this bank: the value of its variable `ccb`,
    /// `{"merchant_id","pos_id","branch_id","public_key","query_password"}`.
    pub fn merchant_side(&self) -> Value {
        json!({
            "merchant_id": self.merchant_id,
            "pos_id": self.pos_id,
            "branch_id": self.branch_id,
            "public_key": self.private_key.public_hex(),
            "query_password": self.query_password,
        })
    }
}
