//! Reports that a recipient refuses, or does not take for hours: an administrator has them sent again once it is
//! repaired, or says that the recipient was told by hand.

use crate::note::Note;
use http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;
use zerotrip_accounts::authority;
use zerotrip_domain::settlement_report::{Kind, Recipient, TRIES_ALONE};
use zerotrip_platform::{Db, Problem, Reply, Request, clock};

/// A report that its recipient has not taken.
#[derive(Serialize, ToSchema)]
pub struct Untold {
    /// `traffic-police` or `treasury`
    pub recipient: String,
    /// `settlement` or `reversal`
    pub kind: String,
    pub order: String,
    /// Of the last refusal: an HTTP status.
    pub status: Option<i64>,
    pub tries: i64,
    /// Unix ms.
    pub created_at: i64,
}

/// The oldest of them, at most so many.
pub async fn list(db: &Db, most: i64) -> Result<Vec<Untold>, Problem> {
    let rows = db
        .run(
            "SELECT recipient, kind, order_id, status, tries, created_at FROM settlement_reports WHERE state <> 'done' \
             AND (state = 'refused' OR tries > CAST($1 AS BIGINT)) ORDER BY created_at, order_id \
             LIMIT CAST($2 AS BIGINT)",
            [i64::from(TRIES_ALONE).into(), most.into()],
        )
        .await?;
    let untold = rows.iter().map(|row| {
        Ok(Untold {
            recipient: row.text(0)?.to_owned(),
            kind: row.text(1)?.to_owned(),
            order: row.text(2)?.to_owned(),
            status: if row.is_null(3) { None } else { Some(row.int(3)?) },
            tries: row.int(4)?,
            created_at: row.int(5)?,
        })
    });
    untold.collect()
}

/// How many there are.
pub async fn count(db: &Db) -> Result<i64, Problem> {
    let row = db
        .one(
            "SELECT COUNT(*) FROM settlement_reports WHERE state <> 'done' \
             AND (state = 'refused' OR tries > CAST($1 AS BIGINT))",
            [i64::from(TRIES_ALONE).into()],
        )
        .await?;
    row.map_or(Ok(0), |row| row.int(0))
}

/// The recipient is repaired: the next job sends it, under the same key.
#[utoipa::path(post, path = "/pay/settlement-reports/{recipient}/{kind}/{order}/retry",
    params(("recipient" = String, Path), ("kind" = String, Path), ("order" = String, Path)),
    responses((status = 204, description = "Due now")))]
pub async fn retry(request: &Request, names: [&str; 3]) -> Result<Reply, Problem> {
    let [recipient, kind, order] = known(names)?;
    let db = Db::open().await?;
    authority::administrator(request, &db).await?;
    let due = db
        .one(
            "UPDATE settlement_reports SET state = 'due', tries = 0, next_try_at = $1 \
             WHERE order_id = $2 AND recipient = $3 AND kind = $4 AND state <> 'done' RETURNING order_id",
            [clock::now_ms().into(), order.into(), recipient.into(), kind.into()],
        )
        .await?;
    match due {
        Some(_) => Ok(Reply::no_content()),
        None => Err(done(&db, [recipient, kind, order]).await?),
    }
}

/// An administrator has told the recipient by hand.
#[utoipa::path(post, path = "/pay/settlement-reports/{recipient}/{kind}/{order}/closure", request_body = Note,
    params(("recipient" = String, Path), ("kind" = String, Path), ("order" = String, Path)),
    responses((status = 204, description = "Done")))]
pub async fn close(request: &Request, names: [&str; 3]) -> Result<Reply, Problem> {
    let note = Note::of(request)?;
    let [recipient, kind, order] = known(names)?;
    let db = Db::open().await?;
    let person = authority::administrator(request, &db).await?.0.principal;
    let now = clock::now_ms();
    let context = format!("settlement_reports.note/{recipient}/{kind}/{order}");
    // One that is due and has hardly been tried is the job's.
    let closed = db
        .one(
            "UPDATE settlement_reports SET state = 'done', done_at = $1, closed_by = $2, note_sealed = $3 \
             WHERE order_id = $4 AND recipient = $5 AND kind = $6 \
             AND (state = 'refused' OR (state = 'due' AND tries > CAST($7 AS BIGINT))) RETURNING order_id",
            [
                now.into(),
                person.into(),
                note.seal(&context, now)?.into(),
                order.into(),
                recipient.into(),
                kind.into(),
                i64::from(TRIES_ALONE).into(),
            ],
        )
        .await?;
    if closed.is_some() {
        return Ok(Reply::no_content());
    }
    let before = db
        .one(
            "SELECT note_sealed FROM settlement_reports WHERE order_id = $1 AND recipient = $2 AND kind = $3",
            [order.into(), recipient.into(), kind.into()],
        )
        .await?
        .ok_or_else(Problem::not_found)?;
    // The same once more is no mistake.
    if note.is(&context, before.optional_text(0)?)? {
        return Ok(Reply::no_content());
    }
    Err(done(&db, [recipient, kind, order]).await?)
}

fn known([recipient, kind, order]: [&str; 3]) -> Result<[&str; 3], Problem> {
    let unknown = |_| Problem::not_found();
    recipient.parse::<Recipient>().map_err(unknown)?;
    kind.parse::<Kind>().map_err(unknown)?;
    Ok([recipient, kind, order])
}

async fn done(db: &Db, [recipient, kind, order]: [&str; 3]) -> Result<Problem, Problem> {
    let row = db
        .one(
            "SELECT order_id FROM settlement_reports WHERE order_id = $1 AND recipient = $2 AND kind = $3",
            [order.into(), recipient.into(), kind.into()],
        )
        .await?;
    Ok(match row {
        None => Problem::not_found(),
        Some(_) => Problem::new(
            StatusCode::CONFLICT,
            "report-not-open",
            "Not to be handled by hand",
            "该报送不需要人工处理",
            "The recipient has it already, or the job is about to send it.",
        ),
    })
}
