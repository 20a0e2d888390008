//! Everything that a venue has scanned, without what it was told: for when it is revoked, or about to be.

use crate::field;
use crate::register::time;
use http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;
use zerotrip_accounts::area;
use zerotrip_accounts::audit::{self, Line};
use zerotrip_platform::{Db, Id, Problem, Reply, Request, Row, clock};

/// In one answer.
const MOST: usize = 100;

/// A scan.
#[derive(Serialize, ToSchema)]
pub struct Scan {
    /// The redeemed code, or the refusal.
    scan: String,
    /// Unix ms.
    at: u64,
    person: String,
    device: String,
    /// `qr` or `typed`; none if it was refused.
    read_how: Option<String>,
    /// Names of what was disclosed, without values; none if it was refused.
    disclosed: Option<Vec<String>>,
    /// Why it was refused.
    refused: Option<String>,
}

/// The newest first.
#[derive(Serialize, ToSchema)]
pub struct Scans {
    /// Unix ms.
    revoked_at: Option<u64>,
    scans: Vec<Scan>,
    /// For the parameter `cursor` of the next request; none at the end.
    next: Option<String>,
}

#[utoipa::path(get, path = "/scan/venues/{id}/scans", params(("id" = String, Path),
    ("from" = Option<u64>, Query, description = "Unix ms"),
    ("to" = Option<u64>, Query, description = "Unix ms, not included"),
    ("cursor" = Option<String>, Query, description = "`next` of the answer before")),
    responses((status = 200, body = Scans)))]
pub async fn list(request: &Request, id: &str) -> Result<Reply, Problem> {
    let id: Id = id.parse().map_err(|_| Problem::not_found())?;
    let (from, to) = field::period(request.parameter("from"), request.parameter("to"))?;
    let (before, before_id) = field::cursor(request.parameter("cursor"))?;
    let (db, now) = (Db::open().await?, clock::now_ms());
    let (by, area) = area::overseer(request, &db).await?;
    let sql = "SELECT revoked_at FROM venues WHERE id = $1 AND agency >= $2 AND agency < $3";
    let venue = db.one(sql, [id.into(), area.from.into(), area.until.into()]).await?;
    let venue = venue.ok_or_else(Problem::not_found)?;
    let kind = "venue-scans-listed";
    let line = Line { kind, actor: by.principal, device: by.device, subject: id, detail: "" };
    audit::write(&db, &line, now).await?;
    let rows = db
        .run(
            "SELECT id, ended_at, at_person, at_device, read_how, disclosed, NULL FROM identity_codes \
             WHERE at_venue = $1 AND ended_how = 'redeemed' AND ended_at >= $2 AND ended_at < $3 \
             AND (ended_at, id) < ($4, $5) ORDER BY ended_at DESC, id DESC LIMIT CAST($6 AS BIGINT)",
            [
                id.into(),
                from.into(),
                to.into(),
                before.into(),
                before_id.as_str().into(),
                (MOST as u64).into(),
            ],
        )
        .await?;
    let refused = db
        .run(
            "SELECT id, at, person, device, NULL, NULL, why FROM refused_scans \
             WHERE venue = $1 AND at >= $2 AND at < $3 AND (at, id) < ($4, $5) \
             ORDER BY at DESC, id DESC LIMIT CAST($6 AS BIGINT)",
            [
                id.into(),
                from.into(),
                to.into(),
                before.into(),
                before_id.as_str().into(),
                (MOST as u64).into(),
            ],
        )
        .await?;
    let mut scans = rows.iter().chain(&refused).map(scan).collect::<Result<Vec<_>, _>>()?;
    scans.sort_by(|a, b| (b.at, &b.scan).cmp(&(a.at, &a.scan)));
    scans.truncate(MOST);
    let next = scans.get(MOST - 1).map(|last| format!("{}-{}", last.at, last.scan));
    let revoked_at = if venue.is_null(0) { None } else { Some(time(&venue, 0)?) };
    Ok(Reply::json(StatusCode::OK, &Scans { revoked_at, scans, next }))
}

fn scan(row: &Row) -> Result<Scan, Problem> {
    let text = |at: usize| row.optional_text(at).map(|text| text.map(str::to_owned));
    let names = |list: String| list.split(',').filter(|name| !name.is_empty()).map(str::to_owned).collect();
    Ok(Scan {
        scan: row.text(0)?.to_owned(),
        at: time(row, 1)?,
        person: row.text(2)?.to_owned(),
        device: row.text(3)?.to_owned(),
        read_how: text(4)?,
        disclosed: text(5)?.map(names),
        refused: text(6)?,
    })
}
