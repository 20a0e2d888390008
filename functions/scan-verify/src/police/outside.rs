//! Guests from outside the mainland, of whom hotels tell the police within 24 hours: people of Hong Kong, Macau and Taiwan, whom the
//! wallet knows by their residence permits, and foreigners, whom the desk enters.

use crate::field;
use crate::register::{REPORTED_WITHIN_MS, time};
use http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;
use zerotrip_accounts::area;
use zerotrip_platform::{Db, Problem, Reply, Request, Row, clock};

/// In one answer.
const MOST: usize = 200;

/// One guest, unnamed.
#[derive(Serialize, ToSchema)]
pub struct Guest {
    entry: String,
    venue: String,
    venue_name: String,
    /// Unix ms.
    at: u64,
    /// Whole hours until the report is late; 0 in the last one and after it.
    hours_left: u64,
    /// Whether it is late, or was.
    late: bool,
    /// Unix ms.
    reported_at: Option<u64>,
}

/// Those of one day, the oldest first.
#[derive(Serialize, ToSchema)]
pub struct Guests {
    day: String,
    guests: Vec<Guest>,
    /// For the parameter `cursor` of the next request; none at the end.
    next: Option<String>,
}

#[utoipa::path(get, path = "/scan/supervision/outside", params(
    ("agency" = Option<String>, Query, description = "The own one unless given"),
    ("day" = Option<String>, Query, description = "In China, e.g. 2026-11-25; today unless given"),
    ("cursor" = Option<String>, Query, description = "`next` of the answer before")),
    responses((status = 200, body = Guests)))]
pub async fn list(request: &Request) -> Result<Reply, Problem> {
    let (db, now) = (Db::open().await?, clock::now_ms());
    let (_, area) = area::overseer(request, &db).await?;
    let area = area::narrowed(area, request.parameter("agency"))?;
    let day = field::day(request.parameter("day"), now)?;
    let (after, after_id) = match request.parameter("cursor") {
        None => (0, String::new()),
        given => field::cursor(given)?,
    };
    let rows = db
        .run(
            "SELECT c.id, v.id, v.name, c.ended_at, r.at FROM venues v JOIN identity_codes c ON c.at_venue = v.id \
             AND c.ended_how = 'redeemed' LEFT JOIN register_reports r ON r.code = c.id \
             WHERE v.agency >= $1 AND v.agency < $2 AND v.scenario = 'hotel' AND c.ended_at >= $3 AND c.ended_at < $4 \
             AND c.outside = 1 AND (c.ended_at, c.id) > ($5, $6) ORDER BY c.ended_at, c.id LIMIT CAST($7 AS BIGINT)",
            [
                area.from.into(),
                area.until.into(),
                day.start_ms().into(),
                day.end_ms().into(),
                after.into(),
                after_id.into(),
                (MOST as u64).into(),
            ],
        )
        .await?;
    let guests = rows.iter().map(|row| guest(row, now)).collect::<Result<Vec<_>, _>>()?;
    let next = guests.get(MOST - 1).map(|last| format!("{}-{}", last.at, last.entry));
    Ok(Reply::json(StatusCode::OK, &Guests { day: day.to_string(), guests, next }))
}

fn guest(row: &Row, now: u64) -> Result<Guest, Problem> {
    let at = time(row, 3)?;
    let reported_at = if row.is_null(4) { None } else { Some(time(row, 4)?) };
    let until = at + REPORTED_WITHIN_MS;
    Ok(Guest {
        entry: row.text(0)?.to_owned(),
        venue: row.text(1)?.to_owned(),
        venue_name: row.text(2)?.to_owned(),
        at,
        hours_left: until.saturating_sub(now) / (3600 * 1000),
        late: reported_at.unwrap_or(now) > until,
        reported_at,
    })
}
