//! Sessions: access tokens of ten minutes, refresh tokens that rotate, job tokens.

use crate::authority::{self, Administrator, role_name, role_of};
use crate::refused;
use crate::signing::session_claims::{Claims, Purpose, Role};
use crate::signing::{session_check, session_issue};
use http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use zerotrip_platform::{Db, Id, Problem, Reply, Request, clock};

/// A shift: after this a person logs in again.
pub const LIFE_MS: u64 = 12 * 3600 * 1000;
const ACCESS_MS: u64 = 10 * 60 * 1000;
const JOB_MS: u64 = 365 * 24 * 3600 * 1000;

/// A session's row, as far as its tokens say it.
pub struct Started {
    pub session: Id,
    pub principal: Id,
    pub device: Id,
    pub role: Role,
    pub generation: u32,
}

/// What a client keeps.
#[derive(Serialize, ToSchema)]
pub struct Tokens {
    access_token: String,
    /// Unix ms.
    access_expires_at: u64,
    /// Good once; using it twice ends the session.
    refresh_token: String,
}

/// A refresh token to exchange.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Refresh {
    refresh_token: String,
}

/// Who is logged in.
#[derive(Serialize, ToSchema)]
pub struct Current {
    principal: String,
    role: String,
    /// None for an administrator.
    device: Option<String>,
}

/// A token for schedulers.
#[derive(Serialize, ToSchema)]
pub struct JobToken {
    token: String,
    /// Unix ms.
    expires_at: u64,
}

/// Access and refresh token of a session.
pub fn tokens(started: &Started, now: u64) -> Result<Tokens, Problem> {
    let access_expires_at = now + ACCESS_MS;
    let issue = |purpose, expires_at_ms| {
        session_issue::issue(purpose, claims(started, now, expires_at_ms)).map_err(refused)
    };
    Ok(Tokens {
        access_token: issue(Purpose::Access, access_expires_at)?,
        access_expires_at,
        refresh_token: issue(Purpose::Refresh, now + LIFE_MS)?,
    })
}

fn claims(started: &Started, now: u64, expires_at_ms: u64) -> Claims {
    Claims {
        session: started.session.halves(),
        principal: started.principal.halves(),
        device: started.device.halves(),
        role: started.role,
        level: 0,
        face_at_ms: 0,
        generation: started.generation,
        issued_at_ms: now,
        expires_at_ms,
    }
}

#[utoipa::path(get, path = "/auth/sessions/current", responses((status = 200, body = Current)))]
pub async fn current(request: &Request) -> Result<Reply, Problem> {
    let caller = authority::caller(request, &Db::open().await?).await?;
    let current = Current {
        principal: caller.principal.to_string(),
        role: caller.role,
        device: (caller.device != Id::NONE).then(|| caller.device.to_string()),
    };
    Ok(Reply::json(StatusCode::OK, &current))
}

#[utoipa::path(delete, path = "/auth/sessions/current", responses((status = 204)))]
pub async fn log_out(request: &Request) -> Result<Reply, Problem> {
    let db = Db::open().await?;
    let caller = authority::caller(request, &db).await?;
    db.run(
        "UPDATE sessions SET ended_at = $1, ended_why = 'log-out' WHERE id = $2 AND ended_at IS NULL",
        [clock::now_ms().into(), caller.session.into()],
    )
    .await?;
    Ok(Reply::no_content())
}

#[utoipa::path(post, path = "/auth/sessions/refresh", request_body = Refresh,
    responses((status = 200, body = Tokens)))]
pub async fn refresh(request: &Request) -> Result<Reply, Problem> {
    let given: Refresh = request.json()?;
    let now = clock::now_ms();
    let claims = session_check::check(Purpose::Refresh, &given.refresh_token, now).map_err(refused)?;
    let session = Id::from_halves(claims.session);
    let db = Db::open().await?;
    let rotated = db
        .one(
            "UPDATE sessions SET generation = generation + 1 \
             WHERE id = $1 AND generation = $2 AND ended_at IS NULL AND expires_at > $3 \
             AND EXISTS (SELECT 1 FROM principals p WHERE p.id = sessions.principal AND p.revoked_at IS NULL) \
             AND (device = $4 OR EXISTS \
                 (SELECT 1 FROM devices d WHERE d.id = sessions.device AND d.revoked_at IS NULL)) \
             RETURNING principal, device, role, generation",
            [session.into(), u64::from(claims.generation).into(), now.into(), Id::NONE.into()],
        )
        .await?;
    if let Some(row) = rotated {
        let started = Started {
            session,
            principal: row.id(0)?,
            device: row.id(1)?,
            role: role_of(row.text(2)?)?,
            generation: u32::try_from(row.int(3)?)
                .map_err(|_| Problem::unavailable("a generation is out of range"))?,
        };
        return Ok(Reply::json(StatusCode::OK, &tokens(&started, now)?));
    }
    // An authentic token of an earlier generation has been used before: someone holds a copy, so nobody keeps the session.
    let reused = db
        .one(
            "UPDATE sessions SET ended_at = $1, ended_why = 'refresh-reused' \
             WHERE id = $2 AND generation > $3 AND ended_at IS NULL RETURNING id",
            [now.into(), session.into(), u64::from(claims.generation).into()],
        )
        .await?;
    Err(match reused {
        Some(_) => Problem::new(
            StatusCode::UNAUTHORIZED,
            "refresh-reused",
            "Refresh token used twice",
            "刷新令牌被重复使用，会话已终止",
            "The session was ended for safety. Log in again.",
        ),
        None => Problem::unauthorized(),
    })
}

#[utoipa::path(post, path = "/auth/job-tokens", responses((status = 201, body = JobToken)))]
pub async fn job_token(request: &Request) -> Result<Reply, Problem> {
    let db = Db::open().await?;
    let Administrator(by) = authority::administrator(request, &db).await?;
    let now = clock::now_ms();
    let expires_at = now + JOB_MS;
    let started = Started {
        session: Id::random(),
        principal: by.principal,
        device: Id::NONE,
        role: Role::Job,
        generation: 0,
    };
    let token = session_issue::issue(Purpose::Job, claims(&started, now, expires_at)).map_err(refused)?;
    db.run(
        "INSERT INTO sessions (id, principal, device, role, generation, created_at, expires_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7)",
        [
            started.session.into(),
            by.principal.into(),
            Id::NONE.into(),
            role_name(Role::Job).into(),
            0i64.into(),
            now.into(),
            expires_at.into(),
        ],
    )
    .await?;
    Ok(Reply::json(StatusCode::CREATED, &JobToken { token, expires_at }))
}
