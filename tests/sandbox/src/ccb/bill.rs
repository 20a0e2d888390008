//! 对账单: the file of a day that an administrator downloads from the bank's merchant platform.
//!
//! The real file's form differs by branch; this one is plain and fixed. GBK, lines end with CR LF, columns are parted
//! by `|`. The first line names the columns; one line follows for each payment and each refund of the day, by time:
//!
//! ```text
//! 订单号|交易时间|记账日期|支付金额|退款金额|流水号|付款方式|状态
//! ZT202611290001|2026-11-29 10:02:03|20261129|206.00|0.00|202611291002030123456789|WX|支付成功
//! ZT202611280007|2026-11-29 11:20:00|20261129|0.00|6.00|202611291120009876543210|WX|退款成功
//! ```

use encoding_rs::GBK;

use super::{book::Book, faults::Faults, identifiers, money::Fen};
use crate::clock::{digits, parse_digits, stamp};

const HEADER: &str = "订单号|交易时间|记账日期|支付金额|退款金额|流水号|付款方式|状态";
const NOON_MS: i64 = 12 * 3600 * 1000;

struct Row<'a> {
    at_ms: i64,
    orderid: String,
    paid: Fen,
    refunded: Fen,
    serial: String,
    acc_type: &'a str,
    state: &'static str,
}

/// `yyyy-MM-dd` as the instant at which the day begins.
pub fn day(text: &str) -> Option<i64> {
    let shape =
        text.len() == 10 && text.bytes().enumerate().all(|(at, b)| matches!(at, 4 | 7) == (b == b'-'));
    parse_digits(&format!("{}000000", text.replace('-', ""))).filter(|_| shape)
}

/// The bytes of the file.
pub fn file(book: &Book, day_ms: i64, faults: &Faults) -> Vec<u8> {
    let day = digits(day_ms)[..8].to_owned();
    let mut rows = Vec::new();
    for trade in book.trades() {
        let Some(payment) = &trade.paid else { continue };
        let acc_type = payment.acc_type.as_str();
        let row = |at_ms, paid, refunded, serial: &str, state| Row {
            at_ms,
            orderid: trade.order.orderid.clone(),
            paid,
            refunded,
            serial: serial.to_owned(),
            acc_type,
            state,
        };
        rows.push(row(payment.at_ms, trade.order.payment_fen, Fen::ZERO, &payment.serial, "支付成功"));
        rows.extend(
            trade
                .refunds
                .iter()
                .map(|refund| row(refund.at_ms, Fen::ZERO, refund.amount_fen, &refund.serial, "退款成功")),
        );
    }
    rows.retain(|row| digits(row.at_ms)[..8] == day);
    rows.sort_by_key(|row| row.at_ms);
    let missing = usize::try_from(faults.bill_missing_rows).unwrap_or(usize::MAX).min(rows.len());
    rows.drain(..missing);
    let wrong = usize::try_from(faults.bill_wrong_amounts).unwrap_or(usize::MAX).min(rows.len());
    for row in &mut rows[..wrong] {
        let amount = if row.refunded == Fen::ZERO { &mut row.paid } else { &mut row.refunded };
        *amount = [*amount, Fen::FEN].into_iter().sum();
    }
    rows.extend((1..=faults.bill_extra_rows).map(|number| Row {
        at_ms: day_ms + NOON_MS,
        orderid: format!("EXTRA{day}{number:04}"),
        paid: Fen::YUAN,
        refunded: Fen::ZERO,
        serial: identifiers::serial(day_ms + NOON_MS),
        acc_type: super::callback::BANK,
        state: "支付成功",
    }));
    let mut text = format!("{HEADER}\r\n");
    for Row { at_ms, orderid, paid, refunded, serial, acc_type, state } in rows {
        let at = stamp(at_ms);
        text.push_str(&format!("{orderid}|{at}|{day}|{paid}|{refunded}|{serial}|{acc_type}|{state}\r\n"));
    }
    GBK.encode(&text).0.into_owned()
}
