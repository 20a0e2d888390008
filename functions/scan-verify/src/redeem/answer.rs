//! What a venue is told, and what it has to write down besides.

use super::code::{Code, Ended};
use http::StatusCode;
use serde::Serialize;
use serde_json::{Map, Value as Json};
use utoipa::ToSchema;
use zerotrip_accounts::redemption::{Redeemed, entry_context};
use zerotrip_accounts::refused;
use zerotrip_accounts::signing::sealing;
use zerotrip_domain::scenario::{Addition, Disclosure, Item, Shown, When};
use zerotrip_platform::{Problem, Reply};

/// A code that was redeemed.
#[derive(Serialize, ToSchema)]
pub struct Redemption {
    /// 32 hex digits: also of the register's entry, where there is one.
    redemption: String,
    /// Unix ms.
    redeemed_at: u64,
    scenario: &'static str,
    /// The version of the rule, e.g. `hotel@2025-04`.
    policy: &'static str,
    disclosed: Vec<Told>,
    /// What the venue writes into its register itself.
    adds: Vec<Added>,
    /// Unix ms at which the registry said so.
    as_of: u64,
    /// Unix ms until which the register keeps the entry; none where there is no entry.
    kept_until: Option<u64>,
}

/// One thing told.
#[derive(Serialize, ToSchema)]
#[schema(as = DisclosedItem)]
pub struct Told {
    name: &'static str,
    chinese: &'static str,
    value: Answered,
}

#[derive(Serialize, ToSchema)]
#[schema(as = DisclosedValue)]
#[serde(untagged)]
enum Answered {
    Text(String),
    YesNo(bool),
}

/// One thing to write down.
#[derive(Serialize, ToSchema)]
#[schema(as = RegisterAddition)]
pub struct Added {
    name: &'static str,
    chinese: &'static str,
    /// `now` or `later`.
    when: &'static str,
}

impl Redemption {
    /// Just now.
    pub fn of(code: &Code, redeemed: &Redeemed, as_of: u64) -> Self {
        let disclosure = redeemed.disclosure();
        Self::new(code, redeemed.at(), told(disclosure), disclosure.minor(), as_of, redeemed.kept_until())
    }

    /// The same again.
    pub fn again(code: &Code, ended: &Ended, told: Vec<Told>) -> Self {
        Self::new(code, ended.at, told, ended.minor, ended.as_of, ended.kept_until)
    }

    fn new(
        code: &Code,
        at: u64,
        disclosed: Vec<Told>,
        minor: bool,
        as_of: u64,
        kept_until: Option<u64>,
    ) -> Self {
        Self {
            redemption: code.id.to_string(),
            redeemed_at: at,
            scenario: code.policy.scenario().name(),
            policy: code.policy.version(),
            disclosed,
            adds: code.policy.adds(minor).map(added).collect(),
            as_of,
            kept_until,
        }
    }

    /// As an answer.
    pub fn reply(&self, status: StatusCode) -> Reply {
        Reply::json(status, self)
    }
}

/// What a disclosure tells.
pub fn told(disclosure: &Disclosure) -> Vec<Told> {
    let items = disclosure.items().iter();
    let value = |shown: &Shown| match shown {
        Shown::Text(text) => Answered::Text(text.clone()),
        Shown::YesNo(yes) => Answered::YesNo(*yes),
    };
    items.map(|(item, shown)| Told::new(*item, value(shown))).collect()
}

/// What the register's entry of `code` keeps, in the policy's order, and the picture beside it.
pub fn kept(code: &Code, sealed: &str, photo: Option<String>) -> Result<Vec<Told>, Problem> {
    let plain = sealing::open(&entry_context(code.id), sealed).map_err(refused)?;
    let mut entry: Map<String, Json> = serde_json::from_slice(&plain)
        .map_err(|_| Problem::unavailable("a register's entry is not of its form"))?;
    if let Some(photo) = photo {
        entry.insert(Item::Photo.name().to_owned(), photo.into());
    }
    let told = |item: &Item| match entry.remove(item.name())? {
        Json::String(text) => Some(Told::new(*item, Answered::Text(text))),
        Json::Bool(yes) => Some(Told::new(*item, Answered::YesNo(yes))),
        _ => None,
    };
    Ok(code.policy.discloses().iter().filter_map(told).collect())
}

/// The text that is told of `item`.
pub fn text_of(disclosure: &Disclosure, item: Item) -> Option<String> {
    match disclosure.told(item)? {
        Shown::Text(text) => Some(text.clone()),
        Shown::YesNo(_) => None,
    }
}

fn added(addition: Addition) -> Added {
    let when = match addition.when {
        When::Now | When::NowForMinors => "now",
        When::Later => "later",
    };
    Added { name: addition.name, chinese: addition.chinese, when }
}

impl Told {
    fn new(item: Item, value: Answered) -> Self {
        Self { name: item.name(), chinese: item.chinese(), value }
    }
}
