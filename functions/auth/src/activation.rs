//! Activation: an invited person chooses log-in and password.

use crate::invitations::INDEXED_AS;
use crate::refused;
use crate::signing::{blind_index, passwords, sealing};
use http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use zerotrip_platform::db::DbError;
use zerotrip_platform::{Db, Id, Problem, Reply, Request, clock};

/// Passwords that stand alone have at least this many characters (NIST SP 800-63B-4).
const MIN_PASSWORD: usize = 15;

/// What the invited person gives.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Activation {
    code: String,
    /// 3 to 32 of a–z, 0–9, `.`, `-`.
    login: String,
    /// 15 characters or more.
    password: String,
    name: String,
}

/// The new account.
#[derive(Serialize, ToSchema)]
pub struct Activated {
    principal: String,
    role: String,
}

#[utoipa::path(post, path = "/auth/activations", request_body = Activation,
    responses((status = 201, body = Activated)))]
pub async fn activate(request: &Request) -> Result<Reply, Problem> {
    let given: Activation = request.json()?;
    let login_chars =
        given.login.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b".-".contains(&b));
    if !login_chars || !(3..=32).contains(&given.login.len()) {
        return Err(Problem::invalid("login must have 3 to 32 of a-z, 0-9, '.', '-'"));
    }
    if given.password.chars().count() < MIN_PASSWORD || given.password.len() > 1024 {
        return Err(Problem::invalid("password must have at least 15 characters and at most 1024 bytes"));
    }
    if given.name.trim().is_empty() || given.name.len() > 100 {
        return Err(Problem::invalid("name must have 1 to 100 bytes"));
    }
    let now = clock::now_ms();
    let id = Id::random();
    let db = Db::open().await?;
    let index = blind_index::index(INDEXED_AS, &given.code).map_err(refused)?;
    // Looked up first, so that guessing codes costs no password hash; claimed for good only below.
    let open = db
        .one(
            "SELECT role, agency FROM invitations WHERE code_index = $1 AND used_at IS NULL AND expires_at > $2",
            [index.clone().into(), now.into()],
        )
        .await?
        .ok_or_else(unusable)?;
    let (role, agency) = (open.text(0)?.to_owned(), open.text(1)?.to_owned());
    let taken = db.one("SELECT id FROM principals WHERE login = $1", [given.login.as_str().into()]).await?;
    if taken.is_some() {
        return Err(login_taken());
    }
    let password = passwords::hash(&given.password).map_err(refused)?;
    let name = sealing::seal(&format!("principals.name/{id}"), given.name.trim().as_bytes(), now)
        .map_err(refused)?;
    let claimed = db
        .one(
            "UPDATE invitations SET used_at = $1, used_by = $2 \
             WHERE code_index = $3 AND used_at IS NULL AND expires_at > $4 RETURNING role",
            [now.into(), id.into(), index.clone().into(), now.into()],
        )
        .await?;
    claimed.ok_or_else(unusable)?;
    let inserted = db
        .run(
            "INSERT INTO principals (id, role, login, name_sealed, agency, password, created_at) \
             VALUES ($1, $2, $3, $4, $5, $6, $7)",
            [
                id.into(),
                role.as_str().into(),
                given.login.as_str().into(),
                name.into(),
                agency.into(),
                password.into(),
                now.into(),
            ],
        )
        .await;
    if let Err(error) = inserted {
        // The invitation goes back, so that nothing is lost; if even that fails, an administrator invites again.
        db.run(
            "UPDATE invitations SET used_at = NULL, used_by = NULL WHERE code_index = $1 AND used_by = $2",
            [index.into(), id.into()],
        )
        .await?;
        return Err(match error {
            DbError::Conflict => login_taken(),
            other => other.into(),
        });
    }
    Ok(Reply::json(StatusCode::CREATED, &Activated { principal: id.to_string(), role }))
}

fn unusable() -> Problem {
    Problem::new(
        StatusCode::FORBIDDEN,
        "invitation-unusable",
        "Invitation not usable",
        "邀请码无效、已使用或已过期",
        "Ask an administrator for a new invitation.",
    )
}

fn login_taken() -> Problem {
    Problem::new(
        StatusCode::CONFLICT,
        "login-taken",
        "Log-in name taken",
        "登录名已被使用",
        "Choose another log-in name; the invitation is still good.",
    )
}
