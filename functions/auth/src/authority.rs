//! Who is asking. The only way to hold an [`Administrator`] is to have been checked.

use crate::refused;
use crate::signing::session_check;
use crate::signing::session_claims::{Claims, Purpose, Role};
use zerotrip_platform::session::{self, Live};
use zerotrip_platform::{Db, Id, Problem, Request, clock};

/// A caller who may enrol and revoke.
pub struct Administrator(pub Live);

/// What the caller's access token says. Its row is still to be checked.
pub fn claims(request: &Request) -> Result<Claims, Problem> {
    session_check::check(Purpose::Access, request.bearer()?, clock::now_ms()).map_err(refused)
}

/// The session of staff that `claims` name: its row, person and device are not ended or revoked.
pub async fn of(claims: &Claims, db: &Db) -> Result<Live, Problem> {
    let (session, principal) = (Id::from_halves(claims.session), Id::from_halves(claims.principal));
    session::live(db, session, principal, clock::now_ms()).await
}

/// The caller, if an administrator.
pub async fn administrator(request: &Request, db: &Db) -> Result<Administrator, Problem> {
    let claims = claims(request)?;
    if claims.role != Role::Administrator {
        return Err(Problem::forbidden("An administrator may do this."));
    }
    of(&claims, db).await.map(Administrator)
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
