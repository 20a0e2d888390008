//! Who is asking. The only way to hold an [`Administrator`] is to have been checked.

use crate::refused;
use crate::signing::session_check;
use crate::signing::session_claims::{Purpose, Role};
use zerotrip_platform::session::{self, Live};
use zerotrip_platform::{Db, Id, Problem, Request, clock};

/// A caller who may enrol and revoke.
pub struct Administrator(pub Live);

/// The caller's session: an authentic token whose row, person and device are not ended or revoked.
pub async fn caller(request: &Request, db: &Db) -> Result<Live, Problem> {
    let now = clock::now_ms();
    let claims = session_check::check(Purpose::Access, request.bearer()?, now).map_err(refused)?;
    session::live(db, Id::from_halves(claims.session), Id::from_halves(claims.principal), now).await
}

/// The same, for an administrator.
pub async fn administrator(request: &Request, db: &Db) -> Result<Administrator, Problem> {
    let caller = caller(request, db).await?;
    if caller.role == role_name(Role::Administrator) {
        Ok(Administrator(caller))
    } else {
        Err(Problem::forbidden("An administrator may do this."))
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
