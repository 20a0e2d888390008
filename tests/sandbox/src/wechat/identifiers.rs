//! Names and numbers that WeChat Pay gives out. All look like the real ones and cannot be guessed.

use crate::clock::digits;

const LETTERS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// The number of a prepared payment: 36 characters.
pub fn prepay_id(now_ms: i64) -> String {
    format!("wx{}{}", digits(now_ms), &hex(20).to_ascii_lowercase())
}

/// 微信支付订单号: 28 digits.
pub fn transaction_id(now_ms: i64) -> String {
    format!("4200000985{}{}", &digits(now_ms)[..8], random_digits(10))
}

/// 微信支付退款单号: 29 digits.
pub fn refund_id(now_ms: i64) -> String {
    format!("50301008{}{}", &digits(now_ms)[..8], random_digits(13))
}

/// The number of a notification, the same over all its sends.
pub fn notification_id(now_ms: i64) -> String {
    format!("EV-{}{}", digits(now_ms), random_digits(12))
}

/// So many letters and digits.
pub fn text(count: usize) -> String {
    random(count).into_iter().map(|byte| char::from(LETTERS[usize::from(byte % 62)])).collect()
}

/// So many upper-case hex digits.
pub fn hex(count: usize) -> String {
    random(count).into_iter().map(|byte| char::from(b"0123456789ABCDEF"[usize::from(byte % 16)])).collect()
}

/// At most 19 digits.
pub fn random_digits(count: u32) -> String {
    let random = getrandom::u64().expect("the system has randomness");
    format!("{:0width$}", random % 10_u64.pow(count), width = count as usize)
}

/// So many bytes.
pub fn random(count: usize) -> Vec<u8> {
    let mut bytes = vec![0; count];
    getrandom::fill(&mut bytes).expect("the system has randomness");
    bytes
}
