//! 支付宝: an order is a signed address of its cashier (`alipay.trade.wap.pay`).

use crate::broken;
use crate::order::Order;
use crate::signing::alipay_request;
use serde_json::json;
use zerotrip_domain::day;
use zerotrip_platform::{Problem, settings};

/// As clients and the database name it.
pub const NAME: &str = "alipay";

/// Where the payer pays `order` of the ticket `code`.
pub async fn cashier(order: &Order, code: &str, number: &str, now_ms: u64) -> Result<String, Problem> {
    let public = settings::get("public_url").await?;
    let public = public.trim_end_matches('/');
    let origin = settings::get("alipay_origin").await?;
    let content = json!({
        "product_code": "QUICK_WAP_WAY",
        "out_trade_no": order.id,
        "total_amount": order.amount.to_string(),
        "subject": format!("交通违法罚款 {number}"),
        "time_expire": day::stamp(order.expires_at),
        "quit_url": format!("{public}/f/{code}"),
    });
    let parameters = [
        ("biz_content", content.to_string()),
        ("notify_url", format!("{public}/pay/alipay/notifications")),
        ("return_url", format!("{public}/pay/alipay/return")),
    ]
    .map(|(name, value)| (name.to_owned(), value));
    let signed = alipay_request::sign("alipay.trade.wap.pay", &parameters, now_ms).map_err(broken)?;
    Ok(format!("{}/gateway.do?{signed}", origin.trim_end_matches('/')))
}
