//! The Ministry's trusted-identity platform (CTID): do name and ID number belong together?
//!
//! A person waits for the answer, so it has two seconds: a first try of 1.2 s, then one more in what is left.

use http::{Method, StatusCode};
use serde::Deserialize;
use serde_json::json;
use zerotrip_domain::IdNumber;
use zerotrip_domain::residence::Residence;
use zerotrip_platform::{Db, Problem, circuit, clock, log, outbound, settings};

const BUDGET_MS: u64 = 2_000;
const FIRST_TRY_MS: u64 = 1_200;
/// Less is not worth a try.
const SHORTEST_TRY_MS: u64 = 200;

/// What the platform says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Said {
    Match(Residence),
    NoMatch,
    NoSuchPerson,
    /// The person's identity is suspended at the Ministry.
    Frozen,
}

/// The platform did not answer, or not in time. Nothing is known.
pub struct Silent;

#[derive(Deserialize)]
struct Answer {
    result: String,
    residence: Option<String>,
}

/// Asks. `request` is the platform's idempotency key: asked again with the same, it counts once.
pub async fn ask(
    db: &Db,
    name: &str,
    number: &IdNumber,
    request: &str,
) -> Result<Result<Said, Silent>, Problem> {
    let began = clock::now_ms();
    let Some(call) = circuit::closed(db, "ctid", began).await? else { return Ok(Err(Silent)) };
    let url = format!("{}/ctid/v1/identities/match", settings::get("ctid_origin").await?);
    let token = format!("Bearer {}", settings::get("ctid_token").await?);
    let body = json!({ "name": name, "id_number": number.as_str(), "request_id": request }).to_string();
    let mut within_ms = FIRST_TRY_MS;
    for _ in 0..2 {
        let headers = [("content-type", "application/json"), ("authorization", token.as_str())];
        if let Ok(answer) = outbound::call_within(within_ms, Method::POST, &url, &headers, body.clone()).await
        {
            if let Some(said) = read(answer.status, &answer.body) {
                call.succeeded().await?;
                return Ok(Ok(said));
            }
            log(&format!("CTID: status {}", answer.status.as_u16()));
            // Its word on this question, not an outage: others are answered, and asking again changes nothing.
            if answer.status.is_client_error() {
                call.succeeded().await?;
                return Ok(Err(Silent));
            }
        }
        within_ms = BUDGET_MS.saturating_sub(clock::now_ms().saturating_sub(began));
        if within_ms < SHORTEST_TRY_MS {
            break;
        }
    }
    call.failed(clock::now_ms()).await?;
    Ok(Err(Silent))
}

/// To whoever asked something that is not kept.
pub fn unanswered() -> Problem {
    let mut problem = Problem::new(
        StatusCode::SERVICE_UNAVAILABLE,
        "identity-platform-unavailable",
        "The identity platform does not answer",
        "身份核验平台暂时无响应，请稍后重试",
        "Send the same again in a moment, with a new one-time code if one was used up.",
    );
    problem.retry_after_s = Some(5);
    problem
}

fn read(status: StatusCode, body: &[u8]) -> Option<Said> {
    if status != StatusCode::OK {
        return None;
    }
    let answer: Answer = serde_json::from_slice(body).ok()?;
    match answer.result.as_str() {
        "match" => Some(Said::Match(Residence::named(&answer.residence?)?)),
        "no-match" => Some(Said::NoMatch),
        "no-such-person" => Some(Said::NoSuchPerson),
        "frozen" => Some(Said::Frozen),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_of_no_known_form_says_nothing() {
        let read = |text: &str| read(StatusCode::OK, text.as_bytes());
        assert_eq!(
            read(r#"{"result":"match","residence":"elsewhere"}"#),
            Some(Said::Match(Residence::Elsewhere))
        );
        for odd in [
            "",
            "null",
            r#"{"result":"match"}"#,
            r#"{"result":"match","residence":"mars"}"#,
            r#"{"result":"MATCH"}"#,
        ] {
            assert_eq!(read(odd), None, "{odd}");
        }
        assert_eq!(super::read(StatusCode::ACCEPTED, br#"{"result":"no-match"}"#), None);
    }
}
