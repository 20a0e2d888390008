//! The least a component can do: what a request costs before any of our code runs.
#![cfg(target_family = "wasm")]

#[allow(unsafe_code, reason = "the entry point that Spin calls")]
mod entry {
    use spin_sdk::http::{IntoResponse, Request};

    #[spin_sdk::http_service]
    async fn handle(_: Request) -> impl IntoResponse {
        http::Response::builder().header("content-length", "2").body("OK".to_owned())
    }
}
