//! What any provider can be asked. A further provider is a folder beside `alipay`, and its line in each function here.

use crate::inbox::Kept;
use crate::settle::{Authentic, Outcome};
use crate::signing::faults::Refusal;
use crate::{alipay, ccb, wechat_pay};
use http::StatusCode;
use zerotrip_domain::refund::{Cause, RefundId};
use zerotrip_domain::{Fen, Provider};
use zerotrip_platform::{Db, Problem, log};

/// What a provider says of an order.
pub enum Trade {
    /// It has one.
    Known(Box<Authentic>),
    /// The payer never opened the cashier.
    None,
}

/// Money of an order that goes back.
pub struct Refund {
    pub id: RefundId,
    /// What goes back.
    pub amount: Fen,
    /// All that was paid.
    pub paid: Fen,
    pub cause: Cause,
}

impl Refund {
    /// For the payer.
    pub fn reason(&self) -> &'static str {
        match self.cause {
            Cause::PaidTwice => "重复缴款退回",
            Cause::Revoked => "处罚决定撤销退款",
            Cause::Overpaid => "多缴款项退回",
            Cause::Underpaid => "缴款金额不足退回",
        }
    }
}

/// What became of it.
pub enum Refunded {
    /// The money is back; the provider's number for it.
    Done(String),
    /// To be asked again. With the provider's number for it, if it has accepted it and will say how it ended: until then
    /// nobody makes it by hand.
    UnderWay(Option<String>),
    /// This provider does not do it, now or ever: a person has to.
    Never,
}

/// How the trade of `order` stands.
pub async fn query(provider: Provider, db: &Db, order: &str, now_ms: u64) -> Result<Trade, Problem> {
    match provider {
        Provider::Alipay => alipay::gateway::query(order, now_ms).await,
        Provider::WechatPay => wechat_pay::trade::query(db, order, now_ms).await,
        Provider::Ccb => ccb::gateway::query(order, now_ms).await,
    }
}

/// Makes sure that `order`, which ended at `expires_at`, cannot be paid any more; false if it may have been paid meanwhile.
pub async fn close(
    provider: Provider,
    db: &Db,
    order: &str,
    expires_at: u64,
    now_ms: u64,
) -> Result<bool, Problem> {
    match provider {
        Provider::Alipay => alipay::gateway::close(order, now_ms).await,
        Provider::WechatPay => wechat_pay::trade::close(db, order, now_ms).await,
        Provider::Ccb => ccb::gateway::is_over(order, expires_at, now_ms).await,
    }
}

/// Sends money back, or finds that it is back.
pub async fn refund(provider: Provider, db: &Db, refund: &Refund, now_ms: u64) -> Result<Refunded, Problem> {
    match provider {
        Provider::Alipay => alipay::gateway::refund(refund, now_ms).await,
        Provider::WechatPay => wechat_pay::refund::make(db, refund, now_ms).await,
        // Only the bank's own relay does it.
        Provider::Ccb => Ok(Refunded::Never),
    }
}

/// Decides again on what `provider` said and was kept for a person, as if it said it just now. None if what is kept does not
/// tell what it said.
pub async fn replay(
    provider: Provider,
    db: &Db,
    kept: Kept,
    now_ms: u64,
) -> Result<Option<Outcome>, Problem> {
    match provider {
        Provider::Alipay => alipay::replay(db, kept, now_ms).await,
        Provider::WechatPay => wechat_pay::replay(db, kept, now_ms).await,
        Provider::Ccb => ccb::replay(db, kept, now_ms).await,
    }
}

/// Somebody sends what `provider` has not signed, or not just now. Only the log may know what is wrong with it.
pub fn unsigned(provider: Provider, refusal: Refusal) -> Problem {
    log(&format!("refused a notification of {provider}: {refusal:?}"));
    Problem::new(
        StatusCode::BAD_REQUEST,
        "signature-refused",
        "Not signed by the provider, or not just now",
        "签名无效",
        "Send what the provider signed, byte for byte; WeChat Pay's within five minutes.",
    )
}

/// The provider that a row names.
pub fn stored(name: &str) -> Result<Provider, Problem> {
    name.parse().map_err(|_| Problem::unavailable("a row names an unknown provider"))
}

/// The value of a field, or nothing.
pub fn field<'a>(fields: &'a [(String, String)], name: &str) -> &'a str {
    fields.iter().find(|(key, _)| key == name).map_or("", |(_, value)| value)
}
