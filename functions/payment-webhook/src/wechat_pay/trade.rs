//! 查单, 关单, and what a transaction says.

use super::{WechatPay, api};
use crate::broken;
use crate::provider::Trade;
use crate::settle::{Authentic, Said};
use crate::signing::wechat_pay_verify::{self, Merchant};
use http::Method;
use serde::Deserialize;
use serde_json::json;
use zerotrip_domain::payment::{Report, TradeStatus};
use zerotrip_domain::{Fen, day};
use zerotrip_platform::wechat_pay::{closed, failed, is_unknown};
use zerotrip_platform::{Db, Problem};

/// A transaction, in a notification's resource and in an answer.
#[derive(Deserialize)]
pub struct Transaction {
    #[serde(default)]
    pub appid: String,
    #[serde(default)]
    pub mchid: String,
    #[serde(default)]
    pub out_trade_no: String,
    #[serde(default)]
    transaction_id: String,
    #[serde(default)]
    trade_state: String,
    #[serde(default)]
    success_time: String,
    amount: Option<Amount>,
}

#[derive(Deserialize)]
struct Amount {
    /// Fen. What was ordered: `payer_total` may be less, by a coupon.
    total: i64,
    #[serde(default)]
    currency: String,
}

impl Transaction {
    /// From JSON text; none if it is of another form.
    pub fn parse(text: &str) -> Option<Self> {
        serde_json::from_str(text).ok()
    }

    /// What it means for the order.
    pub fn said(self, event: Option<String>, evidence: Vec<u8>, told_at: u64) -> Authentic {
        let paid_at = day::parse_rfc3339(&self.success_time);
        let status = match self.trade_state.as_str() {
            "NOTPAY" | "USERPAYING" | "ACCEPT" | "PAYERROR" => TradeStatus::Waiting,
            "SUCCESS" | "REFUND" if self.transaction_id.is_empty() => TradeStatus::Unknown,
            "SUCCESS" | "REFUND" => TradeStatus::Paid,
            "CLOSED" | "REVOKED" => TradeStatus::Closed,
            _ => TradeStatus::Unknown,
        };
        let amount = self.amount.filter(|amount| matches!(amount.currency.as_str(), "" | "CNY"));
        Authentic::by::<WechatPay>(Said {
            event,
            order: self.out_trade_no,
            report: Report {
                status,
                transaction: self.transaction_id,
                amount: amount.and_then(|amount| Fen::new(amount.total).ok()),
                refunded: self.trade_state == "REFUND",
            },
            paid_at,
            told_at,
            evidence,
        })
    }

    /// Whether it is of our app and merchant.
    pub fn is_of(&self, own: &Merchant) -> (bool, bool) {
        (self.appid == own.app_id, self.mchid == own.mch_id)
    }
}

/// How the trade of `order` stands.
pub async fn query(db: &Db, order: &str, now_ms: u64) -> Result<Trade, Problem> {
    let own = wechat_pay_verify::own_merchant().map_err(broken)?;
    let target = format!("/v3/pay/transactions/out-trade-no/{order}?mchid={}", own.mch_id);
    let text = match api::call(db, Method::GET, &target, String::new(), now_ms).await? {
        Ok(text) => text,
        Err(code) if is_unknown(&code) => return Ok(Trade::None),
        Err(code) => return Err(failed("query", &code)),
    };
    let odd = "a transaction of wechat-pay is not of its form";
    let transaction = Transaction::parse(&text).ok_or_else(|| Problem::unavailable(odd))?;
    if transaction.is_of(&own) != (true, true) || transaction.out_trade_no != order {
        return Err(Problem::unavailable("wechat-pay answers about another order"));
    }
    Ok(Trade::Known(Box::new(transaction.said(None, text.into_bytes(), now_ms))))
}

/// Makes sure that `order` cannot be paid any more; false if it has been paid meanwhile.
pub async fn close(db: &Db, order: &str, now_ms: u64) -> Result<bool, Problem> {
    let own = wechat_pay_verify::own_merchant().map_err(broken)?;
    let target = format!("/v3/pay/transactions/out-trade-no/{order}/close");
    let body = json!({ "mchid": own.mch_id }).to_string();
    closed(api::call(db, Method::POST, &target, body, now_ms).await?)
}
