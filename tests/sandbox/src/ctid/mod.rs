//! CTID (网络身份认证公共服务), the Ministry's trusted-identity platform: does this number belong to this name? Its wire
//! format is not public; the one here is ours, with what any such check must be able to say.

use std::{
    io,
    path::Path,
    sync::{Arc, Mutex, PoisonError},
};

use axum::{Router, extract::State, response::Response, routing::post};
use bytes::Bytes;
use http::HeaderMap;
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::{
    clock::Clock,
    ledger::{Entry, Ledger},
    people::{self, Residence, number},
    service::{self, Answer, Refusal, Request, Service, Token, serial},
};

/// The part of the index page that speaks of it.
pub(crate) const INDEX: &str = "<section><h2>网络身份认证 CTID（模拟）</h2>\
<p>核验：<code>POST /ctid/v1/identities/match</code>。</p>\
<ul><li><a href=\"/control/ctid/calls\">调用统计</a></li>\
<li><a href=\"/control/ctid/faults\">故障设置</a></li></ul></section>";

const LONGEST_NAME: usize = 50;

/// Who may ask.
#[derive(Debug)]
pub struct Account {
    pub(crate) token: Token,
}

/// Everything that the simulated CTID knows, besides the people.
#[derive(Debug)]
pub(crate) struct Ctid {
    service: Arc<Service>,
    given: Mutex<Ledger<Given>>,
}

/// 两项信息核验
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Match {
    name: String,
    id_number: String,
    request_id: String,
}

/// An answer, so that the same question is answered the same.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Given {
    asked: Match,
    result: Outcome,
    residence: Option<Residence>,
    serial: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Outcome {
    /// Name and number are one person's.
    Match,
    /// The number is somebody else's.
    NoMatch,
    /// The number is nobody's.
    NoSuchPerson,
    /// They are one person's, who is not to be trusted with it now.
    Frozen,
}

impl Request for Match {
    fn request_id(&self) -> &str {
        &self.request_id
    }
}

impl Entry for Given {
    fn key(&self) -> &str {
        &self.asked.request_id
    }
}

impl Ctid {
    /// Takes up what the journal holds, if there is one.
    pub fn open(account: Account, clock: Clock, journal: Option<&Path>) -> io::Result<Self> {
        let service = Arc::new(Service::new(account.token, clock));
        Ok(Self { service, given: Mutex::new(Ledger::open(journal)?) })
    }

    fn check(&self, asked: &Match) -> Result<Given, Refusal> {
        let now_ms = self.service.clock.now_ms();
        let named = (1..=LONGEST_NAME).contains(&asked.name.chars().count());
        if !named || asked.name.chars().any(|c| c.is_control() || c.is_whitespace()) {
            return Err(Refusal::Malformed("name"));
        }
        if !number::is_sound(&asked.id_number, now_ms) {
            return Err(Refusal::Malformed("id_number"));
        }
        let mut ledger = self.given.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(before) = ledger.get(&asked.request_id) {
            return if before.asked == *asked { Ok(before.clone()) } else { Err(Refusal::NameUsed) };
        }
        let (result, residence) = match people::find(&asked.id_number) {
            None => (Outcome::NoSuchPerson, None),
            // Whether an identity is frozen is not for those who do not know its name.
            Some(person) if person.name != asked.name => (Outcome::NoMatch, None),
            Some(person) if person.frozen => (Outcome::Frozen, None),
            Some(person) => (Outcome::Match, Some(person.residence)),
        };
        let given = Given { asked: asked.clone(), result, residence, serial: serial(now_ms) };
        ledger.put(given.clone())?;
        Ok(given)
    }
}

/// The platform's own surface, and `/control/ctid/…`, which no platform has.
pub(crate) fn routes(ctid: Arc<Ctid>) -> Router {
    let control = service::routes("ctid", ctid.service.clone());
    Router::new().route("/ctid/v1/identities/match", post(matched)).with_state(ctid).merge(control)
}

async fn matched(State(ctid): State<Arc<Ctid>>, headers: HeaderMap, body: Bytes) -> Response {
    ctid.service
        .serve(&headers, &body, |asked: &Match| {
            let Given { result, residence, serial, .. } = ctid.check(asked)?;
            let mut body = json!({ "result": result, "serial": serial });
            if let Some(residence) = residence {
                body["residence"] = json!(residence);
            }
            Ok(Answer { outcome: result.name(), body })
        })
        .await
}

impl Outcome {
    fn name(self) -> &'static str {
        match self {
            Self::Match => "match",
            Self::NoMatch => "no-match",
            Self::NoSuchPerson => "no-such-person",
            Self::Frozen => "frozen",
        }
    }
}
