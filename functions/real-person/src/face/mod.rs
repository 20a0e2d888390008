//! Face checks: begun by a session or to log in, decided by the provider's word, which we fetch ourselves.

pub mod attempts;
pub mod check;
pub mod log_in;
pub mod provider;
pub mod way_back;

use crate::proof::{self, LIFE_MS, New, Proof, State};
use http::StatusCode;
use provider::{Begun, Said};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use zerotrip_accounts::alipay::Silent;
use zerotrip_accounts::signing::sealing;
use zerotrip_accounts::{erasure, limits, refused};
use zerotrip_platform::{Db, Id, Problem, Request};

/// A check that waits for its person.
#[derive(Serialize, ToSchema)]
pub struct Opened {
    face_check: String,
    /// Where the phone goes: the provider's page, or its app, that looks at the person.
    url: String,
    /// Unix ms. After that it cannot pass any more.
    expires_at: u64,
}

/// Asks for a result. The body may be empty.
#[derive(Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Question {
    /// Whether the person has come back from the provider for good: what has not passed then has failed. Without it a
    /// check that has not passed is pending, since the provider makes no difference.
    #[serde(default)]
    finished: bool,
}

/// Begins the check that `new` describes. `subject` is for whom its failure counts.
async fn begin(db: &Db, new: &New<'_>, subject: &str, now: u64) -> Result<Opened, Problem> {
    attempts::count(db, subject, new.by.map(|(citizen, _)| citizen), now).await?;
    let id = proof::begin(db, new, now).await??;
    let begun = provider::begin(db, id, new.person).await?;
    let certify_id = match begun {
        Ok(Begun::As(certify_id)) => certify_id,
        Ok(Begun::Refused) => {
            withdraw(db, id).await?;
            return Err(person_refused());
        }
        Err(Silent) => {
            withdraw(db, id).await?;
            attempts::give_back(db, subject).await?;
            return Err(provider_silent());
        }
    };
    let sealed =
        sealing::seal(&format!("proofs.reference/{id}"), certify_id.as_bytes(), now).map_err(refused)?;
    db.run("UPDATE proofs SET reference_sealed = $1 WHERE id = $2", [sealed.into(), id.into()]).await?;
    let url = provider::address(&certify_id).await?;
    Ok(Opened { face_check: id.to_string(), url, expires_at: now + LIFE_MS })
}

/// A check that the provider has not taken up leaves nothing behind.
async fn withdraw(db: &Db, id: Id) -> Result<(), Problem> {
    db.run("DELETE FROM proofs WHERE id = $1 AND state = 'begun'", [id.into()]).await?;
    Ok(())
}

/// The check as it stands after the provider was asked, if there is still something to be asked. Of any number at once one
/// decides, and all see what it decided.
async fn decide(db: &Db, check: Proof, finished: bool, now: u64) -> Result<Proof, Problem> {
    if check.state != State::Begun {
        return Ok(check);
    }
    if check.expires_at <= now {
        proof::close(db, check.id, State::Expired, now).await?;
    } else {
        limits::of(db, limits::RESULTS_OF_FACE, &check.id.to_string(), now).await?;
        match provider::ask(db, &check.reference()?).await? {
            Ok(Said::Passed) => proof::pass(db, check.id, now).await?,
            Ok(Said::NotPassed) if finished => proof::close(db, check.id, State::Failed, now).await?,
            Ok(Said::NotPassed) => {}
            Ok(Said::Gone) => proof::close(db, check.id, State::Expired, now).await?,
            Err(Silent) => return Err(provider_silent()),
        }
    }
    let check = Proof::load(db, check.id).await?.ok_or_else(Problem::not_found)?;
    if matches!(check.state, State::Failed | State::Expired) {
        erasure::erase(db, check.id, now).await?;
    }
    Ok(check)
}

/// What `request` asks; an empty body asks nothing special.
fn question(request: &Request) -> Result<Question, Problem> {
    if request.body.is_empty() { Ok(Question::default()) } else { request.json() }
}

fn person_refused() -> Problem {
    Problem::new(
        StatusCode::UNPROCESSABLE_ENTITY,
        "face-check-refused",
        "No face check for this name and number",
        "该姓名和身份证号无法进行人脸识别",
        "Check both. If they are right, a window gives out an activation code.",
    )
}

fn provider_silent() -> Problem {
    let mut problem = Problem::new(
        StatusCode::SERVICE_UNAVAILABLE,
        "face-provider-unavailable",
        "Face checks do not answer",
        "人脸识别服务暂时无响应",
        "Nothing is lost and nothing is counted: send the same request again in a moment.",
    );
    problem.retry_after_s = Some(5);
    problem
}
