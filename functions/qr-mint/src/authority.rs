//! Who decides. The only way to hold an [`Officer`] is to have been checked.

use crate::refused;
use crate::signing::session_check;
use crate::signing::session_claims::Purpose;
use zerotrip_platform::session::{self, Live};
use zerotrip_platform::{Db, Id, Problem, Request, clock};

/// An officer with a live session on an enrolled terminal.
pub struct Officer(pub Live);

/// The officer who asks.
pub async fn officer(request: &Request, db: &Db) -> Result<Officer, Problem> {
    let now = clock::now_ms();
    let claims = session_check::check(Purpose::Access, request.bearer()?, now).map_err(refused)?;
    let live =
        session::live(db, Id::from_halves(claims.session), Id::from_halves(claims.principal), now).await?;
    if live.role == "officer" && live.device != Id::NONE {
        Ok(Officer(live))
    } else {
        Err(Problem::forbidden("An officer may do this, on an enrolled terminal."))
    }
}
