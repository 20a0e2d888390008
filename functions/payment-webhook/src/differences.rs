//! Differences that are open, and how a person closes one.

use crate::note::Note;
use http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;
use zerotrip_accounts::authority;
use zerotrip_platform::{Db, Problem, Reply, Request, Row, clock};

/// Where a provider's bill and our books differ.
#[derive(Serialize, ToSchema)]
pub struct Difference {
    pub id: String,
    pub provider: String,
    /// Of the bill: yyyy-MM-dd in China.
    pub day: String,
    /// `unknown-order`, `missing`, `wrong-amount`, `other-transaction`, `not-settled`, `doubled`, `unknown-refund`,
    /// `missing-refund` or `wrong-refund-amount`
    pub reason: String,
    /// Our order, our refund, or the provider's number of what is not ours.
    pub subject: String,
    pub order: String,
    /// By the bill.
    pub billed_fen: Option<i64>,
    /// By our books.
    pub held_fen: Option<i64>,
    /// The provider's number of the payment.
    pub transaction: Option<String>,
    /// Unix ms.
    pub found_at: i64,
}

/// The open ones, the oldest first, at most `most`.
pub async fn open(db: &Db, most: i64) -> Result<Vec<Difference>, Problem> {
    let rows = db
        .run(
            "SELECT id, provider, day, reason, subject, order_no, billed_fen, held_fen, transaction_no, found_at \
             FROM statement_differences WHERE closed_at IS NULL ORDER BY found_at, id LIMIT CAST($1 AS BIGINT)",
            [most.into()],
        )
        .await?;
    rows.iter().map(difference).collect()
}

fn difference(row: &Row) -> Result<Difference, Problem> {
    let text = |at| row.text(at).map(str::to_owned);
    let fen = |at| if row.is_null(at) { Ok(None) } else { row.int(at).map(Some) };
    Ok(Difference {
        id: text(0)?,
        provider: text(1)?,
        day: text(2)?,
        reason: text(3)?,
        subject: text(4)?,
        order: text(5)?,
        billed_fen: fen(6)?,
        held_fen: fen(7)?,
        transaction: row.optional_text(8)?.map(str::to_owned),
        found_at: row.int(9)?,
    })
}

/// How many are open.
pub async fn open_count(db: &Db) -> Result<i64, Problem> {
    let row = db.one("SELECT COUNT(*) FROM statement_differences WHERE closed_at IS NULL", []).await?;
    row.map_or(Ok(0), |row| row.int(0))
}

/// An administrator has looked into a difference and says what it was.
#[utoipa::path(post, path = "/pay/differences/{id}/closure", params(("id" = String, Path)), request_body = Note,
    responses((status = 204, description = "The difference is closed")))]
pub async fn close(request: &Request, id: &str) -> Result<Reply, Problem> {
    let note = Note::of(request)?;
    let db = Db::open().await?;
    let person = authority::administrator(request, &db).await?.0.principal;
    let now = clock::now_ms();
    let context = format!("statement_differences.note/{id}");
    let closed = db
        .one(
            "UPDATE statement_differences SET closed_at = $1, closed_how = 'person', closed_by = $2, note_sealed = $3 \
             WHERE id = $4 AND closed_at IS NULL RETURNING id",
            [now.into(), person.into(), note.seal(&context, now)?.into(), id.into()],
        )
        .await?;
    if closed.is_some() {
        return Ok(Reply::no_content());
    }
    let known = db
        .one("SELECT note_sealed FROM statement_differences WHERE id = $1", [id.into()])
        .await?
        .ok_or_else(Problem::not_found)?;
    // The same once more is no mistake.
    if note.is(&context, known.optional_text(0)?)? {
        return Ok(Reply::no_content());
    }
    Err(Problem::new(
        StatusCode::CONFLICT,
        "difference-closed",
        "Closed already",
        "该差异已处理",
        "Somebody else has closed it, or it has come to its end by itself.",
    ))
}
