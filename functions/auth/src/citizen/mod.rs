//! Citizens: from a proven phone to a real person, and their log-ins.

pub mod alipay;
#[expect(dead_code, reason = "face checks and account links follow")]
pub mod alipay_gateway;
pub mod authority;
pub mod consents;
pub mod ctid;
pub mod limits;
pub mod login;
pub mod me;
pub mod one_time_code;
pub mod real_name;
pub mod registration;
pub mod session;
pub mod sms;
