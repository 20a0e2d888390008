//! How the gateway answers: `{"<method>_response":{…},"sign":"…"}`, signed over the object as it is written. In
//! certificate mode `alipay_cert_sn` names the certificate, beside the signature and not under it.

use axum::response::{IntoResponse, Response};
use http::header;
use serde_json::{Map, Value, json};

use super::{
    Account,
    common::{Method, Refusal},
    failure::Failure,
};

/// The business fields of an answer.
pub type Answer = Map<String, Value>;

/// What a call came to, before it is signed.
pub fn outcome(method: Method, result: Result<Answer, Failure>) -> Answer {
    match result {
        // A token comes without them.
        Ok(answer) if method == Method::OauthToken => answer,
        Ok(mut answer) => {
            answer.insert("code".into(), "10000".into());
            answer.insert("msg".into(), "Success".into());
            answer
        }
        Err(Failure { code, sub_code, sub_msg }) => fault(code, sub_code, &sub_msg),
    }
}

/// Signed as Alipay signs; `sound` false gives a signature of something else.
pub fn signed(account: &Account, method: Method, answer: &Answer, sound: bool) -> Response {
    let raw = written(answer);
    let sign = account.private_key.sign(if sound { &raw } else { "{}" });
    // What is wrong with a grant is told under the name of what is wrong at the door, but signed.
    let failed = answer.contains_key("sub_code");
    let name = match method {
        Method::OauthToken if failed => "error".to_owned(),
        _ => method.name().replace('.', "_"),
    };
    let named = account.certificates.as_ref().map(|own| format!("\"alipay_cert_sn\":\"{}\",", own.alipay_sn));
    let named = named.unwrap_or_default();
    text(format!("{{\"{name}_response\":{raw},{named}\"sign\":\"{sign}\"}}"))
}

/// Turned away at the door. A refusal of no known method has no signature.
pub fn refused(account: &Account, refusal: &Refusal) -> Response {
    let answer = fault(refusal.code, refusal.sub_code, &refusal.sub_msg);
    match refusal.method {
        Some(method) => signed(account, method, &answer, true),
        None => text(format!("{{\"error_response\":{}}}", written(&answer))),
    }
}

fn fault(code: &str, sub_code: &str, sub_msg: &str) -> Answer {
    let msg = match code {
        "40001" => "Missing Required Arguments",
        "40002" => "Invalid Arguments",
        "40004" => "Business Failed",
        "20001" => "Insufficient Token Permissions",
        _ => "Service Currently Unavailable",
    };
    match json!({ "code": code, "msg": msg, "sub_code": sub_code, "sub_msg": sub_msg }) {
        Value::Object(answer) => answer,
        _ => unreachable!("an object literal"),
    }
}

/// The real gateway escapes `/`, which a receiver that writes the JSON anew before verifying does not survive.
fn written(answer: &Answer) -> String {
    Value::Object(answer.clone()).to_string().replace('/', "\\/")
}

fn text(body: String) -> Response {
    ([(header::CONTENT_TYPE, "text/html;charset=utf-8")], body).into_response()
}
