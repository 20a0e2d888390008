//! `openapi.json` of a function, made from its types when it is tested, and not in the component: there the code that
//! describes them would be a fifth of what is loaded.

use serde::Serialize;
use serde_json::{Value, json};
use std::path::Path;

/// Panics, after it has written the file anew, where `file` is not the description of `api`. For the test of a function.
pub fn hold(api: &impl Serialize, prefix: &str, file: &Path) {
    let api = serde_json::to_value(api).expect("a description serialises");
    let text = in_lines(&complete(api, prefix), 3) + "\n";
    let found = std::fs::read_to_string(file).unwrap_or_default();
    if found != text {
        std::fs::write(file, text).expect("the description can be written");
        panic!("{} was not what the types say, and is written anew: build and commit it", file.display());
    }
}

/// JSON with the members of the outer `levels` objects in lines of their own: a change is seen, and a component is spared half of
/// what it would hold in white space.
fn in_lines(value: &Value, levels: u32) -> String {
    match value {
        Value::Object(members) if levels > 0 => {
            let line = |(name, value): (&String, &Value)| {
                format!("{}:{}", Value::from(name.as_str()), in_lines(value, levels - 1))
            };
            format!("{{\n{}\n}}", members.iter().map(line).collect::<Vec<_>>().join(",\n"))
        }
        other => other.to_string(),
    }
}

/// `api` with what is the same everywhere added: version, readiness, and the problem that any operation may answer.
fn complete(mut api: Value, prefix: &str) -> Value {
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
    api
}
