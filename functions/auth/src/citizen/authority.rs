//! Which citizen is asking.

use crate::authority as token;
use crate::signing::session_claims::{Claims, Role};
use http::StatusCode;
use zerotrip_domain::account::Standing;
use zerotrip_platform::{Db, Id, Problem, Request, clock, session};

/// A citizen with a live session.
pub struct Citizen {
    pub id: Id,
    pub session: Id,
    pub standing: Standing,
    /// Unix ms of the last face check in this session, or its equal; 0 if none.
    pub face_at_ms: u64,
}

/// The caller, whose account may still have to prove its person.
pub async fn anyone(request: &Request, db: &Db) -> Result<Citizen, Problem> {
    of(&token::claims(request)?, db).await
}

/// The caller. An account from the old days can do nothing but prove its person.
pub async fn citizen(request: &Request, db: &Db) -> Result<Citizen, Problem> {
    let caller = anyone(request, db).await?;
    if caller.standing == Standing::ProofDue { Err(proof_due()) } else { Ok(caller) }
}

/// The citizen whose live session `claims` name.
pub async fn of(claims: &Claims, db: &Db) -> Result<Citizen, Problem> {
    if claims.role != Role::Citizen {
        return Err(Problem::forbidden("A citizen may do this, with an account of the own."));
    }
    let (session, citizen) = (Id::from_halves(claims.session), Id::from_halves(claims.principal));
    let live = session::citizen(db, session, citizen, clock::now_ms()).await?;
    Ok(Citizen {
        id: live.citizen,
        session: live.session,
        standing: standing(&live.standing)?,
        face_at_ms: live.face_at_ms,
    })
}

/// How an account stands, as its row says it.
pub fn standing(stored: &str) -> Result<Standing, Problem> {
    Standing::named(stored).ok_or_else(|| Problem::unavailable("a row names an unknown standing"))
}

fn proof_due() -> Problem {
    Problem::new(
        StatusCode::FORBIDDEN,
        "proof-due",
        "Prove that it is you first",
        "请先完成一次实人认证",
        "This account has a real name only. Finish one face check, or bring an activation code from a window.",
    )
}
