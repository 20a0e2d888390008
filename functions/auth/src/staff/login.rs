//! Log-in of a person, on a device where the role demands one.

use crate::signing::passwords;
use crate::staff::session::{self, LIFE_MS};
use http::StatusCode;
use serde::Deserialize;
use utoipa::ToSchema;
use zerotrip_accounts::authority::role_of;
use zerotrip_accounts::session::{Started, tokens};
use zerotrip_accounts::signing::faults::Fault;
use zerotrip_accounts::signing::session_check;
use zerotrip_accounts::signing::session_claims::{Purpose, Role};
use zerotrip_accounts::{limits, refused};
use zerotrip_platform::{Db, Id, Problem, Reply, Request, clock};

/// Name and password; the device's own token for officers and venue staff.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LogIn {
    login: String,
    password: String,
    device_token: Option<String>,
}

#[utoipa::path(post, path = "/auth/sessions", request_body = LogIn,
    responses((status = 201, body = zerotrip_accounts::session::Tokens)))]
pub async fn log_in(request: &Request) -> Result<Reply, Problem> {
    let given: LogIn = request.json()?;
    let now = clock::now_ms();
    if given.password.len() > 1024 {
        return Err(Problem::invalid("password must have at most 1024 bytes"));
    }
    let db = Db::open().await?;
    limits::of_address(&db, limits::LOG_INS_OF_ADDRESS, request, now).await?;
    let device = given.device_token.as_deref().map(|token| device(token, now)).transpose()?;
    if let Some(device) = device {
        limits::of(&db, limits::LOG_INS_OF_DEVICE, &device.to_string(), now).await?;
    }
    // Counted before the hash is computed: 5 free tries, then a wait of 30 s that doubles up to an hour, none after 100.
    let account = db
        .one(
            "UPDATE principals SET failures = failures + 1, locked_until = CAST($1 AS BIGINT) + CASE \
               WHEN failures < 4 THEN 0 WHEN failures = 4 THEN 30000 WHEN failures = 5 THEN 60000 \
               WHEN failures = 6 THEN 120000 WHEN failures = 7 THEN 240000 WHEN failures = 8 THEN 480000 \
               WHEN failures = 9 THEN 960000 WHEN failures = 10 THEN 1920000 ELSE 3600000 END \
             WHERE login = $2 AND locked_until <= $3 AND failures < 100 AND revoked_at IS NULL \
             RETURNING id, role, agency, password",
            [now.into(), given.login.as_str().into(), now.into()],
        )
        .await?;
    // The same work and the same answer for unknown, locked and revoked accounts.
    let stored = account.as_ref().map(|row| row.text(3)).transpose()?;
    let right = passwords::verify(&given.password, stored).map_err(refused)?;
    let account = account.filter(|_| right).ok_or_else(wrong_credentials)?;
    let (principal, role) = (account.id(0)?, role_of(account.text(1)?)?);
    // A right password is no guess, whatever the device says next.
    db.run("UPDATE principals SET failures = 0, locked_until = 0 WHERE id = $1", [principal.into()]).await?;
    let device = device_for(role, device, account.text(2)?, &db).await?;

    let started = Started {
        session: Id::random(),
        principal,
        device,
        role,
        level: 0,
        face_at_ms: 0,
        generation: 0,
        expires_at_ms: now + LIFE_MS,
    };
    session::begin(&db, &started, now).await?;
    Ok(Reply::json(StatusCode::CREATED, &tokens(&started, now)?))
}

/// The device whose token this is.
fn device(token: &str, now: u64) -> Result<Id, Problem> {
    let claims = session_check::check(Purpose::Device, token, now).map_err(|fault| match fault {
        Fault::Refused(_) => unknown_device(),
        other => refused(other),
    })?;
    Ok(Id::from_halves(claims.device))
}

/// The device on which the role demands to be logged in, if it is one of the person's own agency. Administrators need none.
async fn device_for(role: Role, device: Option<Id>, agency: &str, db: &Db) -> Result<Id, Problem> {
    let kind = match role {
        Role::Officer => "terminal",
        Role::VenueStaff => "scanner",
        _ => return Ok(Id::NONE),
    };
    let device = device.ok_or_else(unknown_device)?;
    let enrolled = db
        .one(
            "SELECT id FROM devices WHERE id = $1 AND kind = $2 AND agency = $3 AND revoked_at IS NULL",
            [device.into(), kind.into(), agency.into()],
        )
        .await?;
    enrolled.map(|_| device).ok_or_else(unknown_device)
}

fn wrong_credentials() -> Problem {
    Problem::new(
        StatusCode::UNAUTHORIZED,
        "wrong-credentials",
        "Name or password is wrong",
        "登录名或密码不正确",
        "Check both. After five failures wait before the next try; an administrator can help.",
    )
}

fn unknown_device() -> Problem {
    Problem::new(
        StatusCode::FORBIDDEN,
        "device-not-enrolled",
        "Device not enrolled",
        "设备未登记或已停用",
        "Log in on a device that an administrator has enrolled for your agency.",
    )
}
