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
