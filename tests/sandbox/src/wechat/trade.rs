//! A trade and what may become of it. No I/O.

use serde::{Deserialize, Serialize};

use super::{
    identifiers,
    order::{Order, TradeType},
    refund::{Ending, Refund, RefundOrder},
};

const HOUR_MS: i64 = 3_600_000;
/// How long a trade may wait when the merchant says nothing.
const LONGEST_MS: i64 = 7 * 24 * HOUR_MS;
/// How long what was given out for paying is good; ordering again gives it new life.
const PREPAY_MS: i64 = 2 * HOUR_MS;
/// The same for `h5_url`.
const H5_URL_MS: i64 = 300_000;

/// 交易状态
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TradeState {
    NotPay,
    Success,
    /// At least a part was given back, or is about to be.
    Refund,
    Closed,
}

/// The payment of a trade.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Payment {
    pub transaction_id: String,
    pub openid: String,
    /// What a coupon paid; the payer paid the rest.
    pub coupon_fen: i64,
    pub at_ms: i64,
}

/// A trade, known from the moment the merchant orders.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Trade {
    pub order: Order,
    pub trade_type: TradeType,
    pub prepay_id: String,
    /// The number in `code_url`, and the `package` in `h5_url`.
    pub ticket: String,
    pub created_ms: i64,
    /// When the merchant ordered last.
    pub offered_ms: i64,
    pub expires_ms: i64,
    pub payment: Option<Payment>,
    pub closed_ms: Option<i64>,
    pub refunds: Vec<Refund>,
}

/// Why a trade does not do what is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
    /// Paid before.
    Paid,
    /// Closed, or its time is over.
    Closed,
    /// The same order number with other parameters.
    NumberUsed,
    /// There is nothing to refund.
    NotPaid,
    /// A refund names another total than the order's.
    NotTheTotal,
    /// More than is left.
    TooMuch,
    /// The same refund number with other parameters.
    RefundNumberUsed,
    /// A refund that is not abnormal needs nobody to see to it.
    NotAbnormal,
    /// Somebody else than the payer that the merchant has named.
    OtherPayer,
    /// A coupon of the whole amount or more.
    Coupon,
}

impl Trade {
    pub fn new(order: Order, trade_type: TradeType, now_ms: i64) -> Self {
        Self {
            expires_ms: order.expires_ms().unwrap_or(now_ms + LONGEST_MS),
            order,
            trade_type,
            prepay_id: identifiers::prepay_id(now_ms),
            ticket: identifiers::random_digits(18),
            created_ms: now_ms,
            offered_ms: now_ms,
            payment: None,
            closed_ms: None,
            refunds: Vec::new(),
        }
    }

    pub fn total(&self) -> i64 {
        self.order.amount.total
    }

    /// Everything that is refunded or about to be.
    pub fn refunded(&self) -> i64 {
        self.refunds.iter().map(|refund| refund.order.amount.refund).sum()
    }

    pub fn state(&self, now_ms: i64) -> TradeState {
        match &self.payment {
            Some(_) if self.refunds.is_empty() => TradeState::Success,
            Some(_) => TradeState::Refund,
            None if self.closed_ms.is_some() || now_ms >= self.expires_ms => TradeState::Closed,
            None => TradeState::NotPay,
        }
    }

    fn payable(&self, now_ms: i64) -> Result<(), Refused> {
        match self.state(now_ms) {
            TradeState::NotPay => Ok(()),
            TradeState::Success | TradeState::Refund => Err(Refused::Paid),
            TradeState::Closed => Err(Refused::Closed),
        }
    }

    /// Whether `prepay_id` or `code_url` still leads to the trade.
    pub fn is_offered(&self, now_ms: i64) -> bool {
        now_ms < self.offered_ms + PREPAY_MS
    }

    /// Whether `h5_url` still opens.
    pub fn is_h5_url_good(&self, now_ms: i64) -> bool {
        now_ms < self.offered_ms + H5_URL_MS
    }

    /// The merchant orders again.
    pub fn reordered(&self, order: &Order, trade_type: TradeType, now_ms: i64) -> Result<Self, Refused> {
        self.payable(now_ms)?;
        if *order != self.order || trade_type != self.trade_type {
            return Err(Refused::NumberUsed);
        }
        Ok(Self { offered_ms: now_ms, ..self.clone() })
    }

    /// The same for another amount.
    pub fn taking(&self, total_fen: Option<i64>) -> Self {
        let mut next = self.clone();
        next.order.amount.total = total_fen.unwrap_or(self.total());
        next
    }

    /// `openid` pays all but what a coupon pays.
    pub fn paid(&self, openid: &str, coupon_fen: i64, now_ms: i64) -> Result<Self, Refused> {
        self.payable(now_ms)?;
        if self.order.openid().is_some_and(|named| named != openid) {
            return Err(Refused::OtherPayer);
        }
        if !(0..self.total()).contains(&coupon_fen) {
            return Err(Refused::Coupon);
        }
        let payment = Payment {
            transaction_id: identifiers::transaction_id(now_ms),
            openid: openid.into(),
            coupon_fen,
            at_ms: now_ms,
        };
        Ok(Self { payment: Some(payment), ..self.clone() })
    }

    /// By the merchant.
    pub fn closed(&self, now_ms: i64) -> Result<Self, Refused> {
        self.payable(now_ms)?;
        Ok(Self { closed_ms: Some(now_ms), ..self.clone() })
    }

    /// With the refund as its last. `takes_ms` later it ends. The number must be new.
    pub fn refund(
        &self,
        order: RefundOrder,
        now_ms: i64,
        takes_ms: i64,
        ending: Ending,
    ) -> Result<Self, Refused> {
        let payment = self.payment.as_ref().ok_or(Refused::NotPaid)?;
        if order.amount.total != self.total() {
            return Err(Refused::NotTheTotal);
        }
        let refunded = self.refunded() + order.amount.refund;
        if refunded > self.total() {
            return Err(Refused::TooMuch);
        }
        // The coupon takes back its share of all refunds, rounded down, so that the shares add up.
        let share = |fen: i64| payment.coupon_fen * fen / self.total();
        let mut next = self.clone();
        next.refunds.push(Refund {
            refund_id: identifiers::refund_id(now_ms),
            coupon_fen: share(refunded) - share(self.refunded()),
            order,
            created_ms: now_ms,
            ends_ms: now_ms + takes_ms,
            ending,
        });
        Ok(next)
    }

    /// The merchant has seen to an abnormal refund (异常退款处理) on the merchant platform: now the payer has it back.
    pub fn seen_to(&self, out_refund_no: &str, now_ms: i64) -> Result<Self, Refused> {
        let mut next = self.clone();
        let abnormal = |refund: &&mut Refund| {
            refund.order.out_refund_no == out_refund_no && refund.status(now_ms) == Ending::Abnormal.name()
        };
        let refund = next.refunds.iter_mut().find(abnormal).ok_or(Refused::NotAbnormal)?;
        (refund.ending, refund.ends_ms) = (Ending::Success, now_ms);
        Ok(next)
    }
}
