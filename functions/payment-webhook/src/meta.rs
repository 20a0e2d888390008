//! What `payment-webhook` answers about itself.

use crate::live;
use crate::signing::readiness;
use zerotrip_platform::{Db, Problem, Reply, clock, meta};

/// What `openapi.json` is made from.
#[cfg(test)]
#[derive(utoipa::OpenApi)]
#[openapi(
    info(title = "payment-webhook"),
    paths(
        crate::alipay::notification::receive,
        crate::alipay::page_return::back,
        crate::wechat_pay::notification::receive,
        crate::ccb::notification::receive,
        crate::page_return::back,
        crate::janitor::run,
        crate::differences::close,
        crate::work_items::list,
        crate::reports::run,
        crate::report_items::retry,
        crate::report_items::close,
        crate::inbox::show,
        crate::inbox::replay,
        crate::inbox::close,
        crate::refund_items::export,
        crate::refund_items::take_over,
        crate::refund_items::close
    )
)]
struct Api;

/// 200 when the keys are usable and the database answers.
pub async fn ready() -> Result<Reply, Problem> {
    let live = live::providers().await?;
    let keys = live.iter().map(|provider| provider.key_setting());
    let rings: Vec<String> =
        ["session_keys", "sealing_keys"].into_iter().chain(keys).map(str::to_owned).collect();
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
    zerotrip_platform::description::hold(&<Api as utoipa::OpenApi>::openapi(), "/pay", file.as_ref());
}
