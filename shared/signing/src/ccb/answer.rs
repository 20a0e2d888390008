//! Answers to a query (410408).

use super::document::{self, Fields};
use super::{Counter, MAX_BODY, text};
use crate::fault::{Fault, Refusal};
use crate::form::joined;

/// What the signature of an order covers, in this order.
const SIGNED: [&str; 10] = [
    "MERCHANTID",
    "BRANCHID",
    "POSID",
    "ORDERID",
    "ORDERDATE",
    "ACCDATE",
    "AMOUNT",
    "STATUSCODE",
    "STATUS",
    "REFUND",
];

/// An answer whose orders are authentic.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QueryAnswer {
    /// `000000` is success. Not signed.
    pub return_code: String,
    /// The signed fields of each order.
    pub orders: Vec<Vec<(String, String)>>,
}

/// Reads the raw XML of an answer and verifies each of its orders.
pub fn answer(counter: &Counter, body: &[u8]) -> Result<QueryAnswer, Fault> {
    if body.len() > MAX_BODY {
        return Err(Refusal::Malformed.into());
    }
    let document = document::read(body).ok_or(Refusal::Malformed)?;
    let return_code = value(&document.fields, "RETURN_CODE").ok_or(Refusal::Malformed)?;
    let orders = document.orders.iter().map(|order| signed(counter, order)).collect::<Result<_, _>>()?;
    Ok(QueryAnswer { return_code: text(return_code), orders })
}

fn signed(counter: &Counter, order: &Fields<'_>) -> Result<Vec<(String, String)>, Refusal> {
    let fields: Vec<(&str, &[u8])> = SIGNED
        .iter()
        .map(|name| Some((*name, value(order, name)?)))
        .collect::<Option<_>>()
        .ok_or(Refusal::Malformed)?;
    let sign = value(order, "SIGN").ok_or(Refusal::Forged)?;
    if !counter.signed(&joined(fields.iter().copied()), sign) {
        return Err(Refusal::Forged);
    }
    Ok(fields.into_iter().map(|(name, value)| (name.to_owned(), text(value))).collect())
}

fn value<'a>(fields: &Fields<'a>, name: &str) -> Option<&'a [u8]> {
    fields.iter().find(|(other, _)| *other == name.as_bytes()).map(|(_, value)| *value)
}
