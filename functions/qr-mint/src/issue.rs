//! An officer's terminal hands in a decision and gets its code.

use crate::content::Content;
use crate::signing::ticket_code_mint;
use crate::{field, refused, ticket};
use http::StatusCode;
use serde::Deserialize;
use utoipa::ToSchema;
use zerotrip_accounts::authority;
use zerotrip_accounts::signing::{blind_index, sealing};
use zerotrip_domain::{Day, late_fee};
use zerotrip_platform::{Db, Id, Problem, Reply, Request, clock};

/// A decision as the terminal sends it, as often as it needs to: its network is bad.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewDecision {
    /// The terminal's own name for this decision: 8 to 64 letters, digits, hyphens. The same name and content give the
    /// same decision.
    request_id: String,
    content: Content,
}

#[utoipa::path(post, path = "/qr/decisions", request_body = NewDecision,
    responses((status = 201, body = crate::ticket::Ticket), (status = 200, body = crate::ticket::Ticket)))]
pub async fn issue(request: &Request) -> Result<Reply, Problem> {
    let given: NewDecision = request.json()?;
    let request_id = field::request_id(&given.request_id)?;
    let db = Db::open().await?;
    let authority::Officer(officer) = authority::officer(request, &db).await?;
    let now = clock::now_ms();
    // A repetition is answered as it was decided, even when a day has passed and it could not be decided any more.
    let repeated = ticket::requested(&db, officer.device, request_id).await?;
    let checked_at = repeated.as_ref().map_or(now, |_| given.content.violated_at);
    let content = given.content.checked(checked_at)?;
    if let Some(ticket) = repeated {
        return same(&ticket, &content);
    }

    let id = Id::random();
    let (field, driver) = content.indexed_driver();
    let driver_index = blind_index::index(field, driver).map_err(refused)?;
    let plain =
        serde_json::to_vec(&content).map_err(|_| Problem::unavailable("a decision does not serialise"))?;
    let sealed = sealing::seal(&ticket::content_context(id), &plain, now).map_err(refused)?;
    let code = ticket_code_mint::mint(now).map_err(refused)?;
    let issued = db
        .one(
            "INSERT INTO decisions (id, code, number, device, request_id, officer, agency, driver_index, \
             content_sealed, fine_fen, due, decided_at) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) ON CONFLICT DO NOTHING RETURNING id",
            [
                id.into(),
                code.into(),
                content.number.as_str().into(),
                officer.device.into(),
                request_id.into(),
                officer.principal.into(),
                officer.agency.as_str().into(),
                driver_index.into(),
                sealed.into(),
                content.fine_fen.into(),
                late_fee::due(Day::at(now)).to_string().into(),
                now.into(),
            ],
        )
        .await?;
    // Either this decision, or the one of the same request that was quicker, or the number is another's.
    match ticket::requested(&db, officer.device, request_id).await? {
        Some(ticket) if issued.is_some() => Ok(ticket.reply(StatusCode::CREATED)),
        Some(ticket) => same(&ticket, &content),
        None => Err(Problem::new(
            StatusCode::CONFLICT,
            "decision-number-taken",
            "Decision number taken",
            "决定书编号已被使用",
            "Take the next number of the terminal and send the decision under a new request_id.",
        )),
    }
}

fn same(ticket: &ticket::Ticket, content: &Content) -> Result<Reply, Problem> {
    if ticket.says(content) {
        return Ok(ticket.reply(StatusCode::OK));
    }
    Err(field::request_id_reused())
}
