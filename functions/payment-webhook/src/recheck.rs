//! What a bill says is paid and we do not know as paid: the provider is asked, and what it confirms is settled in the usual
//! way. A bill alone settles nothing.

use crate::provider::{self, Trade};
use crate::settle::apply;
use serde::Serialize;
use utoipa::ToSchema;
use zerotrip_domain::Provider;
use zerotrip_domain::payment::OrderState;
use zerotrip_domain::refund::next_try_after_ms;
use zerotrip_platform::{Db, Problem, clock};

/// What was asked.
#[derive(Default, Serialize, ToSchema)]
pub struct Asked {
    /// Paid now, as the bill says.
    pub settled: u32,
    /// No answer; asked again later.
    pub failed: u32,
}

/// A payment that a bill has and we do not.
struct Due {
    id: String,
    provider: Provider,
    day: String,
    digest: String,
    order: String,
    transaction: Option<String>,
    billed_fen: i64,
}

/// Asks about each difference that is due, until `stop`, Unix ms. As patiently as refunds are tried.
pub async fn settle(db: &Db, stop: u64) -> Result<Asked, Problem> {
    let mut asked = Asked::default();
    let mut failing = Vec::new();
    loop {
        let now = clock::now_ms();
        if now >= stop {
            return Ok(asked);
        }
        let Some(due) = take(db, now).await? else { return Ok(asked) };
        // One that hangs must not keep the others from being asked.
        if failing.contains(&due.provider) {
            asked.failed += 1;
            continue;
        }
        match check(db, &due, now).await {
            Ok(true) => asked.settled += 1,
            Ok(false) => {}
            // Logged where it failed.
            Err(_) => {
                asked.failed += 1;
                failing.push(due.provider);
            }
        }
    }
}

/// Takes the difference that is due longest, by moving its next check: of several jobs one gets it.
async fn take(db: &Db, now: u64) -> Result<Option<Due>, Problem> {
    let row = db
        .one(
            "UPDATE statement_differences SET checks = checks + 1, next_check_at = CAST($1 AS BIGINT) + CASE checks \
               WHEN 0 THEN CAST($2 AS BIGINT) WHEN 1 THEN CAST($3 AS BIGINT) WHEN 2 THEN CAST($4 AS BIGINT) \
               WHEN 3 THEN CAST($5 AS BIGINT) ELSE CAST($6 AS BIGINT) END \
             WHERE closed_at IS NULL AND next_check_at <= $7 AND id = \
               (SELECT id FROM statement_differences WHERE closed_at IS NULL AND next_check_at <= $8 \
                ORDER BY next_check_at LIMIT 1) \
             RETURNING id, provider, day, digest, order_no, transaction_no, billed_fen",
            [
                now.into(),
                next_try_after_ms(1).into(),
                next_try_after_ms(2).into(),
                next_try_after_ms(3).into(),
                next_try_after_ms(4).into(),
                next_try_after_ms(5).into(),
                now.into(),
                now.into(),
            ],
        )
        .await?;
    let Some(row) = row else { return Ok(None) };
    let text = |at| row.text(at).map(str::to_owned);
    Ok(Some(Due {
        id: text(0)?,
        provider: provider::stored(row.text(1)?)?,
        day: text(2)?,
        digest: text(3)?,
        order: text(4)?,
        transaction: row.optional_text(5)?.map(str::to_owned),
        billed_fen: row.int(6)?,
    }))
}

/// Whether the order is paid now as the bill says.
async fn check(db: &Db, due: &Due, now: u64) -> Result<bool, Problem> {
    if !agrees(db, due).await? {
        match provider::query(due.provider, db, &due.order, now).await? {
            Trade::Known(said) => drop(apply(db, &said, now).await?),
            Trade::None => return Ok(false),
        }
        if !agrees(db, due).await? {
            return Ok(false);
        }
    }
    db.run(
        "INSERT INTO reconciled (order_no, kind, provider, day, digest) VALUES ($1, 'payment', $2, $3, $4) \
         ON CONFLICT DO NOTHING",
        [
            due.order.as_str().into(),
            due.provider.name().into(),
            due.day.as_str().into(),
            due.digest.as_str().into(),
        ],
    )
    .await?;
    let closed = db
        .one(
            "UPDATE statement_differences SET closed_at = $1, closed_how = 'settled' \
             WHERE id = $2 AND closed_at IS NULL RETURNING id",
            [now.into(), due.id.as_str().into()],
        )
        .await?;
    Ok(closed.is_some())
}

/// Whether our books have the payment as the bill has it.
async fn agrees(db: &Db, due: &Due) -> Result<bool, Problem> {
    let row = db
        .one(
            "SELECT state, amount_fen, transaction_no FROM orders WHERE id = $1 AND provider = $2",
            [due.order.as_str().into(), due.provider.name().into()],
        )
        .await?;
    let Some(row) = row else { return Ok(false) };
    let paid = OrderState::named(row.text(0)?).is_some_and(OrderState::is_final);
    let other =
        matches!((&due.transaction, row.optional_text(2)?), (Some(said), Some(known)) if said != known);
    Ok(paid && !other && row.int(1)? == due.billed_fen)
}
