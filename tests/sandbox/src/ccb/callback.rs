//! 通知: what the merchant is told about an order, and how the telling went.

use bytes::Bytes;
use http::{Request, header};
use http_body_util::Full;
use serde::{Deserialize, Serialize};

use super::{
    Account,
    counter::{Counter, Delivery, Returned},
    identifiers,
    sign::sign_callback,
    trade::Trade,
};
use crate::{
    clock::digits,
    outbound::{Attempt, with_query},
};

/// After the first send. The bank's own rule is not published: this one is short and ends, so that nobody learns to
/// rely on it.
const GAPS_MS: [i64; 3] = [15_000, 30_000, 60_000];

/// How far a callback has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    Pending,
    Delivered,
    /// Four sends without `success`.
    GivenUp,
    /// Lost on purpose, before the first send.
    Dropped,
}

/// One callback over all its sends, which are the same to the byte: it has no time and no number of its own.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Callback {
    /// Counts from 0 in the order in which they arose.
    pub id: usize,
    pub orderid: String,
    pub delivery: Delivery,
    pub url: String,
    /// Query or body.
    pub text: String,
    pub state: State,
    /// Unix ms of the next send, if there is to be one.
    pub due_ms: Option<i64>,
    /// Sends so far; duplicates made on purpose count as one.
    pub sends: usize,
    pub attempts: Vec<Attempt>,
}

impl Callback {
    pub fn request(&self) -> http::Result<Request<Full<Bytes>>> {
        let in_query = || with_query(&self.url, &self.text);
        let (request, body) = match self.delivery {
            Delivery::Get => (Request::get(in_query()), Bytes::new()),
            Delivery::PostQuery => (Request::post(in_query()), Bytes::new()),
            Delivery::PostForm => {
                let form = "application/x-www-form-urlencoded";
                (Request::post(&self.url).header(header::CONTENT_TYPE, form), Bytes::from(self.text.clone()))
            }
        };
        request.body(Full::new(body))
    }

    /// What follows from one send, made of one attempt or, with duplicates, several.
    pub fn sent(&mut self, attempts: Vec<Attempt>, now_ms: i64, time_scale: u32) {
        let acknowledged = attempts.iter().any(|attempt| attempt.acknowledged);
        self.attempts.extend(attempts);
        self.sends += 1;
        self.due_ms = None;
        if acknowledged {
            self.state = State::Delivered;
        } else if self.state == State::Pending {
            match GAPS_MS.get(self.sends - 1) {
                Some(gap) => self.due_ms = Some(now_ms + gap / i64::from(time_scale)),
                None => self.state = State::GivenUp,
            }
        }
    }
}

/// The signed text of a callback. On the page channel, where a browser carries it, there is no ACC_TYPE.
pub fn text(account: &Account, counter: &Counter, trade: &Trade, to_page: bool) -> String {
    let order = &trade.order;
    let mut fields: Vec<(&str, String)> = vec![
        ("POSID", account.pos_id.clone()),
        ("BRANCHID", account.branch_id.clone()),
        ("ORDERID", order.orderid.clone()),
        ("PAYMENT", counter.written(order.payment_fen)),
        ("CURCODE", "01".into()),
        ("REMARK1", order.remark1.clone()),
        ("REMARK2", order.remark2.clone()),
    ];
    if !to_page {
        let acc_type = trade.paid.as_ref().map_or(BANK, |payment| &payment.acc_type);
        fields.push(("ACC_TYPE", acc_type.to_owned()));
    }
    fields.push(("SUCCESS", if trade.paid.is_some() { "Y" } else { "N" }.into()));
    for group in [Returned::Type].into_iter().chain(counter.tail.order()) {
        if counter.returned.contains(&group) {
            fields.extend(returned(counter, trade, group));
        }
    }
    let fields: Vec<_> = fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
    sign_callback(&fields, &account.private_key)
}

/// ACC_TYPE of the bank's own app.
pub const BANK: &str = "12";

fn returned(counter: &Counter, trade: &Trade, group: Returned) -> Vec<(&'static str, String)> {
    let order = &trade.order;
    let paid = trade.paid.as_ref();
    let open_id =
        paid.filter(|payment| payment.acc_type == "WX").map_or("", |_| "oSandboxPayer000000000000017");
    match group {
        Returned::Type => vec![
            ("TYPE", "1".into()),
            ("REFERER", order.referer.clone()),
            ("CLIENTIP", order.clientip.clone()),
        ],
        Returned::Accdate => {
            vec![("ACCDATE", paid.map(|payment| digits(payment.at_ms)[..8].to_owned()).unwrap_or_default())]
        }
        Returned::Usrmsg => vec![("USRMSG", identifiers::sealed())],
        Returned::Installnum => vec![
            ("INSTALLNUM", order.installnum.clone()),
            ("ERRMSG", if paid.is_some() { "" } else { "Insufficient balance" }.into()),
        ],
        Returned::Usrinfo => vec![("USRINFO", identifiers::sealed())],
        Returned::Discount => {
            vec![("DISCOUNT", paid.map(|payment| counter.written(payment.discount_fen)).unwrap_or_default())]
        }
        Returned::Zhjf => vec![("ZHJF", String::new())],
        Returned::Openid => vec![("OPENID", open_id.into())],
        Returned::SubOpenid => vec![("SUB_OPENID", open_id.into())],
        Returned::PaymentDetails => vec![("PAYMENT_DETAILS", String::new())],
    }
}

/// The same text with a last character that is not right.
pub fn forged(text: &str) -> String {
    let (rest, last) = text.split_at(text.len() - 1);
    format!("{rest}{}", if last == "0" { '1' } else { '0' })
}
