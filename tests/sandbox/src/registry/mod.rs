//! 证照库: the registry of documents, which knows who holds which of the seven, and how it stands. Provinces have such a
//! registry each with a wire format of its own; this one is ours.

mod calendar;
mod holdings;
mod paper;
mod photo;

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use axum::{
    Json, Router,
    extract::{Path, State},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use bytes::Bytes;
use http::{HeaderMap, StatusCode};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use self::{calendar::Day, paper::Paper};
use crate::{
    clock::Clock,
    people::{self, Person, number},
    service::{self, Answer, Refusal, Request, Service, Token, serial},
};

/// The part of the index page that speaks of it.
pub(crate) const INDEX: &str = "<section><h2>证照库（模拟）</h2>\
<p>查询：<code>POST /registry/v1/documents/query</code>。</p>\
<ul><li><a href=\"/control/registry/documents\">全部证照</a></li>\
<li><a href=\"/control/registry/calls\">调用统计</a></li>\
<li><a href=\"/control/registry/faults\">故障设置</a></li></ul></section>";

const KINDS: [&str; 7] = [
    "resident-id",
    "residence-permit",
    "driving-licence",
    "vehicle-licence",
    "passport",
    "hk-macau-permit",
    "taiwan-permit",
];

/// Who may ask.
#[derive(Debug)]
pub struct Account {
    pub(crate) token: Token,
}

/// Everything that the simulated registry knows.
#[derive(Debug)]
pub(crate) struct Registry {
    service: Arc<Service>,
    /// Fields that a test wants otherwise, by ID number and kind.
    changes: Mutex<HashMap<(String, &'static str), Paper>>,
}

/// 证照查询
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Query {
    id_number: String,
    kind: String,
    request_id: String,
}

impl Request for Query {
    fn request_id(&self) -> &str {
        &self.request_id
    }
}

impl Registry {
    pub fn new(account: Account, clock: Clock) -> Self {
        Self { service: Arc::new(Service::new(account.token, clock)), changes: Mutex::default() }
    }

    fn changes(&self) -> MutexGuard<'_, HashMap<(String, &'static str), Paper>> {
        self.changes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What somebody holds of a kind today; none for somebody or something unknown.
    fn held(&self, id_number: &str, kind: &'static str) -> Option<Vec<Paper>> {
        let today = Day::at(self.service.clock.now_ms());
        let mut papers = paper::held(people::find(id_number)?, kind, today)?;
        if let Some(changes) = self.changes().get(&(id_number.to_owned(), kind)) {
            for paper in &mut papers {
                paper.extend(changes.clone());
            }
        }
        Some(papers)
    }
}

/// What somebody holds of a kind at this Unix ms, as the registry tells it: for tests of who reads it.
pub fn documents(person: &Person, kind: &str, now_ms: i64) -> Vec<Map<String, Value>> {
    paper::held(person, kind, Day::at(now_ms)).unwrap_or_default()
}

fn known(kind: &str) -> Option<&'static str> {
    KINDS.into_iter().find(|known| *known == kind)
}

/// The registry's own surface, and `/control/registry/…`, which no registry has.
pub(crate) fn routes(registry: Arc<Registry>) -> Router {
    let control = service::routes("registry", registry.service.clone());
    Router::new()
        .route("/registry/v1/documents/query", post(query))
        .route("/control/registry/documents", get(list))
        .route("/control/registry/documents/{id_number}/{kind}", post(change))
        .with_state(registry)
        .merge(control)
}

async fn query(State(registry): State<Arc<Registry>>, headers: HeaderMap, body: Bytes) -> Response {
    registry
        .service
        .serve(&headers, &body, |asked: &Query| {
            let now_ms = registry.service.clock.now_ms();
            if !number::is_sound(&asked.id_number, now_ms) {
                return Err(Refusal::Malformed("id_number"));
            }
            let kind = known(&asked.kind).ok_or(Refusal::Malformed("kind"))?;
            // Whether somebody exists is not the registry's to tell.
            let documents = registry.held(&asked.id_number, kind).unwrap_or_default();
            let outcome = if documents.is_empty() { "none" } else { "found" };
            let body = json!({ "result": outcome, "documents": documents, "serial": serial(now_ms) });
            Ok(Answer { outcome, body })
        })
        .await
}

/// Every document of everybody, without the pictures.
async fn list(State(registry): State<Arc<Registry>>) -> Response {
    let mut all = Vec::new();
    for (person, kind) in people::all().iter().flat_map(|person| KINDS.map(|kind| (person, kind))) {
        for mut paper in registry.held(&person.id_number, kind).unwrap_or_default() {
            paper.remove("photo");
            all.push(json!({ "holder": person.id_number, "kind": kind, "document": paper }));
        }
    }
    Json(all).into_response()
}

/// Replaces what is otherwise than at the beginning; `{}` ends it.
async fn change(
    State(registry): State<Arc<Registry>>,
    Path((id_number, kind)): Path<(String, String)>,
    Json(changes): Json<Paper>,
) -> Response {
    let papers = known(&kind).and_then(|kind| Some((kind, registry.held(&id_number, kind)?)));
    let Some((kind, first)) = papers.and_then(|(kind, papers)| Some((kind, papers.into_iter().next()?)))
    else {
        return (StatusCode::NOT_FOUND, Json(json!({ "error": "no such document" }))).into_response();
    };
    if let Some(field) = changes.keys().find(|field| !first.contains_key(*field)) {
        let error = json!({ "error": "no such field", "field": field });
        return (StatusCode::UNPROCESSABLE_ENTITY, Json(error)).into_response();
    }
    registry.changes().insert((id_number.clone(), kind), changes);
    Json(registry.held(&id_number, kind)).into_response()
}
