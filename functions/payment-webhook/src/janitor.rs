//! The janitor: asks about orders that a provider is silent about, and closes those whose day is over.

use crate::alipay::gateway::{self, Trade};
use crate::authority;
use crate::settle::{self, Outcome};
use http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;
use zerotrip_domain::payment::next_check_after_ms;
use zerotrip_platform::{Db, Problem, Reply, Request, clock};

/// Orders looked at in one run, and how long a run may take before it leaves the rest to the next.
const MOST: u32 = 100;
const PATIENCE_MS: u64 = 15_000;

/// What a run did.
#[derive(Default, Serialize, ToSchema)]
pub struct Done {
    /// Orders that were due.
    checked: u32,
    settled: u32,
    closed: u32,
    /// Could not be asked about; due again later.
    failed: u32,
    /// Reports and payments that wait for a person, from all time.
    to_review: i64,
}

struct Due {
    order: String,
    expires_at: i64,
}

#[utoipa::path(post, path = "/pay/jobs/janitor", responses((status = 200, body = Done)))]
pub async fn run(request: &Request) -> Result<Reply, Problem> {
    let db = Db::open().await?;
    authority::scheduler(request, &db).await?;
    let began = clock::now_ms();
    let mut done = Done::default();
    while done.checked < MOST && clock::now_ms() < began + PATIENCE_MS {
        let now = clock::now_ms();
        let Some(due) = take(&db, now).await? else { break };
        done.checked += 1;
        match check(&db, &due, now).await {
            Ok(Outcome::Settled) => done.settled += 1,
            Ok(Outcome::Closed) => done.closed += 1,
            Ok(Outcome::Unchanged | Outcome::SetAside) => {}
            // Logged where it failed.
            Err(_) => done.failed += 1,
        }
    }
    let count = db
        .one(
            "SELECT (SELECT COUNT(*) FROM payment_inbox) + (SELECT COUNT(*) FROM orders WHERE review IS NOT NULL)",
            [],
        )
        .await?;
    done.to_review = count.map_or(Ok(0), |row| row.int(0))?;
    Ok(Reply::json(StatusCode::OK, &done))
}

/// Takes the order that is due longest, by moving its next check: of several janitors one gets it.
async fn take(db: &Db, now: u64) -> Result<Option<Due>, Problem> {
    let step = |checks| i64::try_from(next_check_after_ms(checks)).unwrap_or(i64::MAX);
    let row = db
        .one(
            "UPDATE orders SET checks = checks + 1, next_check_at = CAST($1 AS BIGINT) + CASE checks \
               WHEN 0 THEN CAST($2 AS BIGINT) WHEN 1 THEN CAST($3 AS BIGINT) WHEN 2 THEN CAST($4 AS BIGINT) \
               ELSE CAST($5 AS BIGINT) END \
             WHERE state = 'pending' AND next_check_at <= $6 AND id = \
               (SELECT id FROM orders WHERE state = 'pending' AND next_check_at <= $7 \
                ORDER BY next_check_at LIMIT 1) \
             RETURNING id, expires_at",
            [
                now.into(),
                step(1).into(),
                step(2).into(),
                step(3).into(),
                step(4).into(),
                now.into(),
                now.into(),
            ],
        )
        .await?;
    let Some(row) = row else { return Ok(None) };
    Ok(Some(Due { order: row.text(0)?.to_owned(), expires_at: row.int(1)? }))
}

async fn check(db: &Db, due: &Due, now: u64) -> Result<Outcome, Problem> {
    let outcome = match gateway::query(&due.order, now).await? {
        Trade::Known(said) => settle::apply(db, &said, now).await?,
        Trade::None => Outcome::Unchanged,
    };
    let over = u64::try_from(due.expires_at).is_ok_and(|end| end <= now);
    if outcome != Outcome::Unchanged || !over {
        return Ok(outcome);
    }
    // Paid in this very moment: the next check finds it.
    if !gateway::close(&due.order, now).await? {
        return Ok(Outcome::Unchanged);
    }
    Ok(if settle::close(db, &due.order, now).await? { Outcome::Closed } else { Outcome::Unchanged })
}
