//! Everything that the wallet holds about a person (个人信息保护法, art. 45), in the clear and for that person or the guardian.

use crate::asked::Asked;
use crate::disclosures::{self, Disclosure};
use crate::misuse;
use crate::shown::{ShownField, whole};
use http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;
use zerotrip_accounts::audit::{self, Line};
use zerotrip_accounts::sealed::opened_as;
use zerotrip_accounts::{channels, fresh};
use zerotrip_domain::document::Kind;
use zerotrip_platform::{Db, Id, Problem, Reply, Request, Row};

/// Of each kind, the newest.
const MOST: usize = 1_000;

/// The whole of it.
#[derive(Serialize, ToSchema)]
pub struct WalletExport {
    /// Unix ms, as all times here.
    exported_at: u64,
    /// Whose it is.
    holder: String,
    channels: Vec<HeldChannel>,
    disclosures: Vec<Disclosure>,
    reminders: Vec<HeldReminder>,
    misuse_reports: Vec<HeldReport>,
}

/// A channel, open or closed.
#[derive(Serialize, ToSchema)]
pub struct HeldChannel {
    kind: String,
    opened_at: i64,
    opened_by: String,
    /// When the person who opened it had been proven.
    proven_at: i64,
    closed_at: Option<i64>,
    as_of: Option<u64>,
    /// As the registry said, with pictures while they are kept; nothing of a closed one.
    documents: Vec<Vec<ShownField>>,
}

/// A text message that was sent.
#[derive(Serialize, ToSchema)]
pub struct HeldReminder {
    kind: String,
    term: String,
    last_day: String,
    rung: i64,
    sent_at: Option<i64>,
}

/// A misuse that was reported.
#[derive(Serialize, ToSchema)]
pub struct HeldReport {
    disclosure: String,
    reported_at: i64,
    text: String,
    closed_at: Option<i64>,
}

/// Needs a face check of the last half hour, or its equal.
#[utoipa::path(get, path = "/wallet/export",
    params(("child" = Option<String>, Query, description = "A child in the own care")), responses((status = 200, body = WalletExport)))]
pub async fn show(request: &Request) -> Result<Reply, Problem> {
    let Asked { db, now, caller, holder } = Asked::of(request).await?;
    fresh::demand(&caller, now)?;
    let id = holder.id();
    let export = WalletExport {
        exported_at: now,
        holder: id.to_string(),
        channels: held(&db, id, now).await?,
        disclosures: disclosures::page(&db, id, i64::MAX, "", MOST).await?,
        reminders: reminders(&db, id).await?,
        misuse_reports: reports(&db, id).await?,
    };
    let line = Line { kind: "wallet-exported", actor: caller.id, device: Id::NONE, subject: id, detail: "" };
    audit::write(&db, &line, now).await?;
    let reply = Reply::json(StatusCode::OK, &export);
    Ok(reply.header("content-disposition", "attachment; filename=\"zerotrip-wallet.json\""))
}

async fn held(db: &Db, holder: Id, now: u64) -> Result<Vec<HeldChannel>, Problem> {
    let sql = "SELECT kind, opened_at, opened_by, proven_at, closed_at FROM channels WHERE holder = $1 ORDER BY opened_at";
    let mut held = Vec::new();
    for row in db.run(sql, [holder.into()]).await? {
        let open = match Kind::named(row.text(0)?) {
            Some(kind) if row.is_null(4) => channels::one(db, holder, kind, now).await?,
            _ => None,
        };
        let told = open.and_then(|channel| channel.told);
        held.push(HeldChannel {
            kind: row.text(0)?.to_owned(),
            opened_at: row.int(1)?,
            opened_by: row.text(2)?.to_owned(),
            proven_at: row.int(3)?,
            closed_at: int(&row, 4)?,
            as_of: told.as_ref().map(|told| told.as_of),
            documents: told.iter().flat_map(|told| told.documents.iter().map(whole)).collect(),
        });
    }
    Ok(held)
}

async fn reminders(db: &Db, holder: Id) -> Result<Vec<HeldReminder>, Problem> {
    let sql =
        "SELECT kind, term, last_day, rung, sent_at FROM reminders WHERE holder = $1 ORDER BY claimed_at";
    let rows = db.run(sql, [holder.into()]).await?;
    let reminder = |row: &Row| {
        Ok(HeldReminder {
            kind: row.text(0)?.to_owned(),
            term: row.text(1)?.to_owned(),
            last_day: row.text(2)?.to_owned(),
            rung: row.int(3)?,
            sent_at: int(row, 4)?,
        })
    };
    rows.iter().map(reminder).collect()
}

async fn reports(db: &Db, holder: Id) -> Result<Vec<HeldReport>, Problem> {
    let sql = "SELECT code, reported_at, text_sealed, closed_at FROM misuse_reports WHERE holder = $1 ORDER BY reported_at";
    let rows = db.run(sql, [holder.into()]).await?;
    let report = |row: &Row| {
        Ok(HeldReport {
            disclosure: row.text(0)?.to_owned(),
            reported_at: row.int(1)?,
            text: opened_as(row, 2, &misuse::context("text", row.id(0)?))?,
            closed_at: int(row, 3)?,
        })
    };
    rows.iter().map(report).collect()
}

fn int(row: &Row, at: usize) -> Result<Option<i64>, Problem> {
    if row.is_null(at) { Ok(None) } else { row.int(at).map(Some) }
}
