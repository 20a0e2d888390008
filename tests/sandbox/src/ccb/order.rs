//! The fields that every order has, by QR code or by page.

use super::{failure::Failure, form::Form, money::Fen, trade::Order};
use crate::clock::parse_digits;

/// Reads what 530550 and 520100 have in common. TIMEOUT may be missing only where `timeout_optional`.
pub fn common(form: &Form, now_ms: i64, timeout_optional: bool) -> Result<Order, Failure> {
    let orderid = form.text("ORDERID", 30)?;
    if orderid.is_empty() || !orderid.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b)) {
        return Err(Failure::Field("ORDERID", "letters, digits, - and _ only"));
    }
    let payment_fen: Fen = form
        .text("PAYMENT", 17)?
        .parse()
        .map_err(|_| Failure::Field("PAYMENT", "not a positive NUMBER(16,2)"))?;
    form.fixed("CURCODE", "01")?;
    let timeout = if timeout_optional {
        form.optional("TIMEOUT", 14)?.unwrap_or_default()
    } else {
        form.text("TIMEOUT", 14)?
    };
    let expires_ms = match timeout {
        "" => None,
        text => Some(parse_digits(text).ok_or(Failure::Field("TIMEOUT", "not YYYYMMDDHHMMSS"))?),
    };
    if expires_ms.is_some_and(|at| at <= now_ms) {
        return Err(Failure::Overdue);
    }
    Ok(Order {
        orderid: orderid.to_owned(),
        payment_fen,
        remark1: form.text("REMARK1", 30)?.to_owned(),
        remark2: form.text("REMARK2", 30)?.to_owned(),
        expires_ms,
        proinfo: String::new(),
        clientip: String::new(),
        referer: String::new(),
        installnum: String::new(),
    })
}
