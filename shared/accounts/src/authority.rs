//! Who is asking, if it is not a citizen. The only way to hold an [`Administrator`] is to have been checked.

use crate::refused;
use crate::signing::session_check;
use crate::signing::session_claims::{Claims, Purpose, Role};
use zerotrip_platform::{Db, Id, Problem, Request, clock};

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

/// A caller who answers for the service.
pub struct Administrator(pub Live);

/// An officer on an enrolled terminal.
pub struct Officer(pub Live);

/// Staff of a venue on one of its scanners.
pub struct VenueStaff(pub Live);

/// Who may run a job.
pub struct Scheduler(());

/// What the caller's access token says. Its row is still to be checked.
pub fn claims(request: &Request) -> Result<Claims, Problem> {
    session_check::check(Purpose::Access, request.bearer()?, clock::now_ms()).map_err(refused)
}

/// The session of staff that `claims` name: its row, person and device are not ended or revoked.
pub async fn of(claims: &Claims, db: &Db) -> Result<Live, Problem> {
    let (session, principal) = (Id::from_halves(claims.session), Id::from_halves(claims.principal));
    live(db, session, principal, clock::now_ms()).await
}

/// The live session that an authentic token names, or 401.
async fn live(db: &Db, session: Id, principal: Id, now_ms: u64) -> Result<Live, Problem> {
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

/// The caller, if an administrator.
pub async fn administrator(request: &Request, db: &Db) -> Result<Administrator, Problem> {
    let claims = claims(request)?;
    if claims.role != Role::Administrator {
        return Err(Problem::forbidden("An administrator may do this."));
    }
    of(&claims, db).await.map(Administrator)
}

/// The caller, if an officer. No session of an officer is without a terminal.
pub async fn officer(request: &Request, db: &Db) -> Result<Officer, Problem> {
    let claims = claims(request)?;
    if claims.role != Role::Officer {
        return Err(Problem::forbidden("An officer on an enrolled terminal may do this."));
    }
    of(&claims, db).await.map(Officer)
}

/// The caller, if staff of a venue. No such session is without a scanner of the same venue. Whether the venue still stands is to
/// be asked of its row: [`Live::agency`] is its id.
pub async fn venue_staff(request: &Request, db: &Db) -> Result<VenueStaff, Problem> {
    let claims = claims(request)?;
    if claims.role != Role::VenueStaff {
        return Err(Problem::forbidden("Staff of a venue may do this, on one of its scanners."));
    }
    of(&claims, db).await.map(VenueStaff)
}

/// The scheduler that asks, with a job token.
pub async fn scheduler(request: &Request, db: &Db) -> Result<Scheduler, Problem> {
    let claims = session_check::check(Purpose::Job, request.bearer()?, clock::now_ms()).map_err(refused)?;
    of(&claims, db).await.map(|_| Scheduler(()))
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
