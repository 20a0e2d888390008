//! TXCODE 520100: an order that a browser, or the CCB app, brings to the bank's page.

use std::net::IpAddr;

use super::{
    Account,
    failure::Failure,
    form::{Form, digits_only},
    order,
    trade::Order,
};

/// What the MAC covers, in this order: `PUB` stands in the middle.
const COVERED: [&str; 16] = [
    "MERCHANTID",
    "POSID",
    "BRANCHID",
    "ORDERID",
    "PAYMENT",
    "CURCODE",
    "TXCODE",
    "REMARK1",
    "REMARK2",
    "TYPE",
    "PUB",
    "GATEWAY",
    "CLIENTIP",
    "REGINFO",
    "PROINFO",
    "REFERER",
];
/// A merchant below the merchant: all of these or none.
const SUB_MERCHANT: [&str; 8] =
    ["SMERID", "SMERNAME", "SMERTYPEID", "SMERTYPE", "TRADECODE", "TRADENAME", "SMEPROTYPE", "PRONAME"];

/// The order in a request that the merchant made.
pub fn order(account: &Account, form: &Form, now_ms: i64) -> Result<Order, Failure> {
    form.addressed_to(account)?;
    form.fixed("TYPE", "1")?;
    let mut order = order::common(form, now_ms, true)?;
    if !is_gateway(form.text("GATEWAY", 100)?) {
        return Err(Failure::Field("GATEWAY", "not 0, W1, W1Z2 ... or empty"));
    }
    order.clientip = form.text("CLIENTIP", 40)?.to_owned();
    if !order.clientip.is_empty() && order.clientip.parse::<IpAddr>().is_err() {
        return Err(Failure::Field("CLIENTIP", "not an IP address"));
    }
    escaped(form, "REGINFO")?;
    order.proinfo = escaped(form, "PROINFO")?;
    order.referer = form.text("REFERER", 100)?.to_owned();

    // Covered only when used, and then in this order.
    let mut covered = COVERED.to_vec();
    let mut used = |name: &'static str, most| {
        let value = form.optional(name, most)?;
        covered.extend(value.map(|_| name));
        Ok::<_, Failure>(value)
    };
    if let Some(number) = used("INSTALLNUM", 2)? {
        if !digits_only(number).is_some_and(|number| number.parse().is_ok_and(|n: u8| n > 1)) {
            return Err(Failure::Field("INSTALLNUM", "not a number above 1"));
        }
        order.installnum = number.to_owned();
    }
    let mut given = 0;
    for name in SUB_MERCHANT {
        given += usize::from(used(name, 200)?.is_some());
    }
    if ![0, SUB_MERCHANT.len()].contains(&given) {
        return Err(Failure::Field("SMERID", "all eight fields of a sub-merchant or none"));
    }
    if let Some(app) = used("THIRDAPPINFO", 100)? {
        let own =
            app.strip_prefix("comccbpay").and_then(|rest| rest.strip_prefix(account.merchant_id.as_str()));
        if !own.is_some_and(|own| !own.is_empty() && own.bytes().all(|b| b.is_ascii_alphanumeric())) {
            return Err(Failure::Field("THIRDAPPINFO", "not comccbpay, MERCHANTID and a name of the app"));
        }
    }
    used("TIMEOUT", 14)?;
    form.authenticated(account, &covered)?;
    Ok(order)
}

/// Empty, `0`, or pairs of a letter and a digit: `W1Z2`.
fn is_gateway(text: &str) -> bool {
    let pairs = text
        .as_bytes()
        .chunks(2)
        .all(|pair| matches!(pair, [letter, digit] if letter.is_ascii_uppercase() && digit.is_ascii_digit()));
    text == "0" || pairs
}

/// A field that is JavaScript-escaped; gives the text.
fn escaped(form: &Form, name: &'static str) -> Result<String, Failure> {
    unescaped(form.text(name, 256)?).ok_or(Failure::Field(name, "not JavaScript-escaped"))
}

/// Undoes JavaScript's `escape` (ECMA-262, annex B.2.1): `%uXXXX` is a UTF-16 unit, `%XX` a Latin-1 character. None
/// for what `escape` does not make.
fn unescaped(text: &str) -> Option<String> {
    let mut units = Vec::new();
    let mut rest = text.as_bytes();
    while let [first, after @ ..] = rest {
        let (unit, after) = match first {
            b'%' if after.first() == Some(&b'u') => hex_unit(&after[1..], 4)?,
            b'%' => hex_unit(after, 2)?,
            b if b.is_ascii_alphanumeric() || b"@*_+-./".contains(b) => (u16::from(*b), after),
            _ => return None,
        };
        units.push(unit);
        rest = after;
    }
    String::from_utf16(&units).ok()
}

fn hex_unit(text: &[u8], digits: usize) -> Option<(u16, &[u8])> {
    let (digits, rest) = text.split_at_checked(digits)?;
    if !digits.iter().all(u8::is_ascii_hexdigit) {
        return None;
    }
    let digits = std::str::from_utf8(digits).ok()?;
    Some((u16::from_str_radix(digits, 16).ok()?, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    // By Node's `escape`.
    #[test]
    fn what_javascript_escapes_is_read_and_nothing_else() {
        for (escaped, text) in [
            ("%u4EA4%u901A%u7F5A%u6B3E", "交通罚款"),
            ("digital", "digital"),
            ("%E9%20%26%20%25%3D", "é & %="),
            ("%uD83D%uDE97@*_+-./", "🚗@*_+-./"),
            ("", ""),
        ] {
            assert_eq!(unescaped(escaped).as_deref(), Some(text), "{escaped}");
        }
        for wrong in ["交通罚款", "a b", "%", "%2", "%u4EA", "%u+4EA", "%uD83D", "%zz", "a=b"] {
            assert_eq!(unescaped(wrong), None, "{wrong}");
        }
    }
}
