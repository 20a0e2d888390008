//! Who may run a job: a scheduler with a job token whose row is live.

use crate::broken;
use crate::signing::faults::Fault;
use crate::signing::session_check;
use crate::signing::session_claims::Purpose;
use zerotrip_platform::{Db, Id, Problem, Request, clock, session};

/// A scheduler that was checked.
pub struct Scheduler(());

/// The scheduler that asks.
pub async fn scheduler(request: &Request, db: &Db) -> Result<Scheduler, Problem> {
    let now = clock::now_ms();
    let claims = session_check::check(Purpose::Job, request.bearer()?, now).map_err(|fault| match fault {
        Fault::Refused(_) => Problem::unauthorized(),
        other => broken(other),
    })?;
    let (job, principal) = (Id::from_halves(claims.session), Id::from_halves(claims.principal));
    match session::live(db, job, principal, now).await?.role.as_str() {
        "job" => Ok(Scheduler(())),
        _ => Err(Problem::unauthorized()),
    }
}
