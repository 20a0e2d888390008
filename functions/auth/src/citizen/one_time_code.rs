//! One-time codes by SMS, asked for and sent.

use http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use zerotrip_accounts::one_time_code::{Purpose, code_index, phone_index};
use zerotrip_accounts::signing::sealing;
use zerotrip_accounts::sms;
use zerotrip_accounts::{limits, refused};
use zerotrip_domain::Phone;
use zerotrip_platform::{Db, Id, Problem, Reply, Request, clock};

const LIFE_MS: u64 = 10 * 60 * 1000;

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
