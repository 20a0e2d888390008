//! Text messages, by the bureau's gateway.

use http::{Method, StatusCode};
use serde_json::json;
use zerotrip_domain::Phone;
use zerotrip_platform::{Db, Problem, circuit, clock, log, outbound, settings};

const WITHIN_MS: u64 = 3_000;

/// What the gateway says of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Said {
    /// It is on its way, now or since it was first asked with this key.
    Taken,
    /// Not this one.
    Refused(StatusCode),
}

/// The gateway did not answer. Whether the message is on its way is not known.
pub struct Silent;

/// Sends `text` to `phone`, or says that it could not. `request` is the gateway's idempotency key.
pub async fn send(db: &Db, phone: &Phone, text: &str, request: &str) -> Result<(), Problem> {
    match try_send(db, phone, text, request).await? {
        Ok(Said::Taken) => Ok(()),
        Ok(Said::Refused(_)) | Err(Silent) => Err(down()),
    }
}

/// The same for who sends it again later.
pub async fn try_send(
    db: &Db,
    phone: &Phone,
    text: &str,
    request: &str,
) -> Result<Result<Said, Silent>, Problem> {
    let Some(call) = circuit::closed(db, "sms", clock::now_ms()).await? else { return Ok(Err(Silent)) };
    let url = format!("{}/sms/v1/messages", settings::get("sms_origin").await?);
    let token = format!("Bearer {}", settings::get("sms_token").await?);
    let headers = [("content-type", "application/json"), ("authorization", token.as_str())];
    let body = json!({ "phone": phone.as_str(), "text": text, "request_id": request }).to_string();
    let answer = outbound::call_within(WITHIN_MS, Method::POST, &url, &headers, body).await;
    match answer {
        Ok(answer) if answer.status.is_success() => {
            call.succeeded().await?;
            Ok(Ok(Said::Taken))
        }
        // Its word on this message, not an outage: others are served.
        Ok(answer) if answer.status.is_client_error() => {
            log(&format!("SMS gateway: status {}", answer.status.as_u16()));
            call.succeeded().await?;
            Ok(Ok(Said::Refused(answer.status)))
        }
        _ => {
            call.failed(clock::now_ms()).await?;
            Ok(Err(Silent))
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
