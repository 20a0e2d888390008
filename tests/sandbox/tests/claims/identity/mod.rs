//! Who people are: the claims on CTID, on text messages, on face checks and on accounts with Alipay.

mod ctid;
mod sms;
mod support;
