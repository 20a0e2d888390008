//! Tokens and what everybody can do with a session, citizens and staff: see it, refresh it, end it.

use crate::{citizen, staff};
use http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use zerotrip_accounts::authority::{self, role_name};
use zerotrip_accounts::refused;
use zerotrip_accounts::session::{Tokens, tokens};
use zerotrip_accounts::signing::session_check;
use zerotrip_accounts::signing::session_claims::{Purpose, Role};
use zerotrip_platform::{Db, Id, Problem, Reply, Request, clock};

/// A refresh token to exchange.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Refresh {
    refresh_token: String,
}

/// Who is logged in.
#[derive(Serialize, ToSchema)]
pub struct Current {
    pub principal: String,
    pub role: String,
    /// Of officers and venue staff.
    pub device: Option<String>,
    /// Of citizens: `registered`, `real-name`, `real-person` or `proof-due`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub standing: Option<String>,
    /// Of citizens: Unix ms of the last face check in this session, or its equal; 0 if none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub face_at: Option<u64>,
}

#[utoipa::path(get, path = "/auth/sessions/current", responses((status = 200, body = Current)))]
pub async fn current(request: &Request) -> Result<Reply, Problem> {
    let db = Db::open().await?;
    let claims = authority::claims(request)?;
    let current = match claims.role {
        Role::Citizen => {
            let caller = zerotrip_accounts::citizen::of(&claims, &db).await?;
            Current {
                principal: caller.id.to_string(),
                role: role_name(Role::Citizen).to_owned(),
                device: None,
                standing: Some(caller.standing.to_string()),
                face_at: Some(caller.face_at_ms),
            }
        }
        _ => {
            let caller = authority::of(&claims, &db).await?;
            Current {
                principal: caller.principal.to_string(),
                role: caller.role,
                device: (caller.device != Id::NONE).then(|| caller.device.to_string()),
                standing: None,
                face_at: None,
            }
        }
    };
    Ok(Reply::json(StatusCode::OK, &current))
}

#[utoipa::path(delete, path = "/auth/sessions/current", responses((status = 204)))]
pub async fn log_out(request: &Request) -> Result<Reply, Problem> {
    let db = Db::open().await?;
    let claims = authority::claims(request)?;
    match claims.role {
        Role::Citizen => {
            let caller = zerotrip_accounts::citizen::of(&claims, &db).await?;
            citizen::session::end(&db, caller.session, "log-out", clock::now_ms()).await?;
        }
        _ => {
            let caller = authority::of(&claims, &db).await?;
            staff::session::end(&db, caller.session, clock::now_ms()).await?;
        }
    }
    Ok(Reply::no_content())
}

#[utoipa::path(post, path = "/auth/sessions/refresh", request_body = Refresh,
    responses((status = 200, body = Tokens)))]
pub async fn refresh(request: &Request) -> Result<Reply, Problem> {
    let given: Refresh = request.json()?;
    let now = clock::now_ms();
    let claims = session_check::check(Purpose::Refresh, &given.refresh_token, now).map_err(refused)?;
    let db = Db::open().await?;
    let started = match claims.role {
        Role::Citizen => citizen::session::rotate(&db, &claims, now).await?,
        _ => staff::session::rotate(&db, &claims, now).await?,
    };
    Ok(Reply::json(StatusCode::OK, &tokens(&started, now)?))
}

/// An authentic refresh token of an earlier generation: someone holds a copy, so nobody keeps the session.
pub fn reused() -> Problem {
    Problem::new(
        StatusCode::UNAUTHORIZED,
        "refresh-reused",
        "Refresh token used twice",
        "刷新令牌被重复使用，会话已终止",
        "The session was ended for safety. Log in again.",
    )
}
