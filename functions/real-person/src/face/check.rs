//! Face checks of an account. Each is bound to the account, the session and the purpose that began it.

use crate::face::{self, Opened, Question, decide, question};
use crate::proof::answer::{Outcome, not_now, outcome, result as name_of};
use crate::proof::follow_up::follow_up;
use crate::proof::{New, Proof, State, own_person};
use http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use zerotrip_accounts::citizen::{self, Citizen};
use zerotrip_accounts::consents::{self, Purpose as For};
use zerotrip_accounts::erasure::{self, Receipt};
use zerotrip_accounts::person::{self, Person, not_matched};
use zerotrip_accounts::signing::session_claims::Role;
use zerotrip_accounts::{authority, limits};
use zerotrip_domain::IdNumber;
use zerotrip_domain::proof::{How, Purpose};
use zerotrip_domain::residence::Residence;
use zerotrip_platform::{Db, Id, Problem, Reply, Request, clock};

/// What a session may want a proof for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Wanted {
    /// The account becomes a real person's.
    RealPerson,
    /// The session is fresh again.
    StepUp,
    /// The person's first account goes on with this one's phone and password.
    Recovery,
    /// The person's first account is somebody else's doing.
    Claim,
}

impl From<Wanted> for Purpose {
    fn from(wanted: Wanted) -> Self {
        match wanted {
            Wanted::RealPerson => Self::RealPerson,
            Wanted::StepUp => Self::StepUp,
            Wanted::Recovery => Self::Recovery,
            Wanted::Claim => Self::Claim,
        }
    }
}

/// A face check to begin.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewFaceCheck {
    purpose: Wanted,
    /// Of the person, for `recovery` and `claim`; else they are the account's.
    name: Option<String>,
    id_number: Option<String>,
}

/// One check, and that what was personal about it is gone.
#[derive(Serialize, ToSchema)]
pub struct FaceCheck {
    face_check: String,
    /// `real-person`, `step-up`, `log-in`, `recovery` or `claim`
    purpose: &'static str,
    /// `face`, `window` or `two-items`: the equal paths leave the same trace.
    how: &'static str,
    /// `pending`, `passed`, `failed` or `expired`
    result: &'static str,
    /// Unix ms, as the following.
    begun_at: u64,
    expires_at: u64,
    decided_at: Option<u64>,
    receipt: Option<Receipt>,
}

#[utoipa::path(post, path = "/real-person/face-checks", request_body = NewFaceCheck,
    responses((status = 201, body = Opened)))]
pub async fn create(request: &Request) -> Result<Reply, Problem> {
    let given: NewFaceCheck = request.json()?;
    let (db, now) = (Db::open().await?, clock::now_ms());
    let caller = citizen::anyone(request, &db).await?;
    let purpose = Purpose::from(given.purpose);
    purpose.begun_from(caller.standing, How::Face).map_err(not_now)?;
    consents::demand(&db, caller.id, For::Face).await?;
    limits::of_address(&db, limits::FACES_OF_ADDRESS, request, now).await?;
    let (person, number) = match (purpose, &given.name, &given.id_number) {
        (Purpose::Recovery | Purpose::Claim, Some(name), Some(number)) => {
            Person::grown_up(name, number, now)?
        }
        (Purpose::RealPerson | Purpose::StepUp, None, None) => own_person(&db, &caller, now).await?,
        _ => {
            return Err(Problem::invalid(
                "give name and id_number for recovery and claim, and only for them",
            ));
        }
    };
    let new = New {
        how: How::Face,
        purpose,
        by: Some((caller.id, caller.session)),
        secret_index: None,
        residence: residence(&db, &caller, purpose, &person, &number, now).await?,
        person: &person,
        number: &number,
        activation_code: None,
        client: "",
    };
    let opened = face::begin(&db, &new, &caller.id.to_string(), now).await?;
    Ok(Reply::json(StatusCode::CREATED, &opened))
}

/// Whoever claims becomes the person that the platform knows, so that it is asked as in a real-name check.
pub async fn residence(
    db: &Db,
    caller: &Citizen,
    purpose: Purpose,
    person: &Person,
    number: &IdNumber,
    now: u64,
) -> Result<Option<Residence>, Problem> {
    if purpose != Purpose::Claim {
        return Ok(None);
    }
    consents::demand(db, caller.id, For::RealName).await?;
    let said = person::matched(db, caller.id, person, number, Id::random(), now).await?;
    said.map(Some).map_err(not_matched)
}

#[utoipa::path(post, path = "/real-person/face-checks/{id}/result", params(("id" = String, Path)),
    request_body = Question, responses((status = 200, body = Outcome)))]
pub async fn result(request: &Request, id: &str) -> Result<Reply, Problem> {
    let Question { finished } = question(request)?;
    let (db, now) = (Db::open().await?, clock::now_ms());
    let (check, citizen) = own(request, &db, id, now).await?;
    if check.state == State::Begun {
        // Taken back meanwhile: the provider is not asked.
        consents::demand(&db, citizen, For::Face).await?;
    }
    let check = decide(&db, check, finished, now).await?;
    let effect = if check.state == State::Passed { Some(follow_up(&db, &check, now).await?) } else { None };
    outcome(&db, &check, effect, now).await
}

/// The check that the calling session began, and its account. A session that ended because its account was merged may still
/// ask what came of it: its token lives for minutes only.
async fn own(request: &Request, db: &Db, id: &str, now: u64) -> Result<(Proof, Id), Problem> {
    let claims = authority::claims(request)?;
    if claims.role != Role::Citizen {
        return Err(Problem::forbidden("A citizen may do this, with an account of the own."));
    }
    let (session, citizen) = (Id::from_halves(claims.session), Id::from_halves(claims.principal));
    db.one(
        "SELECT s.id FROM citizen_sessions s JOIN citizens c ON c.id = s.citizen \
         WHERE s.id = $1 AND s.citizen = $2 AND s.expires_at > $3 \
         AND (s.ended_at IS NULL AND c.standing IN ('registered', 'real-name', 'real-person', 'proof-due') \
           OR c.standing = 'merged' AND (s.ended_at IS NULL OR s.ended_why = 'merged'))",
        [session.into(), citizen.into(), now.into()],
    )
    .await?
    .ok_or_else(Problem::unauthorized)?;
    let id: Id = id.parse().map_err(|_| Problem::not_found())?;
    let check = Proof::load(db, id).await?;
    let check = check.filter(|check| check.session == Some(session) && check.how == How::Face);
    Ok((check.ok_or_else(Problem::not_found)?, citizen))
}

#[utoipa::path(get, path = "/real-person/face-checks/{id}", params(("id" = String, Path)),
    responses((status = 200, body = FaceCheck)))]
pub async fn show(request: &Request, id: &str) -> Result<Reply, Problem> {
    let db = Db::open().await?;
    let caller = citizen::anyone(request, &db).await?;
    let id: Id = id.parse().map_err(|_| Problem::not_found())?;
    let check = Proof::load(&db, id).await?.filter(|check| {
        // What took an account away from somebody else is not shown there.
        let entered = check.purpose != Purpose::Claim && check.target == Some(caller.id);
        check.citizen == Some(caller.id) || entered
    });
    let check = check.ok_or_else(Problem::not_found)?;
    let shown = FaceCheck {
        face_check: id.to_string(),
        purpose: check.purpose.name(),
        how: check.how.name(),
        result: name_of(check.state),
        begun_at: check.created_at,
        expires_at: check.expires_at,
        decided_at: check.decided_at,
        receipt: check.erased_at.zip(check.receipt.clone()).map(|(at, digest)| erasure::receipt(at, digest)),
    };
    Ok(Reply::json(StatusCode::OK, &shown))
}
