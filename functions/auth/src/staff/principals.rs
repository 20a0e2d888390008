//! People who act for the police or a venue.

use http::StatusCode;
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
    known.map(|_| Reply::no_content()).ok_or_else(Problem::not_found)
}
