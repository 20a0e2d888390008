//! 微信支付 (API v3): notifications and our questions.

mod api;
pub mod certificates;
pub mod notification;
pub mod refund;
pub mod trade;

use self::notification::Told;
use crate::inbox::Kept;
use crate::settle::{Outcome, Signatory};
use serde::Deserialize;
use zerotrip_domain::Provider;
use zerotrip_domain::payment::Reason;
use zerotrip_platform::{Db, Problem};

struct WechatPay;

impl Signatory for WechatPay {
    const PROVIDER: Provider = Provider::WechatPay;
}

/// Decides again on what was kept: it tells by its members what it is about.
pub async fn replay(db: &Db, kept: Kept, now: u64) -> Result<Option<Outcome>, Problem> {
    #[derive(Deserialize)]
    struct Members {
        trade_state: Option<String>,
        refund_status: Option<String>,
    }
    let Ok(members) = serde_json::from_slice::<Members>(&kept.evidence) else { return Ok(None) };
    let resource = String::from_utf8_lossy(&kept.evidence).into_owned();
    let told = Told { event: kept.event, resource, at: kept.told_at };
    let outcome = match (members.refund_status, members.trade_state) {
        (Some(_), _) => notification::refunded(db, told, now).await?,
        (_, Some(_)) => notification::transaction(db, told, now).await?,
        _ => notification::set_aside(db, told, kept.order, Reason::Unreadable, now).await?,
    };
    Ok(Some(outcome))
}
