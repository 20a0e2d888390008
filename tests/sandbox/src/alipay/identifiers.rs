//! Numbers that Alipay gives out. All look like the real ones and cannot be guessed.

use crate::clock::digits;

/// 支付宝交易号: 28 digits, the day first.
pub fn trade_no(now_ms: i64) -> String {
    format!("{}2200{}", &digits(now_ms)[..8], random_digits(16))
}

/// 34 digits, the same over all sends of one notification.
pub fn notify_id(now_ms: i64) -> String {
    let at = digits(now_ms);
    format!("{}00222{}{}", &at[..8], &at[8..], random_digits(15))
}

/// 32 hexadecimal digits, as `certify_id`, `auth_code` and the random part of a token.
pub fn hexadecimal() -> String {
    let half = || getrandom::u64().expect("the system has randomness");
    format!("{:016x}{:016x}", half(), half())
}

/// 商户订单号 of somebody else.
pub fn stranger() -> String {
    format!("EXTRA{}", random_digits(12))
}

/// What names a file that may be fetched: 38 digits.
pub fn file_id() -> String {
    format!("{}{}", random_digits(19), random_digits(19))
}

/// At most 19 digits.
fn random_digits(count: u32) -> String {
    let random = getrandom::u64().expect("the system has randomness");
    format!("{:0width$}", random % 10_u64.pow(count), width = count as usize)
}
