//! Venues, as those who only need to know whether one stands see them.

use zerotrip_domain::scenario::Scenario;
use zerotrip_platform::{Db, Problem};

/// A venue that is not revoked.
#[derive(Debug)]
pub struct Venue {
    pub id: String,
    pub name: String,
    pub scenario: Scenario,
}

/// The one of this id; none if it is unknown or revoked.
pub async fn standing(db: &Db, id: &str) -> Result<Option<Venue>, Problem> {
    let sql = "SELECT name, scenario FROM venues WHERE id = $1 AND revoked_at IS NULL";
    let Some(row) = db.one(sql, [id.into()]).await? else { return Ok(None) };
    Ok(Some(Venue { id: id.to_owned(), name: row.text(0)?.to_owned(), scenario: scenario(row.text(1)?)? }))
}

/// The scenario that a row names.
pub fn scenario(stored: &str) -> Result<Scenario, Problem> {
    Scenario::named(stored).ok_or_else(|| Problem::unavailable("a row names an unknown scenario"))
}
