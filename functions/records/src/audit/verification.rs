//! Whether the trail is as it was written: every line's digest, every batch's number of lines, every link's MAC.
//!
//! What is cut off at the end leaves no gap. Whoever keeps the daily heads elsewhere sees it: the number of a head that is gone
//! is missing from the list of today.

use crate::audit::chain::{self, Head, claim_of, link_before};
use crate::retention::DETAILS_MS;
use http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;
use zerotrip_accounts::audit::{Line, is_of};
use zerotrip_accounts::signing::audit;
use zerotrip_accounts::signing::faults::Fault;
use zerotrip_accounts::{authority, refused};
use zerotrip_platform::{Db, Problem, Reply, Request, Row, clock};

/// Links that one request looks at.
const LINKS: i64 = 10;
/// Most lines of a batch that are read, and most lines without a link.
const LINES: i64 = 1_000;

/// What was looked at and what is wrong.
#[derive(Serialize, ToSchema)]
pub struct Verified {
    /// Whether nothing is wrong so far.
    sound: bool,
    links: usize,
    lines: usize,
    faults: Vec<Wrong>,
    /// For the parameter `after` of the next request; none at the end.
    next: Option<i64>,
    /// Lines that no link holds yet; looked at together with the last links only.
    unlinked: Option<Unlinked>,
    /// The newest link looked at.
    head: Option<Head>,
}

/// Something that is not as it was written.
#[derive(Serialize, ToSchema)]
pub struct Wrong {
    /// Number of the batch; none for a line that no link holds.
    batch: Option<i64>,
    /// `edited`: a line does not fit its digest. `removed` or `inserted`: a batch has fewer or more lines than its link says.
    /// `exchanged`: as many, but others. `link-missing`: a number of a link is left out. `no-link`: lines of a batch that never was.
    what: &'static str,
    /// The line, where one is to blame.
    line: Option<String>,
}

/// What a later link will hold.
#[derive(Serialize, ToSchema)]
pub struct Unlinked {
    /// At most 1000 are counted, the oldest.
    lines: usize,
    /// Unix ms; none without lines.
    oldest_at: Option<i64>,
}

#[utoipa::path(get, path = "/records/audit/verification",
    params(("after" = Option<i64>, Query, description = "`next` of the answer before")),
    responses((status = 200, body = Verified)))]
pub async fn run(request: &Request) -> Result<Reply, Problem> {
    let db = Db::open().await?;
    authority::administrator(request, &db).await?;
    let after = request.parameter("after").map_or(Ok(0), |text| text.parse::<i64>());
    let after = after.map_err(|_| Problem::invalid("after must be the number of a batch"))?.max(0);
    let rows = db
        .run(
            "SELECT batch, link, linked_at, lines FROM audit_links WHERE batch > $1 ORDER BY batch LIMIT CAST($2 AS BIGINT)",
            [after.into(), LINKS.into()],
        )
        .await?;
    let mut verified = Verified {
        sound: true,
        links: rows.len(),
        lines: 0,
        faults: Vec::new(),
        next: None,
        unlinked: None,
        head: None,
    };
    let (mut previous, mut expected) = (link_before(&db, after + 1).await?, after + 1);
    let newest = chain::last(&db).await?.map_or(0, |head| head.batch);
    for row in &rows {
        let head = Head::of(row)?;
        if head.batch != expected {
            verified.faults.push(Wrong { batch: Some(expected), what: "link-missing", line: None });
            previous = link_before(&db, head.batch).await?;
        }
        verify(&db, &mut verified, &head, row.int(3)?, &previous, head.batch == newest).await?;
        (previous, expected) = (head.link.clone(), head.batch + 1);
        verified.head = Some(head);
    }
    match rows.last() {
        Some(last) if last.int(0)? < newest => verified.next = Some(last.int(0)?),
        _ => verified.unlinked = Some(tail(&db, &mut verified.faults, newest).await?),
    }
    verified.sound = verified.faults.is_empty();
    Ok(Reply::json(StatusCode::OK, &verified))
}

/// One link and its lines.
async fn verify(
    db: &Db,
    verified: &mut Verified,
    link: &Head,
    lines: i64,
    previous: &str,
    is_newest: bool,
) -> Result<(), Problem> {
    // Of the newest one the lines may not have its number yet, and may get it at this moment.
    let claim = if is_newest { claim_of(db, link).await? } else { None };
    let mut rows = lines_of(db, claim.unwrap_or(link.batch)).await?;
    if claim.is_some() && rows.is_empty() {
        rows = lines_of(db, link.batch).await?;
    }
    let before = verified.faults.len();
    verified.lines += rows.len();
    edited(&rows, Some(link.batch), clock::now_ms(), &mut verified.faults)?;
    let found = i64::try_from(rows.len()).unwrap_or(i64::MAX);
    let what = match found.cmp(&lines) {
        std::cmp::Ordering::Less => Some("removed"),
        std::cmp::Ordering::Greater => Some("inserted"),
        std::cmp::Ordering::Equal => {
            let digests =
                rows.iter().map(|row| row.text(7).map(str::to_owned)).collect::<Result<Vec<_>, _>>()?;
            let follows = holds(audit::follows(previous, &digests, &link.link))?;
            // A line that is edited has been named already.
            (!follows && verified.faults.len() == before).then_some("exchanged")
        }
    };
    if let Some(what) = what {
        verified.faults.push(Wrong { batch: Some(link.batch), what, line: None });
    }
    Ok(())
}

async fn lines_of(db: &Db, batch: i64) -> Result<Vec<Row>, Problem> {
    let rows = db
        .run(
            "SELECT id, at, kind, actor, device, subject, detail, digest, erased_at FROM audit_lines WHERE batch = $1 \
             ORDER BY at, id LIMIT CAST($2 AS BIGINT)",
            [batch.into(), LINES.into()],
        )
        .await?;
    Ok(rows)
}

/// Lines that do not fit their digests. Of one whose detail was erased, which nobody does before its time, the rest is held.
fn edited(rows: &[Row], batch: Option<i64>, now: u64, faults: &mut Vec<Wrong>) -> Result<(), Problem> {
    for row in rows {
        if !is_untouched(row, now)? {
            faults.push(Wrong { batch, what: "edited", line: Some(row.text(0)?.to_owned()) });
        }
    }
    Ok(())
}

fn is_untouched(row: &Row, now: u64) -> Result<bool, Problem> {
    let at = u64::try_from(row.int(1)?);
    // What we write is always of its form.
    let (Ok(at), Ok(actor), Ok(device), Ok(subject)) = (at, row.id(3), row.id(4), row.id(5)) else {
        return Ok(false);
    };
    let id = row.text(0)?;
    let line = Line { kind: row.text(2)?, actor, device, subject, detail: row.text(6)? };
    let erased = !row.is_null(8);
    let early = erased && at.saturating_add(DETAILS_MS) > now;
    Ok(!early && is_of(id, at, &line, row.text(7)?, erased)?)
}

/// Lines that no link holds, and those that say they are of a batch that never was.
async fn tail(db: &Db, faults: &mut Vec<Wrong>, newest: i64) -> Result<Unlinked, Problem> {
    let rows = db
        .run(
            "SELECT id, at, kind, actor, device, subject, detail, digest, erased_at FROM audit_lines WHERE batch IS NULL \
             ORDER BY at, id LIMIT CAST($1 AS BIGINT)",
            [LINES.into()],
        )
        .await?;
    edited(&rows, None, clock::now_ms(), faults)?;
    let strays = db
        .run(
            "SELECT id, batch FROM audit_lines WHERE batch > $1 OR batch = 0 ORDER BY batch LIMIT CAST($2 AS BIGINT)",
            [newest.into(), LINES.into()],
        )
        .await?;
    // A link that was made meanwhile has its lines.
    let newest = chain::last(db).await?.map_or(0, |head| head.batch);
    for row in &strays {
        if (1..=newest).contains(&row.int(1)?) {
            continue;
        }
        let line = Some(row.text(0)?.to_owned());
        faults.push(Wrong { batch: Some(row.int(1)?), what: "no-link", line });
    }
    let oldest_at = rows.first().map(|row| row.int(1)).transpose()?;
    Ok(Unlinked { lines: rows.len(), oldest_at })
}

/// A digest or link that is not even of its form holds nothing.
fn holds(answer: Result<bool, Fault>) -> Result<bool, Problem> {
    match answer {
        Ok(holds) => Ok(holds),
        Err(Fault::Refused(_)) => Ok(false),
        Err(other) => Err(refused(other)),
    }
}
