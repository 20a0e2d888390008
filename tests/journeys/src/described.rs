//! Every JSON answer is held to the `openapi.json` of the function that gave it.

use crate::{Answer, House};
use serde_json::{Value, json};
use std::collections::HashMap;
use std::sync::Mutex;

/// The descriptions read so far, by prefix.
#[derive(Default)]
pub struct Interfaces(Mutex<HashMap<String, Value>>);

impl Interfaces {
    /// Panics if `answer` is JSON that the description does not allow.
    pub fn hold(&self, house: &House, method: &str, path: &str, answer: &Answer) {
        let path = path.split('?').next().unwrap_or(path);
        let mut segments: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
        // What printed codes say is the same resource.
        if segments.first() == Some(&"f") {
            segments[0] = "fines";
        }
        let Some(prefix) = segments.first().filter(|prefix| {
            ["auth", "real-person", "records", "wallet", "qr", "scan", "fines", "pay", "bills"]
                .contains(*prefix)
        }) else {
            return;
        };
        if segments.get(1) == Some(&"openapi.json") || !answer.content_type.contains("json") {
            return;
        }
        let api = self.of(house, prefix);
        let Some(operation) = operation(&api, method, &segments) else {
            assert!([404, 405].contains(&answer.status), "{method} {path} is not described: {}", answer.text);
            return;
        };
        let responses = &operation["responses"];
        let response = responses.get(answer.status.to_string()).unwrap_or(&responses["default"]);
        let schema = &response["content"][&answer.content_type]["schema"];
        assert!(
            schema.is_object(),
            "{method} {path}: {} as {} is not described",
            answer.status,
            answer.content_type
        );
        let root = json!({ "components": api["components"], "allOf": [schema] });
        let validator = jsonschema::validator_for(&root).unwrap_or_else(|e| panic!("{method} {path}: {e}"));
        let value = answer.json();
        let errors: Vec<String> =
            validator.iter_errors(&value).map(|e| format!("{e} at {}", e.instance_path())).collect();
        assert!(errors.is_empty(), "{method} {path} answers {value}, against its description: {errors:?}");
    }

    fn of(&self, house: &House, prefix: &str) -> Value {
        let mut known = self.0.lock().expect("no test panicked in here");
        let read = || {
            let url = format!("{}/{prefix}/openapi.json", house.base);
            house.fetch("GET", &url, &[], "").json()
        };
        known.entry(prefix.to_owned()).or_insert_with(read).clone()
    }
}

/// The operation whose path has these segments; a literal goes before a parameter.
fn operation<'a>(api: &'a Value, method: &str, segments: &[&str]) -> Option<&'a Value> {
    let paths = api["paths"].as_object()?;
    let fits = |template: &str| {
        let parts: Vec<&str> = template.split('/').filter(|part| !part.is_empty()).collect();
        let same = |(part, segment): (&&str, &&str)| part.starts_with('{') || part == segment;
        parts.len() == segments.len() && parts.iter().zip(segments).all(same)
    };
    let mut fitting: Vec<&String> = paths.keys().filter(|template| fits(template)).collect();
    fitting.sort_by_key(|template| template.matches('{').count());
    paths.get(*fitting.first()?)?.get(method.to_lowercase())
}
