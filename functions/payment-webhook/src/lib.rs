//! `payment-webhook`: what payment providers tell us becomes order states; what they fail to tell is asked for.

mod alipay;
mod ccb;
mod differences;
mod inbox;
mod janitor;
mod live;
mod meta;
mod note;
mod page_return;
mod provider;
mod recheck;
mod refund_items;
mod refunds;
mod report_items;
mod reports;
mod settle;
mod wechat_pay;
mod work_items;

use http::Method;
use spin_sdk::http::IntoResponse;
use zerotrip_platform::{Problem, Reply, Request};

#[allow(unsafe_code, clippy::all, missing_docs, reason = "generated")]
mod contract {
    spin_sdk::wit_bindgen::generate!({
        path: "../../wit",
        world: "payment-webhook-signing",
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
        zerotrip_platform::serve(request, route).await
    }
}

async fn route(request: &Request) -> Result<Reply, Problem> {
    let segments = request.segments();
    match (&request.method, &segments[..]) {
        (&Method::GET, ["pay", "version"]) => Ok(zerotrip_platform::meta::version()),
        (&Method::GET, ["pay", "ready"]) => meta::ready().await,
        (&Method::GET, ["pay", "openapi.json"]) => Ok(meta::openapi()),
        (&Method::POST, ["pay", "alipay", "notifications"]) => alipay::notification::receive(request).await,
        (&Method::GET, ["pay", "alipay", "return"]) => alipay::page_return::back(request).await,
        (&Method::POST, ["pay", "wechat-pay", "notifications"]) => {
            wechat_pay::notification::receive(request).await
        }
        (&Method::GET | &Method::POST, ["pay", "ccb", "notifications"]) => {
            ccb::notification::receive(request).await
        }
        (&Method::GET, ["pay", "return"]) => page_return::back(request).await,
        (&Method::POST, ["pay", "jobs", "janitor"]) => janitor::run(request).await,
        (&Method::POST, ["pay", "jobs", "reports"]) => reports::run(request).await,
        (&Method::POST, ["pay", "settlement-reports", recipient, kind, order, "retry"]) => {
            report_items::retry(request, [recipient, kind, order]).await
        }
        (&Method::POST, ["pay", "settlement-reports", recipient, kind, order, "closure"]) => {
            report_items::close(request, [recipient, kind, order]).await
        }
        (&Method::POST, ["pay", "differences", id, "closure"]) => differences::close(request, id).await,
        (&Method::GET, ["pay", "work-items"]) => work_items::list(request).await,
        (&Method::GET, ["pay", "work-items", "reports", report]) => inbox::show(request, report).await,
        (&Method::POST, ["pay", "work-items", "reports", report, "replay"]) => {
            inbox::replay(request, report).await
        }
        (&Method::POST, ["pay", "work-items", "reports", report, "closure"]) => {
            inbox::close(request, report).await
        }
        (&Method::GET, ["pay", "refunds.csv"]) => refund_items::export(request).await,
        (&Method::POST, ["pay", "refunds", refund, "take-over"]) => {
            refund_items::take_over(request, refund).await
        }
        (&Method::POST, ["pay", "refunds", refund, "closure"]) => refund_items::close(request, refund).await,
        (
            _,
            ["pay", "version" | "ready" | "openapi.json" | "return" | "work-items" | "refunds.csv"]
            | ["pay", "alipay", "notifications" | "return"]
            | ["pay", "wechat-pay" | "ccb", "notifications"]
            | ["pay", "jobs", "janitor" | "reports"]
            | ["pay", "settlement-reports", _, _, _, "retry" | "closure"]
            | ["pay", "work-items", "reports", _]
            | ["pay", "work-items", "reports", _, "replay" | "closure"]
            | ["pay", "refunds", _, "take-over" | "closure"]
            | ["pay", "differences", _, "closure"],
        ) => Err(Problem::method_not_allowed()),
        _ => Err(Problem::not_found()),
    }
}

/// A fault of our own keys or stored fields; what a provider or caller presents is refused where it is read.
fn broken(fault: signing::faults::Fault) -> Problem {
    match fault {
        signing::faults::Fault::Refused(_) => Problem::unavailable("what must be authentic is not"),
        signing::faults::Fault::Misconfigured(defect) => Problem::misconfigured(&defect),
    }
}
