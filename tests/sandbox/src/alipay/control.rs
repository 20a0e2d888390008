//! `/control/alipay/…`: what no provider has. For tests and developers.

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
    Alipay, Fen, cashier::return_location, failure::Failure, faults::Faults, notice::Notification,
    trade::Trade,
};

/// Every trade.
pub async fn trades(State(alipay): State<Arc<Alipay>>) -> Json<Value> {
    let book = alipay.book();
    Json(book.trades().map(|trade| shown(&alipay, trade)).collect())
}

/// How a trade is paid without a browser.
#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
struct Paying {
    /// By a mistake of Alipay's, another amount than was ordered.
    total_fen: Option<Fen>,
}

/// `pay` without a browser, `expire` before its time, `finish` as after a year.
pub async fn act(
    State(alipay): State<Arc<Alipay>>,
    Path((out_trade_no, act)): Path<(String, String)>,
    body: Bytes,
) -> Response {
    let paying: Paying = match body.is_empty() {
        true => Paying::default(),
        false => match serde_json::from_slice(&body) {
            Ok(paying) => paying,
            Err(error) => return failed(StatusCode::BAD_REQUEST, &error.to_string()),
        },
    };
    let mut book = alipay.book();
    let Some(trade) = book.trade(&out_trade_no) else {
        return failed(StatusCode::NOT_FOUND, "ACQ.TRADE_NOT_EXIST");
    };
    let now_ms = alipay.clock.now_ms();
    let next = match act.as_str() {
        "pay" => trade.taking(paying.total_fen).paid(now_ms),
        "expire" => trade.closed(now_ms),
        "finish" => trade.finished(),
        _ => return failed(StatusCode::NOT_FOUND, "no such act: pay, expire, finish"),
    };
    let settled = next
        .map_err(Failure::from)
        .and_then(|next| alipay.settle(&mut book, next.clone()).map(|()| next).map_err(Failure::from));
    match settled {
        Ok(trade) => Json(shown(&alipay, &trade)).into_response(),
        Err(failure) => failed(StatusCode::CONFLICT, failure.sub_code),
    }
}

/// Every notification with its attempts.
pub async fn notifications(State(alipay): State<Arc<Alipay>>) -> Json<Vec<Notification>> {
    Json(alipay.book().notifications().to_vec())
}

/// Sends one now, whatever became of it before.
pub async fn resend(State(alipay): State<Arc<Alipay>>, Path(notify_id): Path<String>) -> Response {
    let now_ms = alipay.clock.now_ms();
    let found = force(&alipay, now_ms, |notification| notification.notify_id == notify_id);
    if found == 0 {
        return failed(StatusCode::NOT_FOUND, "no such notification");
    }
    Json(json!({ "sending": found })).into_response()
}

/// Sends now all that wait, held ones too.
pub async fn deliver(State(alipay): State<Arc<Alipay>>) -> Json<Value> {
    let now_ms = alipay.clock.now_ms();
    Json(json!({ "sending": force(&alipay, now_ms, |notification| notification.due_ms.is_some()) }))
}

fn force(alipay: &Alipay, now_ms: i64, chosen: impl Fn(&Notification) -> bool) -> usize {
    let mut book = alipay.book();
    let chosen = book.notifications_mut().iter_mut().filter(|n| chosen(n));
    let count = chosen
        .map(|notification| {
            notification.due_ms = Some(now_ms);
            notification.forced = true;
        })
        .count();
    alipay.wake.notify_one();
    count
}

/// The faults in force.
pub async fn faults(State(alipay): State<Arc<Alipay>>) -> Json<Faults> {
    Json(alipay.faults().clone())
}

/// Replaces all fault settings; what is not named is off.
pub async fn set_faults(State(alipay): State<Arc<Alipay>>, Json(faults): Json<Faults>) -> Json<Faults> {
    *alipay.faults() = faults.clone();
    alipay.wake.notify_one();
    Json(faults)
}

/// A trade, and where its payer returns to.
fn shown(alipay: &Alipay, trade: &Trade) -> Value {
    let mut value = json!(trade);
    value["total_amount"] = json!(trade.order.total_fen.to_string());
    if trade.paid_ms.is_some() {
        value["return_location"] = json!(return_location(&alipay.account, trade, alipay.clock.now_ms()));
    }
    value
}

pub fn failed(status: StatusCode, error: &str) -> Response {
    (status, Json(json!({ "error": error }))).into_response()
}
