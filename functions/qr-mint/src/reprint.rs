//! The same decision once more, for an officer of the agency that made it.

use crate::ticket;
use http::StatusCode;
use zerotrip_accounts::authority;
use zerotrip_platform::{Db, Id, Problem, Reply, Request, clock};

#[utoipa::path(get, path = "/qr/decisions/{id}", params(("id" = String, Path)),
    responses((status = 200, body = crate::ticket::Ticket)))]
pub async fn reprint(request: &Request, id: &str) -> Result<Reply, Problem> {
    let db = Db::open().await?;
    let authority::Officer(officer) = authority::officer(request, &db).await?;
    let id: Id = id.parse().map_err(|_| Problem::not_found())?;
    let ticket = ticket::of_agency(&db, id, &officer.agency).await?;
    // Who saw it is on record before it is shown.
    db.run(
        "INSERT INTO decision_reprints (id, decision, officer, device, at) VALUES ($1, $2, $3, $4, $5)",
        [
            Id::random().into(),
            id.into(),
            officer.principal.into(),
            officer.device.into(),
            clock::now_ms().into(),
        ],
    )
    .await?;
    Ok(ticket.reply(StatusCode::OK))
}
