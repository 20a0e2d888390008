//! Trades and refunds as the API and the notifications show them.

use serde_json::{Value, json};

use super::{
    account::Account,
    refund::Refund,
    trade::{Payment, Trade, TradeState},
};
use crate::clock::rfc3339;

/// Where a refund goes, in words.
const RECEIVER: &str = "支付用户零钱";

impl TradeState {
    pub fn name(self) -> &'static str {
        match self {
            Self::NotPay => "NOTPAY",
            Self::Success => "SUCCESS",
            Self::Refund => "REFUND",
            Self::Closed => "CLOSED",
        }
    }

    fn description(self) -> &'static str {
        match self {
            Self::NotPay => "订单未支付",
            Self::Success => "支付成功",
            Self::Refund => "订单发生过退款，退款详情请查询退款单",
            Self::Closed => "订单已关闭",
        }
    }
}

/// The resource of a query and of `TRANSACTION.SUCCESS`.
pub fn transaction(account: &Account, trade: &Trade, now_ms: i64) -> Value {
    let state = trade.state(now_ms);
    let mut value = json!({
        "appid": account.app_id,
        "mchid": account.mch_id,
        "out_trade_no": trade.order.out_trade_no,
        "trade_state": state.name(),
        "trade_state_desc": state.description(),
        "attach": trade.order.attach.as_deref().unwrap_or_default(),
        "amount": { "total": trade.total(), "currency": "CNY" },
        "promotion_detail": [],
    });
    if let Some(device) = trade.order.device_id() {
        value["scene_info"] = json!({ "device_id": device });
    }
    let Some(Payment { transaction_id, openid, coupon_fen, at_ms }) = &trade.payment else { return value };
    value["transaction_id"] = json!(transaction_id);
    value["trade_type"] = json!(trade.trade_type);
    value["bank_type"] = json!("OTHERS");
    value["success_time"] = json!(rfc3339(*at_ms));
    value["payer"] = json!({ "openid": openid });
    value["amount"]["payer_total"] = json!(trade.total() - coupon_fen);
    value["amount"]["payer_currency"] = json!("CNY");
    if *coupon_fen > 0 {
        value["promotion_detail"] =
            json!([{ "coupon_id": "109519", "amount": coupon_fen, "scope": "GLOBAL", "type": "CASH" }]);
    }
    value
}

/// The answer to a refund and to its query.
pub fn refund(trade: &Trade, payment: &Payment, refund: &Refund, now_ms: i64) -> Value {
    let mut value = json!({
        "refund_id": refund.refund_id,
        "out_refund_no": refund.order.out_refund_no,
        "transaction_id": payment.transaction_id,
        "out_trade_no": trade.order.out_trade_no,
        "channel": "ORIGINAL",
        "user_received_account": RECEIVER,
        "create_time": rfc3339(refund.created_ms),
        "status": refund.status(now_ms),
        "funds_account": "AVAILABLE",
        "amount": {
            "from": [],
            "currency": "CNY",
            "total": trade.total(),
            "refund": refund.order.amount.refund,
            "payer_total": trade.total() - payment.coupon_fen,
            "payer_refund": refund.order.amount.refund - refund.coupon_fen,
            "settlement_total": trade.total(),
            "settlement_refund": refund.order.amount.refund,
            "discount_refund": refund.coupon_fen,
        },
        "promotion_detail": [],
    });
    if let Some(success_ms) = refund.success_ms(now_ms) {
        value["success_time"] = json!(rfc3339(success_ms));
    }
    value
}

/// The resource of `REFUND.SUCCESS`, `REFUND.ABNORMAL` and `REFUND.CLOSED`.
pub fn refunded(account: &Account, trade: &Trade, payment: &Payment, refund: &Refund) -> Value {
    let mut value = json!({
        "mchid": account.mch_id,
        "out_trade_no": trade.order.out_trade_no,
        "transaction_id": payment.transaction_id,
        "out_refund_no": refund.order.out_refund_no,
        "refund_id": refund.refund_id,
        "refund_status": refund.ending.name(),
        "user_received_account": RECEIVER,
        "amount": {
            "total": trade.total(),
            "refund": refund.order.amount.refund,
            "payer_total": trade.total() - payment.coupon_fen,
            "payer_refund": refund.order.amount.refund - refund.coupon_fen,
        },
    });
    if let Some(success_ms) = refund.success_ms(refund.ends_ms) {
        value["success_time"] = json!(rfc3339(success_ms));
    }
    value
}
