//! Who may ask how often. Each is counted before the work that it protects.

use crate::broken;
use crate::signing::blind_index;
use zerotrip_platform::limits::{Limit, take};
use zerotrip_platform::{Db, Problem, Request};

const SECOND: u64 = 1000;

/// Searches for a lost paper from one address.
pub const SEARCHES_OF_ADDRESS: Limit = Limit { name: "searches/address", burst: 20, every_ms: 30 * SECOND };
/// Searches for one decision: plates are not to be tried out.
pub const SEARCHES_OF_DECISION: Limit = Limit { name: "searches/decision", burst: 5, every_ms: 600 * SECOND };

/// Counts one for whoever calls from where `request` comes from.
pub async fn of_address(db: &Db, limit: Limit, request: &Request, now: u64) -> Result<(), Problem> {
    of(db, limit, &request.client_network(), now).await
}

/// Counts one for `subject`, of which the database keeps a blind index.
pub async fn of(db: &Db, limit: Limit, subject: &str, now: u64) -> Result<(), Problem> {
    take(db, limit, &blind_index::index("rate_limits", subject).map_err(broken)?, now).await
}
