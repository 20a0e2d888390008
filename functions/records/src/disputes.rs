//! "That was not me": said at a window by somebody in whose name there is an account, with no account of the own.

use crate::accounts::{line_id, sealed_reason};
use http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use zerotrip_accounts::audit::{self, Line};
use zerotrip_accounts::authority::{self, Administrator, Officer};
use zerotrip_accounts::person::{Person, id_index};
use zerotrip_accounts::sealed::opened_as;
use zerotrip_accounts::signing::sealing;
use zerotrip_accounts::{refused, session};
use zerotrip_domain::{Day, IdNumber, mask};
use zerotrip_platform::{Db, Id, Problem, Reply, Request, clock};

const MAX_STATEMENT: usize = 2000;
/// In one answer, the newest first.
const MOST: i64 = 50;
/// Unsettled disputes that one run of the job looks after.
const MOST_REPAIRED: i64 = 50;

/// What a person says at a window.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewDispute {
    name: String,
    /// 18 characters.
    id_number: String,
    /// In the person's own words.
    statement: String,
    /// Whether the officer has held the ID card beside the person. Without it nothing is frozen.
    document_checked: bool,
}

/// What was recorded.
#[derive(Serialize, ToSchema)]
pub struct Recorded {
    dispute: String,
    /// Accounts that nobody can log in to any more. One whose person was proven by face or at a window is not among them.
    frozen: usize,
}

/// One of the past, masked.
#[derive(Serialize, ToSchema)]
pub struct Dispute {
    dispute: String,
    name: String,
    id_number: Option<String>,
    statement: String,
    document_checked: bool,
    officer: String,
    /// Unix ms.
    said_at: i64,
}

/// The newest first.
#[derive(Serialize, ToSchema)]
pub struct Disputes {
    disputes: Vec<Dispute>,
    /// For the parameter `before` of the next request; none at the end.
    next: Option<String>,
}

#[utoipa::path(post, path = "/records/disputes", request_body = NewDispute, responses((status = 201, body = Recorded)))]
pub async fn create(request: &Request) -> Result<Reply, Problem> {
    let given: NewDispute = request.json()?;
    let (db, now) = (Db::open().await?, clock::now_ms());
    let Officer(by) = authority::officer(request, &db).await?;
    let (person, number) = Person::parse(&given.name, &given.id_number, now)?;
    let statement = given.statement.trim();
    if statement.is_empty() || statement.len() > MAX_STATEMENT {
        return Err(Problem::invalid("statement must have 1 to 2000 bytes"));
    }
    let (id, index) = (Id::random(), id_index(&number)?);
    let seal = |field: &str, text: &str| {
        sealing::seal(&format!("disputes.{field}/{id}"), text.as_bytes(), now).map_err(refused)
    };
    db.run(
        "INSERT INTO disputes (id, id_index, name_sealed, id_number_sealed, statement_sealed, document_checked, officer, \
         device, said_at, settled_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
        [
            id.into(),
            index.as_str().into(),
            seal("name", person.name())?.into(),
            seal("id_number", number.as_str())?.into(),
            seal("statement", statement)?.into(),
            i64::from(given.document_checked).into(),
            by.principal.into(),
            by.device.into(),
            now.into(),
            (!given.document_checked).then_some(now).into(),
        ],
    )
    .await?;
    let detail = format!(r#"{{"document_checked":{}}}"#, given.document_checked);
    let kind = "dispute-recorded";
    let line = Line { kind, actor: by.principal, device: by.device, subject: id, detail: &detail };
    audit::write(&db, &line, now).await?;
    let frozen = match given.document_checked {
        true => settle(&db, id, &index, by.principal, by.device, now).await?,
        false => 0,
    };
    Ok(Reply::json(StatusCode::CREATED, &Recorded { dispute: id.to_string(), frozen }))
}

/// Freezes what somebody else may have opened, however often it runs: all accounts of the person but one proven in person. They
/// lose the ID number, so that the person can have an account of the own.
async fn settle(
    db: &Db,
    dispute: Id,
    index: &str,
    officer: Id,
    device: Id,
    now: u64,
) -> Result<usize, Problem> {
    let accounts = db
        .run(
            "SELECT id FROM citizens WHERE id_index = $1 AND (standing IN ('real-name', 'proof-due') \
             OR (standing = 'real-person' AND proven_how = 'two-items'))",
            [index.into()],
        )
        .await?;
    let mut frozen = 0;
    for row in &accounts {
        let id = row.id(0)?;
        let why = sealed_reason(id, &format!("dispute {dispute}"), now)?;
        let done = db
            .one(
                "UPDATE citizens SET standing = 'frozen', id_index = NULL, changed_at = $1, changed_by = $2, \
                 changed_why_sealed = $3 WHERE id = $4 AND (standing IN ('real-name', 'proof-due') \
                 OR (standing = 'real-person' AND proven_how = 'two-items')) RETURNING id",
                [now.into(), officer.into(), why.into(), id.into()],
            )
            .await?;
        if done.is_none() {
            continue;
        }
        frozen += 1;
        session::end_all(db, id, Id::NONE, "frozen", now).await?;
        let detail = format!(r#"{{"dispute":"{dispute}"}}"#);
        let kind = "account-frozen";
        let line = Line { kind, actor: officer, device, subject: id, detail: &detail };
        audit::write_once(db, line_id(id, now), &line, now).await?;
    }
    db.run("UPDATE disputes SET settled_at = $1 WHERE id = $2", [now.into(), dispute.into()]).await?;
    Ok(frozen)
}

/// Draws the consequences of disputes whose officer's request was cut off.
pub async fn repair(db: &Db, now: u64) -> Result<(), Problem> {
    let unsettled = db
        .run(
            "SELECT id, id_index, officer, device FROM disputes WHERE settled_at IS NULL \
             ORDER BY said_at LIMIT CAST($1 AS BIGINT)",
            [MOST_REPAIRED.into()],
        )
        .await?;
    for row in &unsettled {
        settle(db, row.id(0)?, row.text(1)?, row.id(2)?, row.id(3)?, now).await?;
    }
    Ok(())
}

#[utoipa::path(get, path = "/records/disputes", params(("before" = Option<String>, Query, description = "`next` of the answer before")),
    responses((status = 200, body = Disputes)))]
pub async fn list(request: &Request) -> Result<Reply, Problem> {
    let (db, now) = (Db::open().await?, clock::now_ms());
    let Administrator(by) = authority::administrator(request, &db).await?;
    let before = request.parameter("before").unwrap_or_else(|| format!("{}-", u64::MAX >> 1));
    let odd = || Problem::invalid("before must be what the answer before gave");
    let (at, id) = before.split_once('-').ok_or_else(odd)?;
    let at: u64 = at.parse().map_err(|_| odd())?;
    let rows = db
        .run(
            "SELECT id, name_sealed, id_number_sealed, statement_sealed, document_checked, officer, said_at FROM disputes \
             WHERE (said_at, id) < (CAST($1 AS BIGINT), $2) ORDER BY said_at DESC, id DESC LIMIT CAST($3 AS BIGINT)",
            [at.into(), id.into(), MOST.into()],
        )
        .await?;
    let disputes = rows.iter().map(|row| {
        let id = row.id(0)?;
        let open = |at, field: &str| opened_as(row, at, &format!("disputes.{field}/{id}"));
        let number = IdNumber::parse(&open(2, "id_number")?, Day::at(now));
        Ok(Dispute {
            dispute: id.to_string(),
            name: mask::name(&open(1, "name")?),
            id_number: number.ok().map(|number| number.masked()),
            statement: open(3, "statement")?,
            document_checked: row.int(4)? != 0,
            officer: row.text(5)?.to_owned(),
            said_at: row.int(6)?,
        })
    });
    let disputes = disputes.collect::<Result<Vec<_>, Problem>>()?;
    let full = i64::try_from(rows.len()) == Ok(MOST);
    let next = match rows.last().filter(|_| full) {
        Some(last) => Some(format!("{}-{}", last.int(6)?, last.text(0)?)),
        None => None,
    };
    let kind = "disputes-listed";
    let line = Line { kind, actor: by.principal, device: Id::NONE, subject: Id::NONE, detail: "" };
    audit::write(&db, &line, now).await?;
    Ok(Reply::json(StatusCode::OK, &Disputes { disputes, next }))
}
