//! `/control/<service>/…`, which no real service has.

use std::sync::Arc;

use axum::{
    Json, Router,
    extract::{Path, State},
    response::{IntoResponse, Response},
    routing::get,
};
use http::StatusCode;
use serde_json::{Value, json};

use super::{Service, faults::Faults};

/// Faults and tally below `/control/{name}`.
pub(crate) fn routes(name: &str, service: Arc<Service>) -> Router {
    Router::new()
        .route(&format!("/control/{name}/faults"), get(faults).post(set_faults))
        .route(&format!("/control/{name}/calls"), get(calls))
        .route(&format!("/control/{name}/calls/{{request_id}}"), get(named))
        .with_state(service)
}

async fn faults(State(service): State<Arc<Service>>) -> Json<Faults> {
    Json(service.faults().clone())
}

/// Replaces all settings; what is not named is off.
async fn set_faults(State(service): State<Arc<Service>>, Json(faults): Json<Faults>) -> Json<Faults> {
    *service.faults() = faults.clone();
    Json(faults)
}

async fn calls(State(service): State<Arc<Service>>) -> Json<Value> {
    Json(json!(*service.tally()))
}

async fn named(State(service): State<Arc<Service>>, Path(request_id): Path<String>) -> Response {
    match service.tally().named(&request_id) {
        Some(named) => Json(named).into_response(),
        None => (StatusCode::NOT_FOUND, Json(json!({ "error": "no such call" }))).into_response(),
    }
}
