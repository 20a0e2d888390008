//! Who people are: the claims on CTID, on text messages, on documents, on face checks and on accounts with Alipay.

mod accounts;
mod ctid;
mod faces;
mod judge;
mod registry;
mod sms;
mod support;
