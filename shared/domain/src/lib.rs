//! Types and rules, no I/O: what a fine is, how it grows, who may be named how, how far an account has come, what a
//! document says and until when it is good.
//!
//! Everything from outside becomes one of these types by `FromStr` or a checked constructor; time is an argument.
#![forbid(unsafe_code)]
#![deny(missing_docs)]

pub mod account;
pub mod agency;
pub mod credit_code;
pub mod day;
pub mod decision;
pub mod decision_event;
pub mod decision_number;
pub mod document;
pub mod expiry;
pub mod id_number;
pub mod late_fee;
pub mod mask;
pub mod money;
pub mod password;
pub mod payment;
pub mod phone;
pub mod plate;
pub mod proof;
pub mod provider;
pub mod refund;
pub mod residence;
pub mod scenario;
pub mod settlement_report;
pub mod statement;
pub mod typed_code;
pub mod violation_code;

pub use agency::Agency;
pub use credit_code::CreditCode;
pub use day::Day;
pub use decision_number::DecisionNumber;
pub use document::Document;
pub use id_number::IdNumber;
pub use money::Fen;
pub use phone::Phone;
pub use plate::Plate;
pub use provider::Provider;
pub use typed_code::TypedCode;
pub use violation_code::ViolationCode;
