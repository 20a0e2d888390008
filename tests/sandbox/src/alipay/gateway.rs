//! `/gateway.do`.

use std::{sync::Arc, time::Duration};

use axum::{
    extract::{RawQuery, State},
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use http::{HeaderMap, StatusCode, header};

use super::{
    Alipay, Fields, calls, cashier,
    common::{Method, authenticate},
    envelope,
    faults::{GatewayFault, SILENCE_S},
};

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

/// Longer than any client waits.
async fn silence() -> Response {
    tokio::time::sleep(Duration::from_secs(SILENCE_S)).await;
    StatusCode::GATEWAY_TIMEOUT.into_response()
}

fn parsed(text: &[u8]) -> Fields {
    form_urlencoded::parse(text).into_owned().collect()
}

fn is_form(headers: &HeaderMap) -> bool {
    headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).is_some_and(|value| {
        let kind = value.split(';').next().unwrap_or_default().trim();
        kind.eq_ignore_ascii_case("application/x-www-form-urlencoded")
    })
}
