//! 支付通知 and 退款通知. The status of our answer decides: anything but 2xx is sent again.

use super::trade::Transaction;
use super::{WechatPay, api, certificates, refund};
use crate::settle::{self, Authentic, Said};
use crate::signing::faults::{Fault, Refusal};
use crate::signing::wechat_pay_verify::{self, Opened};
use crate::{broken, refunds};
use http::StatusCode;
use zerotrip_domain::payment::{Reason, Report, TradeStatus};
use zerotrip_domain::refund::number;
use zerotrip_platform::wechat_pay::{self, Signature};
use zerotrip_platform::{Db, Problem, Reply, Request, clock, log};

#[utoipa::path(post, path = "/pay/wechat-pay/notifications", request_body = serde_json::Value,
    responses((status = 204, description = "Stored")))]
pub async fn receive(request: &Request) -> Result<Reply, Problem> {
    let now = clock::now_ms();
    let db = Db::open().await?;
    let opened = verified(request, &db, now).await?;
    match opened.original_type.as_str() {
        "transaction" => transaction(&db, opened, now).await?,
        "refund" => refunded(&db, opened, now).await?,
        _ => set_aside(&db, opened, String::new(), Reason::Unreadable, now).await?,
    }
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
    log(&format!("refused a wechat-pay notification: {refusal:?}"));
    if refusal == Refusal::UnknownKey && !is_public_key {
        // It may be a new certificate's: it is sent again, and is then known. What fails here is logged where it fails.
        let _ = certificates::refresh(db, true, now).await;
    }
    Err(Problem::new(
        StatusCode::BAD_REQUEST,
        "signature-refused",
        "Not signed by WeChat Pay, or not just now",
        "签名无效",
        "Send what the provider signed, byte for byte, within five minutes.",
    ))
}

async fn transaction(db: &Db, opened: Opened, now: u64) -> Result<(), Problem> {
    let own = wechat_pay_verify::own_merchant().map_err(broken)?;
    let Some(transaction) = Transaction::parse(&opened.resource) else {
        return set_aside(db, opened, String::new(), Reason::Unreadable, now).await;
    };
    let ours = transaction.is_of(&own);
    let said = transaction.said(Some(opened.id), opened.resource.into_bytes());
    match ours {
        (true, true) => settle::apply(db, &said, now).await?,
        (false, _) => settle::set_aside(db, &said, Reason::WrongApp, now).await?,
        (_, false) => settle::set_aside(db, &said, Reason::WrongSeller, now).await?,
    };
    Ok(())
}

async fn refunded(db: &Db, opened: Opened, now: u64) -> Result<(), Problem> {
    let own = wechat_pay_verify::own_merchant().map_err(broken)?;
    let Some(said) = refund::Notified::parse(&opened.resource) else {
        return set_aside(db, opened, String::new(), Reason::Unreadable, now).await;
    };
    let named = said.mchid == own.mch_id && said.out_refund_no == number(&said.out_trade_no);
    if named && refunds::is_ours(db, &said.out_trade_no, said.fen()).await? {
        let what = refund::state(&said.refund_status, said.refund_id);
        return refunds::record(db, &said.out_trade_no, what, now).await;
    }
    // Somebody made it on the merchant platform.
    set_aside(db, opened, said.out_trade_no, Reason::UnexpectedRefund, now).await
}

/// Authentic, and not to be acted on: kept for a person, and not sent again.
async fn set_aside(db: &Db, opened: Opened, order: String, reason: Reason, now: u64) -> Result<(), Problem> {
    let report = Report {
        status: TradeStatus::Unknown,
        transaction: String::new(),
        amount: None,
        refunded: reason == Reason::UnexpectedRefund,
    };
    let said = Authentic::by::<WechatPay>(Said {
        event: Some(opened.id),
        order,
        report,
        paid_at: None,
        evidence: opened.resource.into_bytes(),
    });
    settle::set_aside(db, &said, reason, now).await.map(drop)
}
