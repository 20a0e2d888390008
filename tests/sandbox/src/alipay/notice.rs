//! 异步通知: what the merchant is told about a trade, and how the telling went.

use serde::{Deserialize, Serialize};

use super::{Account, Fields, identifiers, sign::sign_notification, trade::Trade};
use crate::{
    clock::{stamp, stamp_ms},
    outbound::Attempt,
};

/// The one payer of this Alipay.
pub const BUYER_ID: &str = "2088902000000017";
pub const BUYER_LOGON_ID: &str = "138****0017";
const SELLER_EMAIL: &str = "zerotrip@sandbox.example";

const MINUTE_MS: i64 = 60_000;
/// After the first send: 4 m, 10 m, 10 m, 1 h, 2 h, 6 h, 15 h; eight sends in all.
const GAPS_MS: [i64; 7] = [
    4 * MINUTE_MS,
    10 * MINUTE_MS,
    10 * MINUTE_MS,
    60 * MINUTE_MS,
    120 * MINUTE_MS,
    360 * MINUTE_MS,
    900 * MINUTE_MS,
];

/// How far a notification has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    Pending,
    Delivered,
    /// Eight sends without `success`.
    GivenUp,
    /// Lost on purpose, before the first send.
    Dropped,
}

/// One notification over all its sends.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Notification {
    pub notify_id: String,
    pub out_trade_no: String,
    pub url: String,
    /// Without `notify_time`, `sign_type` and `sign`, which are made for each send.
    pub fields: Fields,
    pub state: State,
    /// Unix ms of the next send, if there is to be one.
    pub due_ms: Option<i64>,
    /// Sends so far; duplicates made on purpose count as one.
    pub sends: usize,
    pub attempts: Vec<Attempt>,
    /// Goes out even while notifications are held.
    #[serde(skip)]
    pub forced: bool,
    #[serde(skip)]
    pub in_flight: bool,
}

impl Notification {
    /// About the state that the trade is in now. None when the merchant gave no address.
    pub fn about(account: &Account, trade: &Trade, now_ms: i64, dropped: bool) -> Option<Self> {
        let url = trade.order.notify_url.clone()?;
        let notify_id = identifiers::notify_id(now_ms);
        let fields = fields(account, trade, &notify_id);
        Some(Self {
            notify_id,
            out_trade_no: trade.order.out_trade_no.clone(),
            url,
            fields,
            state: if dropped { State::Dropped } else { State::Pending },
            due_ms: (!dropped).then_some(now_ms),
            sends: 0,
            attempts: Vec::new(),
            forced: false,
            in_flight: false,
        })
    }

    /// The form body of a send at this instant.
    pub fn body(&self, account: &Account, now_ms: i64) -> String {
        let mut fields = self.fields.clone();
        fields.push(("notify_time".into(), stamp(now_ms)));
        sign_notification(&fields, &account.private_key)
    }

    /// What follows from one send, made of one attempt or, with duplicates, several.
    pub fn sent(&mut self, attempts: Vec<Attempt>, now_ms: i64, time_scale: u32) {
        let acknowledged = attempts.iter().any(|attempt| attempt.acknowledged);
        self.attempts.extend(attempts);
        self.sends += 1;
        (self.forced, self.in_flight, self.due_ms) = (false, false, None);
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

fn fields(account: &Account, trade: &Trade, notify_id: &str) -> Fields {
    let total = trade.order.total_fen.to_string();
    let mut fields: Vec<(&str, String)> = vec![
        ("gmt_create", stamp(trade.created_ms)),
        ("charset", "utf-8".into()),
        ("seller_email", SELLER_EMAIL.into()),
        ("subject", trade.order.subject.clone()),
        ("buyer_id", BUYER_ID.into()),
        ("buyer_logon_id", BUYER_LOGON_ID.into()),
        ("notify_id", notify_id.into()),
        ("notify_type", "trade_status_sync".into()),
        ("trade_status", trade.status.name().into()),
        ("app_id", account.app_id.clone()),
        ("auth_app_id", account.app_id.clone()),
        ("seller_id", account.seller_id.clone()),
        ("version", "1.0".into()),
        ("out_trade_no", trade.order.out_trade_no.clone()),
        ("trade_no", trade.trade_no.clone()),
        ("total_amount", total.clone()),
    ];
    let optional = [("body", &trade.order.body), ("passback_params", &trade.order.passback_params)];
    fields.extend(optional.into_iter().filter_map(|(name, value)| Some((name, value.clone()?))));
    if let Some(at) = trade.paid_ms {
        fields.extend([
            ("gmt_payment", stamp(at)),
            ("receipt_amount", total.clone()),
            ("invoice_amount", total.clone()),
            ("buyer_pay_amount", total.clone()),
            ("point_amount", "0.00".into()),
            ("fund_bill_list", format!("[{{\"amount\":\"{total}\",\"fundChannel\":\"ALIPAYACCOUNT\"}}]")),
        ]);
    }
    if let Some(refund) = trade.refunds.last() {
        fields.extend([
            ("gmt_refund", stamp_ms(refund.at_ms)),
            // All refunds of the trade together.
            ("refund_fee", trade.refunded().to_string()),
            ("out_biz_no", refund.out_request_no.clone()),
        ]);
    }
    if let Some(at) = trade.closed_ms {
        fields.push(("gmt_close", stamp(at)));
    }
    fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}
