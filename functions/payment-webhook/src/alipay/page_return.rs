//! The payer comes back from the cashier. That proves nothing: Alipay is asked, and the order's page shown.

use super::gateway::{self, Trade};
use super::notification::{field, verified};
use crate::settle;
use zerotrip_platform::{Db, Problem, Reply, Request, clock};

#[utoipa::path(get, path = "/pay/alipay/return", responses((status = 303, description = "To the order's page")))]
pub async fn back(request: &Request) -> Result<Reply, Problem> {
    let fields = verified(request.query.as_bytes())?;
    let order = field(&fields, "out_trade_no");
    let db = Db::open().await?;
    let row = db
        .one(
            "SELECT d.code, o.state FROM orders o JOIN decisions d ON d.id = o.decision WHERE o.id = $1",
            [order.into()],
        )
        .await?
        .ok_or_else(Problem::not_found)?;
    let (code, state) = (row.text(0)?, row.text(1)?);
    if state == "pending" {
        // Whatever fails here is logged where it fails; the page asks again, and so does the janitor.
        let now = clock::now_ms();
        if let Ok(Trade::Known(said)) = gateway::query(order, now).await {
            let _ = settle::apply(&db, &said, now).await;
        }
    }
    Ok(Reply::see_other(&format!("/fines/{code}/orders/{order}")))
}
