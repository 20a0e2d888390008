//! Officers, venue staff, administrators and their devices: invited, enrolled, logged in, revoked.

pub mod activation;
pub mod devices;
pub mod invitations;
pub mod login;
pub mod principals;
pub mod session;
