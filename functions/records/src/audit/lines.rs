//! What happened to an account, a document or a session: for administrators. Reading it is an act of its own.

use http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;
use zerotrip_accounts::audit::{self, Line};
use zerotrip_accounts::authority::{self, Administrator};
use zerotrip_platform::{Db, Id, Problem, Reply, Request, clock};

/// In one answer.
const MOST: i64 = 100;

/// One act.
#[derive(Serialize, ToSchema)]
pub struct Shown {
    line: String,
    /// Unix ms.
    at: i64,
    kind: String,
    actor: String,
    device: Option<String>,
    /// JSON, empty, or erased when its time was over.
    detail: String,
    /// The link that holds it; none before there is one.
    batch: Option<i64>,
}

/// The newest first.
#[derive(Serialize, ToSchema)]
pub struct Lines {
    lines: Vec<Shown>,
    /// For the parameter `before` of the next request; none at the end.
    next: Option<String>,
}

#[utoipa::path(get, path = "/records/audit/lines", params(
    ("subject" = String, Query, description = "Id of an account, a dispute, …"),
    ("before" = Option<String>, Query, description = "`next` of the answer before")),
    responses((status = 200, body = Lines)))]
pub async fn list(request: &Request) -> Result<Reply, Problem> {
    let (db, now) = (Db::open().await?, clock::now_ms());
    let Administrator(by) = authority::administrator(request, &db).await?;
    let subject = request.parameter("subject").unwrap_or_default();
    let subject: Id = subject.parse().map_err(|_| Problem::invalid("subject must be an id"))?;
    let before = request.parameter("before").unwrap_or_else(|| format!("{}-", i64::MAX));
    let odd = || Problem::invalid("before must be what the answer before gave");
    let (at, id) = before.split_once('-').ok_or_else(odd)?;
    let at: i64 = at.parse().map_err(|_| odd())?;
    let rows = db
        .run(
            "SELECT id, at, kind, actor, device, detail, batch FROM audit_lines \
             WHERE subject = $1 AND (at, id) < (CAST($2 AS BIGINT), $3) ORDER BY at DESC, id DESC LIMIT CAST($4 AS BIGINT)",
            [subject.into(), at.into(), id.into(), MOST.into()],
        )
        .await?;
    let lines = rows.iter().map(|row| {
        let device = row.id(4)?;
        let batch = if row.is_null(6) { None } else { Some(row.int(6)?) };
        Ok(Shown {
            line: row.text(0)?.to_owned(),
            at: row.int(1)?,
            kind: row.text(2)?.to_owned(),
            actor: row.text(3)?.to_owned(),
            device: (device != Id::NONE).then(|| device.to_string()),
            detail: row.text(5)?.to_owned(),
            // Below zero it is claimed for a link to come.
            batch: batch.filter(|batch| *batch > 0),
        })
    });
    let lines = lines.collect::<Result<Vec<_>, Problem>>()?;
    let next = match lines.last() {
        Some(last) if i64::try_from(lines.len()) == Ok(MOST) => Some(format!("{}-{}", last.at, last.line)),
        _ => None,
    };
    let line = Line { kind: "audit-read", actor: by.principal, device: Id::NONE, subject, detail: "" };
    audit::write(&db, &line, now).await?;
    Ok(Reply::json(StatusCode::OK, &Lines { lines, next }))
}
