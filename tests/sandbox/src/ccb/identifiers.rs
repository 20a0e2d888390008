//! Numbers that the bank gives out, and personal data that nobody can read.

use base64::{Engine, engine::general_purpose::STANDARD};

use super::keys::hex;
use crate::clock::digits;

/// Names a cashier's page: 32 hex characters.
pub fn token() -> String {
    hex(&random::<16>())
}

/// 流水号: the instant and ten digits.
pub fn serial(now_ms: i64) -> String {
    let random = u64::from_be_bytes(random());
    format!("{}{:010}", digits(now_ms), random % 10_000_000_000)
}

/// USRMSG and USRINFO: base64 with `,` for `+`, of bytes that stand for what CCB encrypts with DES. Full blocks of 8.
pub fn sealed() -> String {
    STANDARD.encode(random::<40>()).replace('+', ",")
}

fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).expect("the system has randomness");
    bytes
}
