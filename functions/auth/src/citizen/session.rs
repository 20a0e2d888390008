//! Sessions of citizens: begun, refreshed, listed, ended.

use crate::session;
use http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;
use zerotrip_accounts::citizen::{self, standing};
use zerotrip_accounts::session::{Started, end_all};
use zerotrip_accounts::signing::session_claims::{Claims, Role};
use zerotrip_platform::{Db, Id, Problem, Reply, Request, clock};

/// Most that a list holds, the newest first.
const MOST: i64 = 100;

/// One of the own sessions.
#[derive(Serialize, ToSchema)]
pub struct Session {
    session: String,
    /// `registration`, `password`, `alipay`, `face` or `recovery`
    how: String,
    /// What the client called itself.
    client: String,
    /// Unix ms.
    created_at: i64,
    /// Unix ms.
    refreshed_at: i64,
    /// Whether it is the one that asks.
    current: bool,
}

/// The own sessions that are not ended.
#[derive(Serialize, ToSchema)]
pub struct Sessions {
    sessions: Vec<Session>,
}

/// The next generation of the session whose authentic refresh token said `claims`, at the account's level of now.
pub async fn rotate(db: &Db, claims: &Claims, now: u64) -> Result<Started, Problem> {
    let (session, citizen) = (Id::from_halves(claims.session), Id::from_halves(claims.principal));
    let rotated = db
        .one(
            "UPDATE citizen_sessions SET generation = generation + 1, refreshed_at = $1 \
             WHERE id = $2 AND generation = $3 AND ended_at IS NULL AND expires_at > $4 AND EXISTS \
               (SELECT 1 FROM citizens c WHERE c.id = citizen_sessions.citizen \
                AND c.standing IN ('registered', 'real-name', 'real-person', 'proof-due')) \
             RETURNING generation, face_at, expires_at, \
               (SELECT c.standing FROM citizens c WHERE c.id = citizen_sessions.citizen)",
            [now.into(), session.into(), u64::from(claims.generation).into(), now.into()],
        )
        .await?;
    if let Some(row) = rotated {
        let odd = |_| Problem::unavailable("a stored session is not of its form");
        return Ok(Started {
            session,
            principal: citizen,
            device: Id::NONE,
            role: Role::Citizen,
            level: standing(row.text(3)?)?.level(),
            face_at_ms: u64::try_from(row.int(1)?).map_err(odd)?,
            generation: u32::try_from(row.int(0)?).map_err(odd)?,
            expires_at_ms: u64::try_from(row.int(2)?).map_err(odd)?,
        });
    }
    let reused = db
        .one(
            "UPDATE citizen_sessions SET ended_at = $1, ended_why = 'refresh-reused' \
             WHERE id = $2 AND generation > $3 AND ended_at IS NULL RETURNING id",
            [now.into(), session.into(), u64::from(claims.generation).into()],
        )
        .await?;
    Err(reused.map_or_else(Problem::unauthorized, |_| session::reused()))
}

/// Ends a session.
pub async fn end(db: &Db, session: Id, why: &str, now: u64) -> Result<(), Problem> {
    db.run(
        "UPDATE citizen_sessions SET ended_at = $1, ended_why = $2 WHERE id = $3 AND ended_at IS NULL",
        [now.into(), why.into(), session.into()],
    )
    .await?;
    Ok(())
}

#[utoipa::path(get, path = "/auth/citizens/me/sessions", responses((status = 200, body = Sessions)))]
pub async fn list(request: &Request) -> Result<Reply, Problem> {
    let db = Db::open().await?;
    let caller = citizen::anyone(request, &db).await?;
    let rows = db
        .run(
            "SELECT id, how, client, created_at, refreshed_at FROM citizen_sessions \
             WHERE citizen = $1 AND ended_at IS NULL AND expires_at > $2 \
             ORDER BY refreshed_at DESC, id LIMIT CAST($3 AS BIGINT)",
            [caller.id.into(), clock::now_ms().into(), MOST.into()],
        )
        .await?;
    let sessions = rows.iter().map(|row| {
        Ok(Session {
            session: row.text(0)?.to_owned(),
            how: row.text(1)?.to_owned(),
            client: row.text(2)?.to_owned(),
            created_at: row.int(3)?,
            refreshed_at: row.int(4)?,
            current: row.id(0)? == caller.session,
        })
    });
    let sessions = sessions.collect::<Result<_, Problem>>()?;
    Ok(Reply::json(StatusCode::OK, &Sessions { sessions }))
}

#[utoipa::path(delete, path = "/auth/citizens/me/sessions/{id}", params(("id" = String, Path)),
    responses((status = 204)))]
pub async fn end_one(request: &Request, id: &str) -> Result<Reply, Problem> {
    let id: Id = id.parse().map_err(|_| Problem::not_found())?;
    let db = Db::open().await?;
    let caller = citizen::anyone(request, &db).await?;
    let ended = db
        .one(
            "UPDATE citizen_sessions SET ended_at = COALESCE(ended_at, $1), ended_why = COALESCE(ended_why, 'person') \
             WHERE id = $2 AND citizen = $3 RETURNING id",
            [clock::now_ms().into(), id.into(), caller.id.into()],
        )
        .await?;
    ended.map(|_| Reply::no_content()).ok_or_else(Problem::not_found)
}

#[utoipa::path(delete, path = "/auth/citizens/me/sessions", responses((status = 204)))]
pub async fn end_others(request: &Request) -> Result<Reply, Problem> {
    let db = Db::open().await?;
    let caller = citizen::anyone(request, &db).await?;
    end_all(&db, caller.id, caller.session, "person", clock::now_ms()).await?;
    Ok(Reply::no_content())
}
