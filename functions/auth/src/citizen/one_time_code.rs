//! One-time codes by SMS: seven digits (23 bits), ten minutes, five tries, once.

use crate::citizen::{limits, sms};
use crate::refused;
use crate::signing::{blind_index, sealing};
use http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use zerotrip_domain::Phone;
use zerotrip_platform::{Db, Id, Problem, Reply, Request, clock};

const LIFE_MS: u64 = 10 * 60 * 1000;
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
}

impl Purpose {
    fn name(self) -> &'static str {
        match self {
            Self::Register => "register",
            Self::LogIn => "log-in",
            Self::Prove => "prove",
        }
    }
}

/// Where a code is to be sent.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewCode {
    phone: String,
    purpose: Purpose,
}

/// A code that was sent; `code` is on the phone.
#[derive(Serialize, ToSchema)]
pub struct Sent {
    one_time_code: String,
    /// Unix ms.
    expires_at: u64,
}

/// A code as the person types it.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Typed {
    pub one_time_code: String,
    /// Seven digits.
    pub code: String,
}

/// The phone is sent a code whether or not an account of it exists.
#[utoipa::path(post, path = "/auth/one-time-codes", request_body = NewCode, responses((status = 202, body = Sent)))]
pub async fn create(request: &Request) -> Result<Reply, Problem> {
    let new: NewCode = request.json()?;
    let phone: Phone = new.phone.parse().map_err(|_| Problem::invalid("phone is no mobile number"))?;
    if new.purpose == Purpose::LogIn {
        return Err(Problem::invalid("a code for log-in is sent after the password"));
    }
    let (db, now) = (Db::open().await?, clock::now_ms());
    limits::of_address(&db, limits::CODES_OF_ADDRESS, request, now).await?;
    Ok(Reply::json(StatusCode::ACCEPTED, &send(&db, &phone, new.purpose, now).await?))
}

/// Sends a code to `phone`.
pub async fn send(db: &Db, phone: &Phone, purpose: Purpose, now: u64) -> Result<Sent, Problem> {
    let limit = if purpose == Purpose::LogIn { limits::CODES_AFTER_PASSWORD } else { limits::CODES_OF_PHONE };
    limits::of(db, limit, phone.as_str(), now).await?;
    let id = Id::random();
    let code = format!("{:07}", Id::random().halves().0 % 10_000_000);
    let sealed = sealing::seal(&format!("one_time_codes.phone/{id}"), phone.as_str().as_bytes(), now);
    db.run(
        "INSERT INTO one_time_codes (id, purpose, phone_sealed, phone_index, code_index, created_at, expires_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7)",
        [
            id.into(),
            purpose.name().into(),
            sealed.map_err(refused)?.into(),
            phone_index(phone)?.into(),
            code_index(id, &code)?.into(),
            now.into(),
            (now + LIFE_MS).into(),
        ],
    )
    .await?;
    let text = format!("【警务服务】验证码 {code}，10分钟内有效。任何人向您索要都是诈骗。");
    sms::send(db, phone, &text, &id.to_string()).await?;
    Ok(Sent { one_time_code: id.to_string(), expires_at: now + LIFE_MS })
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

fn code_index(id: Id, code: &str) -> Result<String, Problem> {
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
