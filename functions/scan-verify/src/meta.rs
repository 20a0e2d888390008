//! What `scan-verify` answers about itself.

use crate::signing::readiness;
use zerotrip_platform::{Db, Problem, Reply, clock, meta};

/// What `openapi.json` is made from.
#[cfg(test)]
#[derive(utoipa::OpenApi)]
#[openapi(
    info(title = "scan-verify"),
    paths(
        crate::redeem::redeem,
        crate::venues::enrol::enrol,
        crate::venues::list::list,
        crate::venues::show::show,
        crate::venues::revoke::revoke,
        crate::register::list::list,
        crate::register::show::show,
        crate::register::foreigner::enter,
        crate::register::add::add,
        crate::register::report::report,
        crate::police::search::search,
        crate::police::supervision::show,
        crate::police::outside::list,
        crate::police::scans::list,
    )
)]
struct Api;

/// 200 when the keys are usable and the database answers.
pub async fn ready() -> Result<Reply, Problem> {
    let rings =
        ["session_keys", "identity_code_keys", "sealing_keys", "index_key", "audit_keys"].map(str::to_owned);
    readiness::check(&rings, clock::now_ms()).map_err(|defect| Problem::misconfigured(&defect))?;
    // Its newest table: the migrations are there.
    Db::open().await?.one("SELECT id FROM register_searches LIMIT 1", []).await?;
    Ok(meta::ready())
}

/// The interface description.
pub fn openapi() -> Reply {
    meta::openapi(include_str!("../openapi.json"))
}

#[test]
fn openapi_json_is_what_the_types_say() {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/openapi.json");
    zerotrip_platform::description::hold(&<Api as utoipa::OpenApi>::openapi(), "/scan", file.as_ref());
}
