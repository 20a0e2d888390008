//! What the sandbox promises to the tests that rest on it.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop where it is")]

mod bank;
mod bill;
mod ccb;
mod certificates;
mod gateway;
mod identity;
mod notifications;
mod process;
mod sdk;
mod support;
mod wechat;
