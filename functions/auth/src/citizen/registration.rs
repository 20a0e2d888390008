//! Registration: a proven phone becomes an account.

use crate::signing::passwords;
use http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use zerotrip_accounts::consents::{self, Purpose as For};
use zerotrip_accounts::one_time_code::{self, Purpose, Typed, phone_index};
use zerotrip_accounts::session::{self, How, Tokens, tokens};
use zerotrip_accounts::signing::sealing;
use zerotrip_accounts::{limits, refused};
use zerotrip_domain::account::Standing;
use zerotrip_domain::password;
use zerotrip_domain::password::{Refused, Strength};
use zerotrip_platform::db::DbError;
use zerotrip_platform::{Db, Id, Problem, Reply, Request, clock};

/// Who registers.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Registration {
    /// A code of the purpose `register`.
    phone: Typed,
    /// 15 characters or more stand alone; 8 to 14 are good together with a code to the phone.
    password: String,
    /// `account` at least.
    consents: Vec<For>,
    /// What the client calls itself, e.g. `华为 Mate 70`: shown in the person's own list of sessions.
    client: Option<String>,
}

/// The new account, logged in.
#[derive(Serialize, ToSchema)]
pub struct Registered {
    citizen: String,
    #[serde(flatten)]
    tokens: Tokens,
}

#[utoipa::path(post, path = "/auth/citizens", request_body = Registration,
    responses((status = 201, body = Registered)))]
pub async fn register(request: &Request) -> Result<Reply, Problem> {
    let given: Registration = request.json()?;
    if !given.consents.contains(&For::Account) {
        return Err(Problem::invalid("consents must name 'account'"));
    }
    let (db, now) = (Db::open().await?, clock::now_ms());
    limits::of_address(&db, limits::REGISTRATIONS_OF_ADDRESS, request, now).await?;
    // Before the code is used up.
    session::check_client(given.client.as_deref())?;
    judge(&given.password, "")?;
    let phone = one_time_code::prove(&db, &given.phone, Purpose::Register, now).await?;
    let strength = judge(&given.password, phone.as_str())?;
    let id = Id::random();
    // Before the account: it never stands without them, and what is left of one that is not made names nobody.
    for (place, purpose) in given.consents.iter().enumerate() {
        if !given.consents[..place].contains(purpose) {
            consents::give(&db, id, *purpose, now).await?;
        }
    }
    let sealed = sealing::seal(&format!("citizens.phone/{id}"), phone.as_str().as_bytes(), now);
    let made = db
        .run(
            "INSERT INTO citizens (id, standing, phone_sealed, phone_index, password, second_factor, created_at) \
             VALUES ($1, $2, $3, $4, $5, $6, $7)",
            [
                id.into(),
                Standing::Registered.name().into(),
                sealed.map_err(refused)?.into(),
                phone_index(&phone)?.into(),
                passwords::hash(&given.password).map_err(refused)?.into(),
                i64::from(strength == Strength::WithSecondFactor).into(),
                now.into(),
            ],
        )
        .await;
    match made {
        Ok(_) => {}
        // Whoever holds the phone may know.
        Err(DbError::Conflict) => return Err(phone_has_account()),
        Err(other) => return Err(other.into()),
    }
    let started =
        session::begin(&db, id, Standing::Registered, How::Registration, given.client.as_deref(), now)
            .await?;
    let registered = Registered { citizen: id.to_string(), tokens: tokens(&started, now)? };
    Ok(Reply::json(StatusCode::CREATED, &registered))
}

/// What a password is good for, or why it is refused.
pub fn judge(password: &str, own: &str) -> Result<Strength, Problem> {
    password::judge(password, own).map_err(|refused| match refused {
        Refused::TooShort => Problem::invalid("password must have at least 8 characters, 15 to stand alone"),
        Refused::TooLong => Problem::invalid("password must have at most 1024 bytes"),
        Refused::Common => Problem::new(
            StatusCode::BAD_REQUEST,
            "common-password",
            "Password too common",
            "密码过于常见",
            "Choose one that nobody tries first: a few words that do not belong together are good.",
        ),
    })
}

/// To whoever holds the phone.
pub fn phone_has_account() -> Problem {
    Problem::new(
        StatusCode::CONFLICT,
        "phone-has-account",
        "This phone has an account",
        "该手机号已注册",
        "Log in, or set a new password. If the phone was somebody else's before, a window can release it.",
    )
}
