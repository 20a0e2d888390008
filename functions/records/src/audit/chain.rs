//! The job that links lines into a chain, so that one that is edited, removed or inserted later is found.
//!
//! Lines are first claimed under a number below zero that nobody else has: one statement, after which the set never changes. The
//! link's row is the commit point, and its number is its primary key, so of several linkers one has it. Then the claimed lines get
//! that number. Killed before the link, the claim is taken up by whoever comes next; killed after it, the last link's lines are
//! found by its MAC, which fits one claim alone. No lease is needed: any number of linkers at once make one chain.

use crate::audit::facts;
use http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;
use zerotrip_accounts::signing::audit;
use zerotrip_accounts::{authority, refused};
use zerotrip_domain::Day;
use zerotrip_platform::{Db, Id, Problem, Reply, Request, Row, clock, log};

/// Lines younger than this may still be on their way into the table; so batches follow one another in time. One that comes
/// later all the same goes into a later batch.
const SETTLED_MS: u64 = 60_000;
/// Lines in a link, and links in a run.
const LINES: i64 = 500;
const LINKS: usize = 20;
/// How long a run may write lines down before it links.
const PATIENCE_MS: u64 = 10_000;

/// What a run did.
#[derive(Serialize, ToSchema)]
pub struct LinksMade {
    links: usize,
    lines: usize,
    /// Number and MAC of the newest link: kept elsewhere, it shows later that nothing before it was cut off.
    head: Option<Head>,
    /// Whether another run would find more.
    more: bool,
}

/// A link of the chain.
#[derive(Clone, Serialize, ToSchema)]
pub struct Head {
    pub batch: i64,
    pub link: String,
    /// Unix ms.
    pub linked_at: i64,
}

impl Head {
    /// Of a row that begins with number, MAC and time.
    pub fn of(row: &Row) -> Result<Self, Problem> {
        Ok(Self { batch: row.int(0)?, link: row.text(1)?.to_owned(), linked_at: row.int(2)? })
    }
}

/// The last link of each day.
#[derive(Serialize, ToSchema)]
pub struct Heads {
    /// Of the last 31 days, the newest first.
    heads: Vec<Head>,
}

#[utoipa::path(post, path = "/records/jobs/audit", responses((status = 200, body = LinksMade)))]
pub async fn run(request: &Request) -> Result<Reply, Problem> {
    let db = Db::open().await?;
    authority::scheduler(request, &db).await?;
    let now = clock::now_ms();
    let unwritten = facts::write_down(&db, now + PATIENCE_MS).await?;
    let mut done = LinksMade { links: 0, lines: 0, head: None, more: true };
    // Each turn makes a link, or finds that another linker has.
    for _ in 0..LINKS {
        done.head = last(&db).await?;
        settle(&db, done.head.as_ref()).await?;
        let Some(claim) = claim(&db, now).await? else {
            done.more = unwritten;
            break;
        };
        let digests = digests(&db, claim).await?;
        // Another linker may have finished this claim.
        if digests.is_empty() {
            continue;
        }
        if let Some(head) = append(&db, done.head.as_ref(), &digests, now).await? {
            done.links += 1;
            done.lines += digests.len();
            number(&db, claim, head.batch).await?;
            done.head = Some(head);
        }
    }
    Ok(Reply::json(StatusCode::OK, &done))
}

/// The newest link.
pub async fn last(db: &Db) -> Result<Option<Head>, Problem> {
    let row =
        db.one("SELECT batch, link, linked_at FROM audit_links ORDER BY batch DESC LIMIT 1", []).await?;
    row.as_ref().map(Head::of).transpose()
}

/// A claim that waits, or else a new one of lines that nobody has claimed. None if there are no such lines.
async fn claim(db: &Db, now: u64) -> Result<Option<i64>, Problem> {
    if let Some(claim) = claims(db).await?.first() {
        return Ok(Some(*claim));
    }
    let (random, _) = Id::random().halves();
    let claim = -1 - i64::try_from(random >> 2).unwrap_or(0);
    let claimed = db
        .run(
            "UPDATE audit_lines SET batch = $1 WHERE batch IS NULL AND id IN (SELECT id FROM audit_lines \
             WHERE batch IS NULL AND at < $2 ORDER BY at, id LIMIT CAST($3 AS BIGINT)) RETURNING id",
            [claim.into(), now.saturating_sub(SETTLED_MS).into(), LINES.into()],
        )
        .await?;
    Ok((!claimed.is_empty()).then_some(claim))
}

/// Claims whose lines have no number of a link yet.
async fn claims(db: &Db) -> Result<Vec<i64>, Problem> {
    let rows = db.run("SELECT DISTINCT batch FROM audit_lines WHERE batch < 0 ORDER BY batch", []).await?;
    rows.iter().map(|row| row.int(0)).collect()
}

/// The digests of a batch or claim, in its order.
async fn digests(db: &Db, batch: i64) -> Result<Vec<String>, Problem> {
    let sql = "SELECT digest FROM audit_lines WHERE batch = $1 ORDER BY at, id";
    let rows = db.run(sql, [batch.into()]).await?;
    rows.iter().map(|row| row.text(0).map(str::to_owned)).collect()
}

/// The lines of the newest link have its number before there is another link.
async fn settle(db: &Db, last: Option<&Head>) -> Result<(), Problem> {
    let Some(last) = last else { return Ok(()) };
    if let Some(claim) = claim_of(db, last).await? {
        number(db, claim, last.batch).await?;
    }
    Ok(())
}

/// The claim that `link`, the newest, is over, if its lines have no number yet.
pub async fn claim_of(db: &Db, link: &Head) -> Result<Option<i64>, Problem> {
    let sql = "SELECT id FROM audit_lines WHERE batch = $1 ORDER BY at, id LIMIT 1";
    if db.one(sql, [link.batch.into()]).await?.is_some() {
        return Ok(None);
    }
    let previous = link_before(db, link.batch).await?;
    for claim in claims(db).await? {
        let digests = digests(db, claim).await?;
        if audit::follows(&previous, &digests, &link.link).map_err(refused)? {
            return Ok(Some(claim));
        }
    }
    Ok(None)
}

/// The MAC that the link of this number follows; empty for the first.
pub async fn link_before(db: &Db, batch: i64) -> Result<String, Problem> {
    let sql = "SELECT link FROM audit_links WHERE batch = $1";
    let row = db.one(sql, [(batch - 1).into()]).await?;
    row.map_or(Ok(String::new()), |row| row.text(0).map(str::to_owned))
}

/// The commit point: the link after `last` over `digests`. None if another linker has its number.
async fn append(db: &Db, last: Option<&Head>, digests: &[String], now: u64) -> Result<Option<Head>, Problem> {
    let previous = last.map_or("", |last| last.link.as_str());
    let link = audit::link(previous, digests, now).map_err(refused)?;
    let lines = i64::try_from(digests.len()).map_err(|_| Problem::unavailable("a batch is too large"))?;
    let made = db
        .one(
            "INSERT INTO audit_links (batch, lines, link, linked_at) VALUES ($1, $2, $3, $4) \
             ON CONFLICT (batch) DO NOTHING RETURNING batch, link, linked_at",
            [(last.map_or(0, |last| last.batch) + 1).into(), lines.into(), link.into(), now.into()],
        )
        .await?;
    let made = made.as_ref().map(Head::of).transpose()?;
    if let (Some(last), Some(_)) = (last, &made) {
        let day = |at| Day::at(u64::try_from(at).unwrap_or(0));
        if day(last.linked_at) < Day::at(now) {
            // Kept with the logs, out of reach of whoever can change the database.
            log(&format!("audit head of {}: {} {}", day(last.linked_at), last.batch, last.link));
        }
    }
    Ok(made)
}

/// The lines of a claim get the number of their link.
async fn number(db: &Db, claim: i64, batch: i64) -> Result<(), Problem> {
    db.run("UPDATE audit_lines SET batch = $1 WHERE batch = $2", [batch.into(), claim.into()]).await?;
    Ok(())
}

#[utoipa::path(get, path = "/records/audit/heads", responses((status = 200, body = Heads)))]
pub async fn heads(request: &Request) -> Result<Reply, Problem> {
    let db = Db::open().await?;
    authority::administrator(request, &db).await?;
    let since = clock::now_ms().saturating_sub(31 * 24 * 3600 * 1000);
    // Days of China.
    let rows = db
        .run(
            "SELECT batch, link, linked_at FROM audit_links WHERE batch IN (SELECT MAX(batch) FROM audit_links \
             WHERE linked_at > $1 GROUP BY (linked_at + 28800000) / 86400000) ORDER BY batch DESC",
            [since.into()],
        )
        .await?;
    let heads = rows.iter().map(Head::of).collect::<Result<_, _>>()?;
    Ok(Reply::json(StatusCode::OK, &Heads { heads }))
}
