//! A caller of the services that know people.

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt, Full};
use hyper_util::{client::legacy::Client, rt::TokioExecutor};
use serde_json::{Value, json};
use zerotrip_sandbox::{Config, Options, Running, people, start};

use crate::support;

pub const CTID_TOKEN: &str = "ctid-token-for-tests";
pub const SMS_TOKEN: &str = "sms-token-for-tests!";
pub const REGISTRY_TOKEN: &str = "registry-token-for-tests";
pub const MATCH: &str = "/ctid/v1/identities/match";
pub const MESSAGES: &str = "/sms/v1/messages";
pub const DOCUMENTS: &str = "/registry/v1/documents/query";

pub fn config() -> Value {
    let mut config: Value = serde_json::from_str(&support::config_text()).unwrap();
    config["ctid"] = json!({ "token": CTID_TOKEN });
    config["sms"] = json!({ "token": SMS_TOKEN });
    config["registry"] = json!({ "token": REGISTRY_TOKEN });
    config
}

pub async fn sandbox(options: Options) -> Running {
    start(Config::parse(&config().to_string()).unwrap(), options).await.unwrap()
}

pub fn someone(name: &str) -> &'static people::Person {
    people::all().iter().find(|person| person.name == name).unwrap()
}

/// One POST with these headers.
pub async fn post(url: &str, headers: &[(&str, &str)], body: String) -> Response<Bytes> {
    let mut request = Request::post(url);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let client = Client::builder(TokioExecutor::new()).build_http::<Full<Bytes>>();
    let response = client.request(request.body(Full::from(body)).unwrap()).await.unwrap();
    let (head, body) = response.into_parts();
    Response::from_parts(head, body.collect().await.unwrap().to_bytes())
}

/// JSON with the right token; gives status and JSON.
pub async fn ask(origin: &str, path: &str, body: &Value) -> (u16, Value) {
    let token = match path {
        MATCH => CTID_TOKEN,
        DOCUMENTS => REGISTRY_TOKEN,
        _ => SMS_TOKEN,
    };
    let bearer = format!("Bearer {token}");
    let headers = [("authorization", bearer.as_str()), ("content-type", "application/json")];
    let answer = post(&format!("{origin}{path}"), &headers, body.to_string()).await;
    (answer.status().as_u16(), serde_json::from_slice(answer.body()).unwrap())
}

pub async fn control(origin: &str, path: &str, body: &Value) -> (u16, Value) {
    let url = format!("{origin}/control/{path}");
    let answer = post(&url, &[("content-type", "application/json")], body.to_string()).await;
    (answer.status().as_u16(), serde_json::from_slice(answer.body()).unwrap_or_default())
}

pub async fn read(origin: &str, path: &str) -> Value {
    let answer = support::get(&format!("{origin}/control/{path}")).await;
    serde_json::from_slice(answer.body()).unwrap()
}
