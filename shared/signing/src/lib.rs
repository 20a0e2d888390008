#![doc = include_str!("../README.md")]
#![deny(missing_docs)]

pub mod alipay;
mod asn1;
pub mod audit;
pub mod ccb;
#[cfg(target_family = "wasm")]
mod component;
mod crockford;
pub mod fault;
pub mod file_digest;
mod form;
#[cfg(not(target_family = "wasm"))]
pub mod fresh;
mod hex;
pub mod identity_code;
pub mod index;
mod instant;
mod json;
pub mod mac;
pub mod password;
pub mod receipt_code;
pub mod ring;
mod rsa_key;
pub mod sealing;
pub mod session;
pub mod ticket_code;
pub mod wechat_pay;
mod x509;
