//! 微信支付 (API v3): notifications and our questions.

mod api;
pub mod certificates;
pub mod notification;
pub mod refund;
pub mod trade;

use crate::settle::Signatory;
use zerotrip_domain::Provider;

struct WechatPay;

impl Signatory for WechatPay {
    const PROVIDER: Provider = Provider::WechatPay;
}
