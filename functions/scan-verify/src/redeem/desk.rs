//! The venue at whose desk a code is shown, and whether it may scan just now. One look into the database.

use crate::venues;
use http::StatusCode;
use zerotrip_accounts::authority::VenueStaff;
use zerotrip_accounts::limits::{self, REFUSED_CODES_OF_DEVICE};
use zerotrip_accounts::venue;
use zerotrip_domain::scenario::Scenario;
use zerotrip_platform::{Db, Problem};

const MINUTE_MS: u64 = 60_000;
/// Redemptions of one venue in a minute: no desk has so many guests, but who collects people does.
const MOST: i64 = 300;

/// A venue that is not revoked.
pub struct Desk {
    pub scenario: Scenario,
    device: String,
}

impl Desk {
    /// That of `staff`. A scanner with too many refused codes waits, and a venue with too many redemptions.
    pub async fn of(db: &Db, VenueStaff(staff): &VenueStaff, now: u64) -> Result<Self, Problem> {
        let device = staff.device.to_string();
        let key = limits::key_of(REFUSED_CODES_OF_DEVICE, &device)?;
        let row = db
            .one(
                "SELECT v.scenario, (SELECT l.full_at FROM rate_limits l WHERE l.key = $1), \
                 (SELECT COUNT(*) FROM (SELECT 1 FROM identity_codes c WHERE c.ended_how = 'redeemed' AND c.at_venue = $2 \
                 AND c.ended_at > $3 LIMIT CAST($4 AS BIGINT)) lately) FROM venues v WHERE v.id = $5 AND v.revoked_at IS NULL",
                [
                    key.as_str().into(),
                    staff.agency.as_str().into(),
                    now.saturating_sub(MINUTE_MS).into(),
                    MOST.into(),
                    staff.agency.as_str().into(),
                ],
            )
            .await?
            .ok_or_else(venues::revoked)?;
        if !row.is_null(1) {
            limits::full(REFUSED_CODES_OF_DEVICE, row.int(1)?, now)?;
        }
        if row.int(2)? >= MOST {
            return Err(limits::wait(MINUTE_MS));
        }
        Ok(Self { scenario: venue::scenario(row.text(0)?)?, device })
    }

    /// Counts a refused code of the scanner, which waits anyway once the count is full.
    pub async fn count_refusal(&self, db: &Db, now: u64) -> Result<(), Problem> {
        match limits::of(db, REFUSED_CODES_OF_DEVICE, &self.device, now).await {
            Err(problem) if problem.status != StatusCode::TOO_MANY_REQUESTS.as_u16() => Err(problem),
            _ => Ok(()),
        }
    }
}
