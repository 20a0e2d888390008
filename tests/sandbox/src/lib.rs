#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]
#![deny(missing_docs)]

pub mod alipay;
pub mod ccb;
pub mod clock;
pub mod config;
mod inbound;
mod journal;
mod keys;
mod outbound;
mod page;
mod server;
pub mod wechat;

pub use config::Config;
pub use server::{Options, Running, start};
