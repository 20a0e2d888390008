//! The janitor: asks about orders that a provider is silent about and about payments that only a bill has, closes those whose
//! day is over, sends back what was paid too much, and keeps the providers' certificates fresh.

use crate::provider::{self, Trade};
use crate::settle::{self, Outcome};
use crate::{live, recheck, refunds, wechat_pay, work_items};
use http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;
use zerotrip_accounts::authority;
use zerotrip_domain::Provider;
use zerotrip_domain::payment::next_check_after_ms;
use zerotrip_platform::{Db, Problem, Reply, Request, clock};

/// Orders looked at in one run, and how long a run may take before it leaves the rest to the next.
const MOST: u32 = 100;
const PATIENCE_MS: u64 = 15_000;
/// Of that, for refunds, which come first.
const REFUNDS_MS: u64 = 7_000;

/// What a run did.
#[derive(Default, Serialize, ToSchema)]
pub struct Done {
    /// Orders that were due.
    checked: u32,
    settled: u32,
    closed: u32,
    /// Could not be asked about; due again later.
    failed: u32,
    refunds: refunds::RefundsDone,
    /// Payments that a bill has and we did not.
    billed: recheck::Asked,
    /// What waits for a person, of every kind.
    to_review: i64,
}

struct Due {
    order: String,
    provider: Provider,
    expires_at: u64,
}

#[utoipa::path(post, path = "/pay/jobs/janitor", responses((status = 200, body = Done)))]
pub async fn run(request: &Request) -> Result<Reply, Problem> {
    let db = Db::open().await?;
    let scheduler = authority::scheduler(request, &db).await?;
    let began = clock::now_ms();
    let mut done = Done::default();
    if live::providers().await?.contains(&Provider::WechatPay) {
        // Without them nothing is verified that is signed under them; logged where it fails, and tried again.
        let _ = wechat_pay::certificates::refresh(&db, false, began).await;
    }
    done.refunds = refunds::run(&db, &scheduler, began + REFUNDS_MS).await?;
    let mut failing = Vec::new();
    while done.checked < MOST && clock::now_ms() < began + PATIENCE_MS {
        let now = clock::now_ms();
        let Some(due) = take(&db, now).await? else { break };
        done.checked += 1;
        // One that hangs must not keep the others from being asked.
        if failing.contains(&due.provider) {
            done.failed += 1;
            continue;
        }
        match check(&db, &due, now).await {
            Ok(Outcome::Settled | Outcome::Surplus) => done.settled += 1,
            Ok(Outcome::Closed) => done.closed += 1,
            Ok(_) => {}
            // Logged where it failed.
            Err(_) => {
                done.failed += 1;
                failing.push(due.provider);
            }
        }
    }
    done.billed = recheck::settle(&db, began + PATIENCE_MS).await?;
    done.to_review = work_items::count(&db).await?;
    Ok(Reply::json(StatusCode::OK, &done))
}

/// Takes the order that is due longest, by moving its next check: of several janitors one gets it.
async fn take(db: &Db, now: u64) -> Result<Option<Due>, Problem> {
    let row = db
        .one(
            "UPDATE orders SET checks = checks + 1, next_check_at = CAST($1 AS BIGINT) + CASE checks \
               WHEN 0 THEN CAST($2 AS BIGINT) WHEN 1 THEN CAST($3 AS BIGINT) WHEN 2 THEN CAST($4 AS BIGINT) \
               ELSE CAST($5 AS BIGINT) END \
             WHERE state = 'pending' AND next_check_at <= $6 AND id = \
               (SELECT id FROM orders WHERE state = 'pending' AND next_check_at <= $7 \
                ORDER BY next_check_at LIMIT 1) \
             RETURNING id, provider, expires_at",
            [
                now.into(),
                next_check_after_ms(1).into(),
                next_check_after_ms(2).into(),
                next_check_after_ms(3).into(),
                next_check_after_ms(4).into(),
                now.into(),
                now.into(),
            ],
        )
        .await?;
    let Some(row) = row else { return Ok(None) };
    Ok(Some(Due {
        order: row.text(0)?.to_owned(),
        provider: provider::stored(row.text(1)?)?,
        expires_at: u64::try_from(row.int(2)?)
            .map_err(|_| Problem::unavailable("a stored order is not of its form"))?,
    }))
}

async fn check(db: &Db, due: &Due, now: u64) -> Result<Outcome, Problem> {
    let outcome = match provider::query(due.provider, db, &due.order, now).await? {
        Trade::Known(said) => settle::apply(db, &said, now).await?,
        Trade::None => Outcome::Unchanged,
    };
    if due.expires_at > now
        || matches!(outcome, Outcome::Settled | Outcome::Surplus | Outcome::Underpaid | Outcome::Closed)
    {
        return Ok(outcome);
    }
    // Paid in this very moment: the next check finds it. What is set aside is a person's, and not asked about for ever.
    let set_aside = matches!(outcome, Outcome::SetAside(_));
    if !set_aside && !provider::close(due.provider, db, &due.order, due.expires_at, now).await? {
        return Ok(Outcome::Unchanged);
    }
    Ok(if settle::close(db, &due.order, now).await? { Outcome::Closed } else { Outcome::Unchanged })
}
