//! Which days have been compared.

use http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;
use zerotrip_accounts::authority;
use zerotrip_platform::{Db, Problem, Reply, Request, Row};

/// Most that one answer holds, the newest first.
const MOST: i64 = 200;

/// All days of all providers.
#[derive(Serialize, ToSchema)]
pub struct Statements {
    pub statements: Vec<Statement>,
}

/// What a provider's bill of a day has said, and how it compares.
#[derive(Serialize, ToSchema)]
pub struct Statement {
    pub provider: String,
    /// yyyy-MM-dd in China.
    pub day: String,
    pub payments: i64,
    pub paid_fen: i64,
    pub refunds: i64,
    pub refunded_fen: i64,
    /// Unix ms.
    pub fetched_at: i64,
    /// An administrator has brought the file.
    pub uploaded: bool,
    /// Unix ms; none if that was cut off, and has to be done again.
    pub compared_at: Option<i64>,
    /// Where it differs from our books, or did.
    pub differences: i64,
    /// Those that are open.
    pub open: i64,
    /// Other bills of the same day before this one.
    pub replaced: i64,
}

#[utoipa::path(get, path = "/bills/statements", responses((status = 200, body = Statements)))]
pub async fn list(request: &Request) -> Result<Reply, Problem> {
    let db = Db::open().await?;
    authority::administrator(request, &db).await?;
    let rows = db
        .run(
            "SELECT s.provider, s.day, s.payments, s.paid_fen, s.refunds, s.refunded_fen, s.fetched_at, s.uploaded_by, \
             s.compared_at, (SELECT COUNT(*) FROM statement_differences d \
               WHERE d.provider = s.provider AND d.day = s.day AND d.digest = s.digest), \
             (SELECT COUNT(*) FROM statement_differences d WHERE d.provider = s.provider AND d.day = s.day \
               AND d.digest = s.digest AND d.closed_at IS NULL), \
             (SELECT COUNT(*) FROM statements o WHERE o.provider = s.provider AND o.day = s.day AND o.digest <> s.digest) \
             FROM statements s WHERE NOT EXISTS (SELECT 1 FROM statements n \
               WHERE n.provider = s.provider AND n.day = s.day AND n.compared_at IS NOT NULL AND (n.fetched_at > s.fetched_at \
                 OR (n.fetched_at = s.fetched_at AND n.digest > s.digest))) \
             ORDER BY s.day DESC, s.provider LIMIT CAST($1 AS BIGINT)",
            [MOST.into()],
        )
        .await?;
    let statements = rows.iter().map(statement).collect::<Result<_, Problem>>()?;
    Ok(Reply::json(StatusCode::OK, &Statements { statements }))
}

/// How many differences are open, of whatever day and provider.
pub async fn open_count(db: &Db) -> Result<i64, Problem> {
    let row = db.one("SELECT COUNT(*) FROM statement_differences WHERE closed_at IS NULL", []).await?;
    row.map_or(Ok(0), |row| row.int(0))
}

fn statement(row: &Row) -> Result<Statement, Problem> {
    Ok(Statement {
        provider: row.text(0)?.to_owned(),
        day: row.text(1)?.to_owned(),
        payments: row.int(2)?,
        paid_fen: row.int(3)?,
        refunds: row.int(4)?,
        refunded_fen: row.int(5)?,
        fetched_at: row.int(6)?,
        uploaded: !row.is_null(7),
        compared_at: if row.is_null(8) { None } else { Some(row.int(8)?) },
        differences: row.int(9)?,
        open: row.int(10)?,
        replaced: row.int(11)?,
    })
}
