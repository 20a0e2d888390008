//! A stored decision, as a terminal gets it to print.

use crate::content::Content;
use crate::{event, qr, refused};
use http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;
use zerotrip_accounts::signing::sealing;
use zerotrip_platform::{Db, Id, Problem, Reply, Row, settings};

/// A decision with its code.
#[derive(Serialize, ToSchema)]
pub struct Ticket {
    /// 32 hex digits.
    decision: String,
    /// What is typed where no camera is: 20 characters.
    code: String,
    /// What the QR code says.
    url: String,
    /// Unix ms.
    decided_at: i64,
    /// Last day without late fee as the paper says: yyyy-MM-dd in China.
    due: String,
    content: Content,
    qr: qr::Pictures,
    revoked: Option<Revoked>,
    /// What was recorded later and changes the late fee.
    events: Vec<event::Event>,
}

/// A decision withdrawn.
#[derive(Serialize, ToSchema)]
pub struct Revoked {
    /// Unix ms.
    at: i64,
    reason: String,
}

/// Where the content of decision `id` is sealed to.
pub fn content_context(id: Id) -> String {
    format!("decisions.content/{id}")
}

/// Where the reason of its revocation is sealed to.
pub fn reason_context(id: Id) -> String {
    format!("decisions.revoked_reason/{id}")
}

/// The decision that a terminal asked for under this name before.
pub async fn requested(db: &Db, device: Id, request_id: &str) -> Result<Option<Ticket>, Problem> {
    let row = db
        .one(
            "SELECT id, code, decided_at, due, content_sealed, revoked_at, revoked_reason_sealed, \
             (SELECT COUNT(*) FROM decision_events e WHERE e.decision = decisions.id) FROM decisions \
             WHERE device = $1 AND request_id = $2",
            [device.into(), request_id.into()],
        )
        .await?;
    match row {
        Some(row) => Ok(Some(read(db, &row).await?)),
        None => Ok(None),
    }
}

/// Decision `id`, if the agency made it.
pub async fn of_agency(db: &Db, id: Id, agency: &str) -> Result<Ticket, Problem> {
    let row = db
        .one(
            "SELECT id, code, decided_at, due, content_sealed, revoked_at, revoked_reason_sealed, \
             (SELECT COUNT(*) FROM decision_events e WHERE e.decision = decisions.id) FROM decisions \
             WHERE id = $1 AND agency = $2",
            [id.into(), agency.into()],
        )
        .await?
        .ok_or_else(Problem::not_found)?;
    read(db, &row).await
}

async fn read(db: &Db, row: &Row) -> Result<Ticket, Problem> {
    let id = row.id(0)?;
    let open = |context: String, sealed: &str| sealing::open(&context, sealed).map_err(unopened);
    let content = open(content_context(id), row.text(4)?)?;
    let content = serde_json::from_slice(&content)
        .map_err(|_| Problem::unavailable("a sealed decision is not of its form"))?;
    let revoked = if row.is_null(5) {
        None
    } else {
        let reason = open(reason_context(id), row.text(6)?)?;
        Some(Revoked { at: row.int(5)?, reason: String::from_utf8_lossy(&reason).into_owned() })
    };
    // Hardly any decision has some.
    let events = if row.int(7)? == 0 { Vec::new() } else { event::of(db, id).await? };
    let code = row.text(1)?.to_owned();
    let url = format!("{}/f/{code}", settings::get("public_url").await?.trim_end_matches('/'));
    Ok(Ticket {
        decision: id.to_string(),
        qr: qr::pictures(&url)?,
        code,
        url,
        decided_at: row.int(2)?,
        due: row.text(3)?.to_owned(),
        content,
        revoked,
        events,
    })
}

/// A stored field that does not open is our fault, never the caller's.
pub fn unopened(fault: zerotrip_accounts::signing::faults::Fault) -> Problem {
    match fault {
        zerotrip_accounts::signing::faults::Fault::Refused(_) => {
            Problem::unavailable("a sealed field does not open")
        }
        other => refused(other),
    }
}

impl Ticket {
    /// Whether it was asked for with this content.
    pub fn says(&self, content: &Content) -> bool {
        self.content == *content
    }

    /// As an answer.
    pub fn reply(&self, status: StatusCode) -> Reply {
        Reply::json(status, self)
    }
}
