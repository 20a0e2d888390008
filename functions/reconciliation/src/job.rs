//! The job: fetches what bills there are and compares them.

use crate::provider::{self, Billed};
use crate::statements::open_count;
use crate::{live, record};
use http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;
use zerotrip_accounts::authority;
use zerotrip_bills::Bill;
use zerotrip_domain::{Day, Provider, statement};
use zerotrip_platform::{Db, Problem, Reply, Request, clock, log};

/// How long a run may take before it leaves the rest to the next; a bill that is begun is finished.
const PATIENCE_MS: u64 = 15_000;

/// What a run did.
#[derive(Default, Serialize, ToSchema)]
pub struct Reconciliation {
    /// Days of a provider that are compared now.
    compared: u32,
    /// Whose bill is not there yet.
    not_ready: u32,
    /// Whose bill could not be had or is not sound; tried again at the next run.
    failed: u32,
    /// Differences that are open, of whatever day.
    open: i64,
}

#[utoipa::path(post, path = "/bills/jobs/reconciliation", responses((status = 200, body = Reconciliation)))]
pub async fn run(request: &Request) -> Result<Reply, Problem> {
    let db = Db::open().await?;
    authority::scheduler(request, &db).await?;
    let stop = clock::now_ms() + PATIENCE_MS;
    let mut done = Reconciliation::default();
    for provider in live::downloadable().await? {
        for day in due(&db, provider).await? {
            if clock::now_ms() >= stop {
                break;
            }
            match reconcile(&db, provider, day).await {
                Ok(Outcome::Compared) => done.compared += 1,
                Ok(Outcome::NotReady) => done.not_ready += 1,
                Ok(Outcome::Damaged) => done.failed += 1,
                // Logged where it failed; its other days would fare no better.
                Err(_) => {
                    done.failed += 1;
                    break;
                }
            }
        }
    }
    record::tidy(&db, clock::now_ms()).await?;
    done.open = open_count(&db).await?;
    Ok(Reply::json(StatusCode::OK, &done))
}

/// The days whose bills are to be fetched now. A comparison that was cut off beside another that ended is made anew: what it
/// had found by then stands open, and only a later bill closes it.
async fn due(db: &Db, provider: Provider) -> Result<Vec<Day>, Problem> {
    let odd = || Problem::unavailable("a stored day is not of its form");
    let Some(first) = db.one("SELECT created_at FROM orders ORDER BY id LIMIT 1", []).await? else {
        return Ok(Vec::new());
    };
    let first = Day::at(u64::try_from(first.int(0)?).map_err(|_| odd())?);
    let rows = db
        .run(
            "SELECT DISTINCT s.day FROM statements s WHERE s.provider = $1 AND s.compared_at IS NOT NULL \
             AND NOT EXISTS (SELECT 1 FROM statements n WHERE n.provider = s.provider AND n.day = s.day \
               AND n.compared_at IS NULL AND n.fetched_at >= s.fetched_at)",
            [provider.name().into()],
        )
        .await?;
    let done = rows.iter().map(|row| Day::parse(row.text(0)?).ok_or_else(odd));
    Ok(statement::due(provider, clock::now_ms(), first, &done.collect::<Result<Vec<_>, Problem>>()?))
}

enum Outcome {
    Compared,
    NotReady,
    Damaged,
}

async fn reconcile(db: &Db, provider: Provider, day: Day) -> Result<Outcome, Problem> {
    let now = clock::now_ms();
    let bill = match provider::bill(provider, db, day, now).await? {
        Billed::Ready(bill) => bill,
        Billed::Empty if !is_paid_on(db, provider, day).await? => Bill::default(),
        // What we know to be paid has to be in one.
        Billed::Empty | Billed::NotReady => {
            if statement::is_late(provider, day, now) {
                log(&format!("ALARM {provider} still has no bill of {day}"));
            }
            return Ok(Outcome::NotReady);
        }
        Billed::Damaged(what) => {
            log(&format!("ALARM {provider} bill of {day} is not taken: {what}"));
            return Ok(Outcome::Damaged);
        }
    };
    record::compare(db, provider, day, &bill, None).await?;
    Ok(Outcome::Compared)
}

async fn is_paid_on(db: &Db, provider: Provider, day: Day) -> Result<bool, Problem> {
    let row = db
        .one(
            "SELECT id FROM orders WHERE provider = $1 AND paid_at >= $2 AND paid_at < $3 LIMIT 1",
            [provider.name().into(), day.start_ms().into(), day.end_ms().into()],
        )
        .await?;
    Ok(row.is_some())
}
