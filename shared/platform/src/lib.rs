//! The seam between the functions and Spin: requests, answers, problems, the database, settings, the clock.
//!
//! A function calls nothing of Spin but through here. There is no middleware: each handler reads from top to bottom.
#![deny(missing_docs)]

pub mod alipay;
pub mod alone;
pub mod circuit;
pub mod clock;
pub mod db;
#[cfg(not(target_family = "wasm"))]
pub mod description;
pub mod id;
pub mod limits;
pub mod meta;
pub mod outbound;
pub mod problem;
pub mod reply;
pub mod request;
pub mod settings;
pub mod wechat_pay;

use bytes::Bytes;
use http_body_util::Full;

pub use alone::Alone;
pub use db::{Db, Row, Value};
pub use id::Id;
pub use problem::Problem;
pub use reply::Reply;
pub use request::{Request, Unread};

/// Reads `request`, has `route` answer it, and gives the answer as Spin's SDK takes it.
pub async fn serve(
    request: spin_sdk::http::Request,
    route: impl AsyncFn(&Request) -> Result<Reply, Problem>,
) -> http::Response<Full<Bytes>> {
    let answered = match Request::read(request).await {
        Ok(request) => route(&request).await,
        Err(problem) => Err(problem),
    };
    answered.unwrap_or_else(|problem| problem.reply()).into_response()
}

/// Writes one log line. It must hold no personal data: identifiers, kinds and counts only.
pub fn log(line: &str) {
    eprintln!("{line}");
}
