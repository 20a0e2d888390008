#![doc = include_str!("../README.md")]
#![deny(missing_docs)]

pub mod alipay;
pub mod audit;
#[cfg(target_family = "wasm")]
mod component;
pub mod fault;
#[cfg(not(target_family = "wasm"))]
pub mod fresh;
pub mod identity_code;
pub mod index;
mod json;
pub mod mac;
pub mod password;
pub mod ring;
pub mod sealing;
pub mod session;
pub mod ticket_code;
