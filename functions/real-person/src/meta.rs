//! What `real-person` answers about itself.

use crate::signing::readiness;
use zerotrip_platform::{Db, Problem, Reply, clock, meta};

/// What `openapi.json` is made from.
#[cfg(test)]
#[derive(utoipa::OpenApi)]
#[openapi(
    info(title = "real-person"),
    paths(
        crate::face::check::create,
        crate::face::check::result,
        crate::face::check::show,
        crate::face::way_back::page,
        crate::face::log_in::create,
        crate::face::log_in::result,
        crate::window::issue,
        crate::window::activate,
        crate::two_items::prove,
        crate::proof::repair::run,
    )
)]
struct Api;

/// 200 when the keys are usable and the database answers.
pub async fn ready() -> Result<Reply, Problem> {
    let rings = ["session_keys", "sealing_keys", "index_key", "audit_keys", "alipay"].map(str::to_owned);
    readiness::check(&rings, clock::now_ms()).map_err(|defect| Problem::misconfigured(&defect))?;
    // Its newest table: the migrations are there.
    Db::open().await?.one("SELECT id FROM proofs LIMIT 1", []).await?;
    Ok(meta::ready())
}

/// The interface description.
pub fn openapi() -> Reply {
    meta::openapi(include_str!("../openapi.json"))
}

#[test]
fn openapi_json_is_what_the_types_say() {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/openapi.json");
    zerotrip_platform::description::hold(&<Api as utoipa::OpenApi>::openapi(), "/real-person", file.as_ref());
}
