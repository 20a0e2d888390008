//! What we ask the bank: 410408, the payments of one order. It has no call that closes an order or refunds one.

use super::{Ccb, evidence};
use crate::broken;
use crate::provider::{Trade, field};
use crate::settle::{Authentic, Said};
use crate::signing::{ccb_request, ccb_verify};
use zerotrip_domain::payment::{Report, TradeStatus};
use zerotrip_platform::{Problem, outbound, settings};

const SUCCESS: &str = "000000";
const NO_ORDER: &str = "0250E0200001";
/// How long after its end an order may still turn out paid: the bank may hold a payment as pending.
const PATIENCE_MS: u64 = 3 * 24 * 3600 * 1000;

/// How the payment of `order` stands. The bank keeps today's and the settled ones apart, and one that failed may stand
/// beside one that succeeded.
pub async fn query(order: &str, now_ms: u64) -> Result<Trade, Problem> {
    let mut best = None;
    for settled in [false, true] {
        for said in ask(order, settled, now_ms).await? {
            if said.report.status == TradeStatus::Paid {
                return Ok(Trade::Known(Box::new(said)));
            }
            best = Some(said);
        }
    }
    Ok(best.map_or(Trade::None, |said| Trade::Known(Box::new(said))))
}

/// Whether `order`, whose end is past, can be given up: it carries its own end, the bank has no call for it, and nothing
/// of it is under way any more.
pub async fn is_over(order: &str, expires_at: u64, now_ms: u64) -> Result<bool, Problem> {
    Ok(now_ms >= expires_at.saturating_add(PATIENCE_MS) && matches!(query(order, now_ms).await?, Trade::None))
}

/// Each payment of `order` that is made or under way.
async fn ask(order: &str, settled: bool, now_ms: u64) -> Result<Vec<Authentic>, Problem> {
    let own = ccb_verify::own_counter().map_err(broken)?;
    let origin = settings::get("ccb_origin").await?;
    let form = ccb_request::query(order, settled).map_err(broken)?;
    let url = format!("{}/CCBIS/ccbMain?CCB_IBSVersion=V6", origin.trim_end_matches('/'));
    let body = outbound::post_form(&url, form).await?;
    let answer = ccb_verify::answer(&body).map_err(broken)?;
    match answer.return_code.as_str() {
        SUCCESS => {}
        NO_ORDER => return Ok(Vec::new()),
        other => return Err(Problem::unavailable(&format!("ccb query: {}", plain(other)))),
    }
    let mine = answer.orders.iter().filter(|fields| {
        field(fields, "ORDERID") == order
            && field(fields, "POSID") == own.pos_id
            && field(fields, "MERCHANTID") == own.merchant_id
    });
    Ok(mine.filter_map(|fields| said(fields, order, now_ms)).collect())
}

/// What the answer to a query says of one payment of `order`; none of one that failed.
pub fn said(fields: &[(String, String)], order: &str, told_at: u64) -> Option<Authentic> {
    let code = field(fields, "STATUSCODE");
    let status = match code {
        // Failed: as if there had been none.
        "0" => return None,
        "1" | "3" | "4" => TradeStatus::Paid,
        "2" | "5" => TradeStatus::Waiting,
        _ => TradeStatus::Unknown,
    };
    Some(Authentic::by::<Ccb>(Said {
        event: None,
        order: order.to_owned(),
        report: Report {
            status,
            // The bank tells no number of its own; the order's is unique at the counter.
            transaction: order.to_owned(),
            amount: field(fields, "AMOUNT").parse().ok(),
            refunded: matches!(code, "3" | "4"),
        },
        // It tells no time of payment.
        paid_at: None,
        told_at,
        evidence: evidence(fields),
    }))
}

/// What may stand in a log line.
fn plain(code: &str) -> String {
    code.chars().filter(char::is_ascii_alphanumeric).take(20).collect()
}
