//! 支付宝: notifications, the payer's way back, and our questions. One file each.

pub mod gateway;
pub mod notification;
pub mod page_return;

use crate::inbox::Kept;
use crate::settle::{self, Outcome, Signatory};
use zerotrip_domain::Provider;
use zerotrip_domain::payment::TradeStatus;
use zerotrip_platform::request::fields_of;
use zerotrip_platform::{Db, Problem};

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

/// Decides again on what was kept: a notification's form, or the JSON of an answer.
pub async fn replay(db: &Db, kept: Kept, now: u64) -> Result<Option<Outcome>, Problem> {
    if kept.evidence.starts_with(b"{") {
        let Some(said) = gateway::kept(kept.evidence, kept.told_at) else { return Ok(None) };
        return settle::apply(db, &said, now).await.map(Some);
    }
    let fields = fields_of(&kept.evidence);
    notification::take(db, &fields, &kept.evidence, kept.told_at, now).await.map(Some)
}
