//! Activation: an invited person chooses log-in and password.

use crate::signing::passwords;
use crate::staff::invitations::INDEXED_AS;
use http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use zerotrip_accounts::audit::{self, Line};
use zerotrip_accounts::refused;
use zerotrip_accounts::signing::{blind_index, sealing};
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
    // Looked up first, so that guessing codes costs no password hash; what counts is the insert below.
    let open = db
        .one(
            "SELECT role FROM invitations i WHERE i.code_index = $1 AND i.expires_at > $2 \
             AND NOT EXISTS (SELECT 1 FROM principals p WHERE p.invitation = i.code_index)",
            [index.as_str().into(), now.into()],
        )
        .await?;
    open.ok_or_else(unusable)?;
    let password = passwords::hash(&given.password).map_err(refused)?;
    let name = sealing::seal(&format!("principals.name/{id}"), given.name.trim().as_bytes(), now)
        .map_err(refused)?;
    let made = db
        .one(
            "INSERT INTO principals (id, login, name_sealed, password, created_at, invitation, role, agency) \
             SELECT $1, $2, $3, $4, CAST($5 AS BIGINT), i.code_index, i.role, i.agency FROM invitations i \
             WHERE i.code_index = $6 AND i.expires_at > $7 RETURNING role",
            [
                id.into(),
                given.login.as_str().into(),
                name.into(),
                password.into(),
                now.into(),
                index.into(),
                now.into(),
            ],
        )
        .await;
    match made {
        Ok(Some(row)) => {
            let role = row.text(0)?;
            let detail = format!(r#"{{"role":"{role}"}}"#);
            let line =
                Line { kind: "staff-activated", actor: id, device: Id::NONE, subject: id, detail: &detail };
            audit::write(&db, &line, now).await?;
            let activated = Activated { principal: id.to_string(), role: role.to_owned() };
            Ok(Reply::json(StatusCode::CREATED, &activated))
        }
        Ok(None) => Err(unusable()),
        // Either the name or the invitation is taken.
        Err(DbError::Conflict) => {
            let login = [given.login.as_str().into()];
            match db.one("SELECT id FROM principals WHERE login = $1", login).await? {
                Some(_) => Err(login_taken()),
                None => Err(unusable()),
            }
        }
        Err(other) => Err(other.into()),
    }
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
