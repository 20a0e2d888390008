//! 微信支付 (API v3): notifications and our questions.

mod api;
pub mod certificates;
pub mod notification;
pub mod refund;
pub mod trade;
