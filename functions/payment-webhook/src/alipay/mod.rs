//! 支付宝: notifications, the payer's way back, and our questions. One file each.

pub mod gateway;
pub mod notification;
pub mod page_return;

use zerotrip_domain::payment::TradeStatus;

fn status(trade_status: &str) -> TradeStatus {
    match trade_status {
        "WAIT_BUYER_PAY" => TradeStatus::Waiting,
        "TRADE_SUCCESS" | "TRADE_FINISHED" => TradeStatus::Paid,
        "TRADE_CLOSED" => TradeStatus::Closed,
        _ => TradeStatus::Unknown,
    }
}
