//! 退款: made once, whoever asks how often; and what its notification says.

use super::api;
use crate::provider::{Refund, Refunded};
use http::Method;
use serde::Deserialize;
use serde_json::json;
use zerotrip_platform::wechat_pay::failed;
use zerotrip_platform::{Db, Problem, settings};

#[derive(Deserialize)]
struct Answer {
    refund_id: String,
    out_refund_no: String,
    status: String,
    amount: Amount,
}

#[derive(Deserialize)]
struct Amount {
    refund: i64,
}

/// What a refund's notification says.
#[derive(Deserialize)]
pub struct Notified {
    #[serde(default)]
    pub mchid: String,
    pub out_trade_no: String,
    pub out_refund_no: String,
    pub refund_id: String,
    pub refund_status: String,
    amount: Amount,
}

impl Notified {
    /// From JSON text; none if it is of another form.
    pub fn parse(text: &str) -> Option<Self> {
        serde_json::from_str(text).ok()
    }

    /// What goes back, in fen.
    pub fn fen(&self) -> i64 {
        self.amount.refund
    }
}

const ODD: &str = "a refund of wechat-pay is not of its form";

/// Sends money of an order back, or finds how that stands: the same call tells both.
pub async fn make(db: &Db, refund: &Refund, now_ms: u64) -> Result<Refunded, Problem> {
    let public = settings::get("public_url").await?;
    let fen = refund.amount.get();
    let body = json!({
        "out_trade_no": refund.id.order(), "out_refund_no": refund.id.number(), "reason": refund.reason(),
        "notify_url": format!("{}/pay/wechat-pay/notifications", public.trim_end_matches('/')),
        "amount": { "refund": fen, "total": refund.paid.get(), "currency": "CNY" },
    });
    let said = api::call(db, Method::POST, "/v3/refund/domestic/refunds", body.to_string(), now_ms).await?;
    let text = said.map_err(|code| failed("refund", &code))?;
    let answer: Answer = serde_json::from_str(&text).map_err(|_| Problem::unavailable(ODD))?;
    if answer.out_refund_no != refund.id.number() || answer.amount.refund != fen {
        return Err(Problem::unavailable("wechat-pay answers about another refund"));
    }
    Ok(state(&answer.status, answer.refund_id))
}

/// What one of WeChat Pay's words for a refund means.
pub fn state(status: &str, reference: String) -> Refunded {
    match status {
        "SUCCESS" => Refunded::Done(reference),
        // The payer's card is gone: a person sees to it on the merchant platform, and it ends as SUCCESS after all. Or the
        // account had too little for a week: it is over.
        "ABNORMAL" | "CLOSED" => Refunded::Never,
        _ => Refunded::UnderWay(Some(reference)),
    }
}
