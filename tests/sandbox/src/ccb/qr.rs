//! TXCODE 530550, RETURNTYPE 3: an order that is paid by scanning, with the app of CCB, WeChat or Alipay.

use super::{Account, failure::Failure, form::Form, order, trade::Order};

/// What the MAC covers, in this order.
const COVERED: [&str; 12] = [
    "MERCHANTID",
    "POSID",
    "BRANCHID",
    "ORDERID",
    "PAYMENT",
    "CURCODE",
    "TXCODE",
    "REMARK1",
    "REMARK2",
    "RETURNTYPE",
    "TIMEOUT",
    "PUB",
];

/// The order in a request that the merchant made.
pub fn order(account: &Account, form: &Form, now_ms: i64) -> Result<Order, Failure> {
    form.addressed_to(account)?;
    form.fixed("RETURNTYPE", "3")?;
    let order = order::common(form, now_ms, false)?;
    form.authenticated(account, &COVERED)?;
    Ok(order)
}
