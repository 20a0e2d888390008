//! The table of limits: who may try what how often. Each is counted before the work that it protects.

use crate::refused;
use crate::signing::blind_index;
pub use zerotrip_platform::limits::{Limit, full, wait};
use zerotrip_platform::limits::{key, take};
use zerotrip_platform::{Db, Problem, Request};

const SECOND: u64 = 1000;
const MINUTE: u64 = 60 * SECOND;
const HOUR: u64 = 60 * MINUTE;

/// Codes by SMS to one phone.
pub const CODES_OF_PHONE: Limit = Limit { name: "codes/phone", burst: 3, every_ms: 10 * MINUTE };
/// Codes by SMS to one phone after a right password: nobody else uses them up.
pub const CODES_AFTER_PASSWORD: Limit = Limit { name: "codes/log-in", burst: 3, every_ms: 10 * MINUTE };
/// Codes by SMS asked for from one address; a village may share one.
pub const CODES_OF_ADDRESS: Limit = Limit { name: "codes/address", burst: 60, every_ms: 10 * SECOND };
/// Log-ins tried with one name, known or not.
pub const LOG_INS_OF_NAME: Limit = Limit { name: "log-ins/name", burst: 20, every_ms: MINUTE };
/// Log-ins tried from one address.
pub const LOG_INS_OF_ADDRESS: Limit = Limit { name: "log-ins/address", burst: 100, every_ms: SECOND };
/// Log-ins of staff tried on one device, before a password is hashed: a shift that changes fits.
pub const LOG_INS_OF_DEVICE: Limit = Limit { name: "log-ins/device", burst: 60, every_ms: 10 * SECOND };
/// Registrations from one address.
pub const REGISTRATIONS_OF_ADDRESS: Limit =
    Limit { name: "registrations/address", burst: 60, every_ms: 10 * SECOND };
/// Real-name checks of one account: names and numbers are not to be tried out.
pub const REAL_NAMES_OF_ACCOUNT: Limit = Limit { name: "real-names/account", burst: 5, every_ms: HOUR };
/// Real-name checks of one ID number, from whatever account.
pub const REAL_NAMES_OF_PERSON: Limit = Limit { name: "real-names/person", burst: 10, every_ms: HOUR };
/// Names and numbers that one account gives for its own.
pub const TWO_ITEMS_OF_ACCOUNT: Limit = Limit { name: "two-items/account", burst: 5, every_ms: 10 * MINUTE };
/// Face checks begun from one address.
pub const FACES_OF_ADDRESS: Limit = Limit { name: "faces/address", burst: 60, every_ms: 10 * SECOND };
/// Questions about the result of one face check.
pub const RESULTS_OF_FACE: Limit = Limit { name: "results/face", burst: 30, every_ms: 2 * SECOND };
/// Activation codes that one account tries: of 50 bits none is guessed so.
pub const ACTIVATIONS_OF_ACCOUNT: Limit =
    Limit { name: "activations/account", burst: 5, every_ms: 10 * MINUTE };

/// Channels that one account opens: each asks the registry.
pub const CHANNELS_OF_ACCOUNT: Limit = Limit { name: "channels/account", burst: 30, every_ms: 20 * SECOND };
/// Reports of a misuse by one account.
pub const MISUSES_OF_ACCOUNT: Limit = Limit { name: "misuses/account", burst: 20, every_ms: 10 * MINUTE };

/// Searches for a lost paper from one address.
pub const SEARCHES_OF_ADDRESS: Limit = Limit { name: "searches/address", burst: 20, every_ms: 30 * SECOND };
/// Searches for one decision: plates are not to be tried out.
pub const SEARCHES_OF_DECISION: Limit = Limit { name: "searches/decision", burst: 5, every_ms: 10 * MINUTE };

/// Typed identity codes tried on one scanner: of 38 bits none is guessed so.
pub const TYPED_CODES_OF_DEVICE: Limit =
    Limit { name: "typed-codes/device", burst: 10, every_ms: 6 * SECOND };
/// Typed identity codes tried in one venue, on however many scanners.
pub const TYPED_CODES_OF_VENUE: Limit = Limit { name: "typed-codes/venue", burst: 60, every_ms: 2 * SECOND };
/// Identity codes that were refused on one scanner: the next waits, good or bad.
pub const REFUSED_CODES_OF_DEVICE: Limit =
    Limit { name: "refused-codes/device", burst: 20, every_ms: 30 * SECOND };

/// Counts one for whoever calls from where `request` comes from.
pub async fn of_address(db: &Db, limit: Limit, request: &Request, now: u64) -> Result<(), Problem> {
    of(db, limit, &request.client_network(), now).await
}

/// Counts one for `subject`, of which the database keeps a blind index.
pub async fn of(db: &Db, limit: Limit, subject: &str, now: u64) -> Result<(), Problem> {
    take(db, limit, &blind_index::index("rate_limits", subject).map_err(refused)?, now).await
}

/// The key of the row that counts for `subject`: see [`full`].
pub fn key_of(limit: Limit, subject: &str) -> Result<String, Problem> {
    Ok(key(limit, &blind_index::index("rate_limits", subject).map_err(refused)?))
}
