//! Calls of other services. Only hosts that `spin.toml` grants can be reached.

use crate::clock;
use crate::problem::Problem;
use bytes::Bytes;
use http::{HeaderMap, Method, StatusCode};
use http_body_util::{BodyExt, Full, Limited};
use spin_sdk::wasip3::http::types::RequestOptions;
use spin_sdk::wasip3::http_compat::RequestOptionsExtension;

/// Largest answer that is read.
pub const MAX_ANSWER: usize = 256 * 1024;
/// How long to wait for a connection, for the first byte, and between bytes.
const PATIENCE_NS: u64 = 5_000_000_000;

/// What came back, read whole.
#[derive(Debug)]
pub struct Answer {
    /// Status.
    pub status: StatusCode,
    /// Headers.
    pub headers: HeaderMap,
    /// Body, at most [`MAX_ANSWER`] bytes, or what a download allows.
    pub body: Bytes,
}

impl Answer {
    /// A header's text, or nothing.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or("")
    }
}

/// The same as [`call`], given up `within_ms` after it began.
pub async fn call_within(
    within_ms: u64,
    method: Method,
    url: &str,
    headers: &[(&'static str, &str)],
    body: String,
) -> Result<Answer, Problem> {
    within(within_ms, send(method, url, headers, body, MAX_ANSWER)).await
}

/// What `calls` lead to, given up `within_ms` after they began.
pub async fn within<T>(
    within_ms: u64,
    calls: impl Future<Output = Result<T, Problem>>,
) -> Result<T, Problem> {
    let late = || Err(Problem::unavailable("outgoing call: no answer in time"));
    clock::within(within_ms, calls).await.unwrap_or_else(late)
}

/// One call. No answer is a [`Problem::unavailable`] whose cause is logged without the address, which may hold secrets;
/// whether the call had an effect over there is then unknown.
pub async fn call(
    method: Method,
    url: &str,
    headers: &[(&'static str, &str)],
    body: String,
) -> Result<Answer, Problem> {
    send(method, url, headers, body, MAX_ANSWER).await
}

/// Fetches a file of at most `most` bytes.
pub async fn download(url: &str, headers: &[(&'static str, &str)], most: usize) -> Result<Answer, Problem> {
    send(Method::GET, url, headers, String::new(), most).await
}

async fn send(
    method: Method,
    url: &str,
    headers: &[(&'static str, &str)],
    body: String,
    most: usize,
) -> Result<Answer, Problem> {
    let failed = |what: &str| Problem::unavailable(&format!("outgoing call: {what}"));
    let options = RequestOptions::new();
    for set in [
        RequestOptions::set_connect_timeout,
        RequestOptions::set_first_byte_timeout,
        RequestOptions::set_between_bytes_timeout,
    ] {
        set(&options, Some(PATIENCE_NS)).map_err(|_| failed("the host takes no timeout"))?;
    }
    let mut request = http::Request::builder().method(method).uri(url);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    if !body.is_empty() {
        request = request.header("content-length", body.len());
    }
    let mut request = request.body(Full::new(Bytes::from(body))).map_err(|_| failed("not an address"))?;
    request.extensions_mut().insert(RequestOptionsExtension(options));
    let answer = spin_sdk::http::send(request).await.map_err(|error| failed(&error.to_string()))?;
    let (parts, body) = answer.into_parts();
    let body = Limited::new(body, most).collect().await;
    let body = body.map_err(|_| failed("the answer is too large or cut off"))?.to_bytes();
    Ok(Answer { status: parts.status, headers: parts.headers, body })
}

/// Posts form text and gives the body of a 200. Everything else is a [`Problem::unavailable`].
pub async fn post_form(url: &str, form: String) -> Result<Bytes, Problem> {
    let kind = ("content-type", "application/x-www-form-urlencoded;charset=utf-8");
    let answer = call(Method::POST, url, &[kind], form).await?;
    match answer.status {
        StatusCode::OK => Ok(answer.body),
        other => Err(Problem::unavailable(&format!("outgoing call: status {}", other.as_u16()))),
    }
}
