//! The server-to-server calls: query, close, refund, refund query, the address of a bill.

use serde_json::{Value, json};

use super::{
    Alipay, bill,
    biz::Biz,
    book::Book,
    common::{Call, Method},
    envelope::Answer,
    faces,
    failure::Failure,
    notice::{BUYER_ID, BUYER_LOGON_ID},
    oauth,
    trade::Trade,
};
use crate::clock::{stamp, stamp_ms};

/// Carries out a call that came to `origin`. Those that open a page are not among them.
pub fn carry_out(alipay: &Alipay, call: &Call, origin: &str) -> Result<Answer, Failure> {
    match call.method() {
        Method::Query => query(alipay, &Biz::of(call)?),
        Method::Close => close(alipay, &Biz::of(call)?),
        Method::Refund => refund(alipay, &Biz::of(call)?),
        Method::RefundQuery => refund_query(alipay, &Biz::of(call)?),
        Method::BillAddress => bill::query(alipay, &Biz::of(call)?, origin),
        Method::FaceInitialize => faces::initialize(alipay, call),
        Method::FaceQuery => faces::query(alipay, call),
        Method::OauthToken => oauth::token(alipay, call),
        Method::UserInfoShare => oauth::share(alipay, call),
        Method::WapPay | Method::FaceCertify => Err(Failure::parameter("method", "应由浏览器打开")),
    }
}

/// By `trade_no`, which goes first, or `out_trade_no`.
fn find<'a>(book: &'a Book, biz: &Biz) -> Result<&'a Trade, Failure> {
    let trade_no = biz.text("trade_no", 64)?;
    let out_trade_no = biz.out_trade_no()?;
    match (&trade_no, &out_trade_no) {
        (Some(number), _) => book.by_trade_no(number),
        (None, Some(number)) => book.trade(number),
        (None, None) => return Err(Failure::parameter("out_trade_no", "与 trade_no 不能同时为空")),
    }
    .ok_or_else(Failure::no_such_trade)
}

fn query(alipay: &Alipay, biz: &Biz) -> Result<Answer, Failure> {
    let book = alipay.book();
    let trade = find(&book, biz)?;
    let total = trade.order.total_fen.to_string();
    let paid = |amount: &str| if trade.paid_ms.is_some() { amount.to_owned() } else { "0.00".to_owned() };
    let mut answer = object(json!({
        "trade_no": trade.trade_no,
        "out_trade_no": trade.order.out_trade_no,
        "trade_status": trade.status.name(),
        "total_amount": total,
        "receipt_amount": paid(&total),
        "buyer_pay_amount": paid(&total),
        "invoice_amount": paid(&total),
        "point_amount": "0.00",
        "buyer_logon_id": BUYER_LOGON_ID,
        "buyer_user_id": BUYER_ID,
    }));
    if let Some(at) = trade.paid_ms {
        answer.insert("send_pay_date".into(), stamp(at).into());
        answer.insert("fund_bill_list".into(), json!([{ "amount": total, "fund_channel": "ALIPAYACCOUNT" }]));
    }
    Ok(answer)
}

fn close(alipay: &Alipay, biz: &Biz) -> Result<Answer, Failure> {
    let mut book = alipay.book();
    let next = find(&book, biz)?.closed(alipay.clock.now_ms())?;
    let answer = json!({ "trade_no": next.trade_no, "out_trade_no": next.order.out_trade_no });
    alipay.settle(&mut book, next)?;
    Ok(object(answer))
}

fn refund(alipay: &Alipay, biz: &Biz) -> Result<Answer, Failure> {
    let amount = biz.amount("refund_amount")?;
    let number = biz.text("out_request_no", 64)?;
    let reason = biz.text("refund_reason", 256)?;
    let mut book = alipay.book();
    let trade = find(&book, biz)?;
    let next = trade.refund(number.as_deref(), amount, reason, alipay.clock.now_ms())?;
    let moved = next.is_some();
    let trade = match next {
        Some(next) => {
            alipay.settle(&mut book, next.clone())?;
            next
        }
        None => trade.clone(),
    };
    // A refund without a number of its own has the order's.
    let number = number.as_deref().unwrap_or(&trade.order.out_trade_no);
    let at_ms =
        trade.refunds.iter().find(|refund| refund.out_request_no == number).map(|refund| refund.at_ms);
    Ok(object(json!({
        "trade_no": trade.trade_no,
        "out_trade_no": trade.order.out_trade_no,
        "buyer_logon_id": BUYER_LOGON_ID,
        "buyer_user_id": BUYER_ID,
        "fund_change": if moved { "Y" } else { "N" },
        // All refunds of the trade together; `send_back_fee` is this one.
        "refund_fee": trade.refunded().to_string(),
        "send_back_fee": if moved { amount.to_string() } else { "0.00".into() },
        "gmt_refund_pay": at_ms.map(stamp),
    })))
}

fn refund_query(alipay: &Alipay, biz: &Biz) -> Result<Answer, Failure> {
    let number = biz.required("out_request_no", 64)?;
    let book = alipay.book();
    let trade = find(&book, biz)?;
    // A refund that was never made is a success without its fields.
    let Some(refund) = trade.refunds.iter().find(|refund| refund.out_request_no == number) else {
        return Ok(Answer::new());
    };
    let mut answer = object(json!({
        "trade_no": trade.trade_no,
        "out_trade_no": trade.order.out_trade_no,
        "out_request_no": refund.out_request_no,
        "total_amount": trade.order.total_fen.to_string(),
        "refund_amount": refund.amount_fen.to_string(),
        "refund_status": "REFUND_SUCCESS",
        "gmt_refund_pay": stamp_ms(refund.at_ms),
    }));
    if let Some(reason) = &refund.reason {
        answer.insert("refund_reason".into(), reason.as_str().into());
    }
    Ok(answer)
}

pub fn object(value: Value) -> Answer {
    match value {
        Value::Object(answer) => answer,
        _ => unreachable!("an object literal"),
    }
}
