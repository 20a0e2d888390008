//! A minted code's row, with everything that may stand against it: one look into the database.

use super::Scan;
use super::refusal::{self, Refusal};
use zerotrip_accounts::authority::VenueStaff;
use zerotrip_accounts::refused;
use zerotrip_accounts::signing::sealing;
use zerotrip_domain::Plate;
use zerotrip_domain::document::Kinds;
use zerotrip_domain::scenario::Policy;
use zerotrip_platform::{Db, Id, Problem, Row};

/// One code.
pub struct Code {
    pub id: Id,
    /// Whose documents.
    pub holder: Id,
    /// Under the rule that its citizen was told before minting.
    pub policy: &'static Policy,
    pub documents: Kinds,
    /// Unix ms.
    pub issued_at: i64,
    pub typed_until: u64,
    pub redeemed: Option<Ended>,
    /// Its plate, sealed.
    vehicle: Option<String>,
    /// The only place where it is good.
    venue: Option<String>,
    cancelled: bool,
    superseded: bool,
    /// Whether the session that minted it still lives, of an account that may, and the holder still agrees.
    stands: bool,
}

/// A redemption that was.
pub struct Ended {
    /// Unix ms.
    pub at: u64,
    pub venue: String,
    pub device: Id,
    pub attempt: String,
    pub entry_sealed: Option<String>,
    pub kept_until: Option<u64>,
    pub as_of: u64,
    pub minor: bool,
}

impl Code {
    /// The one of these eight characters, in their blind index.
    pub async fn typed(db: &Db, index: &str, now: u64) -> Result<Option<Self>, Problem> {
        let row = db.one("SELECT id FROM identity_codes WHERE typed_index = $1", [index.into()]).await?;
        match row {
            Some(row) => Self::of(db, row.id(0)?, now).await,
            None => Ok(None),
        }
    }

    /// The one of this id.
    pub async fn of(db: &Db, id: Id, now: u64) -> Result<Option<Self>, Problem> {
        let row = db
            .one(
                "SELECT c.holder, c.policy, c.documents, c.issued_at, c.typed_until, c.vehicle_sealed, c.venue, c.ended_how, \
                 c.ended_at, c.at_venue, c.at_device, c.attempt, c.entry_sealed, c.kept_until, c.as_of, c.minor, \
                 (SELECT COUNT(*) FROM identity_codes n WHERE n.holder = c.holder AND (n.issued_at, n.id) > (c.issued_at, c.id)), \
                 (SELECT COUNT(*) FROM citizen_sessions s JOIN citizens a ON a.id = s.citizen WHERE s.id = c.session \
                  AND s.ended_at IS NULL AND s.expires_at > $1 AND a.standing = 'real-person'), \
                 (SELECT COUNT(*) FROM consents k WHERE k.citizen = c.holder AND k.purpose = 'identity-codes' \
                  AND k.withdrawn_at IS NULL) FROM identity_codes c WHERE c.id = $2",
                [now.into(), id.into()],
            )
            .await?;
        row.map(|row| Self::read(id, &row)).transpose()
    }

    fn read(id: Id, row: &Row) -> Result<Self, Problem> {
        let time = |at| Ok::<_, Problem>(u64::try_from(row.int(at)?).unwrap_or(0));
        let text = |at| Ok::<_, Problem>(row.optional_text(at)?.map(str::to_owned));
        let odd = || Problem::unavailable("the row of an identity code is not of its form");
        let how = row.optional_text(7)?;
        let redeemed = match how {
            Some("redeemed") => Some(Ended {
                at: time(8)?,
                venue: row.text(9)?.to_owned(),
                device: row.id(10)?,
                attempt: row.text(11)?.to_owned(),
                entry_sealed: text(12)?,
                kept_until: if row.is_null(13) { None } else { Some(time(13)?) },
                as_of: time(14)?,
                minor: row.int(15)? != 0,
            }),
            _ => None,
        };
        let documents = u8::try_from(row.int(2)?).ok().and_then(Kinds::from_byte);
        Ok(Self {
            id,
            holder: row.id(0)?,
            policy: Policy::versioned(row.text(1)?).ok_or_else(odd)?,
            documents: documents.ok_or_else(odd)?,
            issued_at: row.int(3)?,
            typed_until: time(4)?,
            cancelled: how.is_some() && redeemed.is_none(),
            redeemed,
            vehicle: text(5)?,
            venue: text(6)?,
            superseded: row.int(16)? > 0,
            stands: row.int(17)? > 0 && row.int(18)? > 0,
        })
    }

    /// Whether it may be redeemed at this desk, or why not.
    pub fn good_at(&self, scan: &Scan<'_>) -> Result<(), Refusal> {
        let VenueStaff(staff) = scan.staff;
        let why = match &self.redeemed {
            Some(ended) => refusal::used(ended, ended.venue == staff.agency),
            None if self.cancelled => refusal::cancelled(),
            None if self.superseded => refusal::superseded(),
            None if self.venue.as_ref().is_some_and(|venue| *venue != staff.agency) => refusal::other_venue(),
            None if !self.stands => refusal::withdrawn(),
            None => return Ok(()),
        };
        Err(why.of(self))
    }

    /// The plate of the vehicle that its citizen has chosen, if there was a choice.
    pub fn vehicle(&self) -> Result<Option<Plate>, Problem> {
        let Some(sealed) = &self.vehicle else { return Ok(None) };
        let plain = sealing::open(&format!("identity_codes.vehicle/{}", self.id), sealed).map_err(refused)?;
        let plate = std::str::from_utf8(&plain).ok().and_then(|text| text.parse().ok());
        plate.map(Some).ok_or_else(|| Problem::unavailable("a stored plate is not of its form"))
    }
}
