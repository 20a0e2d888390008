//! Authentic reports that did not fit: a person reads one, has it decided again once its cause is repaired, or closes it.

use crate::note::Note;
use crate::settle::{Outcome, evidence_context};
use crate::signing::sealing;
use crate::{broken, provider};
use http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;
use zerotrip_accounts::authority;
use zerotrip_platform::{Db, Id, Problem, Reply, Request, Row, clock};

/// A report as it was kept, without what must not be kept of it.
pub struct Kept {
    /// The provider's name for its notification; none if we had asked.
    pub event: Option<String>,
    pub order: String,
    /// Unix ms.
    pub told_at: u64,
    pub evidence: Vec<u8>,
}

/// An authentic report that fits no order of ours.
#[derive(Serialize, ToSchema)]
pub struct Report {
    /// Its name at `/pay/work-items/reports/{report}`.
    pub report: String,
    pub provider: String,
    /// The provider's name for it.
    pub event: String,
    /// `wrong-app`, `wrong-seller`, `unknown-order`, `wrong-amount`, `other-transaction`, `unexpected-refund`,
    /// `unknown-status`, `unconfirmed` or `unreadable`
    pub reason: String,
    pub order: String,
    /// Unix ms.
    pub received_at: i64,
}

/// One report that was set aside.
#[derive(Serialize, ToSchema)]
pub struct Item {
    /// Its name here.
    report: String,
    provider: String,
    /// The provider's name for it.
    event: String,
    /// Why it was set aside.
    reason: String,
    order: String,
    /// Unix ms.
    received_at: i64,
    /// What the provider signed: a form, JSON, or CCB's fields; none if an earlier version has not kept it.
    evidence: Option<String>,
    closed: Option<Closed>,
}

/// That nobody has to look at it any more.
#[derive(Serialize, ToSchema)]
pub struct Closed {
    /// `noted` by hand, or what deciding again led to.
    outcome: String,
    note: Option<String>,
    /// The administrator.
    by: String,
    /// Unix ms.
    at: i64,
}

/// What deciding again led to.
#[derive(Serialize, ToSchema)]
pub struct Replayed {
    /// `settled`, `surplus`, `underpaid`, `closed`, `refund` or `unchanged`: the report is closed. `set-aside`: it does not
    /// fit; `waiting`: it is not believed before the provider confirms it.
    outcome: String,
    /// The report that waits for a person now, if one does: this one, or another that says the new reason.
    report: Option<String>,
}

struct Key {
    provider: String,
    reason: String,
    event: String,
}

/// The name of a report in addresses: `alipay.wrong-amount.6e2d31`. What a provider calls its event is written in hex, since
/// it may hold anything.
pub fn name(provider: &str, reason: &str, event: &str) -> String {
    let event: String = event.bytes().map(|byte| format!("{byte:02x}")).collect();
    format!("{provider}.{reason}.{event}")
}

impl Key {
    fn named(name: &str) -> Option<Self> {
        let mut parts = name.split('.');
        let (provider, reason, hex) = (parts.next()?, parts.next()?, parts.next()?);
        let digits = hex.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b));
        if parts.next().is_some() || !digits || hex.len() % 2 != 0 {
            return None;
        }
        let bytes = (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).ok());
        let event = String::from_utf8(bytes.collect::<Option<_>>()?).ok()?;
        Some(Self { provider: provider.to_owned(), reason: reason.to_owned(), event })
    }

    fn name(&self) -> String {
        name(&self.provider, &self.reason, &self.event)
    }

    fn note_context(&self) -> String {
        format!("payment_inbox_closures.note/{}", self.name())
    }
}

/// The oldest that are open, at most `most`.
pub async fn open(db: &Db, most: i64) -> Result<Vec<Report>, Problem> {
    let rows = db
        .run(
            "SELECT i.provider, i.event, i.reason, i.order_no, i.received_at FROM payment_inbox i \
             WHERE NOT EXISTS (SELECT 1 FROM payment_inbox_closures c \
               WHERE c.provider = i.provider AND c.event = i.event AND c.reason = i.reason) \
             ORDER BY i.received_at, i.event LIMIT CAST($1 AS BIGINT)",
            [most.into()],
        )
        .await?;
    let report = |row: &Row| {
        let text = |at| row.text(at).map(str::to_owned);
        Ok(Report {
            report: name(row.text(0)?, row.text(2)?, row.text(1)?),
            provider: text(0)?,
            event: text(1)?,
            reason: text(2)?,
            order: text(3)?,
            received_at: row.int(4)?,
        })
    };
    rows.iter().map(report).collect()
}

/// How many are open.
pub async fn open_count(db: &Db) -> Result<i64, Problem> {
    let row = db
        .one(
            "SELECT COUNT(*) FROM payment_inbox i WHERE NOT EXISTS (SELECT 1 FROM payment_inbox_closures c \
               WHERE c.provider = i.provider AND c.event = i.event AND c.reason = i.reason)",
            [],
        )
        .await?;
    row.map_or(Ok(0), |row| row.int(0))
}

#[utoipa::path(get, path = "/pay/work-items/reports/{report}", params(("report" = String, Path)),
    responses((status = 200, body = Item)))]
pub async fn show(request: &Request, report: &str) -> Result<Reply, Problem> {
    let db = Db::open().await?;
    authority::administrator(request, &db).await?;
    let (key, item) = find(&db, report).await?;
    let evidence = item.evidence.as_deref().map(|bytes| String::from_utf8_lossy(bytes).into_owned());
    let item = Item {
        report: key.name(),
        provider: key.provider,
        event: key.event,
        reason: key.reason,
        order: item.order,
        received_at: item.received_at,
        evidence,
        closed: item.closed,
    };
    Ok(Reply::json(StatusCode::OK, &item))
}

/// Decides once more, by the path of a report that arrives just now. Asked again it changes nothing more: what is applied
/// already is found to be, also after a kill between the settlement and the closure.
#[utoipa::path(post, path = "/pay/work-items/reports/{report}/replay", params(("report" = String, Path)),
    responses((status = 200, body = Replayed)))]
pub async fn replay(request: &Request, report: &str) -> Result<Reply, Problem> {
    let db = Db::open().await?;
    let person = authority::administrator(request, &db).await?.0.principal;
    let (key, item) = find(&db, report).await?;
    if let Some(closed) = item.closed {
        return Ok(Reply::json(StatusCode::OK, &Replayed { outcome: closed.outcome, report: None }));
    }
    let told_at =
        u64::try_from(item.received_at).map_err(|_| Problem::unavailable("a stored time is none"))?;
    let provider = provider::stored(&key.provider)?;
    let event = (key.event != item.order).then(|| key.event.clone());
    let now = clock::now_ms();
    let outcome = match item.evidence {
        Some(evidence) => {
            let kept = Kept { event, order: item.order, told_at, evidence };
            provider::replay(provider, &db, kept, now).await?
        }
        None => None,
    };
    let outcome = outcome.ok_or_else(not_enough)?;
    let waits = match outcome {
        Outcome::Waiting => Some(key.name()),
        Outcome::SetAside(reason) => {
            let again = name(&key.provider, reason.name(), &key.event);
            // One that a person has closed stays closed, and so must not take the place of this one.
            let open = again != key.name() && find(&db, &again).await?.1.closed.is_none();
            Some(if open { again } else { key.name() })
        }
        _ => None,
    };
    if waits.as_deref() != Some(&key.name()) {
        store(&db, &key, outcome.name(), None, person, now).await?;
    }
    Ok(Reply::json(StatusCode::OK, &Replayed { outcome: outcome.name().to_owned(), report: waits }))
}

/// An administrator has handled it outside, or found that there is nothing to do.
#[utoipa::path(post, path = "/pay/work-items/reports/{report}/closure", params(("report" = String, Path)),
    request_body = Note, responses((status = 204, description = "The report is closed")))]
pub async fn close(request: &Request, report: &str) -> Result<Reply, Problem> {
    let note = Note::of(request)?;
    let db = Db::open().await?;
    let person = authority::administrator(request, &db).await?.0.principal;
    let (key, item) = find(&db, report).await?;
    let now = clock::now_ms();
    if item.closed.is_none() && store(&db, &key, "noted", Some(&note), person, now).await? {
        return Ok(Reply::no_content());
    }
    // The same once more is no mistake.
    match find(&db, report).await?.1.closed {
        Some(closed) if closed.note.as_deref() == Some(note.text()) => Ok(Reply::no_content()),
        _ => Err(Problem::new(
            StatusCode::CONFLICT,
            "report-closed",
            "Closed already",
            "该事项已处理",
            "GET it to see by whom and how.",
        )),
    }
}

struct Found {
    order: String,
    received_at: i64,
    evidence: Option<Vec<u8>>,
    closed: Option<Closed>,
}

async fn find(db: &Db, report: &str) -> Result<(Key, Found), Problem> {
    let key = Key::named(report).ok_or_else(Problem::not_found)?;
    let row = db
        .one(
            "SELECT i.order_no, i.received_at, i.evidence_sealed, c.outcome, c.note_sealed, c.closed_by, c.closed_at \
             FROM payment_inbox i LEFT JOIN payment_inbox_closures c \
             ON c.provider = i.provider AND c.event = i.event AND c.reason = i.reason \
             WHERE i.provider = $1 AND i.event = $2 AND i.reason = $3",
            [key.provider.as_str().into(), key.event.as_str().into(), key.reason.as_str().into()],
        )
        .await?
        .ok_or_else(Problem::not_found)?;
    let open = |context: &str, sealed: Option<&str>| {
        sealed.map(|sealed| sealing::open(context, sealed)).transpose().map_err(broken)
    };
    let evidence = open(&evidence_context(&key.provider, &key.event), row.optional_text(2)?)?;
    let closed = match row.optional_text(3)? {
        None => None,
        Some(outcome) => {
            let note = open(&key.note_context(), row.optional_text(4)?)?;
            let note = note.map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
            Some(Closed { outcome: outcome.to_owned(), note, by: row.text(5)?.to_owned(), at: row.int(6)? })
        }
    };
    let found = Found { order: row.text(0)?.to_owned(), received_at: row.int(1)?, evidence, closed };
    Ok((key, found))
}

/// False if it is closed already.
async fn store(
    db: &Db,
    key: &Key,
    outcome: &str,
    note: Option<&Note>,
    person: Id,
    now: u64,
) -> Result<bool, Problem> {
    let note = note.map(|note| note.seal(&key.note_context(), now)).transpose()?;
    let stored = db
        .one(
            "INSERT INTO payment_inbox_closures (provider, event, reason, outcome, note_sealed, closed_by, closed_at) \
             VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING RETURNING outcome",
            [
                key.provider.as_str().into(),
                key.event.as_str().into(),
                key.reason.as_str().into(),
                outcome.into(),
                note.into(),
                person.into(),
                now.into(),
            ],
        )
        .await?;
    Ok(stored.is_some())
}

fn not_enough() -> Problem {
    Problem::new(
        StatusCode::CONFLICT,
        "evidence-missing",
        "Too little was kept to decide again",
        "留存内容不足，无法重新处理",
        "Look at the order at the provider, settle it there, and close this report with a note.",
    )
}
