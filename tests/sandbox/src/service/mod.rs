//! What CTID, the SMS gateway and the registry of documents have in common: JSON in, a bearer token, names of requests that
//! make a repetition harmless, faults on purpose, and a tally of calls. Their real counterparts publish no wire format; this one is ours.

mod control;
mod faults;
mod refusal;
mod tally;
mod token;

use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use axum::response::{IntoResponse, Response};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use self::{
    faults::{Fault, Faults},
    tally::Tally,
};
use crate::{
    clock::{Clock, digits},
    inbound::silence,
};

pub(crate) use self::{
    control::routes,
    refusal::Refusal,
    token::{NotAToken, Token},
};

/// What is asked of a service.
pub(crate) trait Request: DeserializeOwned {
    /// The name that the caller gave to it.
    fn request_id(&self) -> &str;
}

/// What a service answers: what it is called in the tally, and the JSON.
pub(crate) struct Answer {
    pub outcome: &'static str,
    pub body: Value,
}

/// The part of a service that does not depend on what it does.
#[derive(Debug)]
pub(crate) struct Service {
    token: Token,
    pub clock: Clock,
    faults: Mutex<Faults>,
    tally: Mutex<Tally>,
}

/// 24 digits, the time first, for what a service gives out.
pub(crate) fn serial(now_ms: i64) -> String {
    let random = getrandom::u64().expect("the system has randomness");
    format!("{}{:010}", digits(now_ms), random % 10_000_000_000)
}

impl Service {
    pub fn new(token: Token, clock: Clock) -> Self {
        Self { token, clock, faults: Mutex::default(), tally: Mutex::default() }
    }

    // A panic while one of these is held changes nothing half: both are changed by single assignments.
    fn faults(&self) -> MutexGuard<'_, Faults> {
        self.faults.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn tally(&self) -> MutexGuard<'_, Tally> {
        self.tally.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// One call: first what goes wrong on purpose, then who calls, what is asked, how often, and at last `act`.
    pub async fn serve<R: Request>(
        &self,
        headers: &HeaderMap,
        body: &[u8],
        act: impl FnOnce(&R) -> Result<Answer, Refusal>,
    ) -> Response {
        let arrived = Instant::now();
        let (delay, fault) = self.faults().next_call();
        if let Some(delay) = delay {
            tokio::time::sleep(delay).await;
        }
        let slept = delay.map_or_else(Default::default, |_| arrived.elapsed());
        match fault {
            Some(Fault::Down) => return self.failed("down", StatusCode::SERVICE_UNAVAILABLE, slept),
            Some(Fault::Status(status)) => return self.failed("status", status.get(), slept),
            Some(Fault::Garbage) => {
                self.tally().count(None, "garbage", slept);
                // Cut off where a hasty reader has already seen what it hopes for.
                return json_text(StatusCode::OK, "{\"result\":\"match\",\"message_id\":\"".into());
            }
            Some(Fault::Silent) => {
                self.tally().count(None, "silent", slept);
                return silence().await;
            }
            Some(Fault::AnswerLost) | None => {}
        }
        let request = self.understood::<R>(headers, body);
        let name = request.as_ref().ok().map(|request| request.request_id().to_owned());
        let answer = request.and_then(|request| {
            if self.faults().over_the_rate(self.clock.now_ms()) {
                return Err(Refusal::TooManyRequests);
            }
            act(&request)
        });
        let outcome = answer.as_ref().map_or_else(Refusal::name, |answer| answer.outcome);
        self.tally().count(name, outcome, slept);
        if fault == Some(Fault::AnswerLost) {
            return silence().await;
        }
        match answer {
            Ok(answer) => json_text(StatusCode::OK, answer.body.to_string()),
            Err(refusal) => refusal.into_response(),
        }
    }

    fn understood<R: Request>(&self, headers: &HeaderMap, body: &[u8]) -> Result<R, Refusal> {
        let given = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
        if !given.and_then(|value| value.strip_prefix("Bearer ")).is_some_and(|given| self.token.is(given)) {
            return Err(Refusal::Unauthorized);
        }
        let kind = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
        let kind = kind.and_then(|value| value.split(';').next()).unwrap_or_default().trim();
        if !kind.eq_ignore_ascii_case("application/json") {
            return Err(Refusal::Malformed("content-type"));
        }
        let request: R = serde_json::from_slice(body).map_err(|_| Refusal::Malformed("body"))?;
        let name = request.request_id();
        let sound = (8..=64).contains(&name.len())
            && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_');
        if sound { Ok(request) } else { Err(Refusal::Malformed("request_id")) }
    }

    fn failed(&self, outcome: &'static str, status: StatusCode, slept: Duration) -> Response {
        self.tally().count(None, outcome, slept);
        json_text(status, json!({ "error": "unavailable" }).to_string())
    }
}

fn json_text(status: StatusCode, body: String) -> Response {
    (status, [(header::CONTENT_TYPE, HeaderValue::from_static("application/json"))], body).into_response()
}
