//! A venue's own register, in lines: who came when, and what is to be written down still.

use crate::register::{Entry, shown::masked_name};
use crate::{field, venues};
use http::StatusCode;
use serde::Serialize;
use std::collections::HashSet;
use utoipa::ToSchema;
use zerotrip_domain::scenario::Addition;
use zerotrip_platform::{Db, Id, Problem, Reply, Request, clock};

/// In one answer.
const MOST: usize = 50;

/// One entry without a number or an address.
#[derive(Serialize, ToSchema)]
pub struct Brief {
    entry: String,
    /// Unix ms.
    at: u64,
    /// Masked; none where the scenario tells none.
    name: Option<String>,
    minor: bool,
    /// Names of what is due and not there.
    missing: Vec<&'static str>,
    /// Names of what is to be added later.
    later: Vec<&'static str>,
    /// Unix ms by which a guest from outside the mainland is reported to the police; none for others.
    report_by: Option<u64>,
    /// Unix ms.
    reported_at: Option<u64>,
}

/// The newest first.
#[derive(Serialize, ToSchema)]
pub struct Entries {
    entries: Vec<Brief>,
    /// For the parameter `cursor` of the next request; none at the end.
    next: Option<String>,
}

#[utoipa::path(get, path = "/scan/entries", params(
    ("from" = Option<u64>, Query, description = "Unix ms"),
    ("to" = Option<u64>, Query, description = "Unix ms, not included"),
    ("cursor" = Option<String>, Query, description = "`next` of the answer before")),
    responses((status = 200, body = Entries)))]
pub async fn list(request: &Request) -> Result<Reply, Problem> {
    let (from, to) = field::period(request.parameter("from"), request.parameter("to"))?;
    let (before, before_id) = field::cursor(request.parameter("cursor"))?;
    let (db, now) = (Db::open().await?, clock::now_ms());
    let (_, venue) = venues::staff(request, &db).await?;
    let rows = db
        .run(
            "SELECT c.id, c.ended_at, c.policy, c.minor, c.outside, c.entry_sealed, c.kept_until, r.at FROM identity_codes c \
             LEFT JOIN register_reports r ON r.code = c.id WHERE c.at_venue = $1 AND c.ended_how = 'redeemed' \
             AND c.ended_at >= $2 AND c.ended_at < $3 AND (c.ended_at, c.id) < ($4, $5) \
             AND c.entry_sealed IS NOT NULL AND c.kept_until > $6 ORDER BY c.ended_at DESC, c.id DESC LIMIT CAST($7 AS BIGINT)",
            [
                venue.into(),
                from.into(),
                to.into(),
                before.into(),
                before_id.into(),
                now.into(),
                (MOST as u64).into(),
            ],
        )
        .await?;
    let entries = rows.iter().map(Entry::of).collect::<Result<Vec<_>, _>>()?;
    let added = match (entries.last(), entries.first()) {
        (Some(oldest), Some(newest)) => added(&db, venue, oldest.at, newest.at).await?,
        _ => HashSet::new(),
    };
    let next = entries.get(MOST - 1).map(|last| format!("{}-{}", last.at, last.id));
    let entries = entries.iter().map(|entry| brief(entry, &added)).collect();
    Ok(Reply::json(StatusCode::OK, &Entries { entries, next }))
}

fn brief(entry: &Entry, added: &HashSet<(Id, String)>) -> Brief {
    let has = |name: &str| added.contains(&(entry.id, name.to_owned()));
    let names = |open: Vec<Addition>| open.into_iter().map(|addition| addition.name).collect();
    Brief {
        entry: entry.id.to_string(),
        at: entry.at,
        name: masked_name(&entry.told),
        minor: entry.minor,
        missing: names(entry.missing(has, true)),
        later: names(entry.missing(has, false)),
        report_by: entry.to_be_reported_by(),
        reported_at: entry.reported_at,
    }
}

/// What has been added to the entries of a venue from `oldest` to `newest`.
async fn added(db: &Db, venue: Id, oldest: u64, newest: u64) -> Result<HashSet<(Id, String)>, Problem> {
    let rows = db
        .run(
            "SELECT DISTINCT a.code, a.name FROM identity_codes c JOIN register_additions a ON a.code = c.id \
             WHERE c.at_venue = $1 AND c.ended_how = 'redeemed' AND c.ended_at >= $2 AND c.ended_at <= $3",
            [venue.into(), oldest.into(), newest.into()],
        )
        .await?;
    rows.iter().map(|row| Ok((row.id(0)?, row.text(1)?.to_owned()))).collect()
}
