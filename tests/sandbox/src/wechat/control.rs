//! `/control/wechat/…`: what no provider has. For tests and developers.

use std::sync::Arc;

use axum::{
    Json,
    extract::{Path, State},
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use http::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    WechatPay,
    failure::Failure,
    faults::Faults,
    notice::Notification,
    order,
    payer::{OPENID, pay},
    trade::Trade,
};

/// Every trade.
pub async fn trades(State(wechat): State<Arc<WechatPay>>) -> Json<Value> {
    let book = wechat.book();
    Json(book.trades().map(|trade| shown(&wechat, trade)).collect())
}

/// One trade.
pub async fn trade(State(wechat): State<Arc<WechatPay>>, Path(out_trade_no): Path<String>) -> Response {
    match wechat.book().trade(&out_trade_no) {
        Some(trade) => Json(shown(&wechat, trade)).into_response(),
        None => failed(StatusCode::NOT_FOUND, "ORDER_NOT_EXIST"),
    }
}

/// How a trade is paid without a phone; the payer is the one that the order names, or the sandbox's.
#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
struct Paying {
    /// What a coupon pays.
    coupon_fen: i64,
    /// By a mistake of WeChat Pay's, another amount than was ordered.
    total_fen: Option<i64>,
}

/// `pay` without a phone, `expire` before its time.
pub async fn act(
    State(wechat): State<Arc<WechatPay>>,
    Path((out_trade_no, act)): Path<(String, String)>,
    body: Bytes,
) -> Response {
    let done = match act.as_str() {
        "pay" => paid(&wechat, &out_trade_no, &body),
        "expire" => expired(&wechat, &out_trade_no),
        _ => return failed(StatusCode::NOT_FOUND, "no such act: pay, expire"),
    };
    acted(&wechat, done)
}

fn acted(wechat: &WechatPay, done: Result<Trade, Failure>) -> Response {
    match done {
        Ok(trade) => Json(shown(wechat, &trade)).into_response(),
        Err(failure) if failure.status == 404 => failed(StatusCode::NOT_FOUND, failure.code),
        Err(failure) => failed(StatusCode::CONFLICT, failure.code),
    }
}

fn paid(wechat: &WechatPay, out_trade_no: &str, body: &[u8]) -> Result<Trade, Failure> {
    let paying: Paying = if body.is_empty() { Paying::default() } else { order::json(body)? };
    let named = wechat.book().trade(out_trade_no).and_then(|trade| trade.order.openid().map(str::to_owned));
    pay(wechat, out_trade_no, named.as_deref().unwrap_or(OPENID), paying.coupon_fen, paying.total_fen)
}

/// WeChat Pay tells nobody that an order's time is over.
fn expired(wechat: &WechatPay, out_trade_no: &str) -> Result<Trade, Failure> {
    let mut book = wechat.book();
    let trade = book.trade(out_trade_no).ok_or_else(Failure::no_such_order)?;
    let next = trade.closed(wechat.clock.now_ms())?;
    wechat.settle(&mut book, next.clone(), None)?;
    Ok(next)
}

/// The merchant sees to an abnormal refund.
pub async fn see_to_refund(
    State(wechat): State<Arc<WechatPay>>,
    Path(out_refund_no): Path<String>,
) -> Response {
    acted(&wechat, seen_to(&wechat, &out_refund_no))
}

fn seen_to(wechat: &WechatPay, out_refund_no: &str) -> Result<Trade, Failure> {
    let mut book = wechat.book();
    let (trade, payment, _) =
        book.refund(out_refund_no).ok_or_else(|| Failure::no_such_resource("退款单不存在"))?;
    let next = trade.seen_to(out_refund_no, wechat.clock.now_ms())?;
    let refund = next.refunds.iter().find(|refund| refund.order.out_refund_no == out_refund_no);
    let notification =
        refund.and_then(|refund| Notification::of_refund(&wechat.account, &next, payment, refund));
    wechat.settle(&mut book, next.clone(), notification)?;
    Ok(next)
}

/// Every notification with its attempts.
pub async fn notifications(State(wechat): State<Arc<WechatPay>>) -> Json<Vec<Notification>> {
    Json(wechat.book().notifications().to_vec())
}

/// Sends one now, whatever became of it before.
pub async fn resend(State(wechat): State<Arc<WechatPay>>, Path(id): Path<String>) -> Response {
    if !wechat.book().force(&id) {
        return failed(StatusCode::NOT_FOUND, "no such notification");
    }
    wechat.wake.notify_one();
    Json(json!({ "sending": 1 })).into_response()
}

/// Sends now all that wait, held ones too.
pub async fn deliver(State(wechat): State<Arc<WechatPay>>) -> Json<Value> {
    let sending = wechat.book().force_waiting();
    wechat.wake.notify_one();
    Json(json!({ "sending": sending }))
}

/// The faults in force.
pub async fn faults(State(wechat): State<Arc<WechatPay>>) -> Json<Faults> {
    Json(wechat.faults().clone())
}

/// Replaces all fault settings; what is not named is off.
pub async fn set_faults(State(wechat): State<Arc<WechatPay>>, Json(faults): Json<Faults>) -> Json<Faults> {
    *wechat.faults() = faults.clone();
    wechat.wake.notify_one();
    Json(faults)
}

/// A trade and its state.
fn shown(wechat: &WechatPay, trade: &Trade) -> Value {
    let mut value = json!(trade);
    value["out_trade_no"] = json!(trade.order.out_trade_no);
    value["trade_state"] = json!(trade.state(wechat.clock.now_ms()).name());
    value
}

fn failed(status: StatusCode, error: &str) -> Response {
    (status, Json(json!({ "error": error }))).into_response()
}
