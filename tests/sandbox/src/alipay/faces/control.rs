//! `/control/alipay/faces`, which Alipay does not have.

use std::sync::Arc;

use axum::{
    Json,
    extract::{Path, State},
    response::{IntoResponse, Response},
};
use http::StatusCode;
use serde::Deserialize;

use super::{
    super::{Alipay, control::failed, failure::Failure},
    face::{Act, Face},
    page::acted,
};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Decision {
    act: Act,
}

/// Every check, the oldest first.
pub async fn list(State(alipay): State<Arc<Alipay>>) -> Json<Vec<Face>> {
    Json(alipay.faces().faces.lines().to_vec())
}

pub async fn one(State(alipay): State<Arc<Alipay>>, Path(certify_id): Path<String>) -> Response {
    match alipay.faces().faces.get(&certify_id) {
        Some(face) => Json(face).into_response(),
        None => failed(StatusCode::NOT_FOUND, Failure::no_such_face().sub_code),
    }
}

/// As somebody does on the page, without a browser; and `expire`.
pub async fn decide(
    State(alipay): State<Arc<Alipay>>,
    Path(certify_id): Path<String>,
    Json(Decision { act }): Json<Decision>,
) -> Response {
    match acted(&alipay, &certify_id, act) {
        Ok(face) => Json(face).into_response(),
        Err(failure) => failed(StatusCode::CONFLICT, failure.sub_code),
    }
}
