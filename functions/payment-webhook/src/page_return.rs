//! The payer comes back from a cashier. That proves nothing: the provider is asked, and the order's page shown.

use crate::provider::{self, Trade};
use crate::settle;
use zerotrip_domain::Provider;
use zerotrip_platform::{Db, Problem, Reply, Request, clock};

/// Between two questions about one order, and until the janitor asks.
const PAUSE_MS: u64 = 5_000;

/// Where cashiers that sign nothing lead to. The order's number, which nobody can guess, is all that it says.
#[utoipa::path(get, path = "/pay/return", params(("order" = String, Query)),
    responses((status = 303, description = "To the order's page")))]
pub async fn back(request: &Request) -> Result<Reply, Problem> {
    // The bank's page callback names it in its own way.
    let order = request.parameter("order").or_else(|| request.parameter("ORDERID"));
    let order = order.ok_or_else(Problem::not_found)?;
    let db = Db::open().await?;
    let now = clock::now_ms();
    // Anybody with an order's number may come here as often as he likes: the provider is asked every few seconds at most.
    let claimed = db
        .one(
            "UPDATE orders SET next_check_at = CAST($1 AS BIGINT) WHERE id = $2 AND state = 'pending' \
             AND (next_check_at <= $3 OR next_check_at > $4) RETURNING id",
            [(now + PAUSE_MS).into(), order.as_str().into(), now.into(), (now + PAUSE_MS).into()],
        )
        .await?;
    show(&db, &order, claimed.is_some(), now).await
}

/// Asks, if `ask`, about an order that still waits, and leads to its page.
pub async fn show(db: &Db, order: &str, ask: bool, now: u64) -> Result<Reply, Problem> {
    let row = db
        .one(
            "SELECT d.code, o.state, o.provider FROM orders o JOIN decisions d ON d.id = o.decision WHERE o.id = $1",
            [order.into()],
        )
        .await?
        .ok_or_else(Problem::not_found)?;
    let (code, state) = (row.text(0)?, row.text(1)?);
    if ask && state == "pending" {
        // Whatever fails here is logged where it fails; the page asks again, and so does the janitor.
        let provider: Provider = provider::stored(row.text(2)?)?;
        if let Ok(Trade::Known(said)) = provider::query(provider, db, order, now).await {
            let _ = settle::apply(db, &said, now).await;
        }
    }
    Ok(Reply::see_other(&format!("/fines/{code}/orders/{order}")))
}
