//! `real-person`: I am I, and it is I who acts. A person is proven by face, by a code from a window, or by two items; logs in by
//! face; gets the first account back, or disowns it.

mod face;
mod meta;
mod proof;
mod two_items;
mod window;

use face::{check, log_in, way_back};
use http::Method;
use spin_sdk::http::IntoResponse;
use zerotrip_platform::{Problem, Reply, Request};

#[allow(unsafe_code, clippy::all, missing_docs, reason = "generated")]
mod contract {
    spin_sdk::wit_bindgen::generate!({
        path: "../../wit",
        world: "real-person-signing",
        runtime_path: "::spin_sdk::wit_bindgen::rt",
        with: {
            "zerotrip:signing/faults@0.1.0": zerotrip_accounts::signing::faults,
            "zerotrip:signing/session-claims@0.1.0": zerotrip_accounts::signing::session_claims,
            "zerotrip:signing/session-issue@0.1.0": zerotrip_accounts::signing::session_issue,
            "zerotrip:signing/session-check@0.1.0": zerotrip_accounts::signing::session_check,
            "zerotrip:signing/sealing@0.1.0": zerotrip_accounts::signing::sealing,
            "zerotrip:signing/blind-index@0.1.0": zerotrip_accounts::signing::blind_index,
            "zerotrip:signing/audit@0.1.0": zerotrip_accounts::signing::audit,
            "zerotrip:signing/alipay-verify@0.1.0": zerotrip_accounts::signing::alipay_verify,
            "zerotrip:signing/alipay-request@0.1.0": zerotrip_accounts::signing::alipay_request,
        },
        generate_all,
    });
}
use contract::zerotrip::signing;

#[allow(unsafe_code, reason = "the entry point that Spin calls")]
mod entry {
    use super::*;

    #[spin_sdk::http_service]
    async fn handle(request: spin_sdk::http::Request) -> impl IntoResponse {
        zerotrip_platform::serve(request, route).await
    }
}

async fn route(request: &Request) -> Result<Reply, Problem> {
    let segments = request.segments();
    match (&request.method, &segments[..]) {
        (&Method::GET, ["real-person", "version"]) => Ok(zerotrip_platform::meta::version()),
        (&Method::GET, ["real-person", "ready"]) => meta::ready().await,
        (&Method::GET, ["real-person", "openapi.json"]) => Ok(meta::openapi()),
        (&Method::POST, ["real-person", "sessions"]) => log_in::create(request).await,
        (&Method::POST, ["real-person", "sessions", id, "result"]) => log_in::result(request, id).await,
        (&Method::POST, ["real-person", "face-checks"]) => check::create(request).await,
        (&Method::GET, ["real-person", "face-checks", "return"]) => Ok(way_back::page()),
        (&Method::GET, ["real-person", "face-checks", id]) => check::show(request, id).await,
        (&Method::POST, ["real-person", "face-checks", id, "result"]) => check::result(request, id).await,
        (&Method::POST, ["real-person", "activation-codes"]) => window::issue(request).await,
        (&Method::POST, ["real-person", "activations"]) => window::activate(request).await,
        (&Method::POST, ["real-person", "two-items"]) => two_items::prove(request).await,
        (&Method::POST, ["real-person", "jobs", "proofs"]) => proof::repair::run(request).await,
        (
            _,
            ["real-person", "version" | "ready" | "openapi.json"]
            | ["real-person", "sessions" | "face-checks" | "activation-codes" | "activations" | "two-items"]
            | ["real-person", "face-checks", _]
            | ["real-person", "sessions" | "face-checks", _, "result"]
            | ["real-person", "jobs", "proofs"],
        ) => Err(Problem::method_not_allowed()),
        _ => Err(Problem::not_found()),
    }
}
