//! Everything that is held here about a person (个人信息保护法, art. 45), in the clear and for that person alone.

use http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;
use zerotrip_accounts::audit::{self, Line};
use zerotrip_accounts::consents::{self, Consent};
use zerotrip_accounts::sealed::{opened, opened_as};
use zerotrip_accounts::{citizen, fresh};
use zerotrip_platform::{Db, Id, Problem, Reply, Request, Row, clock};

/// Of each kind, the newest.
const MOST: i64 = 1_000;

/// The whole of it.
#[derive(Serialize, ToSchema)]
pub struct Export {
    /// Unix ms, as all times here.
    exported_at: u64,
    account: HeldAccount,
    consents: Vec<Consent>,
    sessions: Vec<HeldSession>,
    /// The linked account at Alipay, as Alipay names it to us.
    alipay: Option<HeldLink>,
    /// A real-name check that the platform has not answered yet.
    real_name_request: Option<HeldRequest>,
    /// Codes that were sent to the phone; the digits are not held.
    one_time_codes: Vec<HeldCode>,
    /// Checks that it was the person who acted; what was personal about them is erased when they are over.
    proofs: Vec<HeldProof>,
    /// Accounts of the same ID number that ended in this one.
    merged: Vec<MergedAccount>,
    /// Children whose guardian this is.
    children: Vec<HeldChild>,
    /// What was said at a window about accounts in the person's name.
    disputes: Vec<HeldStatement>,
    /// What was done on the account.
    acts: Vec<HeldAct>,
    /// Where the rest is: documents, who was shown what of them, reminders.
    also: [&'static str; 2],
}

#[derive(Serialize, ToSchema)]
struct HeldAccount {
    citizen: String,
    standing: String,
    phone: Option<String>,
    name: Option<String>,
    id_number: Option<String>,
    residence: Option<String>,
    /// The password itself is not held, only what tells whether one is right.
    has_password: bool,
    created_at: i64,
    real_name_at: Option<i64>,
    proven_at: Option<i64>,
    proven_how: Option<String>,
    failed_log_ins: i64,
}

#[derive(Serialize, ToSchema)]
struct HeldSession {
    session: String,
    how: String,
    client: String,
    face_at: i64,
    created_at: i64,
    refreshed_at: i64,
    expires_at: i64,
    ended_at: Option<i64>,
    ended_why: Option<String>,
}

#[derive(Serialize, ToSchema)]
struct HeldLink {
    account: String,
    linked_at: i64,
}

#[derive(Serialize, ToSchema)]
struct HeldRequest {
    given: String,
    given_at: i64,
}

#[derive(Serialize, ToSchema)]
struct HeldCode {
    purpose: String,
    created_at: i64,
    used_at: Option<i64>,
}

#[derive(Serialize, ToSchema)]
struct HeldProof {
    how: String,
    purpose: String,
    state: String,
    created_at: i64,
    erased_at: Option<i64>,
}

#[derive(Serialize, ToSchema)]
struct MergedAccount {
    citizen: String,
    merged_at: Option<i64>,
}

#[derive(Serialize, ToSchema)]
struct HeldChild {
    citizen: String,
    name: Option<String>,
    id_number: Option<String>,
}

#[derive(Serialize, ToSchema)]
struct HeldStatement {
    statement: String,
    said_at: i64,
}

#[derive(Serialize, ToSchema)]
struct HeldAct {
    kind: String,
    at: i64,
}

/// Needs a face check of the last half hour, or its equal.
#[utoipa::path(get, path = "/records/me/export", responses((status = 200, body = Export)))]
pub async fn show(request: &Request) -> Result<Reply, Problem> {
    let (db, now) = (Db::open().await?, clock::now_ms());
    let caller = citizen::citizen(request, &db).await?;
    fresh::demand(&caller, now)?;
    let id = caller.id;
    let row = db
        .one(
            "SELECT phone_sealed, name_sealed, id_number_sealed, residence, password, created_at, real_name_at, proven_at, \
             proven_how, failures, phone_index, id_index FROM citizens WHERE id = $1",
            [id.into()],
        )
        .await?
        .ok_or_else(Problem::unauthorized)?;
    let (phone, person) = (row.optional_text(10)?, row.optional_text(11)?);
    let export = Export {
        exported_at: now,
        account: HeldAccount {
            citizen: id.to_string(),
            standing: caller.standing.to_string(),
            phone: opened(&row, 0, "phone", id)?,
            name: opened(&row, 1, "name", id)?,
            id_number: opened(&row, 2, "id_number", id)?,
            residence: text(&row, 3)?,
            has_password: !row.is_null(4),
            created_at: row.int(5)?,
            real_name_at: int(&row, 6)?,
            proven_at: int(&row, 7)?,
            proven_how: text(&row, 8)?,
            failed_log_ins: row.int(9)?,
        },
        consents: consents::all(&db, id).await?,
        sessions: sessions(&db, id).await?,
        alipay: alipay(&db, id).await?,
        real_name_request: asked(&db, id).await?,
        one_time_codes: codes(&db, phone).await?,
        proofs: proofs(&db, id).await?,
        merged: merged(&db, person, id).await?,
        children: children(&db, id).await?,
        disputes: disputes(&db, person).await?,
        acts: acts(&db, id).await?,
        also: ["GET /wallet/export", "GET /fines/mine"],
    };
    let line = Line { kind: "data-exported", actor: id, device: Id::NONE, subject: id, detail: "" };
    audit::write(&db, &line, now).await?;
    let reply = Reply::json(StatusCode::OK, &export);
    Ok(reply.header("content-disposition", "attachment; filename=\"zerotrip.json\""))
}

fn text(row: &Row, at: usize) -> Result<Option<String>, Problem> {
    Ok(row.optional_text(at)?.map(str::to_owned))
}

fn int(row: &Row, at: usize) -> Result<Option<i64>, Problem> {
    if row.is_null(at) { Ok(None) } else { row.int(at).map(Some) }
}

async fn sessions(db: &Db, id: Id) -> Result<Vec<HeldSession>, Problem> {
    let rows = db
        .run(
            "SELECT id, how, client, face_at, created_at, refreshed_at, expires_at, ended_at, ended_why FROM citizen_sessions \
             WHERE citizen = $1 ORDER BY created_at DESC LIMIT CAST($2 AS BIGINT)",
            [id.into(), MOST.into()],
        )
        .await?;
    let session = |row: &Row| {
        Ok(HeldSession {
            session: row.text(0)?.to_owned(),
            how: row.text(1)?.to_owned(),
            client: row.text(2)?.to_owned(),
            face_at: row.int(3)?,
            created_at: row.int(4)?,
            refreshed_at: row.int(5)?,
            expires_at: row.int(6)?,
            ended_at: int(row, 7)?,
            ended_why: text(row, 8)?,
        })
    };
    rows.iter().map(session).collect()
}

async fn alipay(db: &Db, id: Id) -> Result<Option<HeldLink>, Problem> {
    let sql = "SELECT account_sealed, linked_at FROM alipay_links WHERE citizen = $1";
    let Some(row) = db.one(sql, [id.into()]).await? else { return Ok(None) };
    let account = opened_as(&row, 0, &format!("alipay_links.account/{id}"))?;
    Ok(Some(HeldLink { account, linked_at: row.int(1)? }))
}

async fn asked(db: &Db, id: Id) -> Result<Option<HeldRequest>, Problem> {
    let sql = "SELECT given_sealed, given_at FROM real_name_requests WHERE citizen = $1";
    let Some(row) = db.one(sql, [id.into()]).await? else { return Ok(None) };
    let given = opened_as(&row, 0, &format!("real_name_requests.given/{id}"))?;
    Ok(Some(HeldRequest { given, given_at: row.int(1)? }))
}

async fn codes(db: &Db, phone: Option<&str>) -> Result<Vec<HeldCode>, Problem> {
    let rows = db
        .run(
            "SELECT purpose, created_at, used_at FROM one_time_codes WHERE phone_index = $1 \
             ORDER BY created_at DESC LIMIT CAST($2 AS BIGINT)",
            [phone.into(), MOST.into()],
        )
        .await?;
    let code = |row: &Row| {
        Ok(HeldCode { purpose: row.text(0)?.to_owned(), created_at: row.int(1)?, used_at: int(row, 2)? })
    };
    rows.iter().map(code).collect()
}

async fn proofs(db: &Db, id: Id) -> Result<Vec<HeldProof>, Problem> {
    let rows = db
        .run(
            "SELECT how, purpose, state, created_at, erased_at FROM proofs WHERE citizen = $1 \
             ORDER BY created_at DESC LIMIT CAST($2 AS BIGINT)",
            [id.into(), MOST.into()],
        )
        .await?;
    let proof = |row: &Row| {
        Ok(HeldProof {
            how: row.text(0)?.to_owned(),
            purpose: row.text(1)?.to_owned(),
            state: row.text(2)?.to_owned(),
            created_at: row.int(3)?,
            erased_at: int(row, 4)?,
        })
    };
    rows.iter().map(proof).collect()
}

async fn merged(db: &Db, person: Option<&str>, id: Id) -> Result<Vec<MergedAccount>, Problem> {
    let rows = db
        .run(
            "SELECT id, changed_at FROM citizens WHERE id_index = $1 AND standing = 'merged' AND merged_into = $2 \
             ORDER BY changed_at LIMIT CAST($3 AS BIGINT)",
            [person.into(), id.into(), MOST.into()],
        )
        .await?;
    rows.iter()
        .map(|row| Ok(MergedAccount { citizen: row.text(0)?.to_owned(), merged_at: int(row, 1)? }))
        .collect()
}

async fn children(db: &Db, id: Id) -> Result<Vec<HeldChild>, Problem> {
    let sql =
        "SELECT id, name_sealed, id_number_sealed FROM citizens WHERE guardian = $1 ORDER BY created_at";
    let rows = db.run(sql, [id.into()]).await?;
    let child = |row: &Row| {
        let id = row.id(0)?;
        let name = opened(row, 1, "name", id)?;
        Ok(HeldChild { citizen: id.to_string(), name, id_number: opened(row, 2, "id_number", id)? })
    };
    rows.iter().map(child).collect()
}

async fn disputes(db: &Db, person: Option<&str>) -> Result<Vec<HeldStatement>, Problem> {
    let rows = db
        .run(
            "SELECT id, statement_sealed, said_at FROM disputes WHERE id_index = $1 \
             ORDER BY said_at DESC LIMIT CAST($2 AS BIGINT)",
            [person.into(), MOST.into()],
        )
        .await?;
    let said = |row: &Row| {
        let statement = opened_as(row, 1, &format!("disputes.statement/{}", row.id(0)?))?;
        Ok(HeldStatement { statement, said_at: row.int(2)? })
    };
    rows.iter().map(said).collect()
}

async fn acts(db: &Db, id: Id) -> Result<Vec<HeldAct>, Problem> {
    let rows = db
        .run(
            "SELECT kind, at FROM audit_lines WHERE subject = $1 ORDER BY at DESC LIMIT CAST($2 AS BIGINT)",
            [id.into(), MOST.into()],
        )
        .await?;
    rows.iter().map(|row| Ok(HeldAct { kind: row.text(0)?.to_owned(), at: row.int(1)? })).collect()
}
