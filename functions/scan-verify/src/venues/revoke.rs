//! A venue that may see nothing more. What it has scanned stays on record.

use serde::Deserialize;
use utoipa::ToSchema;
use zerotrip_accounts::authority::{self, Administrator};
use zerotrip_accounts::refused;
use zerotrip_accounts::signing::sealing;
use zerotrip_platform::{Db, Id, Problem, Reply, Request, clock};

/// Why a venue is revoked.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Revocation {
    /// 1 to 200 characters.
    reason: String,
}

/// Revoked before: the first reason stands, and a repetition is no mistake.
#[utoipa::path(delete, path = "/scan/venues/{id}", params(("id" = String, Path)), request_body = Revocation,
    responses((status = 204)))]
pub async fn revoke(request: &Request, id: &str) -> Result<Reply, Problem> {
    let given: Revocation = request.json()?;
    let reason = crate::field::reason(&given.reason)?;
    let (db, now) = (Db::open().await?, clock::now_ms());
    let Administrator(by) = authority::administrator(request, &db).await?;
    let id: Id = id.parse().map_err(|_| Problem::not_found())?;
    let sealed =
        sealing::seal(&format!("venues.revoked_why/{id}"), reason.as_bytes(), now).map_err(refused)?;
    let revoked = db
        .one(
            "UPDATE venues SET revoked_at = $1, revoked_by = $2, revoked_why_sealed = $3 \
             WHERE id = $4 AND revoked_at IS NULL RETURNING id",
            [now.into(), by.principal.into(), sealed.into(), id.into()],
        )
        .await?;
    if revoked.is_none() {
        let known = db.one("SELECT id FROM venues WHERE id = $1", [id.into()]).await?;
        known.ok_or_else(Problem::not_found)?;
    }
    Ok(Reply::no_content())
}
