//! Calls of other services. Only hosts that `spin.toml` grants can be reached.

use crate::problem::Problem;
use bytes::Bytes;
use http_body_util::{BodyExt, Full, Limited};
use spin_sdk::wasip3::http::types::RequestOptions;
use spin_sdk::wasip3::http_compat::RequestOptionsExtension;

/// Largest answer that is read.
pub const MAX_ANSWER: usize = 256 * 1024;
/// How long to wait for a connection, for the first byte, and between bytes.
const PATIENCE_NS: u64 = 5_000_000_000;

/// Posts form text and gives the body of a 200. Everything else is a [`Problem::unavailable`] whose cause is logged;
/// whether the call had an effect over there is then unknown.
pub async fn post_form(url: &str, form: String) -> Result<Bytes, Problem> {
    let failed = |what: &str| Problem::unavailable(&format!("outgoing call: {what}"));
    let options = RequestOptions::new();
    for set in [
        RequestOptions::set_connect_timeout,
        RequestOptions::set_first_byte_timeout,
        RequestOptions::set_between_bytes_timeout,
    ] {
        set(&options, Some(PATIENCE_NS)).map_err(|_| failed("the host takes no timeout"))?;
    }
    let mut request = http::Request::post(url)
        .header("content-type", "application/x-www-form-urlencoded;charset=utf-8")
        .header("content-length", form.len())
        .body(Full::new(Bytes::from(form)))
        .map_err(|_| failed("not an address"))?;
    request.extensions_mut().insert(RequestOptionsExtension(options));
    let answer = spin_sdk::http::send(request).await.map_err(|error| failed(&error.to_string()))?;
    if answer.status() != http::StatusCode::OK {
        return Err(failed(&format!("status {}", answer.status().as_u16())));
    }
    let body = Limited::new(answer.into_body(), MAX_ANSWER).collect().await;
    Ok(body.map_err(|_| failed("the answer is too large or cut off"))?.to_bytes())
}
