//! A report is taken once: the same again is told so, and another one under its key is refused.

use std::{sync::Arc, time::Duration};

use axum::{
    Json,
    extract::State,
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use http::{HeaderMap, StatusCode, header};
use serde_json::json;

use super::{
    Authority,
    book::{Entry, Kind, Report},
};
use crate::inbound::{GatewayFault, silence};

pub async fn take(State(authority): State<Arc<Authority>>, headers: HeaderMap, body: Bytes) -> Response {
    let (fault, status, slow_ms) = authority.faults().next_call();
    if slow_ms > 0 {
        tokio::time::sleep(Duration::from_millis(slow_ms.into())).await;
    }
    match (fault, status) {
        (Some(GatewayFault::Silent), _) => return silence().await,
        (Some(GatewayFault::Unavailable), _) => return refused(StatusCode::BAD_GATEWAY, "unavailable"),
        (_, Some(status)) => {
            let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
            return refused(status, "by order of a test");
        }
        _ => {}
    }
    let answer = taken(&authority, &headers, &body);
    match fault {
        Some(GatewayFault::AnswerLost | GatewayFault::BadSignature) => silence().await,
        _ => answer,
    }
}

fn taken(authority: &Authority, headers: &HeaderMap, body: &[u8]) -> Response {
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or("");
    if text(header::AUTHORIZATION.as_str()) != format!("Bearer {}", authority.account.token) {
        return refused(StatusCode::UNAUTHORIZED, "not who may report");
    }
    if text(header::CONTENT_TYPE.as_str()) != "application/json" {
        return refused(StatusCode::UNSUPPORTED_MEDIA_TYPE, "not JSON");
    }
    let report: Report = match serde_json::from_slice(body) {
        Ok(report) => report,
        Err(error) => return refused(StatusCode::BAD_REQUEST, &error.to_string()),
    };
    let key = match report.kind {
        Kind::Settlement => report.order.clone(),
        Kind::Reversal => format!("{}-reversal", report.order),
    };
    if text("idempotency-key") != key {
        return refused(StatusCode::BAD_REQUEST, "idempotency-key: not of this report");
    }
    if let Some(fault) = fault_of(&report) {
        return refused(StatusCode::UNPROCESSABLE_ENTITY, fault);
    }
    let mut book = authority.book();
    let (entry, status) = match book.entry(&key) {
        Some(known) if known.report != report => {
            return refused(StatusCode::CONFLICT, "the key of another report");
        }
        Some(known) => (Entry { sent: known.sent + 1, ..known.clone() }, StatusCode::OK),
        None if report.kind == Kind::Reversal && book.entry(&report.order).is_none() => {
            return refused(StatusCode::CONFLICT, "a reversal of what was never reported");
        }
        None => (Entry { key, report, sent: 1 }, StatusCode::CREATED),
    };
    match book.write(entry) {
        Ok(()) => (status, Json(json!({}))).into_response(),
        Err(error) => refused(StatusCode::INTERNAL_SERVER_ERROR, &error.to_string()),
    }
}

fn fault_of(report: &Report) -> Option<&'static str> {
    let digits = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
    if !(15..=16).contains(&report.decision_number.len()) || !digits(&report.decision_number) {
        return Some("decision_number: not 15 or 16 digits");
    }
    if report.fine_fen <= 0 || report.late_fee_fen < 0 || report.late_fee_fen > report.fine_fen {
        return Some("late_fee_fen: more than the fine");
    }
    if report.total_fen != report.fine_fen + report.late_fee_fen {
        return Some("total_fen: not fine and late fee");
    }
    if report.transaction.is_empty() || report.paid_at <= 0 {
        return Some("transaction, paid_at: missing");
    }
    let reversed = report.reversed_at.is_some();
    (reversed != (report.kind == Kind::Reversal)).then_some("reversed_at: of a reversal, and of nothing else")
}

fn refused(status: StatusCode, error: &str) -> Response {
    (status, Json(json!({ "error": error }))).into_response()
}
