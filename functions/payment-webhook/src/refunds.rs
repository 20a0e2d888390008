//! Every yuan too much goes back: what is due is found, asked for, and asked for again until it is done.

use crate::provider::{self, Refund, Refunded};
use http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use zerotrip_accounts::authority::{self, Scheduler};
use zerotrip_domain::Fen;
use zerotrip_domain::payment::OrderState;
use zerotrip_domain::refund::{self, Cause, RefundId, TRIES_ALONE, next_try_after_ms};
use zerotrip_platform::{Db, Problem, Reply, Request, Row, clock, log};

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
        match provider::refund(provider, db, &refund, now).await {
            Ok(what) => {
                match what {
                    Refunded::Done(_) => done.done += 1,
                    Refunded::Never => done.outside += 1,
                    Refunded::UnderWay => {}
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

/// Stores what became of a refund. One that is done stays so.
pub async fn record(db: &Db, id: &RefundId, what: Refunded, now: u64) -> Result<(), Problem> {
    let id = id.to_string();
    match what {
        Refunded::UnderWay => {}
        Refunded::Done(reference) => {
            db.run(
                "UPDATE refunds SET state = 'done', reference = $1, done_at = $2 WHERE order_id = $3 AND state <> 'done'",
                [reference.into(), now.into(), id.into()],
            )
            .await?;
        }
        Refunded::Never => {
            db.run(
                "UPDATE refunds SET state = 'outside' WHERE order_id = $1 AND state = 'due'",
                [id.as_str().into()],
            )
            .await?;
            log(&format!("ALARM a refund to be made by hand: order {id}"));
        }
    }
    Ok(())
}

/// How a refund was made outside.
#[derive(Deserialize, ToSchema)]
#[schema(as = RefundClosure)]
#[serde(deny_unknown_fields)]
pub struct Closure {
    /// The bank's number for it: 1 to 64 letters, digits and hyphens.
    reference: String,
}

/// An administrator says that a refund was made by hand: one that no provider's interface makes, or has refused for hours.
#[utoipa::path(post, path = "/pay/refunds/{refund}/closure", params(("refund" = String, Path)), request_body = Closure,
    responses((status = 204, description = "The refund is done")))]
pub async fn close(request: &Request, refund: &str) -> Result<Reply, Problem> {
    let Closure { reference } = request.json()?;
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '-';
    if reference.is_empty() || reference.len() > 64 || !reference.chars().all(plain) {
        return Err(Problem::invalid("reference must be 1 to 64 letters, digits and hyphens"));
    }
    let db = Db::open().await?;
    let person = authority::administrator(request, &db).await?.0.principal;
    let closed = db
        .one(
            "UPDATE refunds SET state = 'done', reference = $1, done_at = $2, closed_by = $3 \
             WHERE order_id = $4 AND (state = 'outside' OR (state = 'due' AND tries > CAST($5 AS BIGINT))) \
             RETURNING order_id",
            [
                reference.as_str().into(),
                clock::now_ms().into(),
                person.into(),
                refund.into(),
                i64::from(TRIES_ALONE).into(),
            ],
        )
        .await?;
    if closed.is_some() {
        return Ok(Reply::no_content());
    }
    let known = db
        .one("SELECT state, reference FROM refunds WHERE order_id = $1", [refund.into()])
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
