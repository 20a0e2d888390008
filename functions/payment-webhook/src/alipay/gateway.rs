//! What we ask Alipay: `alipay.trade.query` and `alipay.trade.close`. An answer counts only with its signature.

use super::{NAME, status};
use crate::broken;
use crate::settle::Authentic;
use crate::signing::{alipay_request, alipay_verify};
use serde::Deserialize;
use serde_json::json;
use zerotrip_domain::day;
use zerotrip_domain::payment::{Report, TradeStatus};
use zerotrip_platform::{Problem, outbound, settings};

/// What Alipay says of an order.
pub enum Trade {
    /// It has one.
    Known(Authentic),
    /// The payer never opened the cashier.
    None,
}

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
}

const SUCCESS: &str = "10000";
const NO_TRADE: &str = "ACQ.TRADE_NOT_EXIST";

/// How the trade of `order` stands.
pub async fn query(order: &str, now_ms: u64) -> Result<Trade, Problem> {
    let (answer, evidence) = call("alipay.trade.query", order, now_ms).await?;
    if answer.sub_code == NO_TRADE {
        return Ok(Trade::None);
    }
    if answer.code != SUCCESS || answer.out_trade_no != order {
        return Err(failed("query", &answer));
    }
    let (paid_at, status) = (day::parse_stamp(&answer.send_pay_date), status(&answer.trade_status));
    Ok(Trade::Known(Authentic {
        provider: NAME,
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
        evidence,
    }))
}

/// Makes sure that `order` cannot be paid any more; false if it has been paid meanwhile.
pub async fn close(order: &str, now_ms: u64) -> Result<bool, Problem> {
    let (answer, _) = call("alipay.trade.close", order, now_ms).await?;
    match (answer.code.as_str(), answer.sub_code.as_str()) {
        (SUCCESS, _) | (_, NO_TRADE) => Ok(true),
        (_, "ACQ.TRADE_STATUS_ERROR" | "ACQ.REASON_TRADE_STATUS_INVALID") => Ok(false),
        _ => Err(failed("close", &answer)),
    }
}

async fn call(method: &str, order: &str, now_ms: u64) -> Result<(Answer, Vec<u8>), Problem> {
    let origin = settings::get("alipay_origin").await?;
    let content = json!({ "out_trade_no": order }).to_string();
    let signed =
        alipay_request::sign(method, &[("biz_content".to_owned(), content)], now_ms).map_err(broken)?;
    // As Alipay's own clients do: the content in the body, all else, the charset that it is read in above all, in the address.
    let (body, address): (Vec<&str>, Vec<&str>) =
        signed.split('&').partition(|field| field.starts_with("biz_content="));
    let address = format!("{}/gateway.do?{}", origin.trim_end_matches('/'), address.join("&"));
    let body = outbound::post_form(&address, body.concat()).await?;
    let text = alipay_verify::answer(method, &body).map_err(broken)?;
    let answer = serde_json::from_str(&text)
        .map_err(|_| Problem::unavailable("an answer of alipay is not of its form"))?;
    Ok((answer, text.into_bytes()))
}

fn failed(what: &str, answer: &Answer) -> Problem {
    Problem::unavailable(&format!("alipay {what}: code {} {}", answer.code, answer.sub_code))
}
