//! What a citizen chooses: where, whose documents, and at which venue.

use super::refusal;
use http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;
use zerotrip_accounts::citizen::Citizen;
use zerotrip_accounts::holder::{self, Holder};
use zerotrip_accounts::venue;
use zerotrip_domain::document::Kind;
use zerotrip_domain::residence::Service;
use zerotrip_domain::scenario::{Policy, Scenario};
use zerotrip_platform::{Db, Id, Problem, settings};

/// Longer texts name no venue.
const LONGEST_VENUE: usize = 200;

/// The only place where a code is good.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Place {
    /// 32 hex digits.
    pub venue: String,
    pub name: String,
}

/// The scenario of this name.
pub fn scenario(name: &str) -> Result<Scenario, Problem> {
    Scenario::named(name).ok_or_else(|| {
        let names = Scenario::ALL.map(Scenario::name).join(", ");
        Problem::invalid(&format!("scenario must be one of {names}"))
    })
}

/// The person whose documents they are: the caller, or a child in the own care.
pub async fn holder(db: &Db, caller: &Citizen, child: Option<&str>, now: u64) -> Result<Holder, Problem> {
    let child =
        child.map(|text| text.parse::<Id>().map_err(|_| Problem::invalid("child must be 32 hex digits")));
    let holder = holder::of(db, caller, child.transpose()?, now).await?;
    holder.demand(Service::IdentityCodes)?;
    Ok(holder)
}

/// The venue that `text` names: its id, or what its poster's code says.
pub async fn place(db: &Db, scenario: Scenario, text: &str) -> Result<Place, Problem> {
    if text.len() > LONGEST_VENUE {
        return Err(refusal::no_such_venue());
    }
    let poster = format!("{}/scan/venues/", settings::get("public_url").await?.trim_end_matches('/'));
    let id: Id = text.strip_prefix(&poster).unwrap_or(text).parse().map_err(|_| refusal::no_such_venue())?;
    let venue = venue::standing(db, &id.to_string()).await?.ok_or_else(refusal::no_such_venue)?;
    if venue.scenario != scenario {
        return Err(refusal::venue_of_another_kind(venue.scenario));
    }
    Ok(Place { venue: venue.id, name: venue.name })
}

/// The kinds that a code under `policy` may name.
pub fn kinds(policy: &Policy) -> Vec<Kind> {
    Kind::ALL.into_iter().filter(|kind| policy.takes(*kind)).collect()
}

/// The kinds that the citizen has chosen, each once and each one that the scenario takes.
pub fn chosen(policy: &Policy, names: &[String]) -> Result<Vec<Kind>, Problem> {
    let taken = kinds(policy);
    let mut chosen = Vec::new();
    for name in names {
        let kind = Kind::named(name).filter(|kind| taken.contains(kind) && !chosen.contains(kind));
        chosen.push(kind.ok_or_else(|| {
            let names: Vec<&str> = taken.iter().map(|kind| kind.name()).collect();
            Problem::invalid(&format!("documents must name, each once at most: {}", names.join(", ")))
        })?);
    }
    if chosen.is_empty() {
        return Err(Problem::new(
            StatusCode::BAD_REQUEST,
            "invalid-request",
            "Invalid request",
            "请选择要出示的证件",
            "documents must name one at least.",
        ));
    }
    Ok(chosen)
}
