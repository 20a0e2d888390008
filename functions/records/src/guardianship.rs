//! A guardianship at a window, which confirms it by its papers.

use serde::Deserialize;
use utoipa::ToSchema;
use zerotrip_accounts::audit::{self, Line};
use zerotrip_accounts::authority::{self, Officer};
use zerotrip_platform::{Db, Id, Problem, Reply, Request, clock};

/// What the officer has seen.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Papers {
    /// The household register, or the papers of the appointment, and the guardian's ID card.
    document_checked: bool,
}

/// At a window, on an enrolled terminal.
#[utoipa::path(post, path = "/records/guardianships/{child}/confirmation", params(("child" = String, Path)), request_body = Papers,
    responses((status = 204)))]
pub async fn confirm(request: &Request, child: &str) -> Result<Reply, Problem> {
    let given: Papers = request.json()?;
    let child: Id = child.parse().map_err(|_| Problem::not_found())?;
    let (db, now) = (Db::open().await?, clock::now_ms());
    let Officer(by) = authority::officer(request, &db).await?;
    if !given.document_checked {
        return Err(Problem::invalid(
            "document_checked must be true: a guardianship is confirmed by its papers",
        ));
    }
    let confirmed = db
        .one(
            "UPDATE guardianships SET confirmed_at = COALESCE(confirmed_at, $1), confirmed_by = COALESCE(confirmed_by, $2), \
             device = COALESCE(device, $3) WHERE child = $4 AND EXISTS \
               (SELECT 1 FROM citizens c WHERE c.id = guardianships.child AND c.guardian = guardianships.guardian) RETURNING child",
            [now.into(), by.principal.into(), by.device.into(), child.into()],
        )
        .await?;
    confirmed.ok_or_else(Problem::not_found)?;
    let kind = "guardianship-confirmed";
    let line = Line { kind, actor: by.principal, device: by.device, subject: child, detail: "" };
    audit::write(&db, &line, now).await?;
    Ok(Reply::no_content())
}
