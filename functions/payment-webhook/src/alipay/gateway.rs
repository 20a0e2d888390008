//! What we ask Alipay: `alipay.trade.query`, `.close`, `.refund`. An answer counts only with its signature.

use super::{Alipay, status};
use crate::broken;
use crate::provider::{Refund, Refunded, Trade};
use crate::settle::{Authentic, Said};
use crate::signing::{alipay_request, alipay_verify};
use serde::Deserialize;
use serde_json::{Value, json};
use zerotrip_domain::payment::{Report, TradeStatus};
use zerotrip_domain::{Fen, day};
use zerotrip_platform::{Problem, alipay};

#[derive(Deserialize)]
struct Answer {
    code: String,
    #[serde(default)]
    sub_code: String,
    #[serde(default)]
    out_trade_no: String,
    #[serde(default)]
    trade_no: String,
    #[serde(default)]
    trade_status: String,
    #[serde(default)]
    total_amount: String,
    #[serde(default)]
    send_pay_date: String,
    #[serde(default)]
    refund_fee: String,
    #[serde(default)]
    refund_status: String,
    #[serde(default)]
    refund_amount: String,
}

const SUCCESS: &str = "10000";
const NO_TRADE: &str = "ACQ.TRADE_NOT_EXIST";

/// How the trade of `order` stands.
pub async fn query(order: &str, now_ms: u64) -> Result<Trade, Problem> {
    let (answer, evidence) = call("alipay.trade.query", &json!({ "out_trade_no": order }), now_ms).await?;
    if answer.sub_code == NO_TRADE {
        return Ok(Trade::None);
    }
    if answer.code != SUCCESS || answer.out_trade_no != order {
        return Err(failed("query", &answer));
    }
    Ok(Trade::Known(Box::new(said(answer, evidence, now_ms))))
}

/// What an answer to `alipay.trade.query` that was kept says; none if it is of another form.
pub fn kept(evidence: Vec<u8>, told_at: u64) -> Option<Authentic> {
    let answer = serde_json::from_slice(&evidence).ok()?;
    Some(said(answer, evidence, told_at))
}

fn said(answer: Answer, evidence: Vec<u8>, told_at: u64) -> Authentic {
    let (paid_at, status) = (day::parse_stamp(&answer.send_pay_date), status(&answer.trade_status));
    Authentic::by::<Alipay>(Said {
        event: None,
        order: answer.out_trade_no,
        report: Report {
            status,
            transaction: answer.trade_no,
            amount: answer.total_amount.parse().ok(),
            // Closed after it was paid: the money went back.
            refunded: status == TradeStatus::Closed && paid_at.is_some(),
        },
        paid_at,
        told_at,
        evidence,
    })
}

/// Makes sure that `order` cannot be paid any more; false if it has been paid meanwhile.
pub async fn close(order: &str, now_ms: u64) -> Result<bool, Problem> {
    let (answer, _) = call("alipay.trade.close", &json!({ "out_trade_no": order }), now_ms).await?;
    match (answer.code.as_str(), answer.sub_code.as_str()) {
        (SUCCESS, _) | (_, NO_TRADE) => Ok(true),
        (_, "ACQ.TRADE_STATUS_ERROR" | "ACQ.REASON_TRADE_STATUS_INVALID") => Ok(false),
        _ => Err(failed("close", &answer)),
    }
}

/// Sends money of an order back. `out_request_no` is the same each time, so that it happens once.
pub async fn refund(refund: &Refund, now_ms: u64) -> Result<Refunded, Problem> {
    let content = json!({
        "out_trade_no": refund.id.order(), "out_request_no": refund.id.number(),
        "refund_amount": refund.amount.to_string(), "refund_reason": refund.reason(),
    });
    let (answer, _) = call("alipay.trade.refund", &content, now_ms).await?;
    if answer.code != SUCCESS {
        return match answer.sub_code.as_str() {
            // The period in which Alipay refunds is over: a person has to.
            "ACQ.TRADE_HAS_FINISHED" => Ok(Refunded::Never),
            _ => Err(failed("refund", &answer)),
        };
    }
    // All refunds of the order together.
    if !answer.refund_fee.parse::<Fen>().is_ok_and(|fee| fee >= refund.amount) {
        return Err(failed("refund of another amount", &answer));
    }
    let accepted = answer.trade_no;
    // A success may also mean that the money is under way: the question tells, though not whether it ever arrives.
    let content = json!({ "out_trade_no": refund.id.order(), "out_request_no": refund.id.number() });
    let (answer, _) = call("alipay.trade.fastpay.refund.query", &content, now_ms).await?;
    let back = answer.refund_status == "REFUND_SUCCESS" && answer.refund_amount.parse() == Ok(refund.amount);
    Ok(if back { Refunded::Done(answer.trade_no) } else { Refunded::UnderWay(Some(accepted)) })
}

/// The gateway's answer to `method`, and its signed text.
async fn call(method: &str, content: &Value, now_ms: u64) -> Result<(Answer, Vec<u8>), Problem> {
    let content = ("biz_content".to_owned(), content.to_string());
    let signed = alipay_request::sign(method, &[content], now_ms).map_err(broken)?;
    let body = alipay::send(&signed).await?;
    let text = alipay_verify::answer(method, &body).map_err(broken)?;
    let answer = serde_json::from_str(&text)
        .map_err(|_| Problem::unavailable("an answer of alipay is not of its form"))?;
    Ok((answer, text.into_bytes()))
}

/// An answer that the caller did not expect.
fn failed(what: &str, answer: &Answer) -> Problem {
    Problem::unavailable(&format!("alipay {what}: code {} {}", answer.code, answer.sub_code))
}
