//! What a code would disclose and what not, and which documents may be chosen for it. Nothing is written.

use super::choice::{self, Place};
use http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;
use zerotrip_accounts::channels::{self, Told as Kept};
use zerotrip_accounts::citizen;
use zerotrip_domain::Day;
use zerotrip_domain::document::{Document, Kind};
use zerotrip_domain::expiry::State;
use zerotrip_domain::scenario::{Item, Need, Policy};
use zerotrip_platform::{Db, Problem, Reply, Request, clock};

/// What the citizen reads before there is a code.
#[derive(Serialize, ToSchema)]
pub struct Preview {
    scenario: &'static str,
    chinese: &'static str,
    /// The version of the rule, e.g. `hotel@2025-04`.
    policy: &'static str,
    /// In Chinese and in English: what is shown, of minors, how long it is kept, the law.
    told: String,
    told_in_english: String,
    discloses: Vec<Told>,
    /// What else the documents say, and nobody there is told.
    keeps_back: Vec<Told>,
    /// Whether staff will ask about an address or a vehicle, to be answered by yes or no.
    asks: bool,
    /// Those that may be chosen; one or more, as the rule needs.
    documents: Vec<Choice>,
    venue: Option<Place>,
}

/// One thing that a venue can be told.
#[derive(Serialize, ToSchema)]
#[schema(as = IdentityItem)]
pub struct Told {
    name: &'static str,
    chinese: &'static str,
    english: &'static str,
}

/// A kind of document, and whether it is ready.
#[derive(Serialize, ToSchema)]
pub struct Choice {
    kind: &'static str,
    chinese: &'static str,
    /// Whether it can be chosen now.
    fits: bool,
    /// What is to be done first: `open-the-channel`, `look-at-it` (what is known is older than 24 hours), `not-in-order`
    /// or `none-held`.
    first: Option<&'static str>,
    /// Unix ms at which the registry was asked.
    as_of: Option<u64>,
    /// Plates, if there are vehicles: of several one is to be named.
    vehicles: Vec<String>,
}

#[utoipa::path(get, path = "/qr/identity-codes/preview",
    params(("scenario" = String, Query), ("venue" = Option<String>, Query), ("child" = Option<String>, Query)),
    responses((status = 200, body = Preview)))]
pub async fn preview(request: &Request) -> Result<Reply, Problem> {
    let scenario = choice::scenario(&request.parameter("scenario").unwrap_or_default())?;
    let (db, now) = (Db::open().await?, clock::now_ms());
    let caller = citizen::real_person(request, &db).await?;
    let holder = choice::holder(&db, &caller, request.parameter("child").as_deref(), now).await?;
    let venue = match request.parameter("venue") {
        Some(text) => Some(choice::place(&db, scenario, &text).await?),
        None => None,
    };
    let policy = Policy::in_force(scenario, Day::at(now));
    let kinds = choice::kinds(policy);
    let all = channels::shown(&db, holder.id(), &kinds, false, now, now).await?;
    let documents = kinds.into_iter().map(|kind| Choice::of(kind, &all, now)).collect();
    let (told, kept_back): (Vec<Item>, Vec<Item>) =
        Item::ALL.iter().partition(|item| policy.discloses().contains(item));
    let preview = Preview {
        scenario: scenario.name(),
        chinese: scenario.chinese(),
        policy: policy.version(),
        told: policy.told(),
        told_in_english: policy.told_in_english(),
        discloses: told.into_iter().map(Told::of).collect(),
        keeps_back: kept_back.into_iter().map(Told::of).collect(),
        asks: policy.needs().contains(&Need::Question),
        documents,
        venue,
    };
    Ok(Reply::json(StatusCode::OK, &preview))
}

impl Told {
    fn of(item: Item) -> Self {
        Self { name: item.name(), chinese: item.chinese(), english: item.english() }
    }
}

impl Choice {
    fn of(kind: Kind, all: &[(Kind, Kept)], now: u64) -> Self {
        let cached = all.iter().find(|(shown, _)| *shown == kind).map(|(_, told)| told);
        let in_order = |document: &&Document| State::of(document, Day::at(now)).proves().is_ok();
        let first = match cached {
            None => Some("open-the-channel"),
            Some(cached) if !cached.fresh(now) => Some("look-at-it"),
            Some(cached) if cached.documents.is_empty() => Some("none-held"),
            Some(cached) if !cached.documents.iter().any(|document| in_order(&document)) => {
                Some("not-in-order")
            }
            Some(_) => None,
        };
        let documents = cached.map_or(&[][..], |cached| &cached.documents);
        let plate = |document: &Document| match document {
            Document::VehicleLicence(paper) => Some(paper.plate.as_str().to_owned()),
            _ => None,
        };
        Self {
            kind: kind.name(),
            chinese: kind.chinese(),
            fits: first.is_none(),
            first,
            as_of: cached.map(|cached| cached.as_of),
            vehicles: documents.iter().filter_map(plate).collect(),
        }
    }
}
