//! 退款: what the merchant asks to be given back.

use serde::{Deserialize, Serialize};

use super::{
    failure::Failure,
    order::{fen, json, length, notify_url, number, out_trade_no},
};

/// The body of a refund, checked. The same refund again must be equal in every field.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RefundOrder {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub transaction_id: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub out_trade_no: Option<String>,
    pub out_refund_no: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub notify_url: Option<String>,
    pub amount: RefundAmount,
}

/// Fen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RefundAmount {
    pub refund: i64,
    pub total: i64,
    currency: String,
}

/// How a refund ends.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Ending {
    /// The payer has it back.
    #[default]
    Success,
    /// 退款异常: the bank does not take it, as for a card that is gone. It waits until the merchant sees to it.
    Abnormal,
    /// 退款关闭: the merchant's account had too little for a week. It is over, and nothing went back.
    Closed,
}

impl Ending {
    /// In answers and notifications.
    pub fn name(self) -> &'static str {
        match self {
            Self::Success => "SUCCESS",
            Self::Abnormal => "ABNORMAL",
            Self::Closed => "CLOSED",
        }
    }

    /// For people.
    pub fn summary(self) -> &'static str {
        match self {
            Self::Success => "退款成功",
            Self::Abnormal => "退款异常",
            Self::Closed => "退款关闭",
        }
    }
}

/// A refund that WeChat Pay has accepted.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Refund {
    pub refund_id: String,
    pub order: RefundOrder,
    /// The part that goes back into the coupon.
    pub coupon_fen: i64,
    pub created_ms: i64,
    /// From then on it stands as it ends. Journals of before call it by another name.
    #[serde(alias = "success_ms")]
    pub ends_ms: i64,
    #[serde(default)]
    pub ending: Ending,
}

impl Refund {
    /// 退款状态
    pub fn status(&self, now_ms: i64) -> &'static str {
        if now_ms >= self.ends_ms { self.ending.name() } else { "PROCESSING" }
    }

    /// When the payer had it back.
    pub fn success_ms(&self, now_ms: i64) -> Option<i64> {
        (self.ending == Ending::Success && now_ms >= self.ends_ms).then_some(self.ends_ms)
    }
}

impl RefundOrder {
    /// Checks every field.
    pub fn parse(body: &[u8]) -> Result<Self, Failure> {
        let order: Self = json(body)?;
        match (&order.transaction_id, &order.out_trade_no) {
            (None, None) => return Err(Failure::parameter("out_trade_no", "与 transaction_id 不能同时为空")),
            (Some(_), Some(_)) => return Err(Failure::parameter("out_trade_no", "与 transaction_id 二选一")),
            (Some(id), None) => number("transaction_id", id, 1..=32, b"")?,
            (None, Some(no)) => out_trade_no(no)?,
        }
        number("out_refund_no", &order.out_refund_no, 1..=64, b"_-|*@")?;
        if let Some(reason) = &order.reason {
            length("reason", reason, 1, 80)?;
        }
        if let Some(url) = &order.notify_url {
            notify_url(url, 256)?;
        }
        fen("amount.refund", order.amount.refund)?;
        fen("amount.total", order.amount.total)?;
        if order.amount.currency != "CNY" {
            return Err(Failure::parameter("amount.currency", "应为 CNY"));
        }
        Ok(order)
    }
}
