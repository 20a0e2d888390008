//! A hotel has told the police of a guest from outside the mainland.

use crate::register::{is_reported, show};
use crate::venues;
use http::StatusCode;
use zerotrip_platform::{Db, Id, Problem, Reply, Request, clock};

/// Marks it, once: the first time stands. How it was told is the hotel's; the police have a terminal or a form of their own.
#[utoipa::path(post, path = "/scan/entries/{id}/report", params(("id" = String, Path)),
    responses((status = 200, body = crate::register::Shown)))]
pub async fn report(request: &Request, id: &str) -> Result<Reply, Problem> {
    let id: Id = id.parse().map_err(|_| Problem::not_found())?;
    let (db, now) = (Db::open().await?, clock::now_ms());
    let (by, venue) = venues::staff(request, &db).await?;
    let sql = "SELECT policy, outside FROM identity_codes WHERE id = $1 AND at_venue = $2 AND ended_how = 'redeemed'";
    let row = db.one(sql, [id.into(), venue.into()]).await?.ok_or_else(Problem::not_found)?;
    let concerns = is_reported(super::policy(row.text(0)?)?, super::flag(&row, 1)?);
    if !concerns {
        return Err(nothing_to_report());
    }
    db.run(
        "INSERT INTO register_reports (code, at, person, device) VALUES ($1, $2, $3, $4) ON CONFLICT (code) DO NOTHING",
        [id.into(), now.into(), by.principal.into(), by.device.into()],
    )
    .await?;
    let shown = show::to_staff(&db, venue, id, now).await?;
    Ok(Reply::json(StatusCode::OK, &shown))
}

fn nothing_to_report() -> Problem {
    Problem::new(
        StatusCode::CONFLICT,
        "nothing-to-report",
        "Not a guest to report",
        "该旅客无需按境外人员报送",
        "Hotels report guests who are registered outside the mainland.",
    )
}
