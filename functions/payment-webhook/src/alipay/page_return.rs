//! The payer comes back from Alipay's cashier, with a signature that only says which order it was.

use super::notification::verified;
use crate::page_return;
use crate::provider::field;
use zerotrip_platform::{Db, Problem, Reply, Request, clock};

#[utoipa::path(get, path = "/pay/alipay/return", responses((status = 303, description = "To the order's page")))]
pub async fn back(request: &Request) -> Result<Reply, Problem> {
    let fields = verified(request.query.as_bytes())?;
    let order = field(&fields, "out_trade_no");
    page_return::show(&Db::open().await?, order, true, clock::now_ms()).await
}
