//! A forgotten password: the phone and, of an account that has a name, name and ID number together. Whoever asks learns
//! nothing about whether there is such an account.

use crate::citizen::registration::judge;
use crate::signing::passwords;
use http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use zerotrip_accounts::audit::{self, Line};
use zerotrip_accounts::ctid::{self, Said, Silent};
use zerotrip_accounts::one_time_code::{self, Purpose, Typed, phone_index};
use zerotrip_accounts::person::{Person, id_index, not_matched};
use zerotrip_accounts::{limits, refused, session};
use zerotrip_domain::password::Strength;
use zerotrip_platform::{Db, Id, Problem, Reply, Request, clock};

/// Who has forgotten it, and the new one.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Reset {
    /// A code of the purpose `prove`.
    phone: Typed,
    /// With the ID number; both are left out for an account that has no real name yet.
    name: Option<String>,
    id_number: Option<String>,
    password: String,
}

/// The same, whatever there is.
#[derive(Serialize, ToSchema)]
pub struct Accepted {
    /// What is now so.
    meaning: &'static str,
    meaning_zh: &'static str,
}

/// All sessions of the account end.
#[utoipa::path(post, path = "/auth/citizens/password-resets", request_body = Reset,
    responses((status = 202, body = Accepted)))]
pub async fn create(request: &Request) -> Result<Reply, Problem> {
    let given: Reset = request.json()?;
    let (db, now) = (Db::open().await?, clock::now_ms());
    limits::of_address(&db, limits::LOG_INS_OF_ADDRESS, request, now).await?;
    let named = match (&given.name, &given.id_number) {
        (Some(name), Some(number)) => Some(Person::parse(name, number, now)?),
        (None, None) => None,
        _ => return Err(Problem::invalid("give both name and id_number, or neither")),
    };
    judge(&given.password, "")?;
    if let Some((_, number)) = &named {
        limits::of(&db, limits::REAL_NAMES_OF_PERSON, number.as_str(), now).await?;
    }
    // First, so that nobody tries out names without a phone in the hand.
    let phone = one_time_code::prove(&db, &given.phone, Purpose::Prove, now).await?;
    let strength = judge(&given.password, phone.as_str())?;
    let second_factor = i64::from(strength == Strength::WithSecondFactor);
    let phone = phone_index(&phone)?;
    // Computed for nobody as well.
    let hash = passwords::hash(&given.password).map_err(refused)?;
    let set = match &named {
        None => {
            db.one(
                "UPDATE citizens SET password = $1, second_factor = $2, failures = 0, locked_until = 0 \
                 WHERE phone_index = $3 AND standing = 'registered' RETURNING id",
                [hash.into(), second_factor.into(), phone.into()],
            )
            .await?
        }
        Some((person, number)) => {
            match ctid::ask(&db, person.name(), number, &Id::random().to_string()).await? {
                Ok(Said::Match(_)) => {}
                Ok(other) => return Err(not_matched(other)),
                Err(Silent) => return Err(ctid::unanswered()),
            }
            db.one(
                "UPDATE citizens SET password = $1, second_factor = $2, failures = 0, locked_until = 0 WHERE id = \
                   (SELECT id FROM citizens WHERE phone_index = $3 AND id_index = $4 \
                    AND standing IN ('real-name', 'real-person', 'proof-due') \
                    ORDER BY CASE standing WHEN 'proof-due' THEN 1 ELSE 0 END, created_at, id LIMIT 1) RETURNING id",
                [hash.into(), second_factor.into(), phone.into(), id_index(number)?.into()],
            )
            .await?
        }
    };
    if let Some(row) = set {
        let id = row.id(0)?;
        session::end_all(&db, id, Id::NONE, "password-reset", now).await?;
        let line = Line { kind: "password-reset", actor: id, device: Id::NONE, subject: id, detail: "" };
        audit::write(&db, &line, now).await?;
    }
    let accepted = Accepted {
        meaning: "If there is an account of this phone and person, the new password is its own and its sessions have ended.",
        meaning_zh: "如该手机号与身份信息对应的账号存在，新密码已生效，原有登录均已退出。",
    };
    Ok(Reply::json(StatusCode::ACCEPTED, &accepted))
}
