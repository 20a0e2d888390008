//! Places of business that take codes, each for one scenario: enrolled by an administrator, picked by citizens, revoked.

pub mod enrol;
pub mod list;
pub mod revoke;
pub mod show;

use http::StatusCode;
use zerotrip_accounts::authority::{self, Live, VenueStaff};
use zerotrip_accounts::venue::{self, scenario};
use zerotrip_domain::scenario::Scenario;
use zerotrip_platform::{Db, Id, Problem, Request, Row};

/// A venue that stands, as everybody may know it.
pub struct Venue {
    pub id: Id,
    /// What it takes codes for.
    pub scenario: Scenario,
    pub name: String,
    pub address: String,
}

impl Venue {
    /// Of the columns id, scenario, name, address.
    fn of(row: &Row) -> Result<Self, Problem> {
        Ok(Self {
            id: row.id(0)?,
            scenario: scenario(row.text(1)?)?,
            name: row.text(2)?.to_owned(),
            address: row.text(3)?.to_owned(),
        })
    }
}

/// The venue with this id, unless it is revoked.
pub async fn standing(db: &Db, id: Id) -> Result<Option<Venue>, Problem> {
    let sql = "SELECT id, scenario, name, address FROM venues WHERE id = $1 AND revoked_at IS NULL";
    db.one(sql, [id.into()]).await?.as_ref().map(Venue::of).transpose()
}

/// The caller and the own venue's id. Staff of a venue that is revoked see nothing more at once, whatever their session says.
pub async fn staff(request: &Request, db: &Db) -> Result<(Live, Id), Problem> {
    let VenueStaff(caller) = authority::venue_staff(request, db).await?;
    venue::standing(db, &caller.agency).await?.ok_or_else(revoked)?;
    let id = caller.agency.parse().map_err(|_| Problem::unavailable("a venue's id is none"))?;
    Ok((caller, id))
}

/// The caller acts for no venue that stands.
pub fn revoked() -> Problem {
    Problem::new(
        StatusCode::FORBIDDEN,
        "venue-revoked",
        "The venue is not enrolled any more",
        "本场所的核验资格已停用",
        "Ask the police agency that supervises the venue.",
    )
}
