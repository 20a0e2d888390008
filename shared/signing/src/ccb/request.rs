//! Our calls: form text with a MAC, which is the MD5 of all fields and the end of the public key.

use super::Counter;
use crate::fault::{Fault, Refusal};
use crate::form::{encoded, joined_texts};
use crate::{hex, instant};
use md5::{Digest, Md5};

/// Longest ORDERID, and longest REMARK1 and REMARK2.
const MAX_ID: usize = 30;
/// Longest other text.
const MAX_TEXT: usize = 512;
/// PAYMENT is NUMBER(16,2).
const MAX_FEN: u64 = 9_999_999_999_999_999;

/// What is to be paid.
#[derive(Clone, Debug)]
pub struct Order {
    /// 1 to 30 ASCII letters and digits.
    pub order_id: String,
    /// Not 0.
    pub fen: u64,
    /// At most 30 ASCII characters without `&` and `=`.
    pub remark1: String,
    /// As `remark1`.
    pub remark2: String,
    /// Unix ms; none for the counter's default.
    pub expires_at_ms: Option<u64>,
}

/// The page that the payer comes from. All but `gateway` may be empty.
#[derive(Clone, Debug)]
pub struct PayerPage {
    /// Which cashier is shown: `0`, `W1`, …
    pub gateway: String,
    /// Text of an address.
    pub client_ip: String,
    /// Who pays, in plain text.
    pub reginfo: String,
    /// For what, in plain text.
    pub proinfo: String,
    /// An address without `&`.
    pub referer: String,
}

/// 530550 with RETURNTYPE=3: JSON with the address of a QR code for every app.
pub fn qr_order(counter: &Counter, order: &Order) -> Result<String, Fault> {
    let Texts { payment, timeout } = order.texts()?;
    let mut fields = counter.order(order, &payment, "530550");
    fields.extend([("RETURNTYPE", "3"), ("TIMEOUT", &timeout), ("PUB", &counter.pub_tail)]);
    Ok(with_mac(&fields, ""))
}

/// 520100 with TYPE=1: the bank's own cashier in the payer's browser.
pub fn h5_order(counter: &Counter, order: &Order, page: &PayerPage) -> Result<String, Fault> {
    let Texts { payment, timeout } = order.texts()?;
    for text in [&page.gateway, &page.client_ip, &page.referer] {
        plain(text, MAX_TEXT, "&")?;
    }
    if page.gateway.is_empty() {
        return Err(Refusal::Malformed.into());
    }
    let (reginfo, proinfo) = (escape(&page.reginfo), escape(&page.proinfo));
    plain(&reginfo, MAX_TEXT, "")?;
    plain(&proinfo, MAX_TEXT, "")?;
    let mut fields = counter.order(order, &payment, "520100");
    fields.extend([
        ("TYPE", "1"),
        ("PUB", &counter.pub_tail),
        ("GATEWAY", &page.gateway),
        ("CLIENTIP", &page.client_ip),
        ("REGINFO", &reginfo),
        ("PROINFO", &proinfo),
        ("REFERER", &page.referer),
    ]);
    if !timeout.is_empty() {
        fields.push(("TIMEOUT", &timeout));
    }
    Ok(with_mac(&fields, ""))
}

/// 410408, as XML, for the payments (TYPE=0) of one order.
///
/// Those of the bank's current day are not settled (KIND=0), earlier ones are. Among settled ones the bank finds
/// successful payments only (STATUS=1), else those of any state (STATUS=3).
pub fn query(counter: &Counter, order_id: &str, settled: bool) -> Result<String, Fault> {
    id(order_id)?;
    let (kind, status) = if settled { ("1", "1") } else { ("0", "3") };
    let fields = [
        ("MERCHANTID", counter.merchant_id.as_str()),
        ("BRANCHID", &counter.branch_id),
        ("POSID", &counter.pos_id),
        ("ORDERDATE", ""),
        ("BEGORDERTIME", ""),
        ("ENDORDERTIME", ""),
        ("ORDERID", order_id),
        ("QUPWD", ""),
        ("TXCODE", "410408"),
        ("TYPE", "0"),
        ("KIND", kind),
        ("STATUS", status),
        ("SEL_TYPE", "3"),
        ("PAGE", "1"),
        ("OPERATOR", ""),
        ("CHANNEL", ""),
    ];
    Ok(with_mac(&fields, &counter.query_password))
}

struct Texts {
    payment: String,
    timeout: String,
}

impl Order {
    fn texts(&self) -> Result<Texts, Fault> {
        id(&self.order_id)?;
        plain(&self.remark1, MAX_ID, "&=")?;
        plain(&self.remark2, MAX_ID, "&=")?;
        if self.fen == 0 || self.fen > MAX_FEN {
            return Err(Refusal::Malformed.into());
        }
        let payment = format!("{}.{:02}", self.fen / 100, self.fen % 100);
        // `YYYYMMDDHHMMSS`
        let mut timeout = String::new();
        if let Some(ms) = self.expires_at_ms {
            timeout = instant::shanghai(ms).ok_or(Refusal::Malformed)?.to_string();
            timeout.retain(|c| c.is_ascii_digit());
        }
        Ok(Texts { payment, timeout })
    }
}

impl Counter {
    /// The fields that both kinds of order begin with.
    fn order<'a>(&'a self, order: &'a Order, payment: &'a str, code: &'a str) -> Vec<(&'a str, &'a str)> {
        vec![
            ("MERCHANTID", self.merchant_id.as_str()),
            ("POSID", &self.pos_id),
            ("BRANCHID", &self.branch_id),
            ("ORDERID", &order.order_id),
            ("PAYMENT", payment),
            ("CURCODE", "01"),
            ("TXCODE", code),
            ("REMARK1", &order.remark1),
            ("REMARK2", &order.remark2),
        ]
    }
}

/// PUB is under the MAC but not sent; QUPWD is sent but empty under it.
fn with_mac(fields: &[(&str, &str)], query_password: &str) -> String {
    let mac = hex::encode(&Md5::digest(joined_texts(fields)));
    let sent = fields.iter().filter(|(name, _)| *name != "PUB").map(|&(name, value)| match name {
        "QUPWD" => (name, query_password),
        _ => (name, value),
    });
    encoded(&sent.chain([("MAC", mac.as_str())]).collect::<Vec<_>>())
}

fn id(text: &str) -> Result<(), Fault> {
    if text.is_empty() || text.len() > MAX_ID || !text.bytes().all(|b| b.is_ascii_alphanumeric()) {
        return Err(Refusal::Malformed.into());
    }
    Ok(())
}

/// Printable ASCII of at most this length and without these characters.
fn plain(text: &str, most: usize, without: &str) -> Result<(), Fault> {
    let is_plain = |b: u8| (b == b' ' || b.is_ascii_graphic()) && !without.as_bytes().contains(&b);
    if text.len() > most || !text.bytes().all(is_plain) {
        return Err(Refusal::Malformed.into());
    }
    Ok(())
}

/// As JavaScript's `escape` (ECMA-262, annex B.2.1.1): `%XX`, and `%uXXXX` for each UTF-16 unit above U+00FF.
fn escape(text: &str) -> String {
    let mut out = String::new();
    for unit in text.encode_utf16() {
        match u8::try_from(unit) {
            Ok(byte) if byte.is_ascii_alphanumeric() || b"@*_+-./".contains(&byte) => {
                out.push(char::from(byte));
            }
            Ok(byte) => out.push_str(&format!("%{byte:02X}")),
            Err(_) => out.push_str(&format!("%u{unit:04X}")),
        }
    }
    out
}
