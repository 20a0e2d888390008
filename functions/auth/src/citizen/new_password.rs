//! Another password: by the old one, or by a fresh proof of the person.

use crate::citizen::login::{attempt, wrong_credentials};
use crate::citizen::registration::judge;
use crate::signing::passwords;
use serde::Deserialize;
use utoipa::ToSchema;
use zerotrip_accounts::audit::{self, Line};
use zerotrip_accounts::sealed::opened;
use zerotrip_accounts::{citizen, fresh, refused, session};
use zerotrip_domain::password::{MAX_BYTES, Strength};
use zerotrip_platform::{Db, Id, Problem, Reply, Request, clock};

/// The new password, and the old one unless the person has just been proven.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewPassword {
    new: String,
    old: Option<String>,
}

/// All other sessions end.
#[utoipa::path(put, path = "/auth/citizens/me/password", request_body = NewPassword, responses((status = 204)))]
pub async fn change(request: &Request) -> Result<Reply, Problem> {
    let given: NewPassword = request.json()?;
    let (db, now) = (Db::open().await?, clock::now_ms());
    let caller = citizen::citizen(request, &db).await?;
    let sql = "SELECT phone_sealed FROM citizens WHERE id = $1";
    let row = db.one(sql, [caller.id.into()]).await?.ok_or_else(Problem::unauthorized)?;
    let strength = judge(&given.new, &opened(&row, 0, "phone", caller.id)?.unwrap_or_default())?;
    match &given.old {
        Some(old) if old.len() > MAX_BYTES => return Err(wrong_credentials()),
        Some(old) => {
            // Counted as a log-in is, so that a found session is no way to guess.
            let account = attempt(&db, caller.id, now).await?;
            let stored = account.as_ref().map(|row| row.text(2)).transpose()?;
            if !passwords::verify(old, stored).map_err(refused)? {
                return Err(wrong_credentials());
            }
        }
        None => {
            fresh::demand(&caller, now)?;
        }
    }
    let hash = passwords::hash(&given.new).map_err(refused)?;
    let changed = db
        .one(
            "UPDATE citizens SET password = $1, second_factor = $2, failures = 0, locked_until = 0 WHERE id = $3 \
             AND standing IN ('registered', 'real-name', 'real-person') RETURNING id",
            [hash.into(), i64::from(strength == Strength::WithSecondFactor).into(), caller.id.into()],
        )
        .await?;
    changed.ok_or_else(Problem::unauthorized)?;
    session::end_all(&db, caller.id, caller.session, "password-changed", now).await?;
    let kind = "password-changed";
    let line = Line { kind, actor: caller.id, device: Id::NONE, subject: caller.id, detail: "" };
    audit::write(&db, &line, now).await?;
    Ok(Reply::no_content())
}
