//! What a merchant sets for its counter (柜台) on the bank's merchant platform, or asks the branch to set.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::{Account, account, failure::Failure, money::Fen};

/// How a server callback comes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Delivery {
    Get,
    /// POST without a body; the fields are in the query.
    PostQuery,
    #[default]
    PostForm,
}

/// A field, or fields that come together, which a callback has only where the counter asks for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Returned {
    /// With REFERER and CLIENTIP.
    Type,
    Accdate,
    Usrmsg,
    /// With ERRMSG.
    Installnum,
    Usrinfo,
    Discount,
    Zhjf,
    Openid,
    SubOpenid,
    PaymentDetails,
}

/// Which document the order of the last fields follows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Tail {
    #[serde(rename = "2017")]
    Of2017,
    #[default]
    #[serde(rename = "2021")]
    Of2021,
}

impl Tail {
    pub fn order(self) -> [Returned; 9] {
        use Returned::*;
        let [second, third] = match self {
            Self::Of2017 => [Usrmsg, Installnum],
            Self::Of2021 => [Installnum, Usrmsg],
        };
        [Accdate, second, third, Usrinfo, Discount, Zhjf, Openid, SubOpenid, PaymentDetails]
    }
}

/// How an amount is written in a callback.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Notation {
    /// `206.00`, `0.01`
    #[default]
    Plain,
    /// `206.0`, `.01`
    Short,
}

/// STATUSCODE of an order that nobody has paid yet.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Pending {
    #[default]
    #[serde(rename = "2")]
    Two,
    #[serde(rename = "5")]
    Five,
}

/// What STATUS of a query's answer is written in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum QueryText {
    /// English words, declared as UTF-8.
    #[default]
    Ascii,
    Utf8,
    Gb18030,
}

/// The settings in force.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Counter {
    /// None: as configured.
    pub callback_url: Option<String>,
    /// None: as configured.
    pub page_url: Option<String>,
    pub delivery: Delivery,
    pub returned: BTreeSet<Returned>,
    pub tail: Tail,
    pub notation: Notation,
    pub pending: Pending,
    pub query_text: QueryText,
}

impl Default for Counter {
    fn default() -> Self {
        Self {
            callback_url: None,
            page_url: None,
            delivery: Delivery::default(),
            returned: [Returned::Type, Returned::Accdate].into(),
            tail: Tail::default(),
            notation: Notation::default(),
            pending: Pending::default(),
            query_text: QueryText::default(),
        }
    }
}

impl Counter {
    pub fn check(&self) -> Result<(), Failure> {
        if self.callback_url.as_deref().is_some_and(|url| !account::callable(url)) {
            return Err(Failure::Field("callback_url", "not an absolute http address"));
        }
        if self.page_url.as_deref().is_some_and(|url| !account::visitable(url)) {
            return Err(Failure::Field("page_url", "not an absolute address"));
        }
        Ok(())
    }

    pub fn callback_url<'a>(&'a self, account: &'a Account) -> &'a str {
        self.callback_url.as_deref().unwrap_or(&account.callback_url)
    }

    pub fn page_url<'a>(&'a self, account: &'a Account) -> &'a str {
        self.page_url.as_deref().unwrap_or(&account.page_url)
    }

    pub fn written(&self, amount: Fen) -> String {
        match self.notation {
            Notation::Plain => amount.to_string(),
            Notation::Short => amount.short(),
        }
    }
}
