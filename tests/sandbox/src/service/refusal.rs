//! Why a call is not carried out.

use std::io;

use axum::{
    Json,
    response::{IntoResponse, Response},
};
use http::{StatusCode, header};
use serde_json::json;

/// What the caller is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// This part of the call is missing or wrong.
    Malformed(&'static str),
    /// No token, or another.
    Unauthorized,
    /// The name was used for something else.
    NameUsed,
    /// More calls than allowed in this second.
    TooManyRequests,
    /// The journal cannot be written; nothing was done.
    Journal,
}

impl Refusal {
    /// As the tally and the caller see it.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Malformed(_) => "malformed",
            Self::Unauthorized => "unauthorized",
            Self::NameUsed => "request-id-used",
            Self::TooManyRequests => "too-many-requests",
            Self::Journal => "unavailable",
        }
    }
}

impl From<io::Error> for Refusal {
    fn from(error: io::Error) -> Self {
        eprintln!("zerotrip-sandbox: journal: {error}");
        Self::Journal
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let (status, field) = match self {
            Self::Malformed(field) => (StatusCode::BAD_REQUEST, Some(field)),
            Self::Unauthorized => (StatusCode::UNAUTHORIZED, None),
            Self::NameUsed => (StatusCode::CONFLICT, None),
            Self::TooManyRequests => (StatusCode::TOO_MANY_REQUESTS, None),
            Self::Journal => (StatusCode::SERVICE_UNAVAILABLE, None),
        };
        let mut body = json!({ "error": self.name() });
        if let Some(field) = field {
            body["field"] = field.into();
        }
        let mut response = (status, Json(body)).into_response();
        if self == Self::TooManyRequests {
            response.headers_mut().insert(header::RETRY_AFTER, 1.into());
        }
        response
    }
}
