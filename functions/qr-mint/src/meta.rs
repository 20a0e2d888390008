//! What `qr-mint` answers about itself.

use crate::signing::readiness;
use zerotrip_platform::{Db, Id, Problem, Reply, clock, meta, settings};

/// What `openapi.json` is made from.
#[cfg(test)]
#[derive(utoipa::OpenApi)]
#[openapi(
    info(title = "qr-mint"),
    paths(
        crate::issue::issue,
        crate::reprint::reprint,
        crate::revoke::revoke,
        crate::record::record,
        crate::record::end,
        crate::identity::preview::preview,
        crate::identity::mint::mint,
        crate::identity::outcome::outcome,
        crate::identity::outcome::cancel,
        crate::identity::poster::show,
    )
)]
struct Api;

/// 200 when the keys are usable, the address fits into the codes, and the database answers.
pub async fn ready() -> Result<Reply, Problem> {
    let rings = ["session_keys", "ticket_code_keys", "identity_code_keys", "sealing_keys", "index_key"]
        .map(str::to_owned);
    readiness::check(&rings, clock::now_ms()).map_err(|defect| Problem::misconfigured(&defect))?;
    let longest =
        format!("{}/f/{}", settings::get("public_url").await?.trim_end_matches('/'), "Z".repeat(20));
    crate::qr::pictures(&longest)?;
    crate::identity::poster::code(Id::NONE).await?;
    // Its newest table: the migrations are there.
    Db::open().await?.one("SELECT id FROM identity_codes LIMIT 1", []).await?;
    Ok(meta::ready())
}

/// The interface description.
pub fn openapi() -> Reply {
    meta::openapi(include_str!("../openapi.json"))
}

#[test]
fn openapi_json_is_what_the_types_say() {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/openapi.json");
    zerotrip_platform::description::hold(&<Api as utoipa::OpenApi>::openapi(), "/qr", file.as_ref());
}
