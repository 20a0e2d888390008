//! Orders: the amount of today, frozen, to be paid at one provider until 24:00.

use crate::ticket::{self, Decision};
use crate::{alipay, answer, pages};
use http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use zerotrip_domain::late_fee::Payable;
use zerotrip_domain::payment::next_check_after_ms;
use zerotrip_domain::{Day, Fen};
use zerotrip_platform::{Db, Id, Problem, Reply, Request, clock};

/// With whom to pay.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewOrder {
    /// One of the ticket's providers.
    provider: String,
}

/// Where to pay.
#[derive(Serialize, ToSchema)]
pub struct Ordered {
    order: String,
    amount_fen: i64,
    /// Unix ms.
    expires_at: u64,
    /// The provider's cashier; a page of ours leads there by itself.
    cashier: String,
}

/// How an order stands.
#[derive(Serialize, ToSchema)]
pub struct Status {
    pub code: String,
    pub order: String,
    /// `pending`, `paid` or `closed`.
    pub state: String,
    pub amount_fen: i64,
    /// Unix ms.
    pub expires_at: i64,
}

/// An order that may be paid.
pub struct Order {
    pub id: String,
    pub amount: Fen,
    pub expires_at: u64,
}

#[utoipa::path(post, path = "/fines/{code}/orders", params(("code" = String, Path)), request_body = NewOrder,
    responses((status = 201, body = Ordered), (status = 303, description = "A form was sent: to the cashier")))]
pub async fn create(request: &Request, code: &str) -> Result<Reply, Problem> {
    let provider = if request.is_form() {
        request.field("provider").unwrap_or_default()
    } else {
        request.json::<NewOrder>()?.provider
    };
    if provider != alipay::NAME {
        return Err(Problem::invalid("provider must be one of the ticket's providers"));
    }
    let (db, decision) = ticket::find(code).await?;
    let now = clock::now_ms();
    let order = open(&db, &decision, alipay::NAME, now).await?;
    let cashier = alipay::cashier(&order, &decision.ticket.code, &decision.ticket.number, now).await?;
    if request.is_form() {
        return Ok(Reply::see_other(&cashier));
    }
    let ordered =
        Ordered { order: order.id, amount_fen: order.amount.get(), expires_at: order.expires_at, cashier };
    Ok(Reply::json(StatusCode::CREATED, &ordered))
}

/// The one pending order of this decision, provider and day.
async fn open(db: &Db, decision: &Decision, provider: &str, now: u64) -> Result<Order, Problem> {
    if decision.ticket.payment.is_some() {
        return Err(paid());
    }
    if decision.revoked {
        return Err(revoked());
    }
    let today = Day::at(now);
    let payable = Payable::on(today, decision.fine, decision.due);
    let order = Order { id: number(today), amount: payable.total(), expires_at: today.end_ms() };
    // Neither paid nor revoked in the meantime, and no second one beside a pending one.
    let made = db
        .one(
            "INSERT INTO orders (id, provider, day, amount_fen, late_fee_fen, state, created_at, expires_at, \
             next_check_at, decision) \
             SELECT $1, $2, $3, CAST($4 AS BIGINT), CAST($5 AS BIGINT), 'pending', CAST($6 AS BIGINT), \
             CAST($7 AS BIGINT), CAST($8 AS BIGINT), d.id FROM decisions d \
             WHERE d.id = $9 AND d.revoked_at IS NULL \
             AND NOT EXISTS (SELECT 1 FROM orders o WHERE o.decision = d.id AND o.state = 'paid') \
             ON CONFLICT DO NOTHING RETURNING id",
            [
                order.id.as_str().into(),
                provider.into(),
                today.to_string().into(),
                order.amount.get().into(),
                payable.late_fee.get().into(),
                now.into(),
                order.expires_at.into(),
                (now + next_check_after_ms(0)).into(),
                decision.id.into(),
            ],
        )
        .await?;
    if made.is_some() {
        return Ok(order);
    }
    let pending = db
        .one(
            "SELECT id, amount_fen FROM orders \
             WHERE decision = $1 AND provider = $2 AND day = $3 AND state = 'pending'",
            [decision.id.into(), provider.into(), today.to_string().into()],
        )
        .await?
        .ok_or_else(paid)?;
    let amount = Fen::new(pending.int(1)?).map_err(|_| Problem::unavailable("a stored amount is none"))?;
    Ok(Order { id: pending.text(0)?.to_owned(), amount, ..order })
}

/// `yyyyMMdd` and 20 hex digits: within every provider's alphabet and length.
fn number(today: Day) -> String {
    let random = Id::random().to_string();
    format!("{}{}", today.to_string().replace('-', ""), &random[..20])
}

#[utoipa::path(get, path = "/fines/{code}/orders/{order}",
    params(("code" = String, Path), ("order" = String, Path)), responses((status = 200, body = Status)))]
pub async fn status(request: &Request, code: &str, order: &str) -> Result<Reply, Problem> {
    let (db, decision) = ticket::find(code).await?;
    let row = db
        .one(
            "SELECT id, state, amount_fen, expires_at FROM orders WHERE id = $1 AND decision = $2",
            [order.into(), decision.id.into()],
        )
        .await?
        .ok_or_else(Problem::not_found)?;
    let status = Status {
        code: decision.ticket.code,
        order: row.text(0)?.to_owned(),
        state: row.text(1)?.to_owned(),
        amount_fen: row.int(2)?,
        expires_at: row.int(3)?,
    };
    Ok(answer::either(request, &status, || pages::order(&status)))
}

fn paid() -> Problem {
    Problem::new(
        StatusCode::CONFLICT,
        "already-paid",
        "Paid already",
        "该罚款已缴纳",
        "Nothing is to be paid. See the receipt.",
    )
}

fn revoked() -> Problem {
    Problem::new(
        StatusCode::CONFLICT,
        "decision-revoked",
        "Decision revoked",
        "该决定书已撤销，无需缴款",
        "Nothing is to be paid.",
    )
}
