//! Who is asking: a scheduler with a job token, or an administrator. The only way to hold one is to have been checked.

use crate::broken;
use crate::signing::faults::Fault;
use crate::signing::session_check;
use crate::signing::session_claims::Purpose;
use zerotrip_platform::session::{self, Live};
use zerotrip_platform::{Db, Id, Problem, Request, clock};

/// Who may run a job.
pub struct Scheduler(());

/// Who may bring a file and see the days.
pub struct Administrator(pub Id);

/// The scheduler that asks.
pub async fn scheduler(request: &Request, db: &Db) -> Result<Scheduler, Problem> {
    match live(request, db, Purpose::Job).await?.role.as_str() {
        "job" => Ok(Scheduler(())),
        _ => Err(Problem::unauthorized()),
    }
}

/// The administrator who asks.
pub async fn administrator(request: &Request, db: &Db) -> Result<Administrator, Problem> {
    let live = live(request, db, Purpose::Access).await?;
    match live.role.as_str() {
        "administrator" => Ok(Administrator(live.principal)),
        _ => Err(Problem::forbidden("An administrator may do this.")),
    }
}

async fn live(request: &Request, db: &Db, purpose: Purpose) -> Result<Live, Problem> {
    let now = clock::now_ms();
    let claims = session_check::check(purpose, request.bearer()?, now).map_err(|fault| match fault {
        Fault::Refused(_) => Problem::unauthorized(),
        other => broken(other),
    })?;
    session::live(db, Id::from_halves(claims.session), Id::from_halves(claims.principal), now).await
}
