//! One message to the merchant, and what came of it.

use std::time::Duration;

use bytes::Bytes;
use http::{HeaderValue, Request};
use http_body_util::{BodyExt, Full, Limited};
use hyper_util::{
    client::legacy::Client,
    rt::{TokioExecutor, TokioTimer},
};
use serde::{Deserialize, Serialize};

use crate::clock::Clock;

/// The merchant's time to answer. A limit of waiting, not a delay: it is not scaled.
const PATIENCE: Duration = Duration::from_secs(10);
const LONGEST_BODY: usize = 64 * 1024;

/// One request and what came back.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Attempt {
    pub at_ms: i64,
    pub status: Option<u16>,
    /// The first 1024 bytes.
    pub body: String,
    pub error: Option<String>,
    /// Status 200 and the seven bytes `success`.
    pub acknowledged: bool,
}

impl Attempt {
    /// Sends on a connection of its own. Redirects are answers, not followed.
    pub async fn make(clock: Clock, request: http::Result<Request<Full<Bytes>>>) -> Self {
        let at_ms = clock.now_ms();
        match tokio::time::timeout(PATIENCE, sent(request)).await {
            Ok(Ok((status, body))) => Self {
                at_ms,
                status: Some(status),
                acknowledged: status == 200 && body[..] == *b"success",
                body: String::from_utf8_lossy(&body[..body.len().min(1024)]).into_owned(),
                error: None,
            },
            Ok(Err(error)) => Self::unanswered(at_ms, error),
            Err(_) => Self::unanswered(at_ms, format!("no answer within {} s", PATIENCE.as_secs())),
        }
    }

    fn unanswered(at_ms: i64, error: String) -> Self {
        Self { at_ms, status: None, body: String::new(), error: Some(error), acknowledged: false }
    }
}

/// An absolute address that fits into a header.
pub fn is_address(text: &str) -> bool {
    let uri: Option<http::Uri> = text.parse().ok();
    let web = |uri: http::Uri| matches!(uri.scheme_str(), Some("http" | "https"));
    uri.is_some_and(web) && HeaderValue::from_str(text).is_ok()
}

/// A query added to an address that may have one already, and before its fragment.
pub fn with_query(url: &str, query: &str) -> String {
    let (address, fragment) = url.split_once('#').map_or((url, None), |(a, f)| (a, Some(f)));
    let joint = if address.contains('?') { '&' } else { '?' };
    let fragment = fragment.map(|f| format!("#{f}")).unwrap_or_default();
    format!("{address}{joint}{query}{fragment}")
}

async fn sent(request: http::Result<Request<Full<Bytes>>>) -> Result<(u16, Bytes), String> {
    send(request.map_err(|error| error.to_string())?).await
}

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
