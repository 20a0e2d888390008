//! Text messages, by the bureau's gateway.

use http::{Method, StatusCode};
use serde_json::json;
use zerotrip_domain::Phone;
use zerotrip_platform::{Db, Problem, circuit, clock, outbound, settings};

const WITHIN_MS: u64 = 3_000;

/// Sends `text` to `phone`. `request` is the gateway's idempotency key.
pub async fn send(db: &Db, phone: &Phone, text: &str, request: &str) -> Result<(), Problem> {
    let Some(call) = circuit::closed(db, "sms", clock::now_ms()).await? else { return Err(down()) };
    let url = format!("{}/sms/v1/messages", settings::get("sms_origin").await?);
    let token = format!("Bearer {}", settings::get("sms_token").await?);
    let headers = [("content-type", "application/json"), ("authorization", token.as_str())];
    let body = json!({ "phone": phone.as_str(), "text": text, "request_id": request }).to_string();
    let answer = outbound::call_within(WITHIN_MS, Method::POST, &url, &headers, body).await;
    match answer {
        Ok(answer) if answer.status.is_success() => call.succeeded().await,
        // Its word on this message, not an outage: others are served.
        Ok(answer) if answer.status.is_client_error() => {
            zerotrip_platform::log(&format!("SMS gateway: status {}", answer.status.as_u16()));
            call.succeeded().await?;
            Err(down())
        }
        _ => {
            call.failed(clock::now_ms()).await?;
            Err(down())
        }
    }
}

fn down() -> Problem {
    let mut problem = Problem::new(
        StatusCode::SERVICE_UNAVAILABLE,
        "sms-unavailable",
        "Text messages cannot be sent",
        "短信服务暂时不可用",
        "Ask for a code again in a moment.",
    );
    problem.retry_after_s = Some(5);
    problem
}
