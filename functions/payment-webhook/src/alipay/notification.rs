//! 异步通知. The provider repeats a notification until it reads `success`, which it does only after the fact is stored.

use super::{Alipay, status};
use crate::broken;
use crate::provider::{field, unsigned};
use crate::settle::{self, Authentic, Outcome, Said};
use crate::signing::alipay_verify;
use crate::signing::faults::Fault;
use http::StatusCode;
use zerotrip_domain::payment::{Reason, Report};
use zerotrip_domain::{Provider, day, payment};
use zerotrip_platform::{Db, Problem, Reply, Request, clock};

#[utoipa::path(post, path = "/pay/alipay/notifications",
    request_body(content = String, content_type = "application/x-www-form-urlencoded"),
    responses((status = 200, body = String, content_type = "text/plain")))]
pub async fn receive(request: &Request) -> Result<Reply, Problem> {
    let fields = verified(&request.body)?;
    let now = clock::now_ms();
    take(&Db::open().await?, &fields, &request.body, now, now).await?;
    Ok(Reply::new(StatusCode::OK, "text/plain", "success"))
}

/// Acts on the `fields` of a form that Alipay has signed and told at `told_at`.
pub async fn take(
    db: &Db,
    fields: &[(String, String)],
    body: &[u8],
    told_at: u64,
    now: u64,
) -> Result<Outcome, Problem> {
    let own = alipay_verify::own_merchant().map_err(broken)?;
    let said = report(fields, body, told_at);
    // Authentic, but not for us: kept, and acknowledged, since sending it again would not make it ours.
    if field(fields, "app_id") != own.app_id {
        settle::set_aside(db, &said, Reason::WrongApp, now).await
    } else if field(fields, "seller_id") != own.seller_id {
        settle::set_aside(db, &said, Reason::WrongSeller, now).await
    } else {
        settle::apply(db, &said, now).await
    }
}

/// The fields of a form that Alipay signed.
pub fn verified(form: &[u8]) -> Result<Vec<(String, String)>, Problem> {
    alipay_verify::notification(form).map_err(|fault| match fault {
        Fault::Refused(refusal) => unsigned(Provider::Alipay, refusal),
        other => broken(other),
    })
}

fn report(fields: &[(String, String)], body: &[u8], told_at: u64) -> Authentic {
    let field = |name| field(fields, name);
    let transaction = field("trade_no").to_owned();
    let event = match field("notify_id") {
        "" => format!("{transaction}/{}", field("trade_status")),
        id => id.to_owned(),
    };
    Authentic::by::<Alipay>(Said {
        event: Some(event),
        order: field("out_trade_no").to_owned(),
        report: Report {
            status: if transaction.is_empty() {
                payment::TradeStatus::Unknown
            } else {
                status(field("trade_status"))
            },
            transaction,
            amount: field("total_amount").parse().ok(),
            refunded: !field("gmt_refund").is_empty() || !matches!(field("refund_fee"), "" | "0" | "0.00"),
        },
        paid_at: day::parse_stamp(field("gmt_payment")),
        told_at,
        evidence: body.to_vec(),
    })
}
