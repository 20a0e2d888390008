//! Every yuan too much goes back: what is due is found, asked for, and asked for again until it is done.

use crate::authority::{self, Scheduler};
use crate::provider::{self, Refund, Refunded};
use http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use zerotrip_domain::Fen;
use zerotrip_domain::refund::{Cause, TRIES_ALONE, next_try_after_ms, number};
use zerotrip_platform::{Db, Problem, Reply, Request, clock, log};

/// Refunds looked at in one run.
const MOST: u32 = 100;

/// What a run did.
#[derive(Default, Serialize, ToSchema)]
pub struct RefundsDone {
    /// Asked for, or asked about.
    pub tried: u32,
    /// The money is back.
    pub done: u32,
    /// A person has to, now.
    pub outside: u32,
    /// Could not be asked for; due again later.
    pub failed: u32,
}

/// Finds what is due and asks for it, until `stop`, Unix ms. Money moves: only a scheduler may have it moved.
pub async fn run(db: &Db, _: &Scheduler, stop: u64) -> Result<RefundsDone, Problem> {
    find(db, clock::now_ms()).await?;
    let mut done = RefundsDone::default();
    while done.tried < MOST && clock::now_ms() < stop {
        let now = clock::now_ms();
        let Some((provider, refund)) = take(db, now).await? else { break };
        done.tried += 1;
        match provider::refund(provider, db, &refund, now).await {
            Ok(what) => {
                match what {
                    Refunded::Done(_) => done.done += 1,
                    Refunded::Never => done.outside += 1,
                    Refunded::UnderWay => {}
                }
                record(db, &refund.order, what, now).await?;
            }
            // Logged where it failed.
            Err(_) => done.failed += 1,
        }
    }
    Ok(done)
}

/// A surplus order, and a paid one whose decision is revoked. One row each, whoever finds it how often.
async fn find(db: &Db, now: u64) -> Result<(), Problem> {
    db.run(
        "INSERT INTO refunds (order_id, provider, amount_fen, cause, state, created_at, next_try_at) \
         SELECT o.id, o.provider, o.amount_fen, 'paid-twice', 'due', CAST($1 AS BIGINT), CAST($2 AS BIGINT) \
         FROM orders o WHERE o.state = 'surplus' AND NOT EXISTS (SELECT 1 FROM refunds r WHERE r.order_id = o.id) \
         ON CONFLICT DO NOTHING",
        [now.into(), now.into()],
    )
    .await?;
    db.run(
        "INSERT INTO refunds (order_id, provider, amount_fen, cause, state, created_at, next_try_at) \
         SELECT o.id, o.provider, o.amount_fen, 'revoked', 'due', CAST($1 AS BIGINT), CAST($2 AS BIGINT) \
         FROM decisions d CROSS JOIN orders o \
         WHERE d.revoked_at IS NOT NULL AND o.decision = d.id AND o.state = 'paid' \
         AND NOT EXISTS (SELECT 1 FROM refunds r WHERE r.order_id = o.id) ON CONFLICT DO NOTHING",
        [now.into(), now.into()],
    )
    .await?;
    Ok(())
}

/// Takes the refund that is due longest, by moving its next try: of several jobs one gets it.
async fn take(db: &Db, now: u64) -> Result<Option<(zerotrip_domain::Provider, Refund)>, Problem> {
    let step = |tries| i64::try_from(next_try_after_ms(tries)).unwrap_or(i64::MAX);
    let row = db
        .one(
            "UPDATE refunds SET tries = tries + 1, next_try_at = CAST($1 AS BIGINT) + CASE tries \
               WHEN 0 THEN CAST($2 AS BIGINT) WHEN 1 THEN CAST($3 AS BIGINT) WHEN 2 THEN CAST($4 AS BIGINT) \
               WHEN 3 THEN CAST($5 AS BIGINT) ELSE CAST($6 AS BIGINT) END \
             WHERE state = 'due' AND next_try_at <= $7 AND order_id = \
               (SELECT order_id FROM refunds WHERE state = 'due' AND next_try_at <= $8 \
                ORDER BY next_try_at LIMIT 1) \
             RETURNING order_id, provider, amount_fen, cause",
            [
                now.into(),
                step(1).into(),
                step(2).into(),
                step(3).into(),
                step(4).into(),
                step(5).into(),
                now.into(),
                now.into(),
            ],
        )
        .await?;
    let Some(row) = row else { return Ok(None) };
    let order = row.text(0)?.to_owned();
    let odd = || Problem::unavailable("a stored refund is not of its form");
    let cause: Cause = row.text(3)?.parse().map_err(|_| odd())?;
    let amount = Fen::new(row.int(2)?).map_err(|_| odd())?;
    let refund = Refund { number: number(&order), order, amount, cause };
    Ok(Some((provider::stored(row.text(1)?)?, refund)))
}

/// Whether we asked for just this refund.
pub async fn is_ours(db: &Db, order: &str, amount_fen: i64) -> Result<bool, Problem> {
    let row = db
        .one(
            "SELECT order_id FROM refunds WHERE order_id = $1 AND amount_fen = $2",
            [order.into(), amount_fen.into()],
        )
        .await?;
    Ok(row.is_some())
}

/// Stores what became of the refund of `order`. One that is done stays so.
pub async fn record(db: &Db, order: &str, what: Refunded, now: u64) -> Result<(), Problem> {
    match what {
        Refunded::UnderWay => {}
        Refunded::Done(reference) => {
            db.run(
                "UPDATE refunds SET state = 'done', reference = $1, done_at = $2 WHERE order_id = $3 AND state <> 'done'",
                [reference.into(), now.into(), order.into()],
            )
            .await?;
        }
        Refunded::Never => {
            db.run(
                "UPDATE refunds SET state = 'outside' WHERE order_id = $1 AND state = 'due'",
                [order.into()],
            )
            .await?;
            log(&format!("ALARM a refund to be made by hand: order {order}"));
        }
    }
    Ok(())
}

/// How a refund was made outside.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Closure {
    /// The bank's number for it: 1 to 64 letters, digits and hyphens.
    reference: String,
}

/// An administrator says that a refund was made by hand: one that no provider's interface makes, or has refused for hours.
#[utoipa::path(post, path = "/pay/refunds/{order}/closure", params(("order" = String, Path)), request_body = Closure,
    responses((status = 204, description = "The refund is done")))]
pub async fn close(request: &Request, order: &str) -> Result<Reply, Problem> {
    let Closure { reference } = request.json()?;
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '-';
    if reference.is_empty() || reference.len() > 64 || !reference.chars().all(plain) {
        return Err(Problem::invalid("reference must be 1 to 64 letters, digits and hyphens"));
    }
    let db = Db::open().await?;
    let authority::Administrator(person) = authority::administrator(request, &db).await?;
    let closed = db
        .one(
            "UPDATE refunds SET state = 'done', reference = $1, done_at = $2, closed_by = $3 \
             WHERE order_id = $4 AND (state = 'outside' OR (state = 'due' AND tries > CAST($5 AS BIGINT))) \
             RETURNING order_id",
            [
                reference.as_str().into(),
                clock::now_ms().into(),
                person.into(),
                order.into(),
                i64::from(TRIES_ALONE).into(),
            ],
        )
        .await?;
    if closed.is_some() {
        return Ok(Reply::no_content());
    }
    let known = db
        .one("SELECT state, reference FROM refunds WHERE order_id = $1", [order.into()])
        .await?
        .ok_or_else(Problem::not_found)?;
    // The same once more is no mistake.
    if known.text(0)? == "done" && known.optional_text(1)? == Some(reference.as_str()) {
        return Ok(Reply::no_content());
    }
    Err(Problem::new(
        StatusCode::CONFLICT,
        "refund-not-open",
        "Not to be closed by hand",
        "该退款不需要人工登记",
        "It is done already, or the provider makes it.",
    ))
}
