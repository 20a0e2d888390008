//! Whose bills can be fetched. A further provider is a file here, and its line in [`bill`].

mod alipay;
mod wechat_pay;

use zerotrip_bills::Bill;
use zerotrip_domain::{Day, Provider};
use zerotrip_platform::{Db, Problem};

/// What a provider has for a day.
pub enum Billed {
    /// Its bill, whole and adding up.
    Ready(Bill),
    /// None yet.
    NotReady,
    /// None, and there will be none: nobody has paid.
    Empty,
    /// Something that is not a bill of ours of that day. The text may be logged.
    Damaged(String),
}

/// The bill of `day`, which is over.
pub async fn bill(provider: Provider, db: &Db, day: Day, now_ms: u64) -> Result<Billed, Problem> {
    match provider {
        Provider::Alipay => alipay::fetch(day, now_ms).await,
        Provider::WechatPay => wechat_pay::fetch(db, day, now_ms).await,
        // An administrator brings the file.
        Provider::Ccb => Ok(Billed::NotReady),
    }
}
