//! What every function answers about itself.

use crate::{Problem, Reply};
use http::StatusCode;
use serde::Serialize;
use serde_json::{Value, json};

/// The version of this build and the commit it was made from.
pub fn version() -> Reply {
    let version = json!({ "version": env!("CARGO_PKG_VERSION"), "commit": env!("ZEROTRIP_COMMIT") });
    Reply::json(StatusCode::OK, &version)
}

/// 200 for a function whose keys and store are usable.
pub fn ready() -> Reply {
    Reply::json(StatusCode::OK, &json!({ "ready": true }))
}

/// The interface description: `api` as its types generate it, with what is the same everywhere added: version, readiness,
/// and the problem that any operation may answer.
pub fn openapi(api: &impl Serialize, prefix: &str) -> Result<Reply, Problem> {
    let wrong = |error| Problem::unavailable(&format!("the description does not serialise: {error}"));
    // By way of text, for which the code is there anyway: each component is 17 KB smaller.
    let mut api: Value = serde_json::from_slice(&serde_json::to_vec(api).map_err(wrong)?).map_err(wrong)?;
    let member = |kind: &str| json!({ "type": kind });
    api["components"]["schemas"]["Problem"] = json!({
        "type": "object",
        "required": ["type", "title", "title_zh", "status", "detail"],
        "properties": {
            "type": { "type": "string", "pattern": "^urn:zerotrip:problem:[a-z-]+$" },
            "title": member("string"),
            "title_zh": member("string"),
            "status": { "type": "integer", "minimum": 400, "maximum": 599 },
            "detail": member("string"),
        },
        "additionalProperties": false,
    });
    let described = |name: &str, kind: &str| {
        json!({ "get": { "responses": { "200": { "description": "", "content": { "application/json": { "schema": {
            "type": "object", "required": [name], "properties": { name: { "type": kind } },
        } } } } } } })
    };
    api["paths"][format!("{prefix}/version")] = described("version", "string");
    api["paths"][format!("{prefix}/ready")] = described("ready", "boolean");
    let problem = json!({ "description": "A refusal: what is wrong, in two languages, and what to do next", "content": {
        "application/problem+json": { "schema": { "$ref": "#/components/schemas/Problem" } },
    } });
    let operations = api["paths"].as_object_mut().into_iter().flat_map(|paths| paths.values_mut());
    for operation in operations.filter_map(Value::as_object_mut).flat_map(|item| item.values_mut()) {
        if operation.get("responses").is_some() {
            operation["responses"]["default"] = problem.clone();
        }
    }
    Ok(Reply::json(StatusCode::OK, &api))
}
