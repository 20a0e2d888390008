//! Requests, read whole before a handler sees them.

use crate::problem::Problem;
use bytes::Bytes;
use http::{HeaderMap, Method, StatusCode};
use http_body_util::{BodyExt, Limited};
use serde::de::DeserializeOwned;
use std::net::{IpAddr, SocketAddr};

/// Largest body that is read.
pub const MAX_BODY: usize = 64 * 1024;

/// One request.
#[derive(Debug)]
pub struct Request {
    /// Method.
    pub method: Method,
    /// Path without query.
    pub path: String,
    /// Query, raw.
    pub query: String,
    /// Headers.
    pub headers: HeaderMap,
    /// Body, at most [`MAX_BODY`] bytes.
    pub body: Bytes,
}

/// A body that has not been read yet.
pub struct Unread(spin_sdk::wasip3::http_compat::IncomingRequestBody);

impl Request {
    /// Reads `request`. A body over the limit is refused before it is all here.
    pub async fn read(request: spin_sdk::http::Request) -> Result<Self, Problem> {
        let (head, body) = Self::open(request);
        Ok(Self { body: body.read(MAX_BODY).await?, ..head })
    }

    /// All but the body, which is left empty: for what takes large ones, but not of everybody.
    pub fn open(request: spin_sdk::http::Request) -> (Self, Unread) {
        let (parts, body) = request.into_parts();
        let head = Self {
            method: parts.method,
            path: parts.uri.path().to_owned(),
            query: parts.uri.query().unwrap_or("").to_owned(),
            headers: parts.headers,
            body: Bytes::new(),
        };
        (head, Unread(body))
    }

    /// The parts of the path between slashes.
    pub fn segments(&self) -> Vec<&str> {
        self.path.split('/').filter(|part| !part.is_empty()).collect()
    }

    /// The body as JSON. The problem names field and position, never a value.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, Problem> {
        serde_json::from_slice(&self.body).map_err(|error| {
            let what = match error.classify() {
                serde_json::error::Category::Data => error.to_string(),
                _ => format!("not JSON at line {}, column {}", error.line(), error.column()),
            };
            // serde quotes offending values; what is quoted may be personal.
            let safe = if what.contains("invalid value") || what.contains("invalid type") {
                format!(
                    "a field has the wrong type or value at line {}, column {}",
                    error.line(),
                    error.column()
                )
            } else {
                what
            };
            Problem::invalid(&safe)
        })
    }

    /// One query parameter, decoded.
    pub fn parameter(&self, name: &str) -> Option<String> {
        field_of(self.query.as_bytes(), name)
    }

    /// Whether a browser asks: it names `text/html` among what it accepts.
    pub fn wants_page(&self) -> bool {
        let accept = self.headers.get(http::header::ACCEPT).and_then(|value| value.to_str().ok());
        accept.is_some_and(|accept| accept.contains("text/html"))
    }

    /// One cookie.
    pub fn cookie(&self, name: &str) -> Option<&str> {
        let all = self.headers.get_all(http::header::COOKIE).iter().filter_map(|value| value.to_str().ok());
        let pairs = all.flat_map(|text| text.split(';')).filter_map(|pair| pair.trim().split_once('='));
        pairs.into_iter().find(|(key, _)| *key == name).map(|(_, value)| value)
    }

    /// The network address of whoever asks, as the proxy before us tells it, or else the host. Of what a chain of proxies has
    /// noted the last entry counts: the others are the client's word. Without a proxy the header is to be stripped.
    pub fn client_ip(&self) -> Option<IpAddr> {
        let text = |name: &str| self.headers.get(name).and_then(|value| value.to_str().ok());
        let noted =
            self.headers.get_all("x-forwarded-for").iter().next_back().and_then(|list| list.to_str().ok());
        let told = noted.and_then(|list| list.rsplit(',').next()?.trim().parse().ok());
        told.or_else(|| Some(text("spin-client-addr")?.parse::<SocketAddr>().ok()?.ip()))
    }

    /// Of whom limits by address count: the IPv4 address, or the network of 64 bits that one subscriber has.
    pub fn client_network(&self) -> String {
        match self.client_ip() {
            Some(IpAddr::V4(ip)) => ip.to_string(),
            Some(IpAddr::V6(ip)) => match ip.to_ipv4_mapped() {
                Some(ip) => ip.to_string(),
                None => format!("{:x}", u128::from(ip) >> 64),
            },
            None => "unknown".to_owned(),
        }
    }

    /// Whether the body is a form of a page.
    pub fn is_form(&self) -> bool {
        let kind = self.headers.get(http::header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
        kind.is_some_and(|kind| kind.starts_with("application/x-www-form-urlencoded"))
    }

    /// One field of a form in the body, decoded.
    pub fn field(&self, name: &str) -> Option<String> {
        field_of(&self.body, name)
    }

    /// The bearer token.
    pub fn bearer(&self) -> Result<&str, Problem> {
        self.headers
            .get(http::header::AUTHORIZATION)
            .and_then(|value| value.to_str().ok())
            .and_then(|value| value.strip_prefix("Bearer "))
            .ok_or_else(Problem::unauthorized)
    }
}

impl Unread {
    /// Reads it. One of more than `most` bytes is refused before it is all here.
    pub async fn read(self, most: usize) -> Result<Bytes, Problem> {
        let body = Limited::new(self.0, most).collect().await.map_err(|_| {
            Problem::new(
                StatusCode::PAYLOAD_TOO_LARGE,
                "body-too-large",
                "Body too large or cut off",
                "请求内容过大或不完整",
                &format!("Send at most {} KiB.", most / 1024),
            )
        })?;
        Ok(body.to_bytes())
    }
}

/// All fields of form text, decoded, in their order.
pub fn fields_of(form: &[u8]) -> Vec<(String, String)> {
    form_urlencoded::parse(form).into_owned().collect()
}

/// One field of form text, decoded.
pub fn field_of(form: &[u8], name: &str) -> Option<String> {
    form_urlencoded::parse(form).find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
}

/// `name=value` as form text.
pub fn field_text(name: &str, value: &str) -> String {
    form_urlencoded::Serializer::new(String::new()).append_pair(name, value).finish()
}
