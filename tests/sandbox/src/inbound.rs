//! What the gateways have in common: how a form is known, and how a call goes wrong on purpose.

use std::time::Duration;

use axum::response::{IntoResponse, Response};
use http::{HeaderMap, StatusCode, header};
use serde::{Deserialize, Serialize};

/// Longer than any client waits.
const SILENCE: Duration = Duration::from_secs(120);

/// What a gateway does instead of answering a server-to-server call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum GatewayFault {
    /// HTTP 502, nothing done.
    Unavailable,
    /// No answer, nothing done.
    Silent,
    /// No answer, but the call was carried out.
    AnswerLost,
    /// Carried out, and answered with a signature that is not right.
    BadSignature,
}

/// Keeps the connection open and says nothing.
pub async fn silence() -> Response {
    tokio::time::sleep(SILENCE).await;
    StatusCode::GATEWAY_TIMEOUT.into_response()
}

/// Whether the body is a form.
pub fn is_form(headers: &HeaderMap) -> bool {
    headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).is_some_and(|value| {
        let kind = value.split(';').next().unwrap_or_default().trim();
        kind.eq_ignore_ascii_case("application/x-www-form-urlencoded")
    })
}
