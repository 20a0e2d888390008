//! A decision withdrawn by the agency that made it, with the reason. What was paid for it goes back by itself.

use crate::{field, refused, ticket};
use http::StatusCode;
use serde::Deserialize;
use utoipa::ToSchema;
use zerotrip_accounts::authority;
use zerotrip_accounts::signing::sealing;
use zerotrip_platform::{Db, Id, Problem, Reply, Request, clock};

/// Why a decision is withdrawn.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Revocation {
    /// 1 to 200 characters.
    reason: String,
}

#[utoipa::path(post, path = "/qr/decisions/{id}/revocation", params(("id" = String, Path)),
    request_body = Revocation, responses((status = 200, body = crate::ticket::Ticket)))]
pub async fn revoke(request: &Request, id: &str) -> Result<Reply, Problem> {
    let given: Revocation = request.json()?;
    let reason = field::reason(&given.reason)?;
    let db = Db::open().await?;
    let authority::Officer(officer) = authority::officer(request, &db).await?;
    let id: Id = id.parse().map_err(|_| Problem::not_found())?;
    let now = clock::now_ms();
    let sealed = sealing::seal(&ticket::reason_context(id), reason.as_bytes(), now).map_err(refused)?;
    // Revoked before: the first reason stands, and a repetition of the request is no mistake.
    db.run(
        "UPDATE decisions SET revoked_at = $1, revoked_by = $2, revoked_on = $3, revoked_reason_sealed = $4 \
             WHERE id = $5 AND agency = $6 AND revoked_at IS NULL",
        [
            now.into(),
            officer.principal.into(),
            officer.device.into(),
            sealed.into(),
            id.into(),
            officer.agency.as_str().into(),
        ],
    )
    .await?;
    Ok(ticket::of_agency(&db, id, &officer.agency).await?.reply(StatusCode::OK))
}
