//! What the sandbox promises where it plays WeChat Pay.

mod api;
mod bill;
mod judge;
mod notifications;
mod orders;
mod payer;
mod process;
mod refunds;
mod shop;
mod support;
