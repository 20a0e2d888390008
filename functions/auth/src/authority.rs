//! Who is asking. The only way to hold an [`Administrator`] is to have been checked.

use crate::refused;
use crate::signing::session_check;
use crate::signing::session_claims::{Claims, Purpose, Role};
use zerotrip_platform::{Db, Id, Problem, Request, clock};

/// A caller with a live session.
pub struct Caller {
    /// The session's row.
    pub session: Id,
    /// Who.
    pub principal: Id,
    /// On which device.
    pub device: Id,
    /// As what.
    pub role: Role,
}

/// A caller who may enrol and revoke.
pub struct Administrator(pub Caller);

/// A live session: an authentic token whose row, person and device are not ended or revoked.
pub async fn caller(request: &Request, db: &Db) -> Result<Caller, Problem> {
    let now = clock::now_ms();
    let claims = session_check::check(Purpose::Access, request.bearer()?, now).map_err(refused)?;
    let caller = of(&claims);
    let live = db
        .one(
            "SELECT s.role FROM sessions s JOIN principals p ON p.id = s.principal \
             WHERE s.id = $1 AND s.principal = $2 AND s.ended_at IS NULL AND s.expires_at > $3 AND p.revoked_at IS NULL \
             AND (s.device = $4 OR EXISTS \
                 (SELECT 1 FROM devices d WHERE d.id = s.device AND d.revoked_at IS NULL))",
            [caller.session.into(), caller.principal.into(), now.into(), Id::NONE.into()],
        )
        .await?;
    live.map(|_| caller).ok_or_else(Problem::unauthorized)
}

/// The same, for an administrator.
pub async fn administrator(request: &Request, db: &Db) -> Result<Administrator, Problem> {
    let caller = caller(request, db).await?;
    match caller.role {
        Role::Administrator => Ok(Administrator(caller)),
        _ => Err(Problem::forbidden("An administrator may do this.")),
    }
}

fn of(claims: &Claims) -> Caller {
    Caller {
        session: Id::from_halves(claims.session),
        principal: Id::from_halves(claims.principal),
        device: Id::from_halves(claims.device),
        role: claims.role,
    }
}

/// The role as the database and clients write it.
pub fn role_name(role: Role) -> &'static str {
    match role {
        Role::Citizen => "citizen",
        Role::Officer => "officer",
        Role::VenueStaff => "venue-staff",
        Role::Administrator => "administrator",
        Role::Job => "job",
    }
}

/// The role that a row names.
pub fn role_of(name: &str) -> Result<Role, Problem> {
    [Role::Citizen, Role::Officer, Role::VenueStaff, Role::Administrator, Role::Job]
        .into_iter()
        .find(|role| role_name(*role) == name)
        .ok_or_else(|| Problem::unavailable("a row names an unknown role"))
}
