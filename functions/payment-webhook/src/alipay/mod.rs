//! 支付宝: notifications, the payer's way back, and our questions. One file each.

pub mod gateway;
pub mod notification;
pub mod page_return;

use crate::settle::Signatory;
use zerotrip_domain::Provider;
use zerotrip_domain::payment::TradeStatus;

struct Alipay;

impl Signatory for Alipay {
    const PROVIDER: Provider = Provider::Alipay;
}

fn status(trade_status: &str) -> TradeStatus {
    match trade_status {
        "WAIT_BUYER_PAY" => TradeStatus::Waiting,
        "TRADE_SUCCESS" | "TRADE_FINISHED" => TradeStatus::Paid,
        "TRADE_CLOSED" => TradeStatus::Closed,
        _ => TradeStatus::Unknown,
    }
}
