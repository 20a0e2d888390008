//! `fine-lookup`: whoever holds a ticket sees what is to be paid, orders it at a provider, and gets the receipt.
//!
//! `/f/CODE` is what the printed code says; it and `/fines/CODE` are the same page. No log-in: the code is the key. Who has
//! lost it finds it by number and plate, or logs in and sees the own fines.

mod answer;
mod lost;
mod meta;
mod order;
mod own;
mod pages;
mod provider;
mod receipt;
mod supersede;
mod ticket;

use http::Method;
use spin_sdk::http::IntoResponse;
use zerotrip_platform::{Problem, Reply, Request};

#[allow(unsafe_code, clippy::all, missing_docs, reason = "generated")]
mod contract {
    spin_sdk::wit_bindgen::generate!({
        path: "../../wit",
        world: "fine-lookup-signing",
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
        let reply = match Request::read(request).await {
            Ok(request) => match route(&request).await {
                Ok(reply) => reply,
                Err(problem) => answer::refusal(&request, &problem),
            },
            Err(problem) => problem.reply(),
        };
        reply.into_response()
    }
}

async fn route(request: &Request) -> Result<Reply, Problem> {
    let segments = request.segments();
    match (&request.method, &segments[..]) {
        (&Method::GET, ["fines", "version"]) => Ok(zerotrip_platform::meta::version()),
        (&Method::GET, ["fines", "ready"]) => meta::ready().await,
        (&Method::GET, ["fines", "openapi.json"]) => Ok(meta::openapi()),
        (&Method::GET, ["fines", "mine"]) => own::list(request).await,
        (&Method::GET, ["fines", "searches"]) => Ok(lost::form()),
        (&Method::POST, ["fines", "searches"]) => lost::search(request).await,
        (&Method::GET, ["fines", "receipts", code]) => receipt::verify(request, code).await,
        (&Method::GET, ["f" | "fines", code]) => ticket::look_up(request, code).await,
        (&Method::POST, ["fines", code, "orders"]) => order::create(request, code).await,
        (&Method::GET, ["fines", code, "orders", order]) => order::status(request, code, order).await,
        (&Method::GET, ["fines", code, "orders", order, "wechat-pay"]) => {
            provider::wechat_pay::returned(request, code, order).await
        }
        (&Method::GET, ["fines", code, "receipt"]) => receipt::receipt(request, code).await,
        (
            _,
            ["f" | "fines", _]
            | ["fines", "receipts", _]
            | ["fines", _, "orders" | "receipt"]
            | ["fines", _, "orders", _]
            | ["fines", _, "orders", _, "wechat-pay"],
        ) => Err(Problem::method_not_allowed()),
        _ => Err(Problem::not_found()),
    }
}

/// A fault of our own keys or stored fields; what a caller presents is refused where it is read.
fn broken(fault: signing::faults::Fault) -> Problem {
    match fault {
        signing::faults::Fault::Refused(_) => Problem::unavailable("a sealed field does not open"),
        signing::faults::Fault::Misconfigured(defect) => Problem::misconfigured(&defect),
    }
}
