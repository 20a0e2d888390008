//! "That was not right": a citizen reports a disclosure, and the police look into it.

use crate::asked::Asked;
use http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use zerotrip_accounts::area::{self, Area};
use zerotrip_accounts::audit::{self, Line};
use zerotrip_accounts::sealed::opened_as;
use zerotrip_accounts::signing::sealing;
use zerotrip_accounts::{limits, refused};
use zerotrip_platform::{Db, Id, Problem, Reply, Request, Row, clock};

/// Characters of a report or a note.
const LONGEST: usize = 500;
/// In one answer.
const MOST: i64 = 50;

/// What was not right.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewReport {
    /// 1 to 500 characters; stored sealed.
    text: String,
}

/// That it was reported.
#[derive(Serialize, ToSchema)]
pub struct Reported {
    disclosure: String,
    /// Unix ms.
    reported_at: u64,
}

/// What came of it.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewClosure {
    /// 1 to 500 characters; stored sealed.
    note: String,
}

/// A report that nobody has closed yet.
#[derive(Serialize, ToSchema)]
pub struct MisuseReport {
    disclosure: String,
    /// Unix ms.
    reported_at: i64,
    /// The account that reports, and the account whose document it was.
    reported_by: String,
    holder: String,
    venue: String,
    venue_name: Option<String>,
    agency: String,
    text: String,
}

/// The oldest first.
#[derive(Serialize, ToSchema)]
pub struct MisuseReports {
    reports: Vec<MisuseReport>,
    /// For the parameter `after` of the next request; none at the end.
    next: Option<String>,
}

/// One report for each line of the ledger; about one's own, or a child's.
#[utoipa::path(post, path = "/wallet/disclosures/{disclosure}/misuse", params(("disclosure" = String, Path),
    ("child" = Option<String>, Query, description = "A child in the own care")), request_body = NewReport,
    responses((status = 201, body = Reported)))]
pub async fn report(request: &Request, disclosure: &str) -> Result<Reply, Problem> {
    let new: NewReport = request.json()?;
    let text = sound("text", &new.text)?;
    let disclosure: Id = disclosure.parse().map_err(|_| Problem::not_found())?;
    let Asked { db, now, caller, holder } = Asked::of(request).await?;
    let venue = venue(&db, disclosure, holder.id()).await?.ok_or_else(Problem::not_found)?;
    limits::of(&db, limits::MISUSES_OF_ACCOUNT, &caller.id.to_string(), now).await?;
    let sql = "SELECT agency FROM venues WHERE id = $1";
    let agency = db.one(sql, [venue.as_str().into()]).await?;
    let agency = agency.as_ref().map_or(Ok(""), |row| row.text(0))?;
    let sealed = sealing::seal(&context("text", disclosure), text.as_bytes(), now).map_err(refused)?;
    let reported = db
        .one(
            "INSERT INTO misuse_reports (code, holder, venue, agency, reported_by, reported_at, text_sealed) \
             VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (code) DO NOTHING RETURNING code",
            [
                disclosure.into(),
                holder.id().into(),
                venue.into(),
                agency.into(),
                caller.id.into(),
                now.into(),
                sealed.into(),
            ],
        )
        .await?;
    // The disclosure's own id names the line: cut off before it, the next try writes it.
    let kind = "misuse-reported";
    let line = Line { kind, actor: caller.id, device: Id::NONE, subject: holder.id(), detail: "" };
    audit::write_once(&db, disclosure, &line, now).await?;
    reported.ok_or_else(reported_before)?;
    Ok(Reply::json(StatusCode::CREATED, &Reported { disclosure: disclosure.to_string(), reported_at: now }))
}

/// Where something of `holder` was shown, or where somebody tried to be shown it.
async fn venue(db: &Db, disclosure: Id, holder: Id) -> Result<Option<String>, Problem> {
    let sql = "SELECT at_venue FROM identity_codes WHERE id = $1 AND holder = $2 AND ended_how = 'redeemed'";
    let shown = db.one(sql, [disclosure.into(), holder.into()]).await?;
    let sql = "SELECT venue FROM refused_scans WHERE id = $1 AND holder = $2";
    let row = match shown {
        Some(row) => Some(row),
        None => db.one(sql, [disclosure.into(), holder.into()]).await?,
    };
    row.map(|row| row.text(0).map(str::to_owned)).transpose()
}

#[utoipa::path(get, path = "/wallet/misuse-reports",
    params(("after" = Option<String>, Query, description = "`next` of the answer before")),
    responses((status = 200, body = MisuseReports)))]
pub async fn list(request: &Request) -> Result<Reply, Problem> {
    let after = request.parameter("after").unwrap_or_else(|| "0-".to_owned());
    let odd = || Problem::invalid("after must be what the answer before gave");
    let (at, disclosure) = after.split_once('-').ok_or_else(odd)?;
    let at: i64 = at.parse().map_err(|_| odd())?;
    let (db, now) = (Db::open().await?, clock::now_ms());
    let (by, area) = area::overseer(request, &db).await?;
    let rows = db
        .run(
            "SELECT m.code, m.reported_at, m.reported_by, m.holder, m.venue, v.name, m.agency, m.text_sealed \
             FROM misuse_reports m LEFT JOIN venues v ON v.id = m.venue WHERE m.closed_at IS NULL \
             AND m.agency >= $1 AND m.agency < $2 AND (m.reported_at, m.code) > (CAST($3 AS BIGINT), $4) \
             ORDER BY m.reported_at, m.code LIMIT CAST($5 AS BIGINT)",
            [area.from.into(), area.until.into(), at.into(), disclosure.into(), MOST.into()],
        )
        .await?;
    let reports = rows.iter().map(shown).collect::<Result<Vec<_>, Problem>>()?;
    let next = match reports.last() {
        Some(last) if i64::try_from(reports.len()) == Ok(MOST) => {
            Some(format!("{}-{}", last.reported_at, last.disclosure))
        }
        _ => None,
    };
    let kind = "misuse-reports-read";
    let line = Line { kind, actor: by.principal, device: by.device, subject: Id::NONE, detail: "" };
    audit::write(&db, &line, now).await?;
    Ok(Reply::json(StatusCode::OK, &MisuseReports { reports, next }))
}

fn shown(row: &Row) -> Result<MisuseReport, Problem> {
    Ok(MisuseReport {
        disclosure: row.text(0)?.to_owned(),
        reported_at: row.int(1)?,
        reported_by: row.text(2)?.to_owned(),
        holder: row.text(3)?.to_owned(),
        venue: row.text(4)?.to_owned(),
        venue_name: row.optional_text(5)?.map(str::to_owned),
        agency: row.text(6)?.to_owned(),
        text: opened_as(row, 7, &context("text", row.id(0)?))?,
    })
}

/// Somebody has looked into it.
#[utoipa::path(post, path = "/wallet/misuse-reports/{disclosure}/closure", params(("disclosure" = String, Path)),
    request_body = NewClosure, responses((status = 204)))]
pub async fn close(request: &Request, disclosure: &str) -> Result<Reply, Problem> {
    let new: NewClosure = request.json()?;
    let note = sound("note", &new.note)?;
    let disclosure: Id = disclosure.parse().map_err(|_| Problem::not_found())?;
    let (db, now) = (Db::open().await?, clock::now_ms());
    let (by, area) = area::overseer(request, &db).await?;
    let sealed = sealing::seal(&context("note", disclosure), note.as_bytes(), now).map_err(refused)?;
    let closed = db
        .one(
            "UPDATE misuse_reports SET closed_at = $1, closed_by = $2, note_sealed = $3 \
             WHERE code = $4 AND closed_at IS NULL AND agency >= $5 AND agency < $6 RETURNING holder",
            [
                now.into(),
                by.principal.into(),
                sealed.into(),
                disclosure.into(),
                area.from.as_str().into(),
                area.until.as_str().into(),
            ],
        )
        .await?;
    let Some(row) = closed else { return Err(not_to_be_closed(&db, disclosure, &area).await?) };
    let kind = "misuse-report-closed";
    let line = Line { kind, actor: by.principal, device: by.device, subject: row.id(0)?, detail: "" };
    audit::write(&db, &line, now).await?;
    Ok(Reply::no_content())
}

async fn not_to_be_closed(db: &Db, disclosure: Id, area: &Area) -> Result<Problem, Problem> {
    let sql = "SELECT code FROM misuse_reports WHERE code = $1 AND agency >= $2 AND agency < $3";
    let known =
        db.one(sql, [disclosure.into(), area.from.as_str().into(), area.until.as_str().into()]).await?;
    Ok(known.map_or_else(Problem::not_found, |_| closed_before()))
}

fn sound<'a>(field: &str, text: &'a str) -> Result<&'a str, Problem> {
    let text = text.trim();
    let sound = (1..=LONGEST).contains(&text.chars().count());
    if sound && !text.chars().any(|c| c.is_control() && c != '\n') {
        Ok(text)
    } else {
        Err(Problem::invalid(&format!("{field} must be 1 to {LONGEST} characters")))
    }
}

pub fn context(field: &str, disclosure: Id) -> String {
    format!("misuse_reports.{field}/{disclosure}")
}

fn reported_before() -> Problem {
    Problem::new(
        StatusCode::CONFLICT,
        "reported-before",
        "Reported already",
        "该记录已举报",
        "The police have this report. GET /wallet/disclosures says when they have looked into it.",
    )
}

fn closed_before() -> Problem {
    Problem::new(
        StatusCode::CONFLICT,
        "closed-before",
        "Closed already",
        "该举报已办结",
        "Somebody has looked into it before.",
    )
}
