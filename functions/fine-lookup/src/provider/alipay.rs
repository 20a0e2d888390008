//! 支付宝: an order is a signed address of its cashier (`alipay.trade.wap.pay`).

use super::{Cashier, Placed, public_url, subject};
use crate::broken;
use crate::order::Order;
use crate::signing::alipay_request;
use crate::ticket::Decision;
use serde_json::json;
use zerotrip_domain::day;
use zerotrip_platform::{Problem, settings};

/// Signs the address; Alipay hears of the order when the payer opens it.
pub async fn place(order: &Order, decision: &Decision, now_ms: u64) -> Result<Placed, Problem> {
    let public = public_url().await?;
    let origin = settings::get("alipay_origin").await?;
    let content = json!({
        "product_code": "QUICK_WAP_WAY",
        "out_trade_no": order.id,
        "total_amount": order.amount.to_string(),
        "subject": subject(decision),
        "time_expire": day::stamp(order.expires_at),
        "quit_url": format!("{public}/f/{}", decision.ticket.code),
    });
    let parameters = [
        ("biz_content", content.to_string()),
        ("notify_url", format!("{public}/pay/alipay/notifications")),
        ("return_url", format!("{public}/pay/alipay/return")),
    ]
    .map(|(name, value)| (name.to_owned(), value));
    let signed = alipay_request::sign("alipay.trade.wap.pay", &parameters, now_ms).map_err(broken)?;
    Ok(Placed::At(Cashier::Address(format!("{}/gateway.do?{signed}", origin.trim_end_matches('/')))))
}
