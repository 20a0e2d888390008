//! People who act for the police or a venue.

use http::StatusCode;
use zerotrip_accounts::audit::{self, Line};
use zerotrip_accounts::authority::{self, Administrator};
use zerotrip_platform::{Db, Id, Problem, Reply, Request, clock};

#[utoipa::path(delete, path = "/auth/principals/{id}", params(("id" = String, Path)), responses((status = 204)))]
pub async fn revoke(request: &Request, id: &str) -> Result<Reply, Problem> {
    let id: Id = id.parse().map_err(|_| Problem::not_found())?;
    let db = Db::open().await?;
    let Administrator(by) = authority::administrator(request, &db).await?;
    if by.principal == id {
        return Err(Problem::new(
            StatusCode::CONFLICT,
            "own-account",
            "Not your own account",
            "不能停用自己的账号",
            "Another administrator can revoke this account.",
        ));
    }
    let known = db
        .one(
            "UPDATE principals SET revoked_at = COALESCE(revoked_at, $1), revoked_by = COALESCE(revoked_by, $2) \
             WHERE id = $3 RETURNING id",
            [clock::now_ms().into(), by.principal.into(), id.into()],
        )
        .await?;
    known.ok_or_else(Problem::not_found)?;
    let line =
        Line { kind: "staff-revoked", actor: by.principal, device: by.device, subject: id, detail: "" };
    audit::write(&db, &line, clock::now_ms()).await?;
    Ok(Reply::no_content())
}

/// Lets somebody try again who, or whose name, has failed too often.
#[utoipa::path(post, path = "/auth/principals/{id}/unlocking", params(("id" = String, Path)), responses((status = 204)))]
pub async fn unlock(request: &Request, id: &str) -> Result<Reply, Problem> {
    let id: Id = id.parse().map_err(|_| Problem::not_found())?;
    let db = Db::open().await?;
    let Administrator(by) = authority::administrator(request, &db).await?;
    let sql = "UPDATE principals SET failures = 0, locked_until = 0 WHERE id = $1 AND revoked_at IS NULL RETURNING id";
    db.one(sql, [id.into()]).await?.ok_or_else(Problem::not_found)?;
    let line =
        Line { kind: "staff-unlocked", actor: by.principal, device: by.device, subject: id, detail: "" };
    audit::write(&db, &line, clock::now_ms()).await?;
    Ok(Reply::no_content())
}
