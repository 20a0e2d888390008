//! Pages for browsers, JSON for clients.

use http::StatusCode;
use maud::html;
use serde::Serialize;
use zerotrip_pages::page;
use zerotrip_platform::{Problem, Reply, Request};

/// `value`, or the page made of it if a browser asks.
pub fn either(request: &Request, value: &impl Serialize, page: impl FnOnce() -> String) -> Reply {
    let reply = if request.wants_page() {
        Reply::html(StatusCode::OK, page())
    } else {
        Reply::json(StatusCode::OK, value)
    };
    reply.header("vary", "accept")
}

/// A problem; a person with a browser reads it as a page of the same status.
pub fn refusal(request: &Request, problem: &Problem) -> Reply {
    if !request.wants_page() {
        return problem.reply();
    }
    let body = html! {
        section { p.state.closed { (problem.title_zh) } p.note lang="en" { (problem.title) ". " (problem.detail) } }
    };
    let status = StatusCode::from_u16(problem.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let reply = Reply::html(status, page("无法显示", None, &body));
    match problem.retry_after_s {
        Some(seconds) => reply.header("retry-after", &seconds.to_string()),
        None => reply,
    }
}
