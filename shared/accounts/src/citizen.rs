//! Which citizen is asking.

use crate::authority;
use crate::signing::session_claims::{Claims, Role};
use http::StatusCode;
use zerotrip_domain::account::Standing;
use zerotrip_platform::{Db, Id, Problem, Request, clock};

/// A citizen with a live session.
pub struct Citizen {
    pub id: Id,
    pub session: Id,
    pub standing: Standing,
    /// Unix ms of the last face check in this session, or its equal; 0 if none.
    pub face_at_ms: u64,
    /// Unix ms of the log-in.
    pub began_ms: u64,
}

/// The caller, whose account may still have to prove its person.
pub async fn anyone(request: &Request, db: &Db) -> Result<Citizen, Problem> {
    of(&authority::claims(request)?, db).await
}

/// The caller. An account from the old days can do nothing but prove its person.
pub async fn citizen(request: &Request, db: &Db) -> Result<Citizen, Problem> {
    let caller = anyone(request, db).await?;
    if caller.standing == Standing::ProofDue { Err(proof_due()) } else { Ok(caller) }
}

/// The caller, who is proven to be who the account says: a name and a number alone are known to others too.
pub async fn real_person(request: &Request, db: &Db) -> Result<Citizen, Problem> {
    let caller = anyone(request, db).await?;
    if caller.standing == Standing::RealPerson { Ok(caller) } else { Err(real_person_needed()) }
}

/// The citizen whose live session `claims` name: neither ended nor expired, of an account whose person may log in.
pub async fn of(claims: &Claims, db: &Db) -> Result<Citizen, Problem> {
    if claims.role != Role::Citizen {
        return Err(Problem::forbidden("A citizen may do this, with an account of the own."));
    }
    let (session, citizen) = (Id::from_halves(claims.session), Id::from_halves(claims.principal));
    let row = db
        .one(
            "SELECT c.standing, s.face_at, s.created_at FROM citizen_sessions s JOIN citizens c ON c.id = s.citizen \
             WHERE s.id = $1 AND s.citizen = $2 AND s.ended_at IS NULL AND s.expires_at > $3 \
             AND c.standing IN ('registered', 'real-name', 'real-person', 'proof-due')",
            [session.into(), citizen.into(), clock::now_ms().into()],
        )
        .await?
        .ok_or_else(Problem::unauthorized)?;
    let time = |at| Ok::<_, Problem>(u64::try_from(row.int(at)?).unwrap_or(0));
    Ok(Citizen {
        id: citizen,
        session,
        standing: standing(row.text(0)?)?,
        face_at_ms: time(1)?,
        began_ms: time(2)?,
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

fn real_person_needed() -> Problem {
    Problem::new(
        StatusCode::FORBIDDEN,
        "real-person-needed",
        "Prove that it is you first",
        "请先完成实人认证",
        "Finish the real-name check and a face check, or bring an activation code from a window.",
    )
}
