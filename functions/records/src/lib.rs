//! `records`: what is held about whom. People see, correct and delete it and enter their children; administrators take old
//! accounts over, join and freeze them; the audit trail is linked and verified; what is past its time goes.

mod accounts;
mod audit;
mod children;
mod deletion;
mod disputes;
mod duplicates;
mod export;
mod guardianship;
mod import;
mod legal_name;
mod meta;
mod old_account;
mod retention;
mod shown;

use http::Method;
use spin_sdk::http::IntoResponse;
use zerotrip_platform::{Problem, Reply, Request};

#[allow(unsafe_code, clippy::all, missing_docs, reason = "generated")]
mod contract {
    spin_sdk::wit_bindgen::generate!({
        path: "../../wit",
        world: "records-signing",
        runtime_path: "::spin_sdk::wit_bindgen::rt",
        with: {
            "zerotrip:signing/faults@0.1.0": zerotrip_accounts::signing::faults,
            "zerotrip:signing/session-claims@0.1.0": zerotrip_accounts::signing::session_claims,
            "zerotrip:signing/session-check@0.1.0": zerotrip_accounts::signing::session_check,
            "zerotrip:signing/sealing@0.1.0": zerotrip_accounts::signing::sealing,
            "zerotrip:signing/blind-index@0.1.0": zerotrip_accounts::signing::blind_index,
            "zerotrip:signing/audit@0.1.0": zerotrip_accounts::signing::audit,
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
        (&Method::GET, ["records", "version"]) => Ok(zerotrip_platform::meta::version()),
        (&Method::GET, ["records", "ready"]) => meta::ready().await,
        (&Method::GET, ["records", "openapi.json"]) => Ok(meta::openapi()),
        (&Method::GET, ["records", "me", "export"]) => export::show(request).await,
        (&Method::PUT, ["records", "me", "name"]) => legal_name::change(request).await,
        (&Method::DELETE, ["records", "me"]) => deletion::delete(request).await,
        (&Method::POST, ["records", "me", "children"]) => children::create(request).await,
        (&Method::GET, ["records", "me", "children"]) => children::list(request).await,
        (&Method::DELETE, ["records", "me", "children", id]) => children::remove(request, id).await,
        (&Method::POST, ["records", "guardianships", child, "confirmation"]) => {
            guardianship::confirm(request, child).await
        }
        (&Method::POST, ["records", "imports"]) => import::run(request).await,
        (&Method::GET, ["records", "duplicates"]) => duplicates::list(request).await,
        (&Method::POST, ["records", "citizens", id, "freeze"]) => accounts::freeze(request, id).await,
        (&Method::POST, ["records", "citizens", id, "release"]) => accounts::release(request, id).await,
        (&Method::POST, ["records", "citizens", id, "merge"]) => accounts::merge(request, id).await,
        (&Method::POST, ["records", "disputes"]) => disputes::create(request).await,
        (&Method::GET, ["records", "disputes"]) => disputes::list(request).await,
        (&Method::GET, ["records", "audit", "lines"]) => audit::lines::list(request).await,
        (&Method::GET, ["records", "audit", "heads"]) => audit::chain::heads(request).await,
        (&Method::GET, ["records", "audit", "verification"]) => audit::verification::run(request).await,
        (&Method::POST, ["records", "jobs", "audit"]) => audit::chain::run(request).await,
        (&Method::POST, ["records", "jobs", "retention"]) => retention::run(request).await,
        (
            _,
            ["records", "version" | "ready" | "openapi.json"]
            | ["records", "me" | "imports" | "duplicates" | "disputes"]
            | ["records", "me", "export" | "name" | "children"]
            | ["records", "me", "children", _]
            | ["records", "guardianships", _, "confirmation"]
            | ["records", "citizens", _, "freeze" | "release" | "merge"]
            | ["records", "audit", "lines" | "heads" | "verification"]
            | ["records", "jobs", "audit" | "retention"],
        ) => Err(Problem::method_not_allowed()),
        _ => Err(Problem::not_found()),
    }
}
