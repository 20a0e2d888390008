//! One kind of document as its holder sees it.

use crate::asked::Asked;
use crate::channels::{kind, not_open, notice};
use crate::current::refreshed;
use crate::registry::Person;
use crate::shown::{ShownDeadline, ShownField, ShownState, masked, whole};
use http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;
use zerotrip_accounts::{channels, fresh};
use zerotrip_domain::Day;
use zerotrip_platform::{Problem, Reply, Request};

/// Who looks at a document wants it as it is: the registry's word is good for ten minutes.
const GOOD_MS: u64 = 10 * 60 * 1000;

/// All documents of a kind.
#[derive(Serialize, ToSchema)]
pub struct Shown {
    kind: &'static str,
    chinese: &'static str,
    /// When the registry said so, Unix ms; none if it has never answered.
    as_of: Option<u64>,
    /// The registry does not answer: this is older than it should be.
    stale: bool,
    notice: Option<&'static str>,
    notice_zh: Option<&'static str>,
    /// Whether everything is here. Without a face check of the last half hour, or its equal, numbers are masked, and picture,
    /// addresses and place of birth are left out: whoever finds a phone unlocked shall not carry a card away.
    complete: bool,
    /// Empty where the holder has none, and while nothing is known.
    documents: Vec<Paper>,
}

/// One of them.
#[derive(Serialize, ToSchema)]
pub struct Paper {
    state: ShownState,
    deadlines: Vec<ShownDeadline>,
    fields: Vec<ShownField>,
}

#[utoipa::path(get, path = "/wallet/documents/{kind}", params(("kind" = String, Path),
    ("child" = Option<String>, Query, description = "A child in the own care")), responses((status = 200, body = Shown)))]
pub async fn show(request: &Request, name: &str) -> Result<Reply, Problem> {
    let kind = kind(name)?;
    let Asked { db, now, caller, holder } = Asked::of(request).await?;
    holder.demand(kind.service())?;
    let complete = fresh::demand(&caller, now).is_ok();
    let channel = channels::one(&db, holder.id(), kind, now).await?.ok_or_else(not_open)?;
    let person = Person { name: holder.name(), number: holder.number() };
    let current = refreshed(&db, holder.id(), &person, vec![channel], GOOD_MS, now).await?;
    let current = current.into_iter().next().ok_or_else(not_open)?;
    let told = current.channel.told;
    let (notice, notice_zh) = notice(current.stale, told.is_some()).unzip();
    let as_of = told.as_ref().map(|told| told.as_of);
    let papers = told.iter().flat_map(|told| &told.documents).map(|document| Paper {
        state: ShownState::of(document, Day::at(now)),
        deadlines: ShownDeadline::all(document, Day::at(now)),
        fields: if complete { whole(document) } else { masked(document) },
    });
    let shown = Shown {
        kind: kind.name(),
        chinese: kind.chinese(),
        as_of,
        stale: current.stale,
        notice,
        notice_zh,
        complete,
        documents: papers.collect(),
    };
    Ok(Reply::json(StatusCode::OK, &shown))
}
