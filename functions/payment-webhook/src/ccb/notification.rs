//! 商户通知. The bank tells no retry rule, so nothing rests on one: what it does not tell is asked for.

use super::{Ccb, evidence, gateway};
use crate::broken;
use crate::provider::{Trade, field, unsigned};
use crate::settle::{self, Authentic, Outcome, Said};
use crate::signing::ccb_verify;
use crate::signing::faults::Fault;
use http::StatusCode;
use zerotrip_domain::payment::{Reason, Report, TradeStatus};
use zerotrip_domain::{Fen, Provider};
use zerotrip_platform::{Db, Problem, Reply, Request, clock, settings};

/// The counter's settings say how it comes: GET, or POST with its fields in the query or in a form.
#[utoipa::path(method(get, post), path = "/pay/ccb/notifications",
    request_body(content = String, content_type = "application/x-www-form-urlencoded"),
    responses((status = 200, body = String, content_type = "text/plain")))]
pub async fn receive(request: &Request) -> Result<Reply, Problem> {
    let text = if request.query.is_empty() { &request.body[..] } else { request.query.as_bytes() };
    let fields = verified(text)?;
    let now = clock::now_ms();
    take(&Db::open().await?, &fields, now, now).await?;
    Ok(Reply::new(StatusCode::OK, "text/plain", "success"))
}

/// Acts on the `fields` of a callback that the bank has signed and told at `told_at`.
pub async fn take(db: &Db, fields: &[(String, String)], told_at: u64, now: u64) -> Result<Outcome, Problem> {
    let own = ccb_verify::own_counter().map_err(broken)?;
    let said = report(fields, told_at);
    let ours = field(fields, "POSID") == own.pos_id && field(fields, "BRANCHID") == own.branch_id;
    if !ours {
        settle::set_aside(db, &said, Reason::WrongSeller, now).await
    } else if said.report.status != TradeStatus::Paid || is_proof(fields).await? {
        settle::apply(db, &said, now).await
    } else {
        confirm(db, &said, now).await
    }
}

/// Asks the bank whether what it told is so. An order that waits is asked about again by the janitor; of another nobody
/// would ask, so that the callback is kept for a person.
async fn confirm(db: &Db, said: &Authentic, now: u64) -> Result<Outcome, Problem> {
    match gateway::query(&said.order, now).await? {
        Trade::Known(confirmed) if confirmed.report.status == TradeStatus::Paid => {
            settle::apply(db, &confirmed, now).await
        }
        _ if settle::is_pending(db, &said.order).await? => Ok(Outcome::Waiting),
        _ => settle::set_aside(db, said, Reason::Unconfirmed, now).await,
    }
}

/// Whether the callback may settle by itself: it is the server's, not the page's, which has no ACC_TYPE, and no larger
/// than what an MD5 signature is trusted for.
async fn is_proof(fields: &[(String, String)]) -> Result<bool, Problem> {
    let limit = settings::get("ccb_query_above_fen").await?;
    let limit = limit.parse().ok().and_then(|fen| Fen::new(fen).ok());
    let limit = limit.ok_or_else(|| Problem::misconfigured("ccb_query_above_fen: not a count of fen"))?;
    let amount: Option<Fen> = field(fields, "PAYMENT").parse().ok();
    let server = fields.iter().any(|(name, _)| name == "ACC_TYPE");
    Ok(server && amount.is_none_or(|amount| amount <= limit))
}

fn verified(text: &[u8]) -> Result<Vec<(String, String)>, Problem> {
    ccb_verify::notification(text).map_err(|fault| match fault {
        Fault::Refused(refusal) => unsigned(Provider::Ccb, refusal),
        other => broken(other),
    })
}

fn report(fields: &[(String, String)], told_at: u64) -> Authentic {
    let field = |name| field(fields, name);
    let status = match field("SUCCESS") {
        "Y" => TradeStatus::Paid,
        // Authentic, and no payment; the payer may try again.
        "N" => TradeStatus::Waiting,
        _ => TradeStatus::Unknown,
    };
    let order = field("ORDERID");
    let amount = (field("CURCODE") == "01").then(|| field("PAYMENT").parse().ok()).flatten();
    Authentic::by::<Ccb>(Said {
        // No event id: the same news of the same order is the same event, and another amount is other news.
        event: Some(format!(
            "{}/{order}/{}/{}/{}",
            field("POSID"),
            field("SUCCESS"),
            field("CURCODE"),
            field("PAYMENT")
        )),
        order: order.to_owned(),
        report: Report { status, transaction: order.to_owned(), amount, refunded: false },
        paid_at: None,
        told_at,
        // Without USRMSG and USRINFO: whoever paid is nobody's business here.
        evidence: evidence(fields),
    })
}
