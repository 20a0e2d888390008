//! How the API answers: JSON or nothing, signed; files unsigned.

use axum::response::{IntoResponse, Response};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use serde_json::{Value, json};

use super::{
    account::Account,
    failure::Failure,
    identifiers,
    sign::{Fidelity, Signer, headers},
};

/// What a call came to.
#[derive(Debug)]
pub enum Answer {
    Json(Value),
    /// 204
    Nothing,
    /// 账单文件, whose hash was told before.
    File(Vec<u8>),
}

/// The key that signs the answer: the one that the request names, else the newest certificate's.
pub fn signer<'a>(account: &'a Account, headers: &HeaderMap, now_ms: i64) -> Result<Signer<'a>, Failure> {
    let Some(serial) = headers.get("wechatpay-serial") else { return Ok(account.newest_certificate(now_ms)) };
    let named = serial.to_str().ok().and_then(|serial| account.named(serial, now_ms));
    named.ok_or_else(|| Failure::parameter("Wechatpay-Serial", "不是微信支付的公钥ID或平台证书序列号"))
}

/// As WeChat Pay signs; a refusal too, whoever asked.
pub fn written(result: Result<Answer, Failure>, signer: Signer, now_ms: i64, fidelity: Fidelity) -> Response {
    let (status, body) = match result {
        Ok(Answer::Json(value)) => (StatusCode::OK, value.to_string()),
        Ok(Answer::Nothing) => (StatusCode::NO_CONTENT, String::new()),
        Ok(Answer::File(file)) => {
            return ([(header::CONTENT_TYPE, "application/octet-stream")], file).into_response();
        }
        Err(Failure { status, code, message }) => (
            StatusCode::from_u16(status).expect("a status of ours"),
            json!({ "code": code, "message": message }).to_string(),
        ),
    };
    let signature = headers(signer, now_ms, &body, fidelity);
    let mut response = (status, body).into_response();
    let headers = response.headers_mut();
    headers.remove(header::CONTENT_TYPE);
    if status != StatusCode::NO_CONTENT {
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json; charset=utf-8"));
    }
    for (name, value) in signature.into_iter().chain([("Request-ID", identifiers::hex(32))]) {
        headers.insert(
            header::HeaderName::from_bytes(name.as_bytes()).expect("a name of ours"),
            HeaderValue::from_str(&value).expect("base64, digits and names"),
        );
    }
    response
}
