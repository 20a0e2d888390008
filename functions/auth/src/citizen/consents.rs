//! Consents given and taken back by their person, or for a child by its guardian.

use http::StatusCode;
use serde::Deserialize;
use utoipa::ToSchema;
use zerotrip_accounts::citizen::{self, Citizen};
use zerotrip_accounts::consents::{Purpose, give};
use zerotrip_accounts::ending::withdraw as withdraw_checks;
use zerotrip_platform::{Db, Id, Problem, Reply, Request, clock};

/// A purpose that the person agrees to.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewConsent {
    purpose: Purpose,
}

#[utoipa::path(post, path = "/auth/citizens/me/consents", request_body = NewConsent,
    params(("child" = Option<String>, Query, description = "A child entered in the own account")), responses((status = 204)))]
pub async fn create(request: &Request) -> Result<Reply, Problem> {
    let new: NewConsent = request.json()?;
    let db = Db::open().await?;
    let caller = citizen::anyone(request, &db).await?;
    give(&db, whose(&db, &caller, request).await?, new.purpose, clock::now_ms()).await?;
    Ok(Reply::no_content())
}

/// `real-name` taken back: a check that still waits for the platform is forgotten, and the platform is asked no more; what it has
/// said stays until the account is deleted, since what was done on it was lawful (个人信息保护法, art. 15). `face`: no more face
/// checks; the equal paths stay open.
#[utoipa::path(delete, path = "/auth/citizens/me/consents/{purpose}", params(("purpose" = String, Path),
    ("child" = Option<String>, Query, description = "A child entered in the own account")), responses((status = 204)))]
pub async fn withdraw(request: &Request, purpose: &str) -> Result<Reply, Problem> {
    let purpose = Purpose::named(purpose).ok_or_else(Problem::not_found)?;
    let db = Db::open().await?;
    let caller = citizen::anyone(request, &db).await?;
    if purpose == Purpose::Account {
        return Err(Problem::new(
            StatusCode::CONFLICT,
            "account-consent",
            "Delete the account instead",
            "撤回此项同意请注销账号",
            "No account can be kept without it: DELETE /records/me.",
        ));
    }
    let citizen = whose(&db, &caller, request).await?;
    let withdrawn = db
        .one(
            "UPDATE consents SET withdrawn_at = $1 WHERE citizen = $2 AND purpose = $3 AND withdrawn_at IS NULL \
             RETURNING id",
            [clock::now_ms().into(), citizen.into(), purpose.name().into()],
        )
        .await?;
    withdrawn.ok_or_else(Problem::not_found)?;
    match purpose {
        Purpose::RealName => {
            db.run("DELETE FROM real_name_requests WHERE citizen = $1", [citizen.into()]).await?;
        }
        Purpose::Face => withdraw_checks(&db, citizen, clock::now_ms()).await?,
        _ => {}
    }
    Ok(Reply::no_content())
}

/// Whose consent it is about.
async fn whose(db: &Db, caller: &Citizen, request: &Request) -> Result<Id, Problem> {
    let Some(child) = request.parameter("child") else { return Ok(caller.id) };
    let child: Id = child.parse().map_err(|_| Problem::not_found())?;
    let sql = "SELECT id FROM citizens WHERE id = $1 AND guardian = $2 AND standing = 'real-name'";
    let entered = db.one(sql, [child.into(), caller.id.into()]).await?;
    entered.map(|_| child).ok_or_else(Problem::not_found)
}
