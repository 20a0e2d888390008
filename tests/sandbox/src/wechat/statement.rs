//! 账单文件 `ALL`: a row for each payment and refund, then a summary.

use serde_json::json;

use super::{
    account::Account,
    refund::Refund,
    trade::{Payment, Trade},
};
use crate::clock::stamp;

/// How the file begins.
const BYTE_ORDER_MARK: char = '\u{feff}';
/// 0.6 %, in thousandths.
const FEE_RATE: i64 = 6;

/// A payment, or a refund of it.
pub struct Row<'a> {
    pub account: &'a Account,
    pub trade: &'a Trade,
    pub payment: &'a Payment,
    pub refund: Option<&'a Refund>,
    pub now_ms: i64,
}

/// A title, and what stands below it.
type Column = (&'static str, fn(&Row<'_>) -> String);

/// The same over all rows.
type Total = (&'static str, fn(&[Row<'_>]) -> String);

/// The columns of `ALL`, in order.
const COLUMNS: [Column; 27] = [
    ("交易时间", |row| stamp(row.at_ms())),
    ("公众账号ID", |row| row.account.app_id.clone()),
    ("商户号", |row| row.account.mch_id.clone()),
    ("特约商户号", |_| "0".into()),
    ("设备号", |row| row.trade.order.device_id().unwrap_or_default().into()),
    ("微信订单号", |row| row.payment.transaction_id.clone()),
    ("商户订单号", |row| row.trade.order.out_trade_no.clone()),
    ("用户标识", |row| row.payment.openid.clone()),
    ("交易类型", |row| json!(row.trade.trade_type).as_str().unwrap_or_default().into()),
    ("交易状态", |row| if row.refund.is_some() { "REFUND" } else { "SUCCESS" }.into()),
    ("付款银行", |_| "OTHERS".into()),
    ("货币种类", |_| "CNY".into()),
    ("应结订单金额", |row| yuan(row.paid())),
    ("代金券金额", |row| yuan(if row.refund.is_some() { 0 } else { row.payment.coupon_fen })),
    ("微信退款单号", |row| row.refund.map_or("0".into(), |refund| refund.refund_id.clone())),
    ("商户退款单号", |row| row.refund.map_or("0".into(), |refund| refund.order.out_refund_no.clone())),
    ("退款金额", |row| yuan(row.refunded())),
    ("充值券退款金额", |row| yuan(row.refund.map_or(0, |refund| refund.coupon_fen))),
    ("退款类型", |row| if row.refund.is_some() { "ORIGINAL" } else { "" }.into()),
    ("退款状态", |row| row.refund.map_or("", |refund| refund.status(row.now_ms)).into()),
    ("商品名称", |row| row.trade.order.description.clone()),
    ("商户数据包", |row| row.trade.order.attach.clone().unwrap_or_default()),
    ("手续费", |row| fee(row.fee())),
    ("费率", |_| format!("0.{FEE_RATE}0%")),
    ("订单金额", |row| yuan(row.paid())),
    ("申请退款金额", |row| yuan(row.refunded())),
    ("费率备注", |_| String::new()),
];

/// The summary, in order.
const SUMMARY: [Total; 7] = [
    ("总交易单数", |rows| rows.len().to_string()),
    ("应结订单总金额", |rows| yuan(rows.iter().map(Row::paid).sum())),
    ("退款总金额", |rows| yuan(rows.iter().map(Row::refunded).sum())),
    ("充值券退款总金额", |rows| {
        yuan(rows.iter().filter_map(|row| row.refund).map(|refund| refund.coupon_fen).sum())
    }),
    ("手续费总金额", |rows| fee(rows.iter().map(Row::fee).sum())),
    ("订单总金额", |rows| yuan(rows.iter().map(Row::paid).sum())),
    ("申请退款总金额", |rows| yuan(rows.iter().map(Row::refunded).sum())),
];

impl Row<'_> {
    pub fn at_ms(&self) -> i64 {
        self.refund.map_or(self.payment.at_ms, |refund| refund.created_ms)
    }

    fn paid(&self) -> i64 {
        if self.refund.is_some() { 0 } else { self.trade.total() }
    }

    fn refunded(&self) -> i64 {
        self.refund.map_or(0, |refund| refund.order.amount.refund)
    }

    /// A refund gives it back.
    fn fee(&self) -> i64 {
        let of = |fen: i64| (fen * FEE_RATE + 500) / 1000;
        of(self.paid()) - of(self.refunded())
    }
}

/// The file before it is compressed.
pub fn written(rows: &[Row]) -> String {
    let mut lines = vec![titles(&COLUMNS)];
    lines.extend(rows.iter().map(|row| values(COLUMNS.map(|(_, value)| value(row)))));
    lines.push(titles(&SUMMARY));
    lines.push(values(SUMMARY.map(|(_, value)| value(rows))));
    lines.push(String::new());
    format!("{BYTE_ORDER_MARK}{}", lines.join("\r\n"))
}

fn titles<T>(columns: &[(&str, T)]) -> String {
    columns.iter().map(|(title, _)| *title).collect::<Vec<_>>().join(",")
}

/// Each value behind a back-quote, so that a spreadsheet leaves long numbers alone.
fn values<const N: usize>(values: [String; N]) -> String {
    values.map(|value| format!("`{value}")).join(",")
}

fn yuan(fen: i64) -> String {
    format!("{}{}.{:02}", if fen < 0 { "-" } else { "" }, fen.abs() / 100, fen.abs() % 100)
}

/// Five decimals.
fn fee(fen: i64) -> String {
    format!("{}000", yuan(fen))
}
