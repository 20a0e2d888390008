//! Citizens: from a proven phone to a real name, and their log-ins.

pub mod alipay;
pub mod consents;
pub mod grown_child;
pub mod login;
pub mod me;
pub mod new_password;
pub mod new_phone;
pub mod one_time_code;
pub mod password_reset;
pub mod real_name;
pub mod registration;
pub mod session;
