//! `scan-verify`: five kinds of places redeem an identity code in place of the card and make the register entry that the law asks
//! for; officers search and supervise.

mod field;
mod meta;
mod police;
mod redeem;
mod register;
mod venues;

use http::Method;
use spin_sdk::http::IntoResponse;
use zerotrip_platform::{Problem, Reply, Request};

#[allow(unsafe_code, clippy::all, missing_docs, reason = "generated")]
mod contract {
    spin_sdk::wit_bindgen::generate!({
        path: "../../wit",
        world: "scan-verify-signing",
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
        (&Method::GET, ["scan", "version"]) => Ok(zerotrip_platform::meta::version()),
        (&Method::GET, ["scan", "ready"]) => meta::ready().await,
        (&Method::GET, ["scan", "openapi.json"]) => Ok(meta::openapi()),
        (&Method::POST, ["scan", "redemptions"]) => redeem::redeem(request).await,
        (&Method::POST, ["scan", "venues"]) => venues::enrol::enrol(request).await,
        (&Method::GET, ["scan", "venues"]) => venues::list::list(request).await,
        (&Method::GET, ["scan", "venues", id]) => venues::show::show(request, id).await,
        (&Method::DELETE, ["scan", "venues", id]) => venues::revoke::revoke(request, id).await,
        (&Method::GET, ["scan", "venues", id, "scans"]) => police::scans::list(request, id).await,
        (&Method::POST, ["scan", "entries"]) => register::foreigner::enter(request).await,
        (&Method::GET, ["scan", "entries"]) => register::list::list(request).await,
        (&Method::GET, ["scan", "entries", id]) => register::show::show(request, id).await,
        (&Method::POST, ["scan", "entries", id, "additions"]) => register::add::add(request, id).await,
        (&Method::POST, ["scan", "entries", id, "report"]) => register::report::report(request, id).await,
        (&Method::POST, ["scan", "searches"]) => police::search::search(request).await,
        (&Method::GET, ["scan", "supervision"]) => police::supervision::show(request).await,
        (&Method::GET, ["scan", "supervision", "outside"]) => police::outside::list(request).await,
        (
            _,
            ["scan", "version" | "ready" | "openapi.json" | "redemptions"]
            | ["scan", "venues" | "entries" | "searches" | "supervision"]
            | ["scan", "venues" | "entries", _]
            | ["scan", "venues", _, "scans"]
            | ["scan", "entries", _, "additions" | "report"]
            | ["scan", "supervision", "outside"],
        ) => Err(Problem::method_not_allowed()),
        _ => Err(Problem::not_found()),
    }
}
