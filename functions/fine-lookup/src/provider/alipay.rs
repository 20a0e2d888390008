//! 支付宝: an order is a signed address of its cashier (`alipay.trade.wap.pay`).

use super::{Cashier, End, Placed, public_url, subject};
use crate::broken;
use crate::order::Order;
use crate::signing::{alipay_request, alipay_verify};
use crate::ticket::Decision;
use serde::Deserialize;
use serde_json::json;
use zerotrip_domain::day;
use zerotrip_platform::{Problem, alipay};

/// Signs the address; Alipay hears of the order when the payer opens it.
pub async fn place(order: &Order, decision: &Decision, now_ms: u64) -> Result<Placed, Problem> {
    let public = public_url().await?;
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
    Ok(Placed::At(Cashier::Address(format!("{}?{signed}", alipay::gateway().await?))))
}

/// `alipay.trade.close`. Alipay has no trade to close before the payer has opened the address, which he may still do.
pub async fn end(order: &str, now_ms: u64) -> Result<End, Problem> {
    #[derive(Deserialize)]
    struct Answer {
        code: String,
        #[serde(default)]
        sub_code: String,
    }
    let method = "alipay.trade.close";
    let content = ("biz_content".to_owned(), json!({ "out_trade_no": order }).to_string());
    let signed = alipay_request::sign(method, &[content], now_ms).map_err(broken)?;
    let text = alipay_verify::answer(method, &alipay::send(&signed).await?).map_err(broken)?;
    let answer: Answer = serde_json::from_str(&text)
        .map_err(|_| Problem::unavailable("an answer of alipay is not of its form"))?;
    match (answer.code.as_str(), answer.sub_code.as_str()) {
        ("10000", _) => Ok(End::Over),
        (_, "ACQ.TRADE_NOT_EXIST") => Ok(End::Open),
        (_, "ACQ.TRADE_STATUS_ERROR" | "ACQ.REASON_TRADE_STATUS_INVALID") => Ok(End::Paid),
        (code, sub_code) => Err(Problem::unavailable(&format!("alipay close: code {code} {sub_code}"))),
    }
}
