//! `/CCBIS/ccbMain`, and the address behind an order by QR code.

use std::sync::Arc;

use axum::{
    Json,
    extract::{Path, RawQuery, State},
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use form_urlencoded::byte_serialize;
use http::{HeaderMap, Method, StatusCode, header};
use serde_json::json;

use super::{
    Ccb, cashier,
    failure::Failure,
    form::Form,
    h5, identifiers, qr, query,
    trade::{Order, Trade},
};
use crate::inbound::{GatewayFault, is_form, silence};

const PAGE: &str = "520100";

/// Fields come in the query, in a form body, or in both.
pub async fn serve(
    State(ccb): State<Arc<Ccb>>,
    method: Method,
    RawQuery(parameters): RawQuery,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let parameters = parameters.unwrap_or_default();
    let body = if is_form(&headers) { body } else { Bytes::new() };
    let form = Form::parse(&parameters, &body);
    let transaction = form.as_ref().ok().and_then(|form| form.get("TXCODE")).unwrap_or_default().to_owned();
    if transaction == PAGE {
        // The faults are those of server-to-server calls: a payer's page has its own.
        return match form.and_then(|form| browsed(&ccb, &form)) {
            Ok(trade) => cashier::checkout(&trade, cashier::Channel::Page),
            Err(failure) => cashier::refusal(failure),
        };
    }
    let fault = ccb.faults().next_call();
    match fault {
        Some(GatewayFault::Unavailable) => return StatusCode::BAD_GATEWAY.into_response(),
        Some(GatewayFault::Silent) => return silence().await,
        Some(GatewayFault::AnswerLost | GatewayFault::BadSignature) | None => {}
    }
    let answer = match transaction.as_str() {
        query::TRANSACTION => {
            let posted = method == Method::POST && matches!(parameters.as_str(), "" | "CCB_IBSVersion=V6");
            let sound = fault != Some(GatewayFault::BadSignature);
            query::answer(
                &ccb,
                form.and_then(|form| if posted { Ok(form) } else { Err(query::IN_ADDRESS) }),
                sound,
            )
        }
        "530550" => json_answer(form.and_then(|form| ordered(&ccb, &form, &headers))),
        _ => json_answer(form.and(Err(Failure::Transaction))),
    };
    if fault == Some(GatewayFault::AnswerLost) {
        return silence().await;
    }
    answer
}

/// PAYURL: gives the text of the QR code.
pub async fn qr(State(ccb): State<Arc<Ccb>>, Path(token): Path<String>, headers: HeaderMap) -> Response {
    let fault = ccb.faults().next_call();
    match fault {
        Some(GatewayFault::Unavailable) => return StatusCode::BAD_GATEWAY.into_response(),
        Some(GatewayFault::Silent | GatewayFault::AnswerLost) => return silence().await,
        Some(GatewayFault::BadSignature) | None => {}
    }
    let known = ccb.book().by_token(&token).is_some();
    json_answer(if known { origin(&headers) } else { Err(Failure::NoSuchOrder) }.map(|origin| {
        let url: String = byte_serialize(format!("{origin}/ccb/cashier/{token}").as_bytes()).collect();
        ("QRURL", url)
    }))
}

fn ordered(ccb: &Ccb, form: &Form, headers: &HeaderMap) -> Result<(&'static str, String), Failure> {
    is_v6(form)?;
    let order = qr::order(&ccb.account, form, ccb.clock.now_ms())?;
    let origin = origin(headers)?;
    let trade = taken(ccb, order)?;
    Ok(("PAYURL", format!("{origin}/CCBIS/qr/{}", trade.token)))
}

fn browsed(ccb: &Ccb, form: &Form) -> Result<Trade, Failure> {
    is_v6(form)?;
    taken(ccb, h5::order(&ccb.account, form, ccb.clock.now_ms())?)
}

fn is_v6(form: &Form) -> Result<(), Failure> {
    form.fixed("CCB_IBSVersion", "V6")
}

/// From here on the bank knows the order.
fn taken(ccb: &Ccb, order: Order) -> Result<Trade, Failure> {
    let mut book = ccb.book();
    let trade = match book.trade(&order.orderid) {
        Some(known) => known.reordered(order)?,
        None => Trade {
            token: identifiers::token(),
            order,
            created_ms: ccb.clock.now_ms(),
            failed_ms: None,
            paid: None,
            refunds: Vec::new(),
        },
    };
    book.commit(trade.clone(), None)?;
    Ok(trade)
}

/// SUCCESS is text, as the bank writes it; a failure comes with status 200 as well.
fn json_answer(outcome: Result<(&'static str, String), Failure>) -> Response {
    Json(match outcome {
        Ok((name, url)) => json!({ "SUCCESS": "true", name: url }),
        Err(failure) => {
            json!({ "SUCCESS": "false", "ERRCODE": failure.code(), "ERRMSG": failure.to_string() })
        }
    })
    .into_response()
}

/// This server as the caller addressed it.
fn origin(headers: &HeaderMap) -> Result<String, Failure> {
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok());
    host.map(|host| format!("http://{host}")).ok_or(Failure::Field("Host", "missing"))
}
