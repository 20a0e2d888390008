//! Venues to pick from, before a code is made for one of them.

use crate::venues::Venue;
use http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;
use zerotrip_accounts::citizen;
use zerotrip_domain::scenario::Scenario;
use zerotrip_platform::{Db, Problem, Reply, Request, Row};

/// In one answer.
const MOST: usize = 50;

/// A venue as everybody may know it.
#[derive(Serialize, ToSchema)]
pub struct Known {
    venue: String,
    name: String,
    scenario: &'static str,
    address: String,
}

impl From<Venue> for Known {
    fn from(venue: Venue) -> Self {
        let Venue { id, scenario, name, address } = venue;
        Self { venue: id.to_string(), name, scenario: scenario.name(), address }
    }
}

/// In the order of their names.
#[derive(Serialize, ToSchema)]
pub struct Venues {
    venues: Vec<Known>,
    /// For the parameter `cursor` of the next request; none at the end.
    next: Option<String>,
}

#[utoipa::path(get, path = "/scan/venues", params(
    ("scenario" = String, Query),
    ("name" = Option<String>, Query, description = "What the name begins with"),
    ("cursor" = Option<String>, Query, description = "`next` of the answer before")),
    responses((status = 200, body = Venues)))]
pub async fn list(request: &Request) -> Result<Reply, Problem> {
    let scenario = request.parameter("scenario").and_then(|name| Scenario::named(&name));
    let scenario =
        scenario.ok_or_else(|| Problem::invalid("scenario must be the name of one of the five"))?;
    let from = name_key(request.parameter("name").unwrap_or_default().trim());
    let db = Db::open().await?;
    citizen::citizen(request, &db).await?;
    // No key has a character after f, and none is smaller than the one that it begins with.
    let until = format!("{from}g");
    let cursor = request.parameter("cursor").unwrap_or_else(|| format!("{from}-"));
    let (key, id) = cursor
        .split_once('-')
        .ok_or_else(|| Problem::invalid("cursor must be what the answer before gave"))?;
    let rows = db
        .run(
            "SELECT id, scenario, name, address, name_key FROM venues WHERE scenario = $1 AND revoked_at IS NULL \
             AND name_key >= $2 AND name_key < $3 AND (name_key, id) > ($4, $5) ORDER BY name_key, id \
             LIMIT CAST($6 AS BIGINT)",
            [
                scenario.name().into(),
                from.as_str().into(),
                until.into(),
                key.into(),
                id.into(),
                (MOST as u64).into(),
            ],
        )
        .await?;
    let next = match rows.get(MOST - 1) {
        Some(last) => Some(format!("{}-{}", last.text(4)?, last.text(0)?)),
        None => None,
    };
    let known = |row: &Row| Venue::of(row).map(Known::from);
    let venues = rows.iter().map(known).collect::<Result<_, _>>()?;
    Ok(Reply::json(StatusCode::OK, &Venues { venues, next }))
}

/// How a name is sorted and found by its beginning.
pub fn name_key(name: &str) -> String {
    name.to_lowercase().bytes().map(|byte| format!("{byte:02x}")).collect()
}
