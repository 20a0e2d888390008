//! Orders: the amount of today, frozen, to be paid at one provider until 24:00.

use crate::provider::{self, Cashier, End, Placed};
use crate::supersede::supersede;
use crate::ticket::{self, Decision};
use crate::{answer, pages};
use http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use zerotrip_domain::decision_event::Record;
use zerotrip_domain::late_fee::Payable;
use zerotrip_domain::payment::next_check_after_ms;
use zerotrip_domain::{Day, Fen, Provider};
use zerotrip_platform::{Db, Id, Problem, Reply, Request, clock};

/// Of one decision within an hour: whoever changes his mind more often than that is no payer.
const MOST_ORDERS: i64 = 50;
const HOUR_MS: u64 = 3_600_000;

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
    /// The provider's cashier, for the browser that asked; a page of ours leads there by itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    cashier: Option<String>,
    /// Instead of it, the text of a QR code for the provider's app on another device.
    #[serde(skip_serializing_if = "Option::is_none")]
    qr: Option<String>,
}

/// How an order stands.
#[derive(Serialize, ToSchema)]
pub struct Status {
    pub code: String,
    pub order: String,
    /// `pending`, `paid`, `closed`, `surplus`: paid, when the ticket was settled by another order already, or `underpaid`: with
    /// less than was owed, so that the ticket is still open.
    pub state: String,
    /// If money of it goes back: `due`, `outside` (a person makes it) or `done`.
    pub refund: Option<String>,
    /// So much.
    pub refund_fen: Option<i64>,
    /// What its cashier takes; once something is paid, what was. If what was recorded since has changed what is owed, the ticket
    /// says so, and what is paid too much goes back.
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
    let offered = provider::viewer(request).offers(&provider::live().await?);
    let provider: Provider = provider
        .parse()
        .ok()
        .filter(|provider| offered.contains(provider))
        .ok_or_else(|| Problem::invalid("provider must be one of the ticket's providers"))?;
    let (db, decision) = ticket::find(code).await?;
    let now = clock::now_ms();
    still_owed(&decision)?;
    supersede(&db, &decision, now).await?;
    let mut order = open(&db, &decision, provider, now).await?;
    let mut placed = provider::place(provider, &db, &order, &decision, request, now).await?;
    if let Placed::OtherTerms = placed {
        order = renew(&db, &decision, provider, &order.id, now).await?;
        placed = provider::place(provider, &db, &order, &decision, request, now).await?;
    }
    let (cashier, qr) = match placed {
        Placed::At(Cashier::Address(address)) => (Some(address), None),
        Placed::At(Cashier::Code(text)) => (None, Some(text)),
        Placed::Paid => return Err(paid_just_now()),
        Placed::OtherTerms => {
            return Err(Problem::unavailable("an order is refused however often it is made anew"));
        }
    };
    if !request.is_form() {
        let (amount_fen, expires_at) = (order.amount.get(), order.expires_at);
        let ordered = Ordered { order: order.id, amount_fen, expires_at, cashier, qr };
        return Ok(Reply::json(StatusCode::CREATED, &ordered));
    }
    match (cashier, qr) {
        (Some(address), _) => Ok(Reply::see_other(&address)),
        (None, text) => {
            let page = pages::code(&order, provider, &decision.ticket.code, &text.unwrap_or_default());
            Ok(Reply::html(StatusCode::OK, page))
        }
    }
}

/// Another order in the place of one that the provider holds with other terms: that one is ended there first, so that
/// only one of them can be paid.
pub async fn renew(
    db: &Db,
    decision: &Decision,
    provider: Provider,
    old: &str,
    now: u64,
) -> Result<Order, Problem> {
    let sql = "SELECT COUNT(*) FROM orders WHERE decision = $1 AND created_at > $2";
    let orders = db.one(sql, [decision.id.into(), now.saturating_sub(HOUR_MS).into()]).await?;
    if orders.map_or(Ok(0), |row| row.int(0))? >= MOST_ORDERS {
        return Err(too_many());
    }
    if provider::end(provider, db, old, now).await? == End::Paid {
        return Err(paid_just_now());
    }
    close(db, old, now).await?;
    open(db, decision, provider, now).await
}

/// Closes it, unless it is paid.
pub async fn close(db: &Db, order: &str, now: u64) -> Result<(), Problem> {
    db.run(
        "UPDATE orders SET state = 'closed', closed_at = $1 WHERE id = $2 AND state = 'pending'",
        [now.into(), order.into()],
    )
    .await?;
    Ok(())
}

/// An order of this decision that waits for its payment and may still be paid.
pub async fn pending(db: &Db, decision: &Decision, id: &str, now: u64) -> Result<Order, Problem> {
    still_owed(decision)?;
    let row = db
        .one(
            "SELECT id, amount_fen, expires_at FROM orders WHERE id = $1 AND decision = $2 AND state = 'pending' \
             AND expires_at > $3",
            [id.into(), decision.id.into(), now.into()],
        )
        .await?
        .ok_or_else(Problem::not_found)?;
    Ok(Order {
        id: row.text(0)?.to_owned(),
        amount: amount(row.int(1)?)?,
        expires_at: u64::try_from(row.int(2)?).map_err(|_| Problem::unavailable("a stored time is none"))?,
    })
}

fn amount(fen: i64) -> Result<Fen, Problem> {
    Fen::new(fen).map_err(|_| Problem::unavailable("a stored amount is none"))
}

/// The one pending order of this decision, provider, day and amount.
async fn open(db: &Db, decision: &Decision, provider: Provider, now: u64) -> Result<Order, Problem> {
    // The pending one may be closed by another request between two looks.
    for _ in 0..2 {
        if let Some(order) = try_open(db, decision, provider, now).await? {
            return Ok(order);
        }
    }
    still_owed(&ticket::find(&decision.ticket.code).await?.1)?;
    Err(Problem::unavailable("an order kept changing"))
}

/// Whether anything is to be paid.
fn still_owed(decision: &Decision) -> Result<(), Problem> {
    match (&decision.ticket.payment, decision.revoked) {
        (Some(_), _) => Err(paid()),
        (None, true) => Err(revoked()),
        (None, false) => Ok(()),
    }
}

async fn try_open(
    db: &Db,
    decision: &Decision,
    provider: Provider,
    now: u64,
) -> Result<Option<Order>, Problem> {
    still_owed(decision)?;
    let today = Day::at(now);
    let payable = Payable::on(today, decision.fine, decision.due, &decision.record);
    let frozen = frozen(today, decision, payable);
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
                provider.name().into(),
                frozen.as_str().into(),
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
        return Ok(Some(order));
    }
    let pending = db
        .one(
            "SELECT id, amount_fen FROM orders \
             WHERE decision = $1 AND provider = $2 AND day = $3 AND state = 'pending'",
            [decision.id.into(), provider.name().into(), frozen.into()],
        )
        .await?;
    let Some(pending) = pending else { return Ok(None) };
    Ok(Some(Order { id: pending.text(0)?.to_owned(), amount: amount(pending.int(1)?)?, ..order }))
}

/// What stands for the amount in the order's key: the day, and the amount if what was recorded has changed it.
fn frozen(today: Day, decision: &Decision, payable: Payable) -> String {
    let plain = Payable::on(today, decision.fine, decision.due, &Record::default());
    if payable.total() == plain.total() {
        today.to_string()
    } else {
        format!("{today}/{}", payable.total().get())
    }
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
            "SELECT o.id, o.state, o.amount_fen, o.expires_at, r.state, r.amount_fen FROM orders o \
             LEFT JOIN refunds r ON r.order_id IN (o.id, o.id || '-excess') \
             WHERE o.id = $1 AND o.decision = $2 ORDER BY r.order_id LIMIT 1",
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
        refund: row.optional_text(4)?.map(str::to_owned),
        refund_fen: if row.is_null(5) { None } else { Some(row.int(5)?) },
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

fn too_many() -> Problem {
    let mut problem = Problem::new(
        StatusCode::TOO_MANY_REQUESTS,
        "too-many-orders",
        "Ordered too often",
        "下单过于频繁，请换一种付款方式",
        "Pay with the order that was made last, or at another provider.",
    );
    problem.retry_after_s = Some(3600);
    problem
}

/// Its provider has a payment that we are not told of yet.
pub fn paid_just_now() -> Problem {
    Problem::new(
        StatusCode::CONFLICT,
        "payment-under-way",
        "Paid a moment ago",
        "付款正在确认中",
        "The provider has a payment of this order. Look at the ticket again in a minute.",
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
