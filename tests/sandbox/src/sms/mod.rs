//! 短信网关: takes text messages, and shows them instead of sending them. No two gateways have the same wire format; this
//! one is ours.

use std::{
    io,
    path::Path,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use axum::{
    Json, Router,
    extract::{RawQuery, State},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use bytes::Bytes;
use http::{HeaderMap, StatusCode};
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::{
    clock::{Clock, stamp},
    ledger::{Entry, Ledger},
    page::{escape, page},
    parameters::Parameters,
    service::{self, Answer, Refusal, Request, Service, Token, serial},
};

/// The part of the index page that speaks of it.
pub(crate) const INDEX: &str = "<section><h2>短信（模拟）</h2><p>发送：<code>POST /sms/v1/messages</code>。</p>\
<ul><li><a href=\"/sms/\">收件箱</a></li>\
<li><a href=\"/control/sms/messages\">短信</a></li>\
<li><a href=\"/control/sms/calls\">调用统计</a></li>\
<li><a href=\"/control/sms/faults\">故障设置</a></li></ul></section>";

const LONGEST_TEXT: usize = 500;
/// How many messages the page shows.
const SHOWN: usize = 100;

/// Who may send.
#[derive(Debug)]
pub struct Account {
    pub(crate) token: Token,
}

/// Everything that the simulated gateway knows.
#[derive(Debug)]
pub(crate) struct Sms {
    service: Arc<Service>,
    messages: Mutex<Ledger<Message>>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Order {
    phone: String,
    text: String,
    request_id: String,
}

/// 短信
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Message {
    message_id: String,
    /// Unix ms.
    at_ms: i64,
    #[serde(flatten)]
    order: Order,
}

impl Request for Order {
    fn request_id(&self) -> &str {
        &self.request_id
    }
}

impl Entry for Message {
    fn key(&self) -> &str {
        &self.order.request_id
    }
}

impl Sms {
    /// Takes up what the journal holds, if there is one.
    pub fn open(account: Account, clock: Clock, journal: Option<&Path>) -> io::Result<Self> {
        let service = Arc::new(Service::new(account.token, clock));
        Ok(Self { service, messages: Mutex::new(Ledger::open(journal)?) })
    }

    fn messages(&self) -> MutexGuard<'_, Ledger<Message>> {
        self.messages.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The id of the message.
    fn accept(&self, order: &Order) -> Result<String, Refusal> {
        if !is_mobile(&order.phone) {
            return Err(Refusal::Malformed("phone"));
        }
        let sound = (1..=LONGEST_TEXT).contains(&order.text.chars().count());
        if !sound || order.text.chars().any(char::is_control) {
            return Err(Refusal::Malformed("text"));
        }
        let mut messages = self.messages();
        if let Some(before) = messages.get(&order.request_id) {
            let same = before.order == *order;
            return if same { Ok(before.message_id.clone()) } else { Err(Refusal::NameUsed) };
        }
        let at_ms = self.service.clock.now_ms();
        let message_id = serial(at_ms);
        messages.put(Message { message_id: message_id.clone(), at_ms, order: order.clone() })?;
        Ok(message_id)
    }
}

/// 手机号: `1[3-9]` and nine digits.
fn is_mobile(phone: &str) -> bool {
    let bytes = phone.as_bytes();
    matches!(bytes, [b'1', b'3'..=b'9', ..] if bytes.len() == 11 && bytes.iter().all(u8::is_ascii_digit))
}

/// The gateway's own surface, the inbox, and `/control/sms/…`, which no gateway has.
pub(crate) fn routes(sms: Arc<Sms>) -> Router {
    let control = service::routes("sms", sms.service.clone());
    Router::new()
        .route("/sms/v1/messages", post(send))
        .route("/sms/", get(inbox))
        .route("/control/sms/messages", get(list))
        .with_state(sms)
        .merge(control)
}

async fn send(State(sms): State<Arc<Sms>>, headers: HeaderMap, body: Bytes) -> Response {
    sms.service
        .serve(&headers, &body, |order: &Order| {
            let message_id = sms.accept(order)?;
            Ok(Answer { outcome: "accepted", body: json!({ "message_id": message_id }) })
        })
        .await
}

/// Newest first; with `phone`, only what went there.
async fn list(State(sms): State<Arc<Sms>>, RawQuery(query): RawQuery) -> Response {
    let Some(parameters) = Parameters::parse(&query.unwrap_or_default()) else {
        return (StatusCode::BAD_REQUEST, Json(json!({ "error": "a parameter is repeated" })))
            .into_response();
    };
    let messages = sms.messages();
    let wanted =
        |message: &&Message| parameters.get("phone").is_none_or(|phone| message.order.phone == phone);
    Json(messages.lines().iter().rev().filter(wanted).collect::<Vec<_>>()).into_response()
}

/// What a phone would show.
async fn inbox(State(sms): State<Arc<Sms>>) -> Response {
    let messages = sms.messages();
    let mut body = String::new();
    for Message { at_ms, order, .. } in messages.lines().iter().rev().take(SHOWN) {
        body.push_str(&format!(
            "<section><dl><dt>{} · {}</dt><dd>{}</dd></dl></section>",
            order.phone,
            stamp(*at_ms),
            escape(&order.text)
        ));
    }
    if body.is_empty() {
        body.push_str("<section><p>还没有短信。</p></section>");
    }
    page("短信收件箱（模拟）", &body)
}
