//! `/control/ccb/…`: what no bank has. For tests and developers.

use std::sync::Arc;

use axum::{
    Json,
    extract::{Path, RawQuery, State},
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use http::{StatusCode, header};
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::{Value, json};

use super::{
    Ccb, bill as day_bill,
    callback::{BANK, Callback},
    cashier::{page_location, payment},
    counter::Counter,
    failure::Failure,
    faults::Faults,
    identifiers,
    money::Fen,
    trade::Trade,
};

/// Every order.
pub async fn trades(State(ccb): State<Arc<Ccb>>) -> Json<Value> {
    let book = ccb.book();
    Json(book.trades().map(|trade| shown(&ccb, trade)).collect())
}

/// One order.
pub async fn trade(State(ccb): State<Arc<Ccb>>, Path(orderid): Path<String>) -> Response {
    match ccb.book().trade(&orderid) {
        Some(trade) => shown_alone(&ccb, trade),
        None => failed(StatusCode::NOT_FOUND, Failure::NoSuchOrder.code()),
    }
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Pay {
    acc_type: Option<String>,
    discount: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Refund {
    amount: Option<String>,
}

/// `pay` without a browser, `fail` as when the balance is too low, `refund` as through the bank's relay.
pub async fn act(
    State(ccb): State<Arc<Ccb>>,
    Path((orderid, act)): Path<(String, String)>,
    body: Bytes,
) -> Response {
    let acted = match act.as_str() {
        "pay" => read::<Pay>(&body).map(|pay| paid(&ccb, &orderid, &pay)),
        "fail" => Ok(payment_failed(&ccb, &orderid)),
        "refund" => read::<Refund>(&body).map(|refund| refunded(&ccb, &orderid, &refund)),
        _ => return failed(StatusCode::NOT_FOUND, "no such act: pay, fail, refund"),
    };
    match acted {
        Ok(Ok(trade)) => shown_alone(&ccb, &trade),
        Ok(Err(Failure::NoSuchOrder)) => failed(StatusCode::NOT_FOUND, Failure::NoSuchOrder.code()),
        Ok(Err(failure @ Failure::Field(..))) => failed(StatusCode::BAD_REQUEST, &failure.to_string()),
        Ok(Err(failure)) => failed(StatusCode::CONFLICT, failure.code()),
        Err(error) => failed(StatusCode::BAD_REQUEST, &error.to_string()),
    }
}

fn paid(ccb: &Ccb, orderid: &str, pay: &Pay) -> Result<Trade, Failure> {
    let mut book = ccb.book();
    let trade = book.trade(orderid).ok_or(Failure::NoSuchOrder)?;
    let full = trade.order.payment_fen;
    let discount = amount("discount", pay.discount.as_deref())?.unwrap_or(full);
    if discount > full {
        return Err(Failure::Field("discount", "more than the order"));
    }
    let acc_type = pay.acc_type.as_deref().unwrap_or(BANK);
    let next = trade.pay(payment(acc_type, discount, ccb.clock.now_ms()))?;
    ccb.settle(&mut book, next.clone())?;
    Ok(next)
}

fn payment_failed(ccb: &Ccb, orderid: &str) -> Result<Trade, Failure> {
    let mut book = ccb.book();
    let next = book.trade(orderid).ok_or(Failure::NoSuchOrder)?.fail(ccb.clock.now_ms())?;
    ccb.settle(&mut book, next.clone())?;
    Ok(next)
}

/// The merchant learns of a refund from a query and from the bill only.
fn refunded(ccb: &Ccb, orderid: &str, refund: &Refund) -> Result<Trade, Failure> {
    let mut book = ccb.book();
    let amount = amount("amount", refund.amount.as_deref())?;
    let now_ms = ccb.clock.now_ms();
    let trade = book.trade(orderid).ok_or(Failure::NoSuchOrder)?;
    let next = trade.refund(amount, now_ms, identifiers::serial(now_ms))?;
    book.commit(next.clone(), None)?;
    Ok(next)
}

fn amount(name: &'static str, text: Option<&str>) -> Result<Option<Fen>, Failure> {
    text.map(str::parse).transpose().map_err(|_| Failure::Field(name, "not an amount"))
}

fn read<T: DeserializeOwned + Default>(body: &Bytes) -> serde_json::Result<T> {
    if body.is_empty() { Ok(T::default()) } else { serde_json::from_slice(body) }
}

/// Every callback with its attempts.
pub async fn callbacks(State(ccb): State<Arc<Ccb>>) -> Json<Vec<Callback>> {
    Json(ccb.book().callbacks().to_vec())
}

/// Sends one now, whatever became of it before.
pub async fn resend(State(ccb): State<Arc<Ccb>>, Path(id): Path<usize>) -> Response {
    if !ccb.book().force(id) {
        return failed(StatusCode::NOT_FOUND, "no such callback");
    }
    ccb.wake.notify_one();
    Json(json!({ "sending": 1 })).into_response()
}

/// Sends now all that wait, held ones too.
pub async fn deliver(State(ccb): State<Arc<Ccb>>) -> Json<Value> {
    let sending = ccb.book().force_waiting();
    ccb.wake.notify_one();
    Json(json!({ "sending": sending }))
}

/// The counter's settings.
pub async fn counter(State(ccb): State<Arc<Ccb>>) -> Json<Counter> {
    Json(ccb.counter().clone())
}

/// Replaces all of them; what is not named is as at the beginning. Callbacks that exist stay as they are.
pub async fn set_counter(State(ccb): State<Arc<Ccb>>, Json(counter): Json<Counter>) -> Response {
    if let Err(failure) = counter.check() {
        return failed(StatusCode::BAD_REQUEST, &failure.to_string());
    }
    *ccb.counter() = counter.clone();
    Json(counter).into_response()
}

/// The faults in force.
pub async fn faults(State(ccb): State<Arc<Ccb>>) -> Json<Faults> {
    Json(ccb.faults().clone())
}

/// Replaces all fault settings; what is not named is off.
pub async fn set_faults(State(ccb): State<Arc<Ccb>>, Json(faults): Json<Faults>) -> Json<Faults> {
    *ccb.faults() = faults.clone();
    ccb.wake.notify_one();
    Json(faults)
}

/// The bill of `?date=yyyy-MM-dd`, as the merchant platform lets one download it.
pub async fn bill(State(ccb): State<Arc<Ccb>>, RawQuery(query): RawQuery) -> Response {
    let query = query.unwrap_or_default();
    let date = form_urlencoded::parse(query.as_bytes()).find(|(name, _)| name == "date");
    let Some(day_ms) = date.and_then(|(_, date)| day_bill::day(&date)) else {
        return failed(StatusCode::BAD_REQUEST, "date: not yyyy-MM-dd");
    };
    let faults = ccb.faults().clone();
    let file = day_bill::file(&ccb.book(), day_ms, &faults);
    ([(header::CONTENT_TYPE, "text/plain; charset=GBK")], file).into_response()
}

/// An order and the way to its cashier.
fn shown(ccb: &Ccb, trade: &Trade) -> Value {
    let mut value = json!(trade);
    value["payment"] = json!(trade.order.payment_fen.to_string());
    value["refunded"] = json!(trade.refunded().to_string());
    value["status"] = json!(trade.status(ccb.clock.now_ms()));
    value["cashier"] = json!(format!("/ccb/cashier/{}", trade.token));
    value
}

/// With where the payer is led to, which must be signed: too slow for a list.
fn shown_alone(ccb: &Ccb, trade: &Trade) -> Response {
    let mut value = shown(ccb, trade);
    if trade.paid.is_some() {
        value["page_location"] = json!(page_location(ccb, trade));
    }
    Json(value).into_response()
}

fn failed(status: StatusCode, error: &str) -> Response {
    (status, Json(json!({ "error": error }))).into_response()
}
