//! `qr-mint`: an officer's penalty decision gets its ticket code, to be printed, printed again, or revoked; what changes its
//! late fee is recorded.

mod content;
mod event;
mod field;
mod issue;
mod meta;
mod qr;
mod record;
mod reprint;
mod revoke;
mod ticket;

use http::Method;
use spin_sdk::http::IntoResponse;
use zerotrip_platform::{Problem, Reply, Request};

#[allow(unsafe_code, clippy::all, missing_docs, reason = "generated")]
mod contract {
    spin_sdk::wit_bindgen::generate!({
        path: "../../wit",
        world: "qr-mint-signing",
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
        let answered = match Request::read(request).await {
            Ok(request) => route(&request).await,
            Err(problem) => Err(problem),
        };
        answered.unwrap_or_else(|problem| problem.reply()).into_response()
    }
}

async fn route(request: &Request) -> Result<Reply, Problem> {
    let segments = request.segments();
    match (&request.method, &segments[..]) {
        (&Method::GET, ["qr", "version"]) => Ok(zerotrip_platform::meta::version()),
        (&Method::GET, ["qr", "ready"]) => meta::ready().await,
        (&Method::GET, ["qr", "openapi.json"]) => Ok(meta::openapi()),
        (&Method::POST, ["qr", "decisions"]) => issue::issue(request).await,
        (&Method::GET, ["qr", "decisions", id]) => reprint::reprint(request, id).await,
        (&Method::POST, ["qr", "decisions", id, "revocation"]) => revoke::revoke(request, id).await,
        (&Method::POST, ["qr", "decisions", id, "events"]) => record::record(request, id).await,
        (&Method::POST, ["qr", "decisions", id, "events", event, "end"]) => {
            record::end(request, id, event).await
        }
        (
            _,
            ["qr", "version" | "ready" | "openapi.json" | "decisions"]
            | ["qr", "decisions", _]
            | ["qr", "decisions", _, "revocation" | "events"]
            | ["qr", "decisions", _, "events", _, "end"],
        ) => Err(Problem::method_not_allowed()),
        _ => Err(Problem::not_found()),
    }
}

/// What the signing library's faults mean to a caller who presented a token.
fn refused(fault: signing::faults::Fault) -> Problem {
    match fault {
        signing::faults::Fault::Refused(_) => Problem::unauthorized(),
        signing::faults::Fault::Misconfigured(defect) => Problem::misconfigured(&defect),
    }
}
