//! What `auth` answers about itself.

use crate::signing::readiness;
use zerotrip_platform::{Db, Problem, Reply, clock, meta};

/// What `openapi.json` is made from.
#[cfg(test)]
#[derive(utoipa::OpenApi)]
#[openapi(
    info(title = "auth"),
    paths(
        crate::staff::invitations::create,
        crate::staff::activation::activate,
        crate::staff::devices::enrol,
        crate::staff::devices::revoke,
        crate::staff::principals::revoke,
        crate::staff::principals::unlock,
        crate::staff::login::log_in,
        crate::staff::session::job_token,
        crate::session::current,
        crate::session::log_out,
        crate::session::refresh,
        crate::citizen::one_time_code::create,
        crate::citizen::registration::register,
        crate::citizen::login::log_in,
        crate::citizen::me::show,
        crate::citizen::real_name::check,
        crate::citizen::consents::create,
        crate::citizen::consents::withdraw,
        crate::citizen::session::list,
        crate::citizen::session::end_others,
        crate::citizen::session::end_one,
        crate::citizen::alipay::way::create,
        crate::citizen::alipay::way::go,
        crate::citizen::alipay::way::hand_over,
        crate::citizen::alipay::log_in::log_in,
        crate::citizen::alipay::link::create,
        crate::citizen::alipay::link::show,
        crate::citizen::alipay::link::remove,
        crate::citizen::new_phone::change,
        crate::citizen::new_password::change,
        crate::citizen::password_reset::create,
    )
)]
struct Api;

/// 200 when the keys are usable and the database answers.
pub async fn ready() -> Result<Reply, Problem> {
    let rings = ["session_keys", "sealing_keys", "index_key", "audit_keys", "alipay"].map(str::to_owned);
    readiness::check(&rings, clock::now_ms()).map_err(|defect| Problem::misconfigured(&defect))?;
    // Its newest table: the migrations are there.
    Db::open().await?.one("SELECT citizen FROM alipay_links LIMIT 1", []).await?;
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
