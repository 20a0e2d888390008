//! `auth`: people and devices are enrolled and revoked, people log in on devices, tokens are refreshed.

mod activation;
mod authority;
mod devices;
mod invitations;
mod login;
mod meta;
mod principals;
mod session;

use http::Method;
use spin_sdk::http::IntoResponse;
use zerotrip_platform::{Problem, Reply, Request};

#[allow(unsafe_code, clippy::all, missing_docs, reason = "generated")]
mod contract {
    spin_sdk::wit_bindgen::generate!({
        path: "../../wit",
        world: "auth-signing",
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
        (&Method::GET, ["auth", "version"]) => Ok(zerotrip_platform::meta::version()),
        (&Method::GET, ["auth", "ready"]) => meta::ready().await,
        (&Method::GET, ["auth", "openapi.json"]) => Ok(meta::openapi()),
        (&Method::POST, ["auth", "invitations"]) => invitations::create(request).await,
        (&Method::POST, ["auth", "activations"]) => activation::activate(request).await,
        (&Method::POST, ["auth", "devices"]) => devices::enrol(request).await,
        (&Method::DELETE, ["auth", "devices", id]) => devices::revoke(request, id).await,
        (&Method::DELETE, ["auth", "principals", id]) => principals::revoke(request, id).await,
        (&Method::POST, ["auth", "sessions"]) => login::log_in(request).await,
        (&Method::GET, ["auth", "sessions", "current"]) => session::current(request).await,
        (&Method::DELETE, ["auth", "sessions", "current"]) => session::log_out(request).await,
        (&Method::POST, ["auth", "sessions", "refresh"]) => session::refresh(request).await,
        (&Method::POST, ["auth", "job-tokens"]) => session::job_token(request).await,
        (
            _,
            [
                "auth",
                "version" | "ready" | "openapi.json" | "invitations" | "activations" | "devices" | "sessions"
                | "job-tokens",
            ]
            | ["auth", "devices" | "principals", _]
            | ["auth", "sessions", "current" | "refresh"],
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
