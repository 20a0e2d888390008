//! The calls of the merchant API.

use form_urlencoded::Serializer;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    WechatPay,
    answer::Answer,
    authorization::Call,
    bill,
    failure::Failure,
    notice::Notification,
    order::{self, Order, TradeType},
    refund::RefundOrder,
    trade::{Refused, Trade},
    view,
};

/// How long a refund is under way. Scaled.
const REFUND_MS: i64 = 2000;

/// Finds the call and carries it out.
pub fn carry_out(wechat: &WechatPay, call: &Call) -> Result<Answer, Failure> {
    let path: Vec<&str> = call.path.iter().map(String::as_str).collect();
    match (call.method.as_str(), path.as_slice()) {
        ("GET", ["pay", "transactions", "out-trade-no", number]) => by_number(wechat, call, number),
        ("GET", ["pay", "transactions", "id", id]) => by_id(wechat, call, id),
        ("POST", ["pay", "transactions", "out-trade-no", number, "close"]) => close(wechat, call, number),
        ("POST", ["pay", "transactions", segment]) => match TradeType::of(segment) {
            Some(trade_type) => order(wechat, call, trade_type),
            None => Err(Failure::no_such_resource("路径不存在")),
        },
        ("POST", ["refund", "domestic", "refunds"]) => refund(wechat, call),
        ("GET", ["refund", "domestic", "refunds", number]) => refund_query(wechat, number),
        ("GET", ["certificates"]) => certificates(wechat),
        ("GET", ["bill", "tradebill"]) => bill::apply(wechat, call),
        ("GET", ["billdownload", "file"]) => bill::download(wechat, call),
        _ => Err(Failure::no_such_resource("路径不存在")),
    }
}

fn order(wechat: &WechatPay, call: &Call, trade_type: TradeType) -> Result<Answer, Failure> {
    let now_ms = wechat.clock.now_ms();
    let order = Order::parse(&call.body, trade_type, &wechat.account, now_ms)?;
    let mut book = wechat.book();
    let trade = match book.trade(&order.out_trade_no) {
        Some(known) => known.reordered(&order, trade_type, now_ms)?,
        None => Trade::new(order, trade_type, now_ms),
    };
    book.commit(trade.clone(), None)?;
    Ok(Answer::Json(match trade_type {
        TradeType::Jsapi => json!({ "prepay_id": trade.prepay_id }),
        TradeType::Native => json!({ "code_url": format!("weixin://wxpay/bizpayurl?pr={}", trade.ticket) }),
        TradeType::Mweb => {
            let query = Serializer::new(String::new())
                .append_pair("prepay_id", &trade.prepay_id)
                .append_pair("package", &trade.ticket)
                .finish();
            json!({ "h5_url": format!("{}/wechat/h5/pay?{query}", call.origin) })
        }
    }))
}

fn ours(wechat: &WechatPay, mchid: &str) -> Result<(), Failure> {
    if mchid == wechat.account.mch_id { Ok(()) } else { Err(Failure::no_such_merchant()) }
}

fn by_number(wechat: &WechatPay, call: &Call, number: &str) -> Result<Answer, Failure> {
    ours(wechat, call.required("mchid")?)?;
    order::out_trade_no(number)?;
    shown(wechat, wechat.book().trade(number))
}

fn by_id(wechat: &WechatPay, call: &Call, id: &str) -> Result<Answer, Failure> {
    ours(wechat, call.required("mchid")?)?;
    let book = wechat.book();
    let paid = |trade: &&Trade| trade.payment.as_ref().is_some_and(|payment| payment.transaction_id == id);
    shown(wechat, book.named(id).filter(paid))
}

fn shown(wechat: &WechatPay, trade: Option<&Trade>) -> Result<Answer, Failure> {
    let trade = trade.ok_or_else(Failure::no_such_order)?;
    Ok(Answer::Json(view::transaction(&wechat.account, trade, wechat.clock.now_ms())))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Close {
    mchid: String,
}

fn close(wechat: &WechatPay, call: &Call, number: &str) -> Result<Answer, Failure> {
    ours(wechat, &order::json::<Close>(&call.body)?.mchid)?;
    order::out_trade_no(number)?;
    let mut book = wechat.book();
    let trade = book.trade(number).ok_or_else(Failure::no_such_order)?;
    let next = trade.closed(wechat.clock.now_ms())?;
    wechat.settle(&mut book, next, None)?;
    Ok(Answer::Nothing)
}

fn refund(wechat: &WechatPay, call: &Call) -> Result<Answer, Failure> {
    let order = RefundOrder::parse(&call.body)?;
    let now_ms = wechat.clock.now_ms();
    let mut book = wechat.book();
    if let Some((trade, payment, before)) = book.refund(&order.out_refund_no) {
        if before.order != order {
            return Err(Refused::RefundNumberUsed.into());
        }
        return Ok(Answer::Json(view::refund(trade, payment, before, now_ms)));
    }
    let trade = match (&order.transaction_id, &order.out_trade_no) {
        (Some(id), _) => book.named(id),
        (None, Some(number)) => book.trade(number),
        (None, None) => None,
    };
    let trade = trade.ok_or_else(|| Failure::no_such_resource("订单不存在"))?;
    let ending = wechat.faults().refunds_end;
    let next = trade.refund(order, now_ms, REFUND_MS / i64::from(wechat.time_scale), ending)?;
    let (Some(payment), Some(made)) = (&next.payment, next.refunds.last()) else {
        return Err(Refused::NotPaid.into());
    };
    let answer = view::refund(&next, payment, made, now_ms);
    let notification = Notification::of_refund(&wechat.account, &next, payment, made);
    wechat.settle(&mut book, next, notification)?;
    Ok(Answer::Json(answer))
}

fn refund_query(wechat: &WechatPay, number: &str) -> Result<Answer, Failure> {
    let book = wechat.book();
    let (trade, payment, refund) =
        book.refund(number).ok_or_else(|| Failure::no_such_resource("退款单不存在"))?;
    Ok(Answer::Json(view::refund(trade, payment, refund, wechat.clock.now_ms())))
}

fn certificates(wechat: &WechatPay) -> Result<Answer, Failure> {
    let certificates = wechat.account.certificates(wechat.clock.now_ms());
    let data: Vec<Value> = certificates
        .map(|certificate| {
            let life = certificate.effective_ms..certificate.expire_ms;
            wechat.account.announced(&certificate.serial, &certificate.pem, life)
        })
        .collect();
    if data.is_empty() {
        return Err(Failure::no_such_resource("无可用的平台证书，请使用微信支付公钥"));
    }
    Ok(Answer::Json(json!({ "data": data })))
}
