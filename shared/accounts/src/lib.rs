//! Who is asking, and what the functions about people share: sessions, limits, consents, one-time codes, the trusted-identity
//! platform, the audit trail.
//!
//! What a function does not call is not in its component: `tests/host/tests/worlds.rs` holds each to its world.

pub mod alipay;
pub mod area;
pub mod audit;
pub mod authority;
pub mod channels;
pub mod citizen;
pub mod consents;
pub mod ctid;
pub mod ending;
pub mod erasure;
pub mod fresh;
pub mod holder;
pub mod limits;
pub mod one_time_code;
pub mod person;
pub mod redemption;
pub mod sealed;
pub mod session;
pub mod sms;
pub mod venue;

use signing::faults::Fault;
use zerotrip_platform::Problem;

#[allow(unsafe_code, clippy::all, missing_docs, reason = "generated")]
mod contract {
    spin_sdk::wit_bindgen::generate!({
        path: "../../wit",
        world: "accounts-signing",
        runtime_path: "::spin_sdk::wit_bindgen::rt",
        generate_all,
    });
}
pub use contract::zerotrip::signing;

/// What the signing library's faults mean to a caller who presented a token.
pub fn refused(fault: Fault) -> Problem {
    match fault {
        Fault::Refused(_) => Problem::unauthorized(),
        Fault::Misconfigured(defect) => Problem::misconfigured(&defect),
    }
}
