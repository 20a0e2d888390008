//! 支付通知 and 退款通知. The status of our answer decides: anything but 2xx is sent again.

use super::trade::Transaction;
use super::{WechatPay, api, certificates, refund};
use crate::broken;
use crate::provider::unsigned;
use crate::refunds::{self, Recorded};
use crate::settle::{self, Authentic, Outcome, Said};
use crate::signing::faults::{Fault, Refusal};
use crate::signing::wechat_pay_verify::{self, Opened};
use zerotrip_domain::Provider;
use zerotrip_domain::payment::{Reason, Report, TradeStatus};
use zerotrip_domain::refund::RefundId;
use zerotrip_platform::wechat_pay::{self, Signature};
use zerotrip_platform::{Db, Problem, Reply, Request, clock};

#[utoipa::path(post, path = "/pay/wechat-pay/notifications", request_body = serde_json::Value,
    responses((status = 204, description = "Stored")))]
pub async fn receive(request: &Request) -> Result<Reply, Problem> {
    let now = clock::now_ms();
    let db = Db::open().await?;
    let opened = verified(request, &db, now).await?;
    let told = Told { event: Some(opened.id), resource: opened.resource, at: now };
    match opened.original_type.as_str() {
        "transaction" => transaction(&db, told, now).await?,
        "refund" => refunded(&db, told, now).await?,
        _ => set_aside(&db, told, String::new(), Reason::Unreadable, now).await?,
    };
    Ok(Reply::no_content())
}

async fn verified(request: &Request, db: &Db, now: u64) -> Result<Opened, Problem> {
    let signature = Signature::of(&request.headers);
    let is_public_key = signature.serial.starts_with(wechat_pay::PUBLIC_KEY);
    let known = wechat_pay::certificates(db, &signature.serial).await?;
    let refusal = match wechat_pay_verify::notification(&api::headers(signature), &request.body, &known, now)
    {
        Ok(opened) => return Ok(opened),
        Err(Fault::Refused(refusal)) => refusal,
        Err(other) => return Err(broken(other)),
    };
    let refused = unsigned(Provider::WechatPay, refusal);
    if refusal == Refusal::UnknownKey && !is_public_key {
        // It may be a new certificate's: it is sent again, and is then known. What fails here is logged where it fails.
        let _ = certificates::refresh(db, true, now).await;
    }
    Err(refused)
}

/// What WeChat Pay has signed: a notification's resource, or an answer.
pub struct Told {
    /// The notification.
    pub event: Option<String>,
    /// JSON text.
    pub resource: String,
    /// Unix ms.
    pub at: u64,
}

/// Acts on what it says of a transaction.
pub async fn transaction(db: &Db, told: Told, now: u64) -> Result<Outcome, Problem> {
    let own = wechat_pay_verify::own_merchant().map_err(broken)?;
    let Some(transaction) = Transaction::parse(&told.resource) else {
        return set_aside(db, told, String::new(), Reason::Unreadable, now).await;
    };
    let ours = transaction.is_of(&own);
    let said = transaction.said(told.event, told.resource.into_bytes(), told.at);
    match ours {
        (true, true) => settle::apply(db, &said, now).await,
        (false, _) => settle::set_aside(db, &said, Reason::WrongApp, now).await,
        (_, false) => settle::set_aside(db, &said, Reason::WrongSeller, now).await,
    }
}

/// Acts on what it says of a refund.
pub async fn refunded(db: &Db, told: Told, now: u64) -> Result<Outcome, Problem> {
    let own = wechat_pay_verify::own_merchant().map_err(broken)?;
    let Some(said) = refund::Notified::parse(&told.resource) else {
        return set_aside(db, told, String::new(), Reason::Unreadable, now).await;
    };
    let named = RefundId::numbered(&said.out_refund_no).filter(|id| id.order() == said.out_trade_no);
    if let Some(id) = named.filter(|_| said.mchid == own.mch_id)
        && refunds::is_ours(db, &id, said.fen()).await?
    {
        let what = refund::state(&said.refund_status, said.refund_id);
        if refunds::record(db, &id, what, now).await? == Recorded::Agrees {
            return Ok(Outcome::Refund);
        }
    }
    // Somebody made it on the merchant platform, or by hand as well.
    set_aside(db, told, said.out_trade_no, Reason::UnexpectedRefund, now).await
}

/// Authentic, and not to be acted on: kept for a person, and not sent again.
pub async fn set_aside(
    db: &Db,
    told: Told,
    order: String,
    reason: Reason,
    now: u64,
) -> Result<Outcome, Problem> {
    let report = Report {
        status: TradeStatus::Unknown,
        transaction: String::new(),
        amount: None,
        refunded: reason == Reason::UnexpectedRefund,
    };
    let said = Authentic::by::<WechatPay>(Said {
        event: told.event,
        order,
        report,
        paid_at: None,
        told_at: told.at,
        evidence: told.resource.into_bytes(),
    });
    settle::set_aside(db, &said, reason, now).await
}
