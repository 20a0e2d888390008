//! `/gateway.do`.

use std::sync::Arc;

use axum::{
    extract::{RawQuery, State},
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use http::{HeaderMap, StatusCode, header};

use super::{
    Alipay, Fields, calls, cashier,
    common::{Method, authenticate},
    envelope, faces,
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
    let named = fields.iter().find(|(name, _)| name == "method").map_or("", |(_, value)| value);
    let page = Method::named(named).filter(|method| method.is_page());
    // The faults are those of server-to-server calls: a person's page has its own.
    let (delay, fault) = if page.is_some() { (None, None) } else { alipay.faults().next_call(named) };
    if let Some(delay) = delay {
        tokio::time::sleep(delay).await;
    }
    match fault {
        Some(GatewayFault::Unavailable) => return StatusCode::BAD_GATEWAY.into_response(),
        Some(GatewayFault::Silent) => return silence().await,
        Some(GatewayFault::AnswerLost | GatewayFault::BadSignature) | None => {}
    }
    let call = match authenticate(&alipay.account, alipay.clock.now_ms(), fields) {
        Ok(call) => call,
        Err(refusal) if page == Some(Method::FaceCertify) => {
            return faces::refusal(refusal.sub_code, &refusal.sub_msg);
        }
        Err(refusal) if page.is_some() => return cashier::refusal(refusal.sub_code, &refusal.sub_msg),
        Err(refusal) => return envelope::refused(&alipay.account, &refusal),
    };
    match call.method() {
        Method::WapPay => return cashier::open(&alipay, &call),
        Method::FaceCertify => return faces::open(&alipay, &call),
        _ => {}
    }
    let host = headers.get(header::HOST).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let answer =
        envelope::outcome(call.method(), calls::carry_out(&alipay, &call, &format!("http://{host}")));
    if fault == Some(GatewayFault::AnswerLost) {
        return silence().await;
    }
    envelope::signed(&alipay.account, call.method(), &answer, fault != Some(GatewayFault::BadSignature))
}

fn parsed(text: &[u8]) -> Fields {
    form_urlencoded::parse(text).into_owned().collect()
}
