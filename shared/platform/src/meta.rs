//! What every function answers about itself.

use crate::Reply;
use http::StatusCode;
use serde_json::json;

/// The version of this build and the commit it was made from.
pub fn version() -> Reply {
    let version = json!({ "version": env!("CARGO_PKG_VERSION"), "commit": env!("ZEROTRIP_COMMIT") });
    Reply::json(StatusCode::OK, &version)
}

/// 200 for a function whose keys and store are usable.
pub fn ready() -> Reply {
    Reply::json(StatusCode::OK, &json!({ "ready": true }))
}

/// The interface description: `text` is the function's `openapi.json`.
pub fn openapi(text: &'static str) -> Reply {
    Reply::new(StatusCode::OK, "application/json", text)
}
