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

pub use alone::Alone;
pub use db::{Db, Row, Value};
pub use id::Id;
pub use problem::Problem;
pub use reply::Reply;
pub use request::{Request, Unread};

/// Writes one log line. It must hold no personal data: identifiers, kinds and counts only.
pub fn log(line: &str) {
    eprintln!("{line}");
}
