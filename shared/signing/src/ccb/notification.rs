//! Callbacks: form or query text whose signed fields stand in an order that differs by document and counter.

use super::{Counter, MAX_BODY, text};
use crate::fault::{Fault, Refusal};
use crate::form;

/// Most fields that are looked at; the bank sends some twenty.
const MAX_FIELDS: usize = 64;
/// Without these it is not a callback: the bank signs other texts under the same key.
const NEEDED: [&str; 6] = ["POSID", "BRANCHID", "ORDERID", "PAYMENT", "CURCODE", "SUCCESS"];
/// The payer's name and account, encrypted: signed as they are sent, and given to nobody.
const PERSONAL: [&str; 2] = ["USRMSG", "USRINFO"];

/// How the documented orders begin. A field that was not sent is not signed.
const HEAD: [&str; 13] = [
    "POSID", "BRANCHID", "ORDERID", "PAYMENT", "CURCODE", "REMARK1", "REMARK2", "ACC_TYPE", "SUCCESS",
    "TYPE", "REFERER", "CLIENTIP", "ACCDATE",
];
/// How they end: in the document of 2017 and in that of 2021.
const TAILS: [&[&str]; 2] = [
    &["USRMSG", "INSTALLNUM", "ERRMSG", "USRINFO"],
    &[
        "INSTALLNUM",
        "ERRMSG",
        "USRMSG",
        "USRINFO",
        "DISCOUNT",
        "ZHJF",
        "OPENID",
        "SUB_OPENID",
        "PAYMENT_DETAILS",
    ],
];

struct Field {
    name: String,
    value: Vec<u8>,
}

/// Verifies the raw text of a callback and gives its decoded fields in the order received, without SIGN and what is
/// personal, and without what the signature does not cover.
///
/// The signature is tried over the order received, then over the documented ones. A doubled name, or a value that
/// holds `&`, is refused: it would leave open where a signed field ends.
pub fn notification(counter: &Counter, body: &[u8]) -> Result<Vec<(String, String)>, Fault> {
    let (fields, sign) = read(body).ok_or(Refusal::Malformed)?;
    if NEEDED.iter().any(|name| field(&fields, name).is_none()) {
        return Err(Refusal::Malformed.into());
    }
    let sign = sign.ok_or(Refusal::Forged)?;
    let received: Vec<&Field> = fields.iter().collect();
    let documented = TAILS.iter().map(|tail| {
        HEAD.iter().chain(*tail).filter_map(|name| field(&fields, name)).collect::<Vec<&Field>>()
    });
    let signed = std::iter::once(received)
        .chain(documented)
        .find(|order| {
            let content =
                form::joined(order.iter().map(|field| (field.name.as_str(), field.value.as_slice())));
            counter.signed(&content, &sign)
        })
        .ok_or(Refusal::Forged)?;
    let given = |field: &&Field| {
        !PERSONAL.contains(&field.name.as_str()) && signed.iter().any(|other| other.name == field.name)
    };
    Ok(fields.iter().filter(given).map(|field| (field.name.clone(), text(&field.value))).collect())
}

fn field<'a>(fields: &'a [Field], name: &str) -> Option<&'a Field> {
    fields.iter().find(|field| field.name == name)
}

/// The fields in the order received, and SIGN.
fn read(body: &[u8]) -> Option<(Vec<Field>, Option<Vec<u8>>)> {
    if body.len() > MAX_BODY {
        return None;
    }
    let mut fields: Vec<Field> = Vec::new();
    let mut sign = None;
    for (name, value) in form::pairs(body) {
        let is_plain = |b: &u8| b.is_ascii_uppercase() || b.is_ascii_digit() || *b == b'_';
        if name.is_empty() || !name.iter().all(is_plain) || fields.len() == MAX_FIELDS {
            return None;
        }
        let name = text(name);
        let value = if PERSONAL.contains(&name.as_str()) { value.to_vec() } else { form::decode(value)? };
        if value.contains(&b'&') || field(&fields, &name).is_some() {
            return None;
        }
        if name != "SIGN" {
            fields.push(Field { name, value });
        } else if sign.replace(value).is_some() {
            return None;
        }
    }
    Some((fields, sign))
}
