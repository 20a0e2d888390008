//! One-time codes by SMS, as the person types them: seven digits (23 bits), ten minutes, five tries, once.

use crate::refused;
use crate::signing::{blind_index, sealing};
use http::StatusCode;
use serde::Deserialize;
use utoipa::ToSchema;
use zerotrip_domain::Phone;
use zerotrip_platform::{Db, Id, Problem};

const TRIES: i64 = 5;

/// What a code is for; good for nothing else.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, ToSchema)]
#[schema(as = CodePurpose)]
#[serde(rename_all = "kebab-case")]
pub enum Purpose {
    /// Opens an account.
    Register,
    /// Stands beside a password that does not stand alone; sent by the log-in itself.
    LogIn,
    /// A new password, or the equal path to a face check.
    Prove,
    /// Takes the account from one phone to another; one for each.
    ChangePhone,
}

impl Purpose {
    /// As the row says it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Register => "register",
            Self::LogIn => "log-in",
            Self::Prove => "prove",
            Self::ChangePhone => "change-phone",
        }
    }
}

/// A code as the person types it.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Typed {
    pub one_time_code: String,
    /// Seven digits.
    pub code: String,
}

/// The phone that `typed` proves. A wrong code, one that is used up and one that never was are the same to the caller.
pub async fn prove(db: &Db, typed: &Typed, purpose: Purpose, now: u64) -> Result<Phone, Problem> {
    let id: Id = typed.one_time_code.parse().map_err(|_| wrong())?;
    let code: String = typed.code.chars().filter(|c| !matches!(c, ' ' | '-')).collect();
    let index = code_index(id, &code)?;
    let row = db
        .one(
            "UPDATE one_time_codes SET tries = tries + 1, used_at = \
             CASE WHEN code_index = $1 THEN CAST($2 AS BIGINT) ELSE NULL END \
             WHERE id = $3 AND purpose = $4 AND used_at IS NULL AND tries < CAST($5 AS BIGINT) AND expires_at > $6 \
             RETURNING used_at, phone_sealed",
            [
                index.into(),
                now.into(),
                id.into(),
                purpose.name().into(),
                TRIES.into(),
                now.into(),
            ],
        )
        .await?;
    let row = row.filter(|row| !row.is_null(0)).ok_or_else(wrong)?;
    let phone = sealing::open(&format!("one_time_codes.phone/{id}"), row.text(1)?).map_err(refused)?;
    let phone = String::from_utf8(phone).ok().and_then(|phone| phone.parse().ok());
    phone.ok_or_else(|| Problem::unavailable("a stored phone is not of its form"))
}

/// Under what accounts of this phone are found.
pub fn phone_index(phone: &Phone) -> Result<String, Problem> {
    blind_index::index("citizens.phone", phone.as_str()).map_err(refused)
}

/// Under what code `id` is known to be right.
pub fn code_index(id: Id, code: &str) -> Result<String, Problem> {
    blind_index::index("one_time_codes.code", &format!("{id}/{code}")).map_err(refused)
}

fn wrong() -> Problem {
    Problem::new(
        StatusCode::FORBIDDEN,
        "wrong-code",
        "Code not right",
        "验证码不正确或已失效",
        "Check the digits, or ask for a new code; each is good once, for ten minutes and five tries.",
    )
}
