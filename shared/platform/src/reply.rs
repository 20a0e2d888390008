//! Answers. Every one carries `content-length`: the host adds none, and a chunked answer costs a client 44 ms.

use bytes::Bytes;
use http::{HeaderName, HeaderValue, StatusCode};
use http_body_util::Full;
use serde::Serialize;

/// An answer under construction.
#[derive(Debug)]
pub struct Reply(http::Response<Bytes>);

impl Reply {
    /// `body` as it is.
    pub fn new(status: StatusCode, content_type: &str, body: impl Into<Bytes>) -> Self {
        let mut response = http::Response::new(body.into());
        *response.status_mut() = status;
        Self(response).header("content-type", content_type).header("cache-control", "no-store")
    }

    /// `value` as JSON.
    pub fn json(status: StatusCode, value: &impl Serialize) -> Self {
        match serde_json::to_vec(value) {
            Ok(body) => Self::new(status, "application/json", body),
            Err(error) => {
                crate::log(&format!("answer does not serialise: {error}"));
                Self::new(StatusCode::INTERNAL_SERVER_ERROR, "application/json", "{}")
            }
        }
    }

    /// A page. It runs no script, loads nothing, is framed by nobody, and tells other sites our origin alone, never its
    /// address, which may hold a code. WeChat Pay's cashier opens only for the origin of its merchant.
    pub fn html(status: StatusCode, page: String) -> Self {
        Self::new(status, "text/html; charset=utf-8", page)
            .header(
                "content-security-policy",
                "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; frame-ancestors 'none'",
            )
            .header("referrer-policy", "strict-origin")
            .header("x-content-type-options", "nosniff")
    }

    /// The same for a page with one script of ours, marked with `nonce`, which is new for each answer.
    pub fn html_with_script(page: String, nonce: &str) -> Self {
        let policy = format!(
            "default-src 'none'; style-src 'unsafe-inline'; script-src 'nonce-{nonce}'; base-uri 'none'; \
             frame-ancestors 'none'"
        );
        Self::html(StatusCode::OK, page).header("content-security-policy", &policy)
    }

    /// 303: go there with GET.
    pub fn see_other(location: &str) -> Self {
        Self::new(StatusCode::SEE_OTHER, "text/plain", Bytes::new())
            .header("location", location)
            .header("referrer-policy", "strict-origin")
    }

    /// 204.
    pub fn no_content() -> Self {
        Self::new(StatusCode::NO_CONTENT, "text/plain", Bytes::new())
    }

    /// Sets one header. A value that cannot stand in a header is left out and logged.
    #[must_use]
    pub fn header(mut self, name: &'static str, value: &str) -> Self {
        match HeaderValue::from_str(value) {
            Ok(value) => {
                self.0.headers_mut().insert(HeaderName::from_static(name), value);
            }
            Err(_) => crate::log(&format!("header {name} left out")),
        }
        self
    }

    /// As Spin's SDK takes it.
    pub fn into_response(self) -> http::Response<Full<Bytes>> {
        let length = self.0.body().len();
        let reply = self.header("content-length", &length.to_string());
        reply.0.map(Full::new)
    }
}
