//! `/gateway.do`.

use std::sync::Arc;

use axum::{
    extract::{RawQuery, State},
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use http::{HeaderMap, StatusCode};

use super::{
    Alipay, Fields, calls, cashier,
    common::{Method, authenticate},
    envelope,
};
use crate::inbound::{GatewayFault, is_form, silence};

/// Parameters come in the query, in a form body, or in both.
pub async fn serve(
    State(alipay): State<Arc<Alipay>>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let mut fields = parsed(query.unwrap_or_default().as_bytes());
    if is_form(&headers) {
        fields.extend(parsed(&body));
    }
    let page = fields.iter().any(|(name, value)| name == "method" && value == Method::WapPay.name());
    // The faults are those of server-to-server calls: a payer's page has its own.
    let fault = if page { None } else { alipay.faults().next_call() };
    match fault {
        Some(GatewayFault::Unavailable) => return StatusCode::BAD_GATEWAY.into_response(),
        Some(GatewayFault::Silent) => return silence().await,
        Some(GatewayFault::AnswerLost | GatewayFault::BadSignature) | None => {}
    }
    let call = match authenticate(&alipay.account, alipay.clock.now_ms(), fields) {
        Ok(call) => call,
        Err(refusal) if page => return cashier::refusal(refusal.sub_code, &refusal.sub_msg),
        Err(refusal) => return envelope::refused(&alipay.account, &refusal),
    };
    if call.method() == Method::WapPay {
        return cashier::open(&alipay, &call);
    }
    let answer = envelope::outcome(calls::carry_out(&alipay, &call));
    if fault == Some(GatewayFault::AnswerLost) {
        return silence().await;
    }
    envelope::signed(&alipay.account, call.method(), &answer, fault != Some(GatewayFault::BadSignature))
}

fn parsed(text: &[u8]) -> Fields {
    form_urlencoded::parse(text).into_owned().collect()
}
