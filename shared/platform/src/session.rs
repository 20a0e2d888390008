//! Sessions as the database has them: a token is good only while its row, its person and its device are.

use crate::{Db, Id, Problem};

/// A session that is neither ended nor expired, whose person and device are not revoked.
#[derive(Clone, Debug)]
pub struct Live {
    /// The session's row.
    pub session: Id,
    /// Who.
    pub principal: Id,
    /// On which device; [`Id::NONE`] without one.
    pub device: Id,
    /// `citizen`, `officer`, `venue-staff`, `administrator` or `job`.
    pub role: String,
    /// The person's agency.
    pub agency: String,
}

/// The live session that an authentic token names, or 401.
pub async fn live(db: &Db, session: Id, principal: Id, now_ms: u64) -> Result<Live, Problem> {
    let row = db
        .one(
            "SELECT s.role, s.device, p.agency FROM sessions s JOIN principals p ON p.id = s.principal \
             WHERE s.id = $1 AND s.principal = $2 AND s.ended_at IS NULL AND s.expires_at > $3 AND p.revoked_at IS NULL \
             AND (s.device = $4 OR EXISTS \
                 (SELECT 1 FROM devices d WHERE d.id = s.device AND d.revoked_at IS NULL))",
            [session.into(), principal.into(), now_ms.into(), Id::NONE.into()],
        )
        .await?
        .ok_or_else(Problem::unauthorized)?;
    Ok(Live {
        session,
        principal,
        device: row.id(1)?,
        role: row.text(0)?.to_owned(),
        agency: row.text(2)?.to_owned(),
    })
}

/// A citizen's session that is neither ended nor expired, of an account whose person may log in.
#[derive(Clone, Debug)]
pub struct LiveCitizen {
    /// The session's row.
    pub session: Id,
    /// Whose.
    pub citizen: Id,
    /// `registered`, `real-name`, `real-person` or `proof-due`.
    pub standing: String,
    /// Unix ms of the last face check in this session, or its equal; 0 if none.
    pub face_at_ms: u64,
    /// Unix ms.
    pub created_at_ms: u64,
}

/// The citizen's live session that an authentic token names, or 401.
pub async fn citizen(db: &Db, session: Id, citizen: Id, now_ms: u64) -> Result<LiveCitizen, Problem> {
    let row = db
        .one(
            "SELECT c.standing, s.face_at, s.created_at FROM citizen_sessions s JOIN citizens c ON c.id = s.citizen \
             WHERE s.id = $1 AND s.citizen = $2 AND s.ended_at IS NULL AND s.expires_at > $3 \
             AND c.standing IN ('registered', 'real-name', 'real-person', 'proof-due')",
            [session.into(), citizen.into(), now_ms.into()],
        )
        .await?
        .ok_or_else(Problem::unauthorized)?;
    let time = |at| Ok::<_, Problem>(u64::try_from(row.int(at)?).unwrap_or(0));
    Ok(LiveCitizen {
        session,
        citizen,
        standing: row.text(0)?.to_owned(),
        face_at_ms: time(1)?,
        created_at_ms: time(2)?,
    })
}
