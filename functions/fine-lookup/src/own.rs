//! The own fines of a logged-in citizen, found by the blind index of the ID number.

use crate::signing::{blind_index, sealing};
use crate::ticket::{self, Ticket};
use crate::{broken, provider};
use http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;
use zerotrip_accounts::citizen;
use zerotrip_platform::{Db, Id, Problem, Reply, Request};

/// The newest of them, at most a hundred.
#[derive(Serialize, ToSchema)]
pub struct Fines {
    fines: Vec<Ticket>,
}

#[utoipa::path(get, path = "/fines/mine", responses((status = 200, body = Fines)))]
pub async fn list(request: &Request) -> Result<Reply, Problem> {
    let db = Db::open().await?;
    let index = driver_index(&db, citizen::real_person(request, &db).await?.id).await?;
    let mut decisions = ticket::of_driver(&db, &index).await?;
    let live = provider::live().await?;
    for decision in &mut decisions {
        decision.offer(request, &live);
    }
    let fines = decisions.into_iter().map(|decision| decision.ticket).collect();
    Ok(Reply::json(StatusCode::OK, &Fines { fines }))
}

/// Under what decisions name the driver who is `citizen`.
async fn driver_index(db: &Db, citizen: Id) -> Result<String, Problem> {
    let sql = "SELECT id_number_sealed FROM citizens WHERE id = $1";
    let row = db.one(sql, [citizen.into()]).await?.ok_or_else(Problem::unauthorized)?;
    let number = sealing::open(&format!("citizens.id_number/{citizen}"), row.text(0)?).map_err(broken)?;
    let number =
        String::from_utf8(number).map_err(|_| Problem::unavailable("a stored number is not text"))?;
    blind_index::index("resident-id", &number).map_err(broken)
}
