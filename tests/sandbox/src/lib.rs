#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]
#![deny(missing_docs)]

pub mod alipay;
pub mod authority;
pub mod ccb;
pub mod clock;
pub mod config;
pub mod ctid;
mod inbound;
mod journal;
mod keys;
mod ledger;
mod outbound;
mod page;
mod parameters;
pub mod people;
pub mod registry;
mod server;
mod service;
pub mod sms;
pub mod wechat;

pub use config::Config;
pub use server::{Options, Running, start};
