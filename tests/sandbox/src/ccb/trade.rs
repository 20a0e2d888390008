//! An order and what may become of it. No I/O.

use serde::{Deserialize, Serialize};

use super::{failure::Failure, money::Fen};

/// What the merchant says about an order.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Order {
    pub orderid: String,
    pub payment_fen: Fen,
    pub remark1: String,
    pub remark2: String,
    /// TIMEOUT in Unix ms: from then on it cannot be paid.
    pub expires_ms: Option<i64>,
    /// What the payer is shown; text, not escaped.
    pub proinfo: String,
    pub clientip: String,
    pub referer: String,
    pub installnum: String,
}

/// That it was paid, and how.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Payment {
    pub at_ms: i64,
    /// `WX`, `AL`, or a number of the bank's own.
    pub acc_type: String,
    /// What the payer really paid, after a promotion of the bank's.
    pub discount_fen: Fen,
    /// 流水号
    pub serial: String,
}

/// Money given back, outside of this interface.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Refund {
    pub amount_fen: Fen,
    pub at_ms: i64,
    pub serial: String,
}

/// An order that the bank knows.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Trade {
    /// Names the cashier's page; cannot be guessed.
    pub token: String,
    #[serde(flatten)]
    pub order: Order,
    pub created_ms: i64,
    /// A payment was tried and failed; another may succeed.
    pub failed_ms: Option<i64>,
    pub paid: Option<Payment>,
    pub refunds: Vec<Refund>,
}

/// What a query tells as STATUSCODE.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Status {
    Failed,
    Paid,
    Pending,
    PartlyRefunded,
    Refunded,
}

impl Trade {
    pub fn refunded(&self) -> Fen {
        self.refunds.iter().map(|refund| refund.amount_fen).sum()
    }

    fn overdue(&self, now_ms: i64) -> bool {
        self.order.expires_ms.is_some_and(|at| at <= now_ms)
    }

    /// An unpaid order whose time is over counts as failed: nothing can come any more.
    pub fn status(&self, now_ms: i64) -> Status {
        let refunded = self.refunded();
        match &self.paid {
            Some(_) if refunded == self.order.payment_fen => Status::Refunded,
            Some(_) if refunded > Fen::ZERO => Status::PartlyRefunded,
            Some(_) => Status::Paid,
            None if self.failed_ms.is_some() || self.overdue(now_ms) => Status::Failed,
            None => Status::Pending,
        }
    }

    /// 交易时间: of the payment, or of the order while there is none.
    pub fn transaction_ms(&self) -> i64 {
        self.paid.as_ref().map_or(self.created_ms, |payment| payment.at_ms)
    }

    fn payable(&self, now_ms: i64) -> Result<(), Failure> {
        if self.paid.is_some() {
            return Err(Failure::Paid);
        }
        if self.overdue(now_ms) { Err(Failure::Overdue) } else { Ok(()) }
    }

    /// The merchant orders the same again. All but number and amount may differ, and counts from now on.
    pub fn reordered(&self, order: Order) -> Result<Self, Failure> {
        if self.paid.is_some() {
            return Err(Failure::Paid);
        }
        if order.payment_fen != self.order.payment_fen {
            return Err(Failure::OtherAmount);
        }
        Ok(Self { order, ..self.clone() })
    }

    pub fn pay(&self, payment: Payment) -> Result<Self, Failure> {
        self.payable(payment.at_ms)?;
        Ok(Self { paid: Some(payment), ..self.clone() })
    }

    pub fn fail(&self, now_ms: i64) -> Result<Self, Failure> {
        self.payable(now_ms)?;
        Ok(Self { failed_ms: Some(now_ms), ..self.clone() })
    }

    /// An amount, or all that is left.
    pub fn refund(&self, amount: Option<Fen>, at_ms: i64, serial: String) -> Result<Self, Failure> {
        if self.paid.is_none() {
            return Err(Failure::Unpaid);
        }
        let left = self.order.payment_fen.less(self.refunded()).unwrap_or(Fen::ZERO);
        let amount_fen = amount.unwrap_or(left);
        if amount_fen == Fen::ZERO || left.less(amount_fen).is_none() {
            return Err(Failure::TooMuch);
        }
        let mut next = self.clone();
        next.refunds.push(Refund { amount_fen, at_ms, serial });
        Ok(next)
    }
}
