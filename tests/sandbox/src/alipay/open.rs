//! `alipay.trade.wap.pay`: what the merchant asks the payer to pay.

use super::{biz::Biz, common::Call, failure::Failure, trade::Order};
use crate::clock::{end_of_day, parse_stamp};

const MINUTE: i64 = 60_000;
/// The longest a trade may wait, and how long it waits when nothing is said.
const LONGEST: i64 = 15 * 24 * 60 * MINUTE;

/// The order in a call.
pub fn order(call: &Call, biz: &Biz) -> Result<Order, Failure> {
    if biz.required("product_code", 64)? != "QUICK_WAP_WAY" {
        return Err(Failure::parameter("product_code", "应为 QUICK_WAP_WAY"));
    }
    let subject = biz.required("subject", 256)?;
    if subject.contains(['/', '=', '&']) {
        // Alipay's own documentation of the field forbids them.
        return Err(Failure::parameter("subject", "不可使用 / = &"));
    }
    let address = |name| Biz::address(name, call.parameter(name).map(str::to_owned));
    Ok(Order {
        out_trade_no: biz.out_trade_no()?.ok_or_else(|| Failure::parameter("out_trade_no", "缺少"))?,
        total_fen: biz.amount("total_amount")?,
        subject,
        body: biz.text("body", 128)?,
        passback_params: biz.text("passback_params", 512)?,
        notify_url: address("notify_url")?,
        return_url: address("return_url")?,
        quit_url: Biz::address("quit_url", biz.text("quit_url", 400)?)?,
    })
}

/// When a new trade's time is over, in Unix ms.
pub fn expiry(biz: &Biz, now_ms: i64) -> Result<i64, Failure> {
    if let Some(text) = biz.text("time_expire", 32)? {
        return parse_stamp(&text)
            .filter(|&at| at > now_ms && at <= now_ms + LONGEST)
            .ok_or_else(|| Failure::parameter("time_expire", "无效"));
    }
    let Some(text) = biz.text("timeout_express", 6)? else { return Ok(now_ms + LONGEST) };
    if text == "1c" {
        return Ok(end_of_day(now_ms));
    }
    let wrong = || Failure::parameter("timeout_express", "无效");
    let unit = match text.as_bytes().last() {
        Some(b'm') => MINUTE,
        Some(b'h') => 60 * MINUTE,
        Some(b'd') => 24 * 60 * MINUTE,
        _ => return Err(wrong()),
    };
    let count = &text[..text.len() - 1];
    if !count.bytes().all(|b| b.is_ascii_digit()) {
        return Err(wrong());
    }
    let wait = count.parse::<i64>().map_err(|_| wrong())? * unit;
    if (MINUTE..=LONGEST).contains(&wait) { Ok(now_ms + wait) } else { Err(wrong()) }
}
