//! `/v3/…`: faults, then the proof, then the call, then the signature.

use std::{sync::Arc, time::Duration};

use axum::{
    extract::{Request, State},
    response::{IntoResponse, Response},
};
use http::StatusCode;

use super::{
    WechatPay, answer,
    authorization::authenticate,
    calls,
    faults::{GatewayFault, SILENCE_S},
};

const LONGEST_BODY: usize = 64 * 1024;

/// Every call of the merchant's.
pub async fn serve(State(wechat): State<Arc<WechatPay>>, request: Request) -> Response {
    let (head, body) = request.into_parts();
    let Ok(body) = axum::body::to_bytes(body, LONGEST_BODY).await else {
        return StatusCode::PAYLOAD_TOO_LARGE.into_response();
    };
    let fault = wechat.faults().next_call();
    match fault {
        Some(GatewayFault::Unavailable) => return StatusCode::BAD_GATEWAY.into_response(),
        Some(GatewayFault::Silent) => return silence().await,
        Some(GatewayFault::AnswerLost | GatewayFault::BadSignature | GatewayFault::SignatureProbe) | None => {
        }
    }
    let now_ms = wechat.clock.now_ms();
    let (signer, result) = match answer::signer(&wechat.account, &head.headers, now_ms) {
        Ok(signer) => {
            let call = authenticate(&wechat.account, now_ms, &head, &body);
            (signer, call.and_then(|call| calls::carry_out(&wechat, &call)))
        }
        Err(failure) => (wechat.account.newest_certificate(now_ms), Err(failure)),
    };
    if fault == Some(GatewayFault::AnswerLost) {
        return silence().await;
    }
    answer::written(result, signer, now_ms, GatewayFault::fidelity(fault))
}

/// Longer than any client waits.
async fn silence() -> Response {
    tokio::time::sleep(Duration::from_secs(SILENCE_S)).await;
    StatusCode::GATEWAY_TIMEOUT.into_response()
}
