//! What `fine-lookup` answers about itself.

use crate::provider;
use crate::signing::readiness;
use zerotrip_platform::{Db, Problem, Reply, clock, meta};

/// What `openapi.json` is made from.
#[cfg(test)]
#[derive(utoipa::OpenApi)]
#[openapi(
    info(title = "fine-lookup"),
    paths(
        crate::ticket::look_up,
        crate::own::list,
        crate::lost::search,
        crate::order::create,
        crate::order::status,
        crate::provider::wechat_pay::returned,
        crate::receipt::receipt,
        crate::receipt::verify
    )
)]
struct Api;

/// 200 when the keys are usable and the database answers.
pub async fn ready() -> Result<Reply, Problem> {
    let live = provider::live().await?;
    let keys = live.iter().map(|provider| provider.key_setting());
    let rings: Vec<String> = ["session_keys", "ticket_code_keys", "sealing_keys", "index_key"]
        .into_iter()
        .chain(keys)
        .map(str::to_owned)
        .collect();
    readiness::check(&rings, clock::now_ms()).map_err(|defect| Problem::misconfigured(&defect))?;
    // Its newest table: the migrations are there.
    Db::open().await?.one("SELECT order_id FROM superseded_orders LIMIT 1", []).await?;
    Ok(meta::ready())
}

/// The interface description.
pub fn openapi() -> Reply {
    meta::openapi(include_str!("../openapi.json"))
}

#[test]
fn openapi_json_is_what_the_types_say() {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/openapi.json");
    zerotrip_platform::description::hold(&<Api as utoipa::OpenApi>::openapi(), "/fines", file.as_ref());
}
