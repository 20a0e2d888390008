//! Sessions begun and ended, and their tokens.

use crate::refused;
use crate::signing::session_claims::{Claims, Purpose, Role};
use crate::signing::session_issue;
use serde::Serialize;
use utoipa::ToSchema;
use zerotrip_domain::account::Standing;
use zerotrip_platform::{Db, Id, Problem};

const ACCESS_MS: u64 = 10 * 60 * 1000;
/// After this a person logs in again.
pub const LIFE_MS: u64 = 30 * 24 * 3600 * 1000;
/// Bytes of what a client calls itself.
const MAX_CLIENT: usize = 60;

/// How a person came in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum How {
    Registration,
    Password,
    Alipay,
    Face,
    /// The person's first account was taken over, or one from the old days was merged into it.
    Recovery,
}

impl How {
    /// As the row says it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Registration => "registration",
            Self::Password => "password",
            Self::Alipay => "alipay",
            Self::Face => "face",
            Self::Recovery => "recovery",
        }
    }
}

/// A session's row, as far as its tokens say it.
pub struct Started {
    pub session: Id,
    pub principal: Id,
    pub device: Id,
    pub role: Role,
    /// 0 registered, 1 real-name, 2 real-person.
    pub level: u8,
    /// Unix ms of the last face check or its equal; 0 if none.
    pub face_at_ms: u64,
    pub generation: u32,
    /// Unix ms at which it ends.
    pub expires_at_ms: u64,
}

impl Started {
    /// What its tokens say.
    pub fn claims(&self, now: u64, expires_at_ms: u64) -> Claims {
        Claims {
            session: self.session.halves(),
            principal: self.principal.halves(),
            device: self.device.halves(),
            role: self.role,
            level: self.level,
            face_at_ms: self.face_at_ms,
            generation: self.generation,
            issued_at_ms: now,
            expires_at_ms,
        }
    }
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

/// Access and refresh token of a session.
pub fn tokens(started: &Started, now: u64) -> Result<Tokens, Problem> {
    let access_expires_at = (now + ACCESS_MS).min(started.expires_at_ms);
    let issue = |purpose, expires_at_ms| {
        session_issue::issue(purpose, started.claims(now, expires_at_ms)).map_err(refused)
    };
    Ok(Tokens {
        access_token: issue(Purpose::Access, access_expires_at)?,
        access_expires_at,
        refresh_token: issue(Purpose::Refresh, started.expires_at_ms)?,
    })
}

/// What a client calls itself, fit to be stored.
pub fn check_client(client: Option<&str>) -> Result<&str, Problem> {
    let client = client.unwrap_or("").trim();
    if client.len() > MAX_CLIENT || client.chars().any(char::is_control) {
        return Err(Problem::invalid("client must have at most 60 bytes"));
    }
    Ok(client)
}

/// Begins a session.
pub async fn begin(
    db: &Db,
    citizen: Id,
    standing: Standing,
    how: How,
    client: Option<&str>,
    now: u64,
) -> Result<Started, Problem> {
    let client = check_client(client)?;
    let started = Started {
        session: Id::random(),
        principal: citizen,
        device: Id::NONE,
        role: Role::Citizen,
        level: standing.level(),
        face_at_ms: 0,
        generation: 0,
        expires_at_ms: now + LIFE_MS,
    };
    db.run(
        "INSERT INTO citizen_sessions (id, citizen, how, client, created_at, refreshed_at, expires_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7)",
        [
            started.session.into(),
            citizen.into(),
            how.name().into(),
            client.into(),
            now.into(),
            now.into(),
            started.expires_at_ms.into(),
        ],
    )
    .await?;
    Ok(started)
}

/// Ends all sessions of an account but `kept`.
pub async fn end_all(db: &Db, citizen: Id, kept: Id, why: &str, now: u64) -> Result<(), Problem> {
    db.run(
        "UPDATE citizen_sessions SET ended_at = $1, ended_why = $2 WHERE citizen = $3 AND id <> $4 AND ended_at IS NULL",
        [now.into(), why.into(), citizen.into(), kept.into()],
    )
    .await?;
    Ok(())
}
