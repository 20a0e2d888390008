//! A lost paper: whoever knows the decision's number and the plate finds the ticket again.

use crate::ticket::{self, Decision};
use crate::{answer, pages, provider};
use http::StatusCode;
use serde::Deserialize;
use utoipa::ToSchema;
use zerotrip_accounts::limits;
use zerotrip_domain::{DecisionNumber, Plate};
use zerotrip_platform::{Db, Problem, Reply, Request, clock};

/// What is on the police's short message or in the person's memory.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Search {
    /// 15 or 16 digits.
    number: String,
    plate: String,
}

/// The form for browsers.
pub fn form() -> Reply {
    Reply::html(StatusCode::OK, pages::search())
}

/// A number that does not exist and a plate that is another's are answered alike.
#[utoipa::path(post, path = "/fines/searches", request_body = Search,
    responses((status = 200, body = crate::ticket::Ticket)))]
pub async fn search(request: &Request) -> Result<Reply, Problem> {
    let given = if request.is_form() {
        let field = |name| request.field(name).unwrap_or_default();
        Search { number: field("number"), plate: field("plate") }
    } else {
        request.json()?
    };
    let number: DecisionNumber =
        given.number.trim().parse().map_err(|_| Problem::invalid("number must have 15 or 16 digits"))?;
    let plate: Plate =
        given.plate.trim().parse().map_err(|_| Problem::invalid("plate is no number plate"))?;
    let (db, now) = (Db::open().await?, clock::now_ms());
    limits::of_address(&db, limits::SEARCHES_OF_ADDRESS, request, now).await?;
    limits::of(&db, limits::SEARCHES_OF_DECISION, number.as_str(), now).await?;
    let found = ticket::numbered(&db, &number).await?.filter(|decision| decision.plate == plate);
    let mut found: Decision = found.ok_or_else(not_found)?;
    if request.is_form() {
        return Ok(Reply::see_other(&format!("/f/{}", found.ticket.code)));
    }
    found.offer(request, &provider::live().await?);
    Ok(answer::either(request, &found.ticket, || pages::ticket(&found.ticket)))
}

fn not_found() -> Problem {
    Problem::new(
        StatusCode::NOT_FOUND,
        "no-such-decision",
        "No such decision",
        "未找到与该编号和号牌相符的决定书",
        "Check both; a decision of another procedure is not paid here.",
    )
}
