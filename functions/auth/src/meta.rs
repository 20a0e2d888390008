//! What `auth` answers about itself.

use crate::signing::readiness;
use zerotrip_platform::{Db, Problem, Reply, clock, meta};

/// What `openapi.json` is made from.
#[cfg(test)]
#[derive(utoipa::OpenApi)]
#[openapi(
    info(title = "auth"),
    paths(
        crate::invitations::create,
        crate::activation::activate,
        crate::devices::enrol,
        crate::devices::revoke,
        crate::principals::revoke,
        crate::login::log_in,
        crate::session::current,
        crate::session::log_out,
        crate::session::refresh,
        crate::session::job_token,
    )
)]
struct Api;

/// 200 when the keys are usable and the database answers.
pub async fn ready() -> Result<Reply, Problem> {
    let rings = ["session_keys", "sealing_keys", "index_key"].map(str::to_owned);
    readiness::check(&rings, clock::now_ms()).map_err(|defect| Problem::misconfigured(&defect))?;
    Db::open().await?.one("SELECT id FROM sessions LIMIT 1", []).await?;
    Ok(meta::ready())
}

/// The interface description.
pub fn openapi() -> Reply {
    meta::openapi(include_str!("../openapi.json"))
}

#[test]
fn openapi_json_is_what_the_types_say() {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/openapi.json");
    zerotrip_platform::description::hold(&<Api as utoipa::OpenApi>::openapi(), "/auth", file.as_ref());
}
