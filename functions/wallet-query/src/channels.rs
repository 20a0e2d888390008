//! Channels opened, closed and listed: the wallet.

use crate::asked::Asked;
use crate::current::{Current, refreshed};
use crate::registry::Person;
use crate::shown::ShownDocument;
use http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use zerotrip_accounts::{channels, fresh, limits};
use zerotrip_domain::document::Kind;
use zerotrip_domain::{Day, expiry};
use zerotrip_platform::{Problem, Reply, Request};

/// In the list the registry's word is good for an hour.
const GOOD_MS: u64 = 3600 * 1000;

/// Which channel to open.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewChannel {
    /// `resident-id`, `residence-permit`, `driving-licence`, `vehicle-licence`, `passport`, `hk-macau-permit` or `taiwan-permit`
    kind: String,
    /// A child in the own care.
    child: Option<String>,
}

/// One of the seven, open or not.
#[derive(Serialize, ToSchema)]
pub struct ShownChannel {
    kind: &'static str,
    chinese: &'static str,
    /// Whether this is open to people of the holder's place of registration at all.
    available: bool,
    open: bool,
    /// Unix ms, as all times here.
    opened_at: Option<u64>,
    /// When the registry said so; none if it has never answered.
    as_of: Option<u64>,
    /// The registry does not answer: this is older than it should be.
    stale: bool,
    /// What to know about it, in two languages, if anything.
    notice: Option<&'static str>,
    notice_zh: Option<&'static str>,
    /// Empty where the holder has none, and while nothing is known.
    documents: Vec<ShownDocument>,
}

/// All seven.
#[derive(Serialize, ToSchema)]
pub struct Wallet {
    /// The version of the rules by which states and deadlines are told.
    policy: &'static str,
    channels: Vec<ShownChannel>,
}

impl ShownChannel {
    fn closed(kind: Kind, available: bool) -> Self {
        Self {
            kind: kind.name(),
            chinese: kind.chinese(),
            available,
            open: false,
            opened_at: None,
            as_of: None,
            stale: false,
            notice: None,
            notice_zh: None,
            documents: Vec::new(),
        }
    }

    fn of(current: &Current, available: bool, today: Day) -> Self {
        let told = current.channel.told.as_ref();
        let documents = told.map(|told| &told.documents[..]).unwrap_or_default();
        let (notice, notice_zh) = notice(current.stale, told.is_some()).unzip();
        Self {
            open: true,
            opened_at: Some(current.channel.opened_at),
            as_of: told.map(|told| told.as_of),
            stale: current.stale,
            notice,
            notice_zh,
            documents: documents.iter().map(|document| ShownDocument::of(document, today)).collect(),
            ..Self::closed(current.channel.kind, available)
        }
    }
}

/// What a person is told while the registry is silent, in English and Chinese.
pub fn notice(stale: bool, known: bool) -> Option<(&'static str, &'static str)> {
    match (stale, known) {
        (false, _) => None,
        (true, true) => Some((
            "The registry of documents does not answer. This is what it said last.",
            "证照库暂时无响应，以下为上次查询的结果",
        )),
        (true, false) => Some((
            "The channel is open. The registry of documents does not answer: look again in a moment.",
            "证照已开通，证照库暂时无响应，请稍后查看",
        )),
    }
}

/// Which of the seven `name` names, or 404.
pub fn kind(name: &str) -> Result<Kind, Problem> {
    Kind::named(name).ok_or_else(Problem::not_found)
}

/// Needs a face check of the last half hour, or its equal.
#[utoipa::path(post, path = "/wallet/channels", request_body = NewChannel, responses(
    (status = 201, body = ShownChannel), (status = 200, body = ShownChannel, description = "It was open already")))]
pub async fn open(request: &Request) -> Result<Reply, Problem> {
    let new: NewChannel = request.json()?;
    let kind =
        Kind::named(&new.kind).ok_or_else(|| Problem::invalid("kind must be one of the seven documents"))?;
    let Asked { db, now, caller, holder } = Asked::about(request, new.child.as_deref()).await?;
    let proof = fresh::demand(&caller, now)?;
    holder.demand(kind.service())?;
    limits::of(&db, limits::CHANNELS_OF_ACCOUNT, &caller.id.to_string(), now).await?;
    let opened = channels::open(&db, &holder, kind, &proof, now).await?;
    let channel = channels::one(&db, holder.id(), kind, now).await?;
    // Closed again in the same moment.
    let channel = channel.ok_or_else(not_open)?;
    let person = Person { name: holder.name(), number: holder.number() };
    let current = refreshed(&db, holder.id(), &person, vec![channel], GOOD_MS, now).await?;
    let shown = current.first().map(|current| ShownChannel::of(current, true, Day::at(now)));
    let status = if opened { StatusCode::CREATED } else { StatusCode::OK };
    Ok(Reply::json(status, &shown.ok_or_else(not_open)?))
}

/// What was cached is erased, and no code shows the document any more. Needs no face: taking back is as easy as can be.
#[utoipa::path(delete, path = "/wallet/channels/{kind}", params(("kind" = String, Path),
    ("child" = Option<String>, Query, description = "A child in the own care")), responses((status = 204)))]
pub async fn close(request: &Request, name: &str) -> Result<Reply, Problem> {
    let kind = kind(name)?;
    let Asked { db, now, caller, holder } = Asked::of(request).await?;
    if channels::close(&db, holder.id(), kind, caller.id, now).await? {
        Ok(Reply::no_content())
    } else {
        Err(not_open())
    }
}

#[utoipa::path(get, path = "/wallet/channels",
    params(("child" = Option<String>, Query, description = "A child in the own care")), responses((status = 200, body = Wallet)))]
pub async fn list(request: &Request) -> Result<Reply, Problem> {
    let Asked { db, now, holder, .. } = Asked::of(request).await?;
    let open = channels::all(&db, holder.id(), now).await?;
    let person = Person { name: holder.name(), number: holder.number() };
    let open = refreshed(&db, holder.id(), &person, open, GOOD_MS, now).await?;
    let shown = Kind::ALL.map(|kind| {
        let available = holder.demand(kind.service()).is_ok();
        match open.iter().find(|current| current.channel.kind == kind) {
            Some(current) => ShownChannel::of(current, available, Day::at(now)),
            None => ShownChannel::closed(kind, available),
        }
    });
    Ok(Reply::json(StatusCode::OK, &Wallet { policy: expiry::POLICY, channels: shown.into() }))
}

/// The document's channel is to be opened first.
pub fn not_open() -> Problem {
    Problem::new(
        StatusCode::CONFLICT,
        "channel-not-open",
        "The channel is not open",
        "该证照尚未开通",
        "Open it first: POST /wallet/channels, after a face check or its equal.",
    )
}
