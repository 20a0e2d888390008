//! A day of the venues of an agency: how much they scanned, what their registers lack, what was refused, and what is odd.

use crate::field;
use crate::police::rules::{self, Anomaly};
use crate::register::{policy, time};
use http::StatusCode;
use serde::Serialize;
use std::collections::{BTreeMap, HashMap};
use utoipa::ToSchema;
use zerotrip_accounts::area::{self, Area};
use zerotrip_accounts::venue::scenario;
use zerotrip_platform::{Db, Problem, Reply, Request, Value, clock};

/// Venues in one answer.
const MOST: usize = 100;
const HOUR_MS: u64 = 3600 * 1000;

/// A venue's day.
#[derive(Serialize, ToSchema)]
pub struct VenueDay {
    venue: String,
    name: String,
    scenario: &'static str,
    agency: String,
    /// Unix ms.
    revoked_at: Option<u64>,
    redeemed: u64,
    /// Of them, by the eight characters.
    typed: u64,
    /// Entries that lack something that is due.
    incomplete: u64,
    /// How many scans were refused, by the reason.
    refused: BTreeMap<String, u64>,
    anomalies: Vec<Anomaly>,
}

/// By agency.
#[derive(Serialize, ToSchema)]
pub struct Supervision {
    day: String,
    venues: Vec<VenueDay>,
    /// For the parameter `cursor` of the next request; none at the end.
    next: Option<String>,
}

/// Which venues and which hours.
struct Scope {
    area: Area,
    after: (String, String),
    from: u64,
    to: u64,
}

impl Scope {
    /// Of which venues.
    fn venues(&self) -> [Value; 5] {
        let Self { area, after: (agency, id), .. } = self;
        [
            area.from.as_str().into(),
            area.until.as_str().into(),
            agency.as_str().into(),
            id.as_str().into(),
            (MOST as u64).into(),
        ]
    }

    /// Those and the day, after what stands before them.
    fn parameters_of(&self, before: impl IntoIterator<Item = Value>) -> impl Iterator<Item = Value> {
        before.into_iter().chain(self.venues()).chain([self.from.into(), self.to.into()])
    }
}

#[utoipa::path(get, path = "/scan/supervision", params(
    ("agency" = Option<String>, Query, description = "The own one unless given"),
    ("day" = Option<String>, Query, description = "In China, e.g. 2026-11-25; today unless given"),
    ("cursor" = Option<String>, Query, description = "`next` of the answer before")),
    responses((status = 200, body = Supervision)))]
pub async fn show(request: &Request) -> Result<Reply, Problem> {
    let (db, now) = (Db::open().await?, clock::now_ms());
    let (_, area) = area::overseer(request, &db).await?;
    let area = area::narrowed(area, request.parameter("agency"))?;
    let day = field::day(request.parameter("day"), now)?;
    let cursor = request.parameter("cursor").unwrap_or_else(|| "-".to_owned());
    let odd = || Problem::invalid("cursor must be what the answer before gave");
    let (agency, id) = cursor.split_once('-').ok_or_else(odd)?;
    let after = (agency.to_owned(), id.to_owned());
    let scope = Scope { area, after, from: day.start_ms(), to: day.end_ms() };
    let mut days = counted(&db, &scope).await?;
    let mut refused = refused(&db, &scope).await?;
    let rows = db
        .run(
            "SELECT id, name, scenario, agency, revoked_at FROM venues WHERE agency >= $1 AND agency < $2 \
             AND (agency, id) > ($3, $4) ORDER BY agency, id LIMIT CAST($5 AS BIGINT)",
            scope.venues(),
        )
        .await?;
    let mut shown = Vec::with_capacity(rows.len());
    for row in &rows {
        let (id, scenario) = (row.text(0)?, scenario(row.text(2)?)?);
        let refused = refused.remove(id).unwrap_or_default();
        let mut day = days.remove(id).unwrap_or_default();
        day.refused = refused.values().sum();
        shown.push(VenueDay {
            venue: id.to_owned(),
            name: row.text(1)?.to_owned(),
            scenario: scenario.name(),
            agency: row.text(3)?.to_owned(),
            revoked_at: if row.is_null(4) { None } else { Some(time(row, 4)?) },
            redeemed: day.redeemed,
            typed: day.typed,
            incomplete: day.incomplete,
            refused,
            anomalies: rules::broken(scenario, &day),
        });
    }
    let next = shown.get(MOST - 1).map(|last| format!("{}-{}", last.agency, last.venue));
    let day = day.to_string();
    Ok(Reply::json(StatusCode::OK, &Supervision { day, venues: shown, next }))
}

/// What was redeemed, by venue.
async fn counted(db: &Db, scope: &Scope) -> Result<HashMap<String, rules::Day>, Problem> {
    let mut days: HashMap<String, rules::Day> = HashMap::new();
    // An entry is complete when it has as many things that are due as its policy names; what is kept nowhere lacks nothing.
    let rows = db
        .run(
            "SELECT e.venue, e.policy, e.minor, e.kept, e.added, COUNT(*), SUM(e.typed), SUM(e.early) FROM \
             (SELECT few.id AS venue, c.policy AS policy, c.minor AS minor, \
               CASE WHEN c.entry_sealed IS NULL THEN 0 ELSE 1 END AS kept, \
               (SELECT COUNT(DISTINCT a.name) FROM register_additions a WHERE a.code = c.id AND a.due = 1) AS added, \
               CASE WHEN c.read_how = 'typed' THEN 1 ELSE 0 END AS typed, \
               CASE WHEN c.ended_at < $1 THEN 1 ELSE 0 END AS early FROM \
               (SELECT id FROM venues WHERE agency >= $2 AND agency < $3 AND (agency, id) > ($4, $5) \
                ORDER BY agency, id LIMIT CAST($6 AS BIGINT)) few \
               JOIN identity_codes c ON c.at_venue = few.id AND c.ended_how = 'redeemed' \
               AND c.ended_at >= $7 AND c.ended_at < $8) e GROUP BY e.venue, e.policy, e.minor, e.kept, e.added",
            scope.parameters_of([(scope.from + 8 * HOUR_MS).into()]),
        )
        .await?;
    for row in rows {
        let (policy, minor) = (policy(row.text(1)?)?, !row.is_null(2) && row.int(2)? != 0);
        let due = policy.adds(minor).filter(|addition| addition.when.is_due()).count();
        let complete = row.int(3)? == 0 || usize::try_from(row.int(4)?).is_ok_and(|added| added >= due);
        let day = days.entry(row.text(0)?.to_owned()).or_default();
        let many = time(&row, 5)?;
        day.redeemed += many;
        day.typed += time(&row, 6)?;
        day.small_hours += time(&row, 7)?;
        day.incomplete += if complete { 0 } else { many };
    }
    // By stretches of five minutes.
    let rows = db
        .run(
            "SELECT few.id, c.at_device, c.ended_at / 300000, COUNT(*) FROM \
             (SELECT id FROM venues WHERE agency >= $1 AND agency < $2 AND (agency, id) > ($3, $4) \
              ORDER BY agency, id LIMIT CAST($5 AS BIGINT)) few \
             JOIN identity_codes c ON c.at_venue = few.id AND c.ended_how = 'redeemed' \
             AND c.ended_at >= $6 AND c.ended_at < $7 GROUP BY 1, 2, 3 HAVING COUNT(*) > 1",
            scope.parameters_of([]),
        )
        .await?;
    for row in rows {
        let day = days.entry(row.text(0)?.to_owned()).or_default();
        day.busiest = day.busiest.max(time(&row, 3)?);
    }
    Ok(days)
}

/// What was refused, by venue and reason.
async fn refused(db: &Db, scope: &Scope) -> Result<HashMap<String, BTreeMap<String, u64>>, Problem> {
    let mut refused: HashMap<String, BTreeMap<String, u64>> = HashMap::new();
    let rows = db
        .run(
            "SELECT few.id, r.why, COUNT(*) FROM \
             (SELECT id FROM venues WHERE agency >= $1 AND agency < $2 AND (agency, id) > ($3, $4) \
              ORDER BY agency, id LIMIT CAST($5 AS BIGINT)) few \
             JOIN refused_scans r ON r.venue = few.id AND r.at >= $6 AND r.at < $7 GROUP BY few.id, r.why",
            scope.parameters_of([]),
        )
        .await?;
    for row in rows {
        refused.entry(row.text(0)?.to_owned()).or_default().insert(row.text(1)?.to_owned(), time(&row, 2)?);
    }
    Ok(refused)
}
