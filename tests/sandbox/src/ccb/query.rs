//! TXCODE 410408: what became of orders (商户流水查询), as XML.

use std::ops::Range;

use axum::response::{IntoResponse, Response};
use encoding_rs::{Encoding, GB18030, UTF_8};
use http::header;

use super::{
    Account, Ccb,
    callback::forged,
    counter::{Counter, Pending, QueryText},
    failure::Failure,
    form::{Form, digits_only},
    money::Fen,
    sign,
    trade::{Status, Trade},
};
use crate::{
    clock::{digits, parse_digits},
    page::escape,
};

pub const TRANSACTION: &str = "410408";
/// The operator's password must not stand in an address, and so in every log on the way.
pub const IN_ADDRESS: Failure = Failure::Field("QUPWD", "belongs, with all fields, into the body of a POST");

/// What the MAC covers, in this order, with an empty QUPWD.
const COVERED: [&str; 16] = [
    "MERCHANTID",
    "BRANCHID",
    "POSID",
    "ORDERDATE",
    "BEGORDERTIME",
    "ENDORDERTIME",
    "ORDERID",
    "QUPWD",
    "TXCODE",
    "TYPE",
    "KIND",
    "STATUS",
    "SEL_TYPE",
    "PAGE",
    "OPERATOR",
    "CHANNEL",
];
/// The bank's own number of orders on a page is not published.
const PAGE_ORDERS: usize = 10;

/// Orders of today are not settled yet; all others are.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Unsettled,
    Settled,
}

/// Which orders are asked for.
enum Scope {
    /// An order number alone decides: dates and times that come with it count for nothing.
    One(String),
    /// A day, and seconds of the day, both included.
    Day { date: String, from_s: u32, to_s: u32 },
}

struct Query {
    scope: Scope,
    kind: Kind,
    /// None: all.
    status: Option<Status>,
    /// From 1.
    page: usize,
}

/// The answer. Where `sound` is false, every SIGN in it is wrong.
pub fn answer(ccb: &Ccb, form: Result<Form, Failure>, sound: bool) -> Response {
    let counter = ccb.counter().clone();
    let written = form
        .and_then(|form| read(&ccb.account, &form))
        .and_then(|query| listed(ccb, &counter, &query, sound))
        .unwrap_or_else(|failure| {
            let message = escape(&failure.to_string());
            format!("<RETURN_CODE>{}</RETURN_CODE>\n<RETURN_MSG>{message}</RETURN_MSG>\n", failure.code())
        });
    let encoding = encoding(&counter);
    let name = encoding.name();
    // The real answer begins with empty lines, before its declaration.
    let text =
        format!("\n\n<?xml version=\"1.0\" encoding=\"{name}\" ?>\n<DOCUMENT>\n{written}</DOCUMENT>\n");
    let kind = format!("text/xml; charset={name}");
    ([(header::CONTENT_TYPE, kind)], encoding.encode(&text).0.into_owned()).into_response()
}

fn read(account: &Account, form: &Form) -> Result<Query, Failure> {
    form.addressed_to(account)?;
    form.fixed("TYPE", "0")?;
    form.fixed("SEL_TYPE", "3")?;
    form.fixed("CHANNEL", "")?;
    form.text("OPERATOR", 20)?;
    let kind = match form.text("KIND", 1)? {
        "0" => Kind::Unsettled,
        "1" => Kind::Settled,
        _ => return Err(Failure::Field("KIND", "not 0 or 1")),
    };
    let status = match form.text("STATUS", 1)? {
        "0" => Some(Status::Failed),
        "1" => Some(Status::Paid),
        "2" => Some(Status::Pending),
        "3" if kind == Kind::Unsettled => None,
        "3" => return Err(Failure::Field("STATUS", "3 is for KIND 0 only")),
        _ => return Err(Failure::Field("STATUS", "not 0, 1, 2 or 3")),
    };
    let page = digits_only(form.text("PAGE", 6)?).and_then(|page| page.parse().ok()).filter(|&page| page > 0);
    let page = page.ok_or(Failure::Field("PAGE", "not a number from 1"))?;
    let date = form.text("ORDERDATE", 8)?;
    if !date.is_empty() && parse_digits(&format!("{date}000000")).is_none() {
        return Err(Failure::Field("ORDERDATE", "not YYYYMMDD"));
    }
    let from_s = second_of_day(form, "BEGORDERTIME", 0)?;
    let to_s = second_of_day(form, "ENDORDERTIME", 86_399)?;
    let scope = match (form.text("ORDERID", 30)?, date) {
        ("", "") => return Err(Failure::Field("ORDERID", "ORDERID or ORDERDATE must be given")),
        // Of settled orders the bank knows days only.
        ("", date) if kind == Kind::Settled => Scope::Day { date: date.to_owned(), from_s: 0, to_s: 86_399 },
        ("", date) => Scope::Day { date: date.to_owned(), from_s, to_s },
        (orderid, _) => Scope::One(orderid.to_owned()),
    };
    form.authenticated(account, &COVERED)?;
    if form.get("QUPWD") != Some(account.query_password.as_str()) {
        return Err(Failure::Password);
    }
    Ok(Query { scope, kind, status, page })
}

/// `03:34:23`, `03:34` or `03`; a lone 24 stands for the end of the day.
fn second_of_day(form: &Form, name: &'static str, absent: u32) -> Result<u32, Failure> {
    let text = form.text(name, 8)?;
    match text {
        "" => return Ok(absent),
        "24" => return Ok(86_400),
        _ => {}
    }
    let mut second = 0;
    let mut units = [(3600, 24), (60, 60), (1, 60)].into_iter();
    for part in text.split(':') {
        let number = digits_only(part).filter(|_| part.len() == 2).and_then(|part| part.parse::<u32>().ok());
        match (number, units.next()) {
            (Some(number), Some((unit, limit))) if number < limit => second += number * unit,
            _ => return Err(Failure::Field(name, "not hh:mm:ss")),
        }
    }
    Ok(second)
}

fn listed(ccb: &Ccb, counter: &Counter, query: &Query, sound: bool) -> Result<String, Failure> {
    let now_ms = ccb.clock.now_ms();
    let book = ccb.book();
    let mut found: Vec<&Trade> = match &query.scope {
        Scope::One(orderid) => book.trade(orderid).into_iter().collect(),
        Scope::Day { date, from_s, to_s } => {
            book.trades().filter(|trade| happened(trade, date, *from_s, *to_s)).collect()
        }
    };
    found.retain(|trade| {
        let today = digits(trade.transaction_ms())[..8] == digits(now_ms)[..8];
        let kind = if today { Kind::Unsettled } else { Kind::Settled };
        kind == query.kind && query.status.is_none_or(|asked| asked == asked_as(trade.status(now_ms)))
    });
    found.sort_by_key(|trade| trade.transaction_ms());
    let page = found.chunks(PAGE_ORDERS).nth(query.page - 1).ok_or(Failure::NoSuchOrder)?;
    let mut text = format!(
        "<RETURN_CODE>000000</RETURN_CODE>\n<RETURN_MSG></RETURN_MSG>\n<CURPAGE>{}</CURPAGE>\n\
<PAGECOUNT>{}</PAGECOUNT>\n<TOTAL>{}</TOTAL>\n<PAYAMOUNT>{}</PAYAMOUNT>\n<REFUNDAMOUNT>{}</REFUNDAMOUNT>\n",
        query.page,
        found.len().div_ceil(PAGE_ORDERS),
        found.len(),
        found.iter().filter(|trade| trade.paid.is_some()).map(|trade| trade.order.payment_fen).sum::<Fen>(),
        found.iter().map(|trade| trade.refunded()).sum::<Fen>(),
    );
    for trade in page {
        text.push_str(&element(&ccb.account, counter, trade, now_ms, sound));
    }
    Ok(text)
}

fn happened(trade: &Trade, date: &str, from_s: u32, to_s: u32) -> bool {
    let at = digits(trade.transaction_ms());
    let number = |range: Range<usize>| at[range].parse::<u32>().unwrap_or_default();
    let second = number(8..10) * 3600 + number(10..12) * 60 + number(12..14);
    at[..8] == *date && (from_s..=to_s).contains(&second)
}

/// Refunded orders have been paid all the same.
fn asked_as(status: Status) -> Status {
    match status {
        Status::PartlyRefunded | Status::Refunded => Status::Paid,
        status => status,
    }
}

fn element(account: &Account, counter: &Counter, trade: &Trade, now_ms: i64, sound: bool) -> String {
    let status = trade.status(now_ms);
    let (amount, refund) = (trade.order.payment_fen.to_string(), trade.refunded().to_string());
    let at = digits(trade.transaction_ms());
    let fields = [
        ("MERCHANTID", account.merchant_id.as_str()),
        ("BRANCHID", &account.branch_id),
        ("POSID", &account.pos_id),
        ("ORDERID", &trade.order.orderid),
        ("ORDERDATE", &at),
        ("ACCDATE", if trade.paid.is_some() { &at[..8] } else { "" }),
        ("AMOUNT", &amount),
        ("STATUSCODE", code(status, counter.pending)),
        ("STATUS", word(status, counter.query_text)),
        ("REFUND", &refund),
    ];
    let mut signature = account.private_key.sign(&encoding(counter).encode(&sign::joined(fields)).0);
    if !sound {
        signature = forged(&signature);
    }
    let mut text = String::from("<QUERYORDER>\n");
    for (name, value) in fields.into_iter().chain([("SIGN", signature.as_str())]) {
        text.push_str(&format!("<{name}>{value}</{name}>\n"));
    }
    text.push_str("</QUERYORDER>\n");
    text
}

fn encoding(counter: &Counter) -> &'static Encoding {
    match counter.query_text {
        QueryText::Ascii | QueryText::Utf8 => UTF_8,
        QueryText::Gb18030 => GB18030,
    }
}

fn code(status: Status, pending: Pending) -> &'static str {
    match (status, pending) {
        (Status::Failed, _) => "0",
        (Status::Paid, _) => "1",
        (Status::Pending, Pending::Two) => "2",
        (Status::Pending, Pending::Five) => "5",
        (Status::PartlyRefunded, _) => "3",
        (Status::Refunded, _) => "4",
    }
}

fn word(status: Status, text: QueryText) -> &'static str {
    let (english, chinese) = match status {
        Status::Failed => ("FAILED", "失败"),
        Status::Paid => ("SUCCESS", "成功"),
        Status::Pending => ("PENDING", "待银行确认"),
        Status::PartlyRefunded => ("PARTLY_REFUNDED", "已部分退款"),
        Status::Refunded => ("REFUNDED", "已全额退款"),
    };
    if text == QueryText::Ascii { english } else { chinese }
}
