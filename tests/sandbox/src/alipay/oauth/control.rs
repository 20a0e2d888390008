//! `/control/alipay/accounts` and `…/application`, which Alipay does not have.

use std::sync::Arc;

use axum::{
    Json,
    extract::{Path, State},
    response::{IntoResponse, Response},
};
use http::StatusCode;
use serde::Deserialize;
use serde_json::json;

use super::{
    super::{Alipay, control::failed},
    Application, Scope,
    authorize::account,
};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Wanted {
    scope: Scope,
}

/// A code as the browser of somebody who agreed would bring it.
pub async fn code(
    State(alipay): State<Arc<Alipay>>,
    Path(user_id): Path<String>,
    Json(Wanted { scope }): Json<Wanted>,
) -> Response {
    let Some(account) = account(&user_id) else {
        return failed(StatusCode::NOT_FOUND, "no such account");
    };
    let now_ms = alipay.clock.now_ms();
    let code = alipay.grants().give_code(account, scope, now_ms);
    Json(json!({ "auth_code": code })).into_response()
}

pub async fn application(State(alipay): State<Arc<Alipay>>) -> Json<Application> {
    Json(alipay.grants().application)
}

pub async fn set_application(
    State(alipay): State<Arc<Alipay>>,
    Json(application): Json<Application>,
) -> Json<Application> {
    alipay.grants().application = application;
    Json(application)
}
