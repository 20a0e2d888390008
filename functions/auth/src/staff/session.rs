//! Sessions of staff, and tokens for schedulers.

use crate::session;
use http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;
use zerotrip_accounts::authority::{self, Administrator, role_name, role_of};
use zerotrip_accounts::refused;
use zerotrip_accounts::session::Started;
use zerotrip_accounts::signing::session_claims::{Claims, Purpose, Role};
use zerotrip_accounts::signing::session_issue;
use zerotrip_platform::{Db, Id, Problem, Reply, Request, clock};

/// A shift: after this a person logs in again.
pub const LIFE_MS: u64 = 12 * 3600 * 1000;
const JOB_MS: u64 = 365 * 24 * 3600 * 1000;

/// A token for schedulers.
#[derive(Serialize, ToSchema)]
pub struct JobToken {
    token: String,
    /// Unix ms.
    expires_at: u64,
}

/// Writes the row of a session that begins.
pub async fn begin(db: &Db, started: &Started, now: u64) -> Result<(), Problem> {
    db.run(
        "INSERT INTO sessions (id, principal, device, role, generation, created_at, expires_at) \
         VALUES ($1, $2, $3, $4, 0, $5, $6)",
        [
            started.session.into(),
            started.principal.into(),
            started.device.into(),
            role_name(started.role).into(),
            now.into(),
            started.expires_at_ms.into(),
        ],
    )
    .await?;
    Ok(())
}

/// Ends a session at its person's wish.
pub async fn end(db: &Db, session: Id, now: u64) -> Result<(), Problem> {
    db.run(
        "UPDATE sessions SET ended_at = $1, ended_why = 'log-out' WHERE id = $2 AND ended_at IS NULL",
        [now.into(), session.into()],
    )
    .await?;
    Ok(())
}

/// The next generation of the session whose authentic refresh token said `claims`.
pub async fn rotate(db: &Db, claims: &Claims, now: u64) -> Result<Started, Problem> {
    let session = Id::from_halves(claims.session);
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
        return Ok(Started {
            session,
            principal: row.id(0)?,
            device: row.id(1)?,
            role: role_of(row.text(2)?)?,
            level: 0,
            face_at_ms: 0,
            generation: u32::try_from(row.int(3)?)
                .map_err(|_| Problem::unavailable("a generation is out of range"))?,
            expires_at_ms: now + LIFE_MS,
        });
    }
    let reused = db
        .one(
            "UPDATE sessions SET ended_at = $1, ended_why = 'refresh-reused' \
             WHERE id = $2 AND generation > $3 AND ended_at IS NULL RETURNING id",
            [now.into(), session.into(), u64::from(claims.generation).into()],
        )
        .await?;
    Err(reused.map_or_else(Problem::unauthorized, |_| session::reused()))
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
        level: 0,
        face_at_ms: 0,
        generation: 0,
        expires_at_ms: expires_at,
    };
    let token = session_issue::issue(Purpose::Job, started.claims(now, expires_at)).map_err(refused)?;
    begin(&db, &started, now).await?;
    Ok(Reply::json(StatusCode::CREATED, &JobToken { token, expires_at }))
}
