//! Calls to a merchant.

use bytes::Bytes;
use http::Request;
use http_body_util::{BodyExt, Full, Limited};
use hyper_util::{
    client::legacy::Client,
    rt::{TokioExecutor, TokioTimer},
};

const LONGEST_BODY: usize = 64 * 1024;

/// One request on a connection of its own; gives status and body. Redirects are answers, not followed. The error is
/// for the developer who reads the attempts.
pub async fn send(request: Request<Full<Bytes>>) -> Result<(u16, Bytes), String> {
    let client = Client::builder(TokioExecutor::new())
        .pool_timer(TokioTimer::new())
        .pool_max_idle_per_host(0)
        .build_http();
    let response = client.request(request).await.map_err(|error| chain(&error))?;
    let status = response.status().as_u16();
    let body = Limited::new(response.into_body(), LONGEST_BODY).collect().await.map_err(|e| e.to_string())?;
    Ok((status, body.to_bytes()))
}

fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        source = cause.source();
    }
    text
}
