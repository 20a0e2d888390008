//! What the merchant is told, and how the telling went.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{
    account::Account,
    callback::Event,
    identifiers,
    refund::{Ending, Refund},
    trade::{Payment, Trade},
    view,
};

const MINUTE_MS: i64 = 60_000;
const HOUR_MS: i64 = 60 * MINUTE_MS;
/// After the first send; sixteen sends in all, in 24 h 4 m.
const GAPS_MS: [i64; 15] = [
    15_000,
    15_000,
    30_000,
    3 * MINUTE_MS,
    10 * MINUTE_MS,
    20 * MINUTE_MS,
    30 * MINUTE_MS,
    30 * MINUTE_MS,
    30 * MINUTE_MS,
    HOUR_MS,
    3 * HOUR_MS,
    3 * HOUR_MS,
    3 * HOUR_MS,
    6 * HOUR_MS,
    6 * HOUR_MS,
];

/// How far a notification has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    Pending,
    Delivered,
    /// Sixteen sends without 200 or 204.
    GivenUp,
    /// Lost on purpose, before the first send.
    Dropped,
}

/// What the merchant is told about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Subject {
    Transaction,
    /// One that the payer has back.
    Refund,
    RefundAbnormal,
    RefundClosed,
}

impl From<Ending> for Subject {
    fn from(ending: Ending) -> Self {
        match ending {
            Ending::Success => Self::Refund,
            Ending::Abnormal => Self::RefundAbnormal,
            Ending::Closed => Self::RefundClosed,
        }
    }
}

/// One POST and what came back.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Attempt {
    pub at_ms: i64,
    /// `Wechatpay-Serial`
    pub serial: String,
    /// A signature probe: acknowledging it is the merchant's mistake.
    pub probe: bool,
    pub status: Option<u16>,
    /// The first 1024 bytes.
    pub body: String,
    pub error: Option<String>,
    pub acknowledged: bool,
}

/// One notification over all its sends.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Notification {
    pub id: String,
    pub out_trade_no: String,
    pub url: String,
    pub subject: Subject,
    /// Sealed anew for each send.
    pub resource: Value,
    pub created_ms: i64,
    pub state: State,
    /// Unix ms of the next send, if there is to be one.
    pub due_ms: Option<i64>,
    /// Sends so far; duplicates made on purpose and probes do not count.
    pub sends: usize,
    pub attempts: Vec<Attempt>,
    #[serde(skip)]
    pub in_flight: bool,
}

impl Notification {
    /// A payment has been made.
    pub fn of_payment(account: &Account, trade: &Trade, now_ms: i64) -> Self {
        let resource = view::transaction(account, trade, now_ms);
        Self::new(trade, trade.order.notify_url.clone(), Subject::Transaction, resource, now_ms)
    }

    /// A refund will have ended. None when the merchant gave no address.
    pub fn of_refund(account: &Account, trade: &Trade, payment: &Payment, refund: &Refund) -> Option<Self> {
        let url = refund.order.notify_url.clone()?;
        let resource = view::refunded(account, trade, payment, refund);
        Some(Self::new(trade, url, refund.ending.into(), resource, refund.ends_ms))
    }

    fn new(trade: &Trade, url: String, subject: Subject, resource: Value, at_ms: i64) -> Self {
        Self {
            id: identifiers::notification_id(at_ms),
            out_trade_no: trade.order.out_trade_no.clone(),
            url,
            subject,
            resource,
            created_ms: at_ms,
            state: State::Pending,
            due_ms: Some(at_ms),
            sends: 0,
            attempts: Vec::new(),
            in_flight: false,
        }
    }

    /// It will never be sent.
    pub fn dropped(self) -> Self {
        Self { state: State::Dropped, due_ms: None, ..self }
    }

    /// What it says.
    pub fn event(&self) -> Event<'_> {
        let (event_type, original_type, summary) = match self.subject {
            Subject::Transaction => ("TRANSACTION.SUCCESS", "transaction", "支付成功"),
            Subject::Refund => ("REFUND.SUCCESS", "refund", Ending::Success.summary()),
            Subject::RefundAbnormal => ("REFUND.ABNORMAL", "refund", Ending::Abnormal.summary()),
            Subject::RefundClosed => ("REFUND.CLOSED", "refund", Ending::Closed.summary()),
        };
        let (id, created_ms, resource) = (&self.id, self.created_ms, &self.resource);
        Event { id, created_ms, event_type, original_type, summary, resource }
    }

    /// What follows from one send, made of one attempt or, with duplicates and probes, several.
    pub fn sent(&mut self, attempts: Vec<Attempt>, now_ms: i64, time_scale: u32) {
        let acknowledged = attempts.iter().any(|attempt| attempt.acknowledged && !attempt.probe);
        self.attempts.extend(attempts);
        self.sends += 1;
        (self.in_flight, self.due_ms) = (false, None);
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

#[cfg(test)]
mod tests {
    use super::*;

    fn waiting() -> Notification {
        Notification {
            id: "EV-1".into(),
            out_trade_no: "T00001".into(),
            url: "http://127.0.0.1/".into(),
            subject: Subject::Transaction,
            resource: Value::Null,
            created_ms: 0,
            state: State::Pending,
            due_ms: Some(0),
            sends: 0,
            attempts: Vec::new(),
            in_flight: true,
        }
    }

    #[test]
    fn sends_without_answer_follow_the_published_gaps_and_end() {
        let mut notification = waiting();
        // Of the payment notice's page: 15 s, 15 s, 30 s, 3 m, 10 m, 20 m, 30 m, 30 m, 30 m, 60 m, 3 h, 3 h, 3 h, 6 h, 6 h.
        let seconds = [15, 15, 30, 180, 600, 1200, 1800, 1800, 1800, 3600, 10800, 10800, 10800, 21600, 21600];
        for (sends, gap) in seconds.into_iter().enumerate() {
            notification.sent(Vec::new(), 1000, 10);
            assert_eq!((notification.sends, notification.due_ms), (sends + 1, Some(1000 + gap * 100)));
        }
        assert_eq!(seconds.iter().sum::<i64>(), 24 * 3600 + 4 * 60);
        notification.sent(Vec::new(), 1000, 10);
        assert_eq!((notification.state, notification.due_ms), (State::GivenUp, None));
    }
}
