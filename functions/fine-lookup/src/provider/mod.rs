//! Where an order is paid. A further provider is a file beside these, and its line in [`place`] and in [`end`].

mod alipay;
mod ccb;
pub mod wechat_pay;

use crate::order::Order;
use crate::ticket::Decision;
use zerotrip_domain::Provider;
use zerotrip_domain::provider::Viewer;
use zerotrip_platform::{Db, Problem, Request, settings};

/// Where the payer goes from here.
pub enum Cashier {
    /// An address for the browser that asked.
    Address(String),
    /// The text of a QR code for the provider's app on another device.
    Code(String),
}

/// What became of an order at its provider.
pub enum Placed {
    At(Cashier),
    /// The provider holds it with other terms, of another way to pay or another payer: another order has to be made.
    OtherTerms,
    /// Paid already; we are not told yet.
    Paid,
}

/// Makes `order` payable at `provider` for whoever asks. Asked again it leads to the same order.
pub async fn place(
    provider: Provider,
    db: &Db,
    order: &Order,
    decision: &Decision,
    request: &Request,
    now_ms: u64,
) -> Result<Placed, Problem> {
    let viewer = viewer(request);
    match provider {
        Provider::Alipay => alipay::place(order, decision, now_ms).await,
        Provider::WechatPay => wechat_pay::place(db, order, decision, viewer, request, now_ms).await,
        Provider::Ccb => ccb::place(order, decision, viewer).await,
    }
}

/// What became of an order that was to end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// It cannot be paid any more.
    Over,
    /// It can be until its day is over: the provider does not know of it yet, or has no call for it.
    Open,
    /// It has been paid meanwhile.
    Paid,
}

/// Ends `order` at `provider`.
pub async fn end(provider: Provider, db: &Db, order: &str, now_ms: u64) -> Result<End, Problem> {
    match provider {
        Provider::WechatPay => {
            let over = wechat_pay::close(db, order, now_ms).await?;
            Ok(if over { End::Over } else { End::Paid })
        }
        Provider::Alipay => alipay::end(order, now_ms).await,
        Provider::Ccb => Ok(End::Open),
    }
}

/// Those that this bureau has a contract with: the setting `providers`, names separated by commas.
pub async fn live() -> Result<Vec<Provider>, Problem> {
    let text = settings::get("providers").await?;
    Provider::list(&text)
        .map_err(|_| Problem::misconfigured("providers: not names of providers, separated by commas"))
}

/// What shows the answer to `request`.
pub fn viewer(request: &Request) -> Viewer {
    let agent = request.headers.get(http::header::USER_AGENT).and_then(|value| value.to_str().ok());
    Viewer::of(agent.unwrap_or(""))
}

/// Our address, without a slash at its end.
pub async fn public_url() -> Result<String, Problem> {
    Ok(settings::get("public_url").await?.trim_end_matches('/').to_owned())
}

/// What the payer reads at the provider. The decision's number alone: the provider needs to know nobody.
fn subject(decision: &Decision) -> String {
    format!("交通违法罚款 {}", decision.ticket.number)
}
