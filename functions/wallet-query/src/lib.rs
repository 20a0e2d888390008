//! `wallet-query`: the certificate wallet (证照管家). A citizen opens the online channel of a document, reads it, is reminded before it
//! expires, and sees who was shown what.

mod asked;
mod channels;
mod current;
mod disclosures;
mod documents;
mod export;
mod meta;
mod misuse;
mod registry;
mod reminders;
mod shown;

use http::Method;
use spin_sdk::http::IntoResponse;
use zerotrip_platform::{Problem, Reply, Request};

#[allow(unsafe_code, clippy::all, missing_docs, reason = "generated")]
mod contract {
    spin_sdk::wit_bindgen::generate!({
        path: "../../wit",
        world: "wallet-query-signing",
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
        (&Method::GET, ["wallet", "version"]) => Ok(zerotrip_platform::meta::version()),
        (&Method::GET, ["wallet", "ready"]) => meta::ready().await,
        (&Method::GET, ["wallet", "openapi.json"]) => Ok(meta::openapi()),
        (&Method::GET, ["wallet", "channels"]) => channels::list(request).await,
        (&Method::POST, ["wallet", "channels"]) => channels::open(request).await,
        (&Method::DELETE, ["wallet", "channels", kind]) => channels::close(request, kind).await,
        (&Method::GET, ["wallet", "documents", kind]) => documents::show(request, kind).await,
        (&Method::GET, ["wallet", "reminders"]) => reminders::list(request).await,
        (&Method::GET, ["wallet", "reminders.ics"]) => reminders::calendar(request).await,
        (&Method::GET, ["wallet", "disclosures"]) => disclosures::list(request).await,
        (&Method::POST, ["wallet", "disclosures", id, "misuse"]) => misuse::report(request, id).await,
        (&Method::GET, ["wallet", "misuse-reports"]) => misuse::list(request).await,
        (&Method::POST, ["wallet", "misuse-reports", id, "closure"]) => misuse::close(request, id).await,
        (&Method::GET, ["wallet", "export"]) => export::show(request).await,
        (&Method::POST, ["wallet", "jobs", "reminders"]) => reminders::job::run(request).await,
        (
            _,
            ["wallet", "version" | "ready" | "openapi.json" | "channels" | "reminders" | "reminders.ics"]
            | ["wallet", "disclosures" | "misuse-reports" | "export"]
            | ["wallet", "channels" | "documents", _]
            | ["wallet", "disclosures", _, "misuse"]
            | ["wallet", "misuse-reports", _, "closure"]
            | ["wallet", "jobs", "reminders"],
        ) => Err(Problem::method_not_allowed()),
        _ => Err(Problem::not_found()),
    }
}
