//! `qr-mint`: an officer's penalty decision gets its ticket code, to be printed, printed again, or revoked; what changes its
//! late fee is recorded. And a citizen's documents get the code that is shown in place of the card.

mod content;
mod event;
mod field;
mod identity;
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
        with: {
            "zerotrip:signing/faults@0.1.0": zerotrip_accounts::signing::faults,
            "zerotrip:signing/session-claims@0.1.0": zerotrip_accounts::signing::session_claims,
            "zerotrip:signing/session-check@0.1.0": zerotrip_accounts::signing::session_check,
            "zerotrip:signing/sealing@0.1.0": zerotrip_accounts::signing::sealing,
            "zerotrip:signing/blind-index@0.1.0": zerotrip_accounts::signing::blind_index,
        },
        generate_all,
    });
}
use contract::zerotrip::signing;
use zerotrip_accounts::refused;

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
        (&Method::GET, ["qr", "identity-codes", "preview"]) => identity::preview::preview(request).await,
        (&Method::POST, ["qr", "identity-codes"]) => identity::mint::mint(request).await,
        (&Method::GET, ["qr", "identity-codes", id]) => identity::outcome::outcome(request, id).await,
        (&Method::DELETE, ["qr", "identity-codes", id]) => identity::outcome::cancel(request, id).await,
        (&Method::GET, ["qr", "venues", id, "poster"]) => identity::poster::show(id).await,
        (
            _,
            ["qr", "version" | "ready" | "openapi.json" | "decisions" | "identity-codes"]
            | ["qr", "identity-codes", _]
            | ["qr", "decisions", _]
            | ["qr", "decisions", _, "revocation" | "events"]
            | ["qr", "decisions", _, "events", _, "end"]
            | ["qr", "venues", _, "poster"],
        ) => Err(Problem::method_not_allowed()),
        _ => Err(Problem::not_found()),
    }
}
