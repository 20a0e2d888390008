//! `reconciliation` (对账): each provider's bill of each day is compared with our books, and every difference waits for its
//! end: `payment-webhook` asks the provider about what it can confirm, the rest is a person's.
//!
//! One file each: the job, the file that an administrator brings, what of our books a bill is compared with, what is kept,
//! and what administrators see.

mod job;
mod ledger;
mod live;
mod meta;
mod provider;
mod record;
mod statements;
mod upload;

use http::Method;
use spin_sdk::http::IntoResponse;
use zerotrip_platform::{Problem, Reply, Request};

#[allow(unsafe_code, clippy::all, missing_docs, reason = "generated")]
mod contract {
    spin_sdk::wit_bindgen::generate!({
        path: "../../wit",
        world: "reconciliation-signing",
        runtime_path: "::spin_sdk::wit_bindgen::rt",
        generate_all,
    });
}
use contract::zerotrip::signing;

#[allow(unsafe_code, reason = "the entry point that Spin calls")]
mod entry {
    use super::*;

    #[spin_sdk::http_service]
    async fn handle(request: spin_sdk::http::Request) -> impl IntoResponse {
        // A bank's file is larger than any other body, and read only once it is known who brings it.
        let answered = if upload::is_for(request.method(), request.uri().path()) {
            let (request, body) = Request::open(request);
            upload::receive(&request, body).await
        } else {
            match Request::read(request).await {
                Ok(request) => route(&request).await,
                Err(problem) => Err(problem),
            }
        };
        answered.unwrap_or_else(|problem| problem.reply()).into_response()
    }
}

async fn route(request: &Request) -> Result<Reply, Problem> {
    let segments = request.segments();
    match (&request.method, &segments[..]) {
        (&Method::GET, ["bills", "version"]) => Ok(zerotrip_platform::meta::version()),
        (&Method::GET, ["bills", "ready"]) => meta::ready().await,
        (&Method::GET, ["bills", "openapi.json"]) => Ok(meta::openapi()),
        (&Method::POST, ["bills", "jobs", "reconciliation"]) => job::run(request).await,
        (&Method::GET, ["bills", "statements"]) => statements::list(request).await,
        (
            _,
            ["bills", "version" | "ready" | "openapi.json" | "statements"]
            | ["bills", "jobs", "reconciliation"]
            | ["bills", "ccb", "statements"],
        ) => Err(Problem::method_not_allowed()),
        _ => Err(Problem::not_found()),
    }
}

/// A fault of our own keys or stored fields.
fn broken(fault: signing::faults::Fault) -> Problem {
    match fault {
        signing::faults::Fault::Refused(_) => Problem::unavailable("what must be authentic is not"),
        signing::faults::Fault::Misconfigured(defect) => Problem::misconfigured(&defect),
    }
}
