//! Every yuan too much goes back: what is due is found, asked for, and asked for again until it is done.

use crate::provider::{self, Refund, Refunded};
use serde::Serialize;
use utoipa::ToSchema;
use zerotrip_accounts::authority::Scheduler;
use zerotrip_domain::Fen;
use zerotrip_domain::payment::OrderState;
use zerotrip_domain::refund::{self, CALL_MS, Cause, RefundId, next_try_after_ms};
use zerotrip_platform::{Db, Problem, Row, clock, log, outbound};

/// Refunds looked at in one run.
const MOST: u32 = 100;
/// Orders whose refunds are found in one run.
const MOST_FOUND: i64 = 200;

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
        match outbound::within(CALL_MS, provider::refund(provider, db, &refund, now)).await {
            Ok(what) => {
                match what {
                    Refunded::Done(_) => done.done += 1,
                    Refunded::Never => done.outside += 1,
                    Refunded::UnderWay(_) => {}
                }
                record(db, &refund.id, what, now).await?;
            }
            // Logged where it failed.
            Err(_) => done.failed += 1,
        }
    }
    Ok(done)
}

/// Finds orders of which money goes back, and stores what: one row for each part, whoever finds it how often. What an order
/// is when it is final, and that its decision is revoked, never changes again.
async fn find(db: &Db, now: u64) -> Result<(), Problem> {
    let orders = db
        .run(
            "SELECT o.id, o.provider, o.state, o.amount_fen, d.fine_fen + o.late_fee_fen, d.revoked_at FROM orders o \
             JOIN decisions d ON d.id = o.decision WHERE o.id IN (\
               SELECT s.id FROM orders s WHERE s.state = 'surplus' \
               AND NOT EXISTS (SELECT 1 FROM refunds r WHERE r.order_id = s.id) \
               UNION ALL SELECT u.id FROM orders u WHERE u.state = 'underpaid' \
               AND NOT EXISTS (SELECT 1 FROM refunds r WHERE r.order_id = u.id) \
               UNION ALL SELECT e.id FROM orders e WHERE e.review = 'overpaid' AND e.state = 'paid' \
               AND NOT EXISTS (SELECT 1 FROM refunds r WHERE r.order_id = e.id || '-excess') \
               UNION ALL SELECT p.id FROM decisions v CROSS JOIN orders p \
               WHERE v.revoked_at IS NOT NULL AND p.decision = v.id AND p.state = 'paid' \
               AND NOT EXISTS (SELECT 1 FROM refunds r WHERE r.order_id = p.id)) \
             ORDER BY o.id LIMIT CAST($1 AS BIGINT)",
            [MOST_FOUND.into()],
        )
        .await?;
    for row in &orders {
        for due in due(row)? {
            db.run(
                "INSERT INTO refunds (order_id, provider, amount_fen, cause, state, created_at, next_try_at) \
                 VALUES ($1, $2, $3, $4, 'due', $5, $6) ON CONFLICT DO NOTHING",
                [
                    RefundId::new(row.text(0)?, due.part).to_string().into(),
                    row.text(1)?.into(),
                    due.amount.get().into(),
                    due.cause.name().into(),
                    now.into(),
                    now.into(),
                ],
            )
            .await?;
        }
    }
    Ok(())
}

fn due(row: &Row) -> Result<Vec<refund::Due>, Problem> {
    let odd = || Problem::unavailable("a stored order is not of its form");
    let fen = |at| Fen::new(row.int(at)?).map_err(|_| odd());
    let state = OrderState::named(row.text(2)?).ok_or_else(odd)?;
    Ok(refund::due(state, fen(3)?, fen(4)?, !row.is_null(5)))
}

/// Takes the refund that is due longest, by moving its next try: of several jobs one gets it, and nobody else until its call is
/// over. One that a person has taken over is not due any more.
async fn take(db: &Db, now: u64) -> Result<Option<(zerotrip_domain::Provider, Refund)>, Problem> {
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
    let odd = || Problem::unavailable("a stored refund is not of its form");
    let id = RefundId::parse(row.text(0)?);
    let cause: Cause = row.text(3)?.parse().map_err(|_| odd())?;
    let fen = |row: &Row, at| Fen::new(row.int(at)?).map_err(|_| odd());
    let order = db.one("SELECT amount_fen FROM orders WHERE id = $1", [id.order().into()]).await?;
    let paid = fen(&order.ok_or_else(odd)?, 0)?;
    let refund = Refund { amount: fen(&row, 2)?, paid, cause, id };
    Ok(Some((provider::stored(row.text(1)?)?, refund)))
}

/// Whether we asked for just this refund.
pub async fn is_ours(db: &Db, id: &RefundId, amount_fen: i64) -> Result<bool, Problem> {
    let row = db
        .one(
            "SELECT order_id FROM refunds WHERE order_id = $1 AND amount_fen = $2",
            [id.to_string().into(), amount_fen.into()],
        )
        .await?;
    Ok(row.is_some())
}

/// What was to be stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Recorded {
    /// It is, or was already.
    Agrees,
    /// Somebody has made it by hand, under another number: it went back twice.
    MadeByHand,
}

/// Stores what became of a refund. One that is done stays so.
pub async fn record(db: &Db, id: &RefundId, what: Refunded, now: u64) -> Result<Recorded, Problem> {
    let id = id.to_string();
    match what {
        Refunded::UnderWay(None) => {}
        Refunded::UnderWay(Some(reference)) => {
            db.run(
                "UPDATE refunds SET reference = $1 WHERE order_id = $2 AND state = 'due'",
                [reference.into(), id.into()],
            )
            .await?;
        }
        Refunded::Done(reference) => return done(db, &id, &reference, now).await,
        Refunded::Never => {
            let handed_over = db
                .one(
                    "UPDATE refunds SET state = 'outside' WHERE order_id = $1 AND state = 'due' RETURNING order_id",
                    [id.as_str().into()],
                )
                .await?;
            // Told again, or after somebody has made it, it calls nobody.
            if handed_over.is_some() {
                log(&format!("ALARM a refund to be made by hand: order {id}"));
            }
        }
    }
    Ok(Recorded::Agrees)
}

async fn done(db: &Db, id: &str, reference: &str, now: u64) -> Result<Recorded, Problem> {
    let stored = db
        .one(
            "UPDATE refunds SET state = 'done', reference = $1, done_at = $2 WHERE order_id = $3 AND state <> 'done' \
             RETURNING order_id",
            [reference.into(), now.into(), id.into()],
        )
        .await?;
    if stored.is_some() {
        return Ok(Recorded::Agrees);
    }
    let by_hand = db
        .one(
            "SELECT order_id FROM refunds WHERE order_id = $1 AND closed_by IS NOT NULL AND reference <> $2",
            [id.into(), reference.into()],
        )
        .await?;
    if by_hand.is_none() {
        return Ok(Recorded::Agrees);
    }
    log(&format!("ALARM a refund was made by hand and by its provider: order {id}"));
    Ok(Recorded::MadeByHand)
}
