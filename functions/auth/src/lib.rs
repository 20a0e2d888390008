//! `auth`: who is who. Citizens register, prove their person and log in; staff and their devices are enrolled and revoked.

mod citizen;
mod meta;
mod session;
mod staff;

use citizen::{
    alipay, consents, me, new_password, new_phone, one_time_code, password_reset, real_name, registration,
};
use http::{Method, StatusCode};
use spin_sdk::http::IntoResponse;
use staff::{activation, devices, invitations, principals};
use zerotrip_platform::{Alone, Problem, Reply, Request, clock};

#[allow(unsafe_code, clippy::all, missing_docs, reason = "generated")]
mod contract {
    spin_sdk::wit_bindgen::generate!({
        path: "../../wit",
        world: "auth-signing",
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
        let alone = hashes(request.method(), request.uri().path()).then(Alone::begin);
        if alone.is_none() {
            return zerotrip_platform::serve(request, route).await;
        }
        // Nobody keeps an instance for himself by sending slowly.
        let answered = match clock::within(BODY_MS, Request::read(request)).await {
            Some(Ok(request)) => route(&request).await,
            Some(Err(problem)) => Err(problem),
            None => Err(too_slow()),
        };
        answered.unwrap_or_else(|problem| problem.reply()).into_response()
    }
}

/// A password and a phone's code are there at once.
const BODY_MS: u64 = 5_000;

/// Whether such a request computes a password hash, which is tens of milliseconds of a core.
fn hashes(method: &Method, path: &str) -> bool {
    let segments: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
    match &segments[..] {
        ["auth", "citizens" | "sessions" | "activations"]
        | ["auth", "citizens", "sessions" | "password-resets"] => method == Method::POST,
        ["auth", "citizens", "me", "password"] => method == Method::PUT,
        _ => false,
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
        (&Method::POST, ["auth", "principals", id, "unlocking"]) => principals::unlock(request, id).await,
        (&Method::POST, ["auth", "sessions"]) => staff::login::log_in(request).await,
        (&Method::GET, ["auth", "sessions", "current"]) => session::current(request).await,
        (&Method::DELETE, ["auth", "sessions", "current"]) => session::log_out(request).await,
        (&Method::POST, ["auth", "sessions", "refresh"]) => session::refresh(request).await,
        (&Method::POST, ["auth", "job-tokens"]) => staff::session::job_token(request).await,
        (&Method::POST, ["auth", "one-time-codes"]) => one_time_code::create(request).await,
        (&Method::POST, ["auth", "citizens"]) => registration::register(request).await,
        (&Method::POST, ["auth", "citizens", "sessions"]) => citizen::login::log_in(request).await,
        (&Method::POST, ["auth", "citizens", "sessions", "alipay"]) => alipay::log_in::log_in(request).await,
        (&Method::POST, ["auth", "alipay"]) => alipay::way::create(request).await,
        (&Method::GET, ["auth", "alipay"]) => alipay::way::go(request).await,
        (&Method::GET, ["auth", "alipay", "return"]) => alipay::way::hand_over(request).await,
        (&Method::GET, ["auth", "citizens", "me"]) => me::show(request).await,
        (&Method::POST, ["auth", "citizens", "me", "alipay"]) => alipay::link::create(request).await,
        (&Method::GET, ["auth", "citizens", "me", "alipay"]) => alipay::link::show(request).await,
        (&Method::DELETE, ["auth", "citizens", "me", "alipay"]) => alipay::link::remove(request).await,
        (&Method::POST, ["auth", "citizens", "me", "real-name"]) => real_name::check(request).await,
        (&Method::POST, ["auth", "citizens", "me", "consents"]) => consents::create(request).await,
        (&Method::DELETE, ["auth", "citizens", "me", "consents", purpose]) => {
            consents::withdraw(request, purpose).await
        }
        (&Method::GET, ["auth", "citizens", "me", "sessions"]) => citizen::session::list(request).await,
        (&Method::DELETE, ["auth", "citizens", "me", "sessions"]) => {
            citizen::session::end_others(request).await
        }
        (&Method::DELETE, ["auth", "citizens", "me", "sessions", id]) => {
            citizen::session::end_one(request, id).await
        }
        (&Method::PUT, ["auth", "citizens", "me", "phone"]) => new_phone::change(request).await,
        (&Method::PUT, ["auth", "citizens", "me", "password"]) => new_password::change(request).await,
        (&Method::POST, ["auth", "citizens", "password-resets"]) => password_reset::create(request).await,
        (
            _,
            [
                "auth",
                "version" | "ready" | "openapi.json" | "invitations" | "activations" | "devices" | "sessions"
                | "job-tokens" | "one-time-codes" | "citizens" | "alipay",
            ]
            | ["auth", "alipay", "return"]
            | ["auth", "citizens", "sessions" | "me" | "password-resets"]
            | ["auth", "citizens", "sessions", "alipay"]
            | [
                "auth",
                "citizens",
                "me",
                "real-name" | "consents" | "sessions" | "alipay" | "phone" | "password",
            ]
            | ["auth", "citizens", "me", "consents" | "sessions", _]
            | ["auth", "devices" | "principals", _]
            | ["auth", "principals", _, "unlocking"]
            | ["auth", "sessions", "current" | "refresh"],
        ) => Err(Problem::method_not_allowed()),
        _ => Err(Problem::not_found()),
    }
}

fn too_slow() -> Problem {
    Problem::new(
        StatusCode::REQUEST_TIMEOUT,
        "body-too-slow",
        "The request came too slowly",
        "请求传输过慢，请检查网络后重试",
        "Send it again; nothing was changed.",
    )
}
