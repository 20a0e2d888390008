//! What the police do with the registers: search them with a reason, and supervise the trades.

pub mod outside;
mod rules;
pub mod scans;
pub mod search;
pub mod supervision;
