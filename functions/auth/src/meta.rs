//! What every function answers about itself.

use crate::signing::readiness;
use http::StatusCode;
use serde::Serialize;
use utoipa::{OpenApi, ToSchema};
use zerotrip_platform::{Db, Problem, Reply, clock};

#[derive(Serialize, ToSchema)]
struct Version {
    version: &'static str,
    commit: &'static str,
}

#[derive(OpenApi)]
#[openapi(
    info(title = "auth"),
    paths(
        version,
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

#[utoipa::path(get, path = "/auth/version", responses((status = 200, body = Version)))]
pub fn version() -> Reply {
    let version = Version { version: env!("CARGO_PKG_VERSION"), commit: env!("ZEROTRIP_COMMIT") };
    Reply::json(StatusCode::OK, &version)
}

/// 200 when the keys are usable and the database answers.
pub async fn ready() -> Result<Reply, Problem> {
    let rings = ["session_keys", "sealing_keys", "index_key"].map(str::to_owned);
    readiness::check(&rings, clock::now_ms()).map_err(|defect| Problem::misconfigured(&defect))?;
    Db::open().await?.run("SELECT COUNT(*) FROM invitations", []).await?;
    Ok(Reply::new(StatusCode::OK, "text/plain", "ready"))
}

pub fn openapi() -> Reply {
    Reply::json(StatusCode::OK, &Api::openapi())
}
