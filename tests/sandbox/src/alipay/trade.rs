//! A trade and what may become of it. No I/O.

use serde::{Deserialize, Serialize};

use super::money::Fen;

/// 交易状态
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Status {
    WaitBuyerPay,
    TradeSuccess,
    TradeFinished,
    TradeClosed,
}

impl Status {
    pub fn name(self) -> &'static str {
        match self {
            Self::WaitBuyerPay => "WAIT_BUYER_PAY",
            Self::TradeSuccess => "TRADE_SUCCESS",
            Self::TradeFinished => "TRADE_FINISHED",
            Self::TradeClosed => "TRADE_CLOSED",
        }
    }
}

/// One refund, named by the merchant.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Refund {
    pub out_request_no: String,
    pub amount_fen: Fen,
    pub reason: Option<String>,
    pub at_ms: i64,
}

/// What the merchant says about a trade when it sends the payer to the cashier.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Order {
    pub out_trade_no: String,
    pub total_fen: Fen,
    pub subject: String,
    pub body: Option<String>,
    pub passback_params: Option<String>,
    pub notify_url: Option<String>,
    pub return_url: Option<String>,
    pub quit_url: Option<String>,
}

/// A trade, known from the moment the payer opens the cashier.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Trade {
    pub trade_no: String,
    #[serde(flatten)]
    pub order: Order,
    pub status: Status,
    pub created_ms: i64,
    pub expires_ms: i64,
    pub paid_ms: Option<i64>,
    pub closed_ms: Option<i64>,
    pub refunds: Vec<Refund>,
}

/// Why a trade does not do what is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
    /// Paid before.
    HasSuccess,
    /// Closed, or its time is over.
    HasClose,
    /// Not in a state for this.
    Status,
    /// The same order number with another amount.
    Inconsistent,
    /// The same refund number with another amount.
    DiscordantRepeat,
    /// A refund without number must be of the whole amount.
    NotTotal,
    /// More than is left.
    TooMuch,
}

impl Trade {
    pub fn refunded(&self) -> Fen {
        Fen::raw(self.refunds.iter().map(|r| r.amount_fen.get()).sum())
    }

    fn overdue(&self, now_ms: i64) -> bool {
        now_ms >= self.expires_ms
    }

    /// The same order is sent to the cashier again. What may differ is where to go afterwards.
    pub fn reopened(&self, order: Order, now_ms: i64) -> Result<Self, Refused> {
        if order.total_fen != self.order.total_fen {
            return Err(Refused::Inconsistent);
        }
        self.payable(now_ms)?;
        Ok(Self { order, ..self.clone() })
    }

    fn payable(&self, now_ms: i64) -> Result<(), Refused> {
        match self.status {
            Status::TradeSuccess | Status::TradeFinished => Err(Refused::HasSuccess),
            Status::TradeClosed => Err(Refused::HasClose),
            Status::WaitBuyerPay if self.overdue(now_ms) => Err(Refused::HasClose),
            Status::WaitBuyerPay => Ok(()),
        }
    }

    /// The same for another amount.
    pub fn taking(&self, total_fen: Option<Fen>) -> Self {
        let mut next = self.clone();
        next.order.total_fen = total_fen.unwrap_or(self.order.total_fen);
        next
    }

    pub fn paid(&self, now_ms: i64) -> Result<Self, Refused> {
        self.payable(now_ms)?;
        Ok(Self { status: Status::TradeSuccess, paid_ms: Some(now_ms), ..self.clone() })
    }

    /// By the merchant, or by time.
    pub fn closed(&self, now_ms: i64) -> Result<Self, Refused> {
        if self.status != Status::WaitBuyerPay {
            return Err(Refused::Status);
        }
        Ok(Self { status: Status::TradeClosed, closed_ms: Some(now_ms), ..self.clone() })
    }

    /// The time for refunds is over; a year in life.
    pub fn finished(&self) -> Result<Self, Refused> {
        if self.status != Status::TradeSuccess {
            return Err(Refused::Status);
        }
        Ok(Self { status: Status::TradeFinished, ..self.clone() })
    }

    /// None when this very refund was made before.
    pub fn refund(
        &self,
        out_request_no: Option<&str>,
        amount: Fen,
        reason: Option<String>,
        now_ms: i64,
    ) -> Result<Option<Self>, Refused> {
        // Without a number of its own a refund is of the whole, under the order's number.
        let number = out_request_no.unwrap_or(&self.order.out_trade_no);
        if let Some(before) = self.refunds.iter().find(|r| r.out_request_no == number) {
            return if before.amount_fen == amount { Ok(None) } else { Err(Refused::DiscordantRepeat) };
        }
        if self.status != Status::TradeSuccess {
            return Err(Refused::Status);
        }
        if out_request_no.is_none() && amount != self.order.total_fen {
            return Err(Refused::NotTotal);
        }
        let refunded = self.refunded().get() + amount.get();
        if refunded > self.order.total_fen.get() {
            return Err(Refused::TooMuch);
        }
        let mut next = self.clone();
        next.refunds.push(Refund {
            out_request_no: number.into(),
            amount_fen: amount,
            reason,
            at_ms: now_ms,
        });
        if refunded == self.order.total_fen.get() {
            next.status = Status::TradeClosed;
            next.closed_ms = Some(now_ms);
        }
        Ok(Some(next))
    }
}
