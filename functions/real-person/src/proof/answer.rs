//! What whoever proved a person is told: the same to everybody who asks about the same proof.

use crate::proof::{Effect, Proof, State};
use http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;
use zerotrip_accounts::citizen::standing;
use zerotrip_accounts::person::person_has_account;
use zerotrip_accounts::session::{How, LIFE_MS, Started, Tokens, tokens};
use zerotrip_accounts::signing::session_claims::Role;
use zerotrip_domain::account::Standing;
use zerotrip_domain::proof::{NotNow, Purpose};
use zerotrip_platform::{Db, Id, Problem, Reply};

/// How a proof stands.
#[derive(Serialize, ToSchema)]
pub struct Outcome {
    /// `pending`, `passed`, `failed` or `expired`
    result: &'static str,
    /// Once it has passed: how the account stands. Refresh the tokens, and the new ones carry level and time.
    #[serde(skip_serializing_if = "Option::is_none")]
    standing: Option<&'static str>,
    /// Of the person's first account, into which the one that asked was merged: its own session has ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    tokens: Option<Tokens>,
}

/// To whom began `proof` in a session. `effect` is there once it has passed.
pub async fn outcome(db: &Db, proof: &Proof, effect: Option<Effect>, now: u64) -> Result<Reply, Problem> {
    let effect = effect.map(permitted).transpose()?;
    let opens = effect.is_some_and(|effect| effect == Effect::Merged || proof.purpose == Purpose::Recovery);
    let outcome = Outcome {
        result: result(proof.state),
        standing: effect.map(|_| Standing::RealPerson.name()),
        tokens: if opens { Some(open_session(db, proof, now).await?) } else { None },
    };
    Ok(Reply::json(StatusCode::OK, &outcome))
}

/// To whom logs in by it.
pub async fn logged_in(db: &Db, proof: &Proof, effect: Option<Effect>, now: u64) -> Result<Reply, Problem> {
    match effect {
        None => outcome(db, proof, None, now).await,
        Some(effect) => {
            permitted(effect)?;
            Ok(Reply::json(StatusCode::CREATED, &open_session(db, proof, now).await?))
        }
    }
}

/// As clients read a state.
pub fn result(state: State) -> &'static str {
    if state == State::Begun { "pending" } else { state.name() }
}

fn permitted(effect: Effect) -> Result<Effect, Problem> {
    match effect {
        Effect::Done | Effect::Merged => Ok(effect),
        Effect::NoAccount => Err(no_account()),
        Effect::AccountFrozen => Err(account_frozen()),
        Effect::PersonHasAccount => Err(person_has_account()),
        Effect::Overtaken => Err(overtaken()),
    }
}

/// Tokens of the session that `proof` begins. They are given out again to whoever lost the answer, until they are
/// refreshed or the proof's time is over.
async fn open_session(db: &Db, proof: &Proof, now: u64) -> Result<Tokens, Problem> {
    let face_at = proof.decided_at.filter(|_| now < proof.expires_at).ok_or_else(Problem::unauthorized)?;
    let how = if proof.purpose == Purpose::LogIn { How::Face } else { How::Recovery };
    let account = match proof.purpose {
        Purpose::RealPerson | Purpose::StepUp => proof.citizen,
        Purpose::LogIn | Purpose::Recovery | Purpose::Claim => proof.target,
    };
    let account = account.ok_or_else(Problem::unauthorized)?;
    db.run(
        "INSERT INTO citizen_sessions (id, citizen, how, client, face_at, created_at, refreshed_at, expires_at) \
         SELECT $1, COALESCE(c.merged_into, c.id), $2, \
         COALESCE((SELECT s.client FROM citizen_sessions s WHERE s.id = $3), $4), CAST($5 AS BIGINT), \
         CAST($6 AS BIGINT), CAST($7 AS BIGINT), CAST($8 AS BIGINT) FROM citizens c WHERE c.id = $9 \
         ON CONFLICT (id) DO NOTHING",
        [
            proof.opens.into(),
            how.name().into(),
            proof.session.into(),
            proof.client.as_str().into(),
            face_at.into(),
            now.into(),
            now.into(),
            (now + LIFE_MS).into(),
            account.into(),
        ],
    )
    .await?;
    let row = db
        .one(
            "SELECT s.citizen, c.standing, s.expires_at FROM citizen_sessions s JOIN citizens c ON c.id = s.citizen \
             WHERE s.id = $1 AND s.generation = 0 AND s.ended_at IS NULL \
             AND c.standing IN ('registered', 'real-name', 'real-person', 'proof-due')",
            [proof.opens.into()],
        )
        .await?
        .ok_or_else(Problem::unauthorized)?;
    let started = Started {
        session: proof.opens,
        principal: row.id(0)?,
        device: Id::NONE,
        role: Role::Citizen,
        level: standing(row.text(1)?)?.level(),
        face_at_ms: face_at,
        generation: 0,
        expires_at_ms: u64::try_from(row.int(2)?)
            .map_err(|_| Problem::unavailable("a stored session is not of its form"))?,
    };
    tokens(&started, now)
}

/// Why a proof cannot be begun.
pub fn not_now(why: NotNow) -> Problem {
    let (status, name, title, title_zh, detail) = match why {
        NotNow::RealNameFirst => (
            StatusCode::CONFLICT,
            "real-name-first",
            "The real name comes first",
            "请先完成实名认证",
            "Give name and ID number at /auth/citizens/me/real-name.",
        ),
        NotNow::HasPerson => (
            StatusCode::CONFLICT,
            "person-known",
            "This account has its person",
            "该账号已完成实名认证",
            "Another account is recovered or claimed from a newly registered one.",
        ),
        NotNow::ProvenAlready => (
            StatusCode::CONFLICT,
            "real-person-already",
            "The person is proven already",
            "该账号已完成实人认证",
            "Ask for the purpose step-up where something wants a fresh check.",
        ),
        NotNow::ProveFirst => (
            StatusCode::CONFLICT,
            "real-person-first",
            "The person is to be proven first",
            "请先完成实人认证",
            "Ask for the purpose real-person.",
        ),
        NotNow::Means => (
            StatusCode::FORBIDDEN,
            "stronger-proof-needed",
            "This proof is not enough",
            "该验证方式不适用于此操作",
            "Prove by face, or with an activation code from a window.",
        ),
    };
    Problem::new(status, name, title, title_zh, detail)
}

fn no_account() -> Problem {
    Problem::new(
        StatusCode::NOT_FOUND,
        "no-account",
        "You have no account yet",
        "您尚未注册账号",
        "It is you, but no account has your ID number. Register, and give name and number there.",
    )
}

fn account_frozen() -> Problem {
    Problem::new(
        StatusCode::FORBIDDEN,
        "account-frozen",
        "Account frozen",
        "账号已被冻结",
        "The account with your ID number is looked into. Bring your ID card to a window, or wait for the result.",
    )
}

fn overtaken() -> Problem {
    Problem::new(
        StatusCode::CONFLICT,
        "account-changed",
        "The account has changed meanwhile",
        "账号状态已变更",
        "Log in again and see how it stands.",
    )
}
