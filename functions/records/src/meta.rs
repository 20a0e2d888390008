//! What `records` answers about itself.

use crate::signing::readiness;
use zerotrip_platform::{Db, Problem, Reply, clock, meta};

/// What `openapi.json` is made from.
#[cfg(test)]
#[derive(utoipa::OpenApi)]
#[openapi(
    info(title = "records"),
    paths(
        crate::export::show,
        crate::legal_name::change,
        crate::deletion::delete,
        crate::children::create,
        crate::children::list,
        crate::children::remove,
        crate::guardianship::confirm,
        crate::import::run,
        crate::duplicates::list,
        crate::accounts::freeze,
        crate::accounts::release,
        crate::accounts::merge,
        crate::disputes::create,
        crate::disputes::list,
        crate::retention::run,
        crate::audit::chain::run,
        crate::audit::chain::heads,
        crate::audit::verification::run,
        crate::audit::lines::list,
    )
)]
struct Api;

/// 200 when the keys are usable and the database answers.
pub async fn ready() -> Result<Reply, Problem> {
    let rings = ["session_keys", "sealing_keys", "index_key", "audit_keys"].map(str::to_owned);
    readiness::check(&rings, clock::now_ms()).map_err(|defect| Problem::misconfigured(&defect))?;
    // Its newest table: the migrations are there.
    Db::open().await?.one("SELECT child FROM guardianships LIMIT 1", []).await?;
    Ok(meta::ready())
}

/// The interface description.
pub fn openapi() -> Reply {
    meta::openapi(include_str!("../openapi.json"))
}

#[test]
fn openapi_json_is_what_the_types_say() {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/openapi.json");
    zerotrip_platform::description::hold(&<Api as utoipa::OpenApi>::openapi(), "/records", file.as_ref());
}
