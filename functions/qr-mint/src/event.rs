//! What is recorded about a decision, as the agency that made it reads it.

use crate::ticket::unopened;
use serde::Serialize;
use utoipa::ToSchema;
use zerotrip_accounts::signing::sealing;
use zerotrip_platform::{Db, Id, Problem, Row};

/// A contest, a suspension or a deferral.
#[derive(Serialize, ToSchema)]
pub struct Event {
    /// 32 hex digits.
    id: String,
    /// `contest`, `suspension` or `deferral`.
    kind: String,
    /// Its first day: yyyy-MM-dd in China. A deferral has none.
    from: Option<String>,
    /// Its last day, as recorded last; none while it is open.
    until: Option<String>,
    reason: String,
    /// Unix ms.
    at: i64,
    ended: Option<Ended>,
}

/// How an event got its last day after it was recorded.
#[derive(Serialize, ToSchema)]
pub struct Ended {
    reason: String,
    /// Unix ms.
    at: i64,
}

/// Where the reason of event `id` is sealed to.
pub fn reason_context(id: Id) -> String {
    format!("decision_events.reason/{id}")
}

/// All of a decision, in the order of recording.
pub async fn of(db: &Db, decision: Id) -> Result<Vec<Event>, Problem> {
    // Of several ends of an event the last one counts.
    let rows = db
        .run(
            "SELECT e.id, e.kind, e.from_day, e.until_day, e.reason_sealed, e.at, \
             x.id, x.until_day, x.reason_sealed, x.at FROM decision_events e \
             LEFT JOIN decision_events x ON x.decision = e.decision AND x.ends = e.id AND NOT EXISTS \
                 (SELECT 1 FROM decision_events y \
                  WHERE y.decision = x.decision AND y.ends = x.ends AND y.number > x.number) \
             WHERE e.decision = $1 AND e.ends IS NULL ORDER BY e.number",
            [decision.into()],
        )
        .await?;
    rows.iter().map(read).collect()
}

fn read(row: &Row) -> Result<Event, Problem> {
    let ended = if row.is_null(6) {
        None
    } else {
        Some(Ended { reason: reason(row.id(6)?, row.text(8)?)?, at: row.int(9)? })
    };
    let day = |at: usize| row.optional_text(at).map(|day| day.map(str::to_owned));
    Ok(Event {
        id: row.text(0)?.to_owned(),
        kind: row.text(1)?.to_owned(),
        from: day(2)?,
        until: day(if ended.is_some() { 7 } else { 3 })?,
        reason: reason(row.id(0)?, row.text(4)?)?,
        at: row.int(5)?,
        ended,
    })
}

/// The reason of event `id`.
pub fn reason(id: Id, sealed: &str) -> Result<String, Problem> {
    let plain = sealing::open(&reason_context(id), sealed).map_err(unopened)?;
    Ok(String::from_utf8_lossy(&plain).into_owned())
}
