//! The one statement by which an identity code is redeemed. It carries the whole fact: who redeemed it where, on which device,
//! and the register's entry, sealed. The audit job writes the trail's line from the row.

use crate::authority::VenueStaff;
use crate::refused;
use crate::signing::{blind_index, sealing};
use serde_json::{Map, Value as Json};
use zerotrip_domain::document::Kind;
use zerotrip_domain::scenario::{Disclosure, Item, Shown};
use zerotrip_domain::{Day, IdNumber, Plate};
use zerotrip_platform::{Db, Id, Problem};

/// How staff had the code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Read {
    /// Scanned.
    Qr,
    /// Typed, where no camera is.
    Typed,
}

impl Read {
    /// As the row says it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Qr => "qr",
            Self::Typed => "typed",
        }
    }
}

/// One attempt at a code that was found good so far.
pub struct Attempt<'a> {
    pub code: Id,
    pub holder: Id,
    /// Whose channels must still be open: three at most.
    pub kinds: &'a [Kind],
    /// Unix ms at which the code was minted: a newer one of its holder takes its place.
    pub issued_at: i64,
    /// Whose venue is the person's agency.
    pub staff: &'a VenueStaff,
    pub read: Read,
    /// The scanner's own key of it.
    pub key: &'a str,
    /// Unix ms: how old the documents are.
    pub as_of: u64,
    /// The vehicle that the venue asks about.
    pub asked: Option<&'a Plate>,
}

/// A code that has just been redeemed, and what the venue is told for it. [`Attempt::redeem`] alone makes one, so that nothing is
/// told before the code is used up. This does not compile:
///
/// ```compile_fail,E0451
/// use zerotrip_accounts::redemption::Redeemed;
/// use zerotrip_domain::scenario::Disclosure;
///
/// fn told_without_a_code(disclosure: Disclosure) -> Redeemed {
///     Redeemed { disclosure, at: 0, kept_until: None }
/// }
/// ```
pub struct Redeemed {
    disclosure: Disclosure,
    at: u64,
    kept_until: Option<u64>,
}

impl Redeemed {
    /// What the venue is told: personal data.
    pub fn disclosure(&self) -> &Disclosure {
        &self.disclosure
    }

    /// Unix ms.
    pub fn at(&self) -> u64 {
        self.at
    }

    /// Unix ms until which the register's entry is kept; none where nothing is.
    pub fn kept_until(&self) -> Option<u64> {
        self.kept_until
    }
}

impl Attempt<'_> {
    /// The commit point. None if the code has ended, a newer one has taken its place, or what it rests on was taken back meanwhile: of any number at
    /// once one succeeds.
    pub async fn redeem(
        &self,
        db: &Db,
        disclosure: Disclosure,
        now: u64,
    ) -> Result<Option<Redeemed>, Problem> {
        let kept = disclosure.policy().keep().until(Day::at(now));
        let kept_until = kept.map(Day::end_ms);
        let entry = match kept {
            Some(_) => {
                let plain = entry(&disclosure).to_string();
                Some(sealing::seal(&entry_context(self.code), plain.as_bytes(), now).map_err(refused)?)
            }
            None => None,
        };
        let number = text(&disclosure, Item::DocumentNumber);
        let index = |field: &str, value: &str| blind_index::index(field, value).map_err(refused);
        let person_index = number.map(|number| index("resident-id", number)).transpose()?;
        let plate = text(&disclosure, Item::Plate).or(self.asked.map(Plate::as_str));
        let plate_index = plate.map(|plate| index("plate", plate)).transpose()?;
        let number = number.and_then(|number| IdNumber::parse(number, Day::at(now)).ok());
        let outside = number.is_some_and(|number| number.is_of_hk_macau_taiwan());
        let names: Vec<&str> = disclosure.names().collect();
        let VenueStaff(staff) = self.staff;
        let kind = |at: usize| self.kinds.get(at).map_or("", |kind| kind.name());
        let redeemed = db
            .one(
                "UPDATE identity_codes SET ended_how = 'redeemed', ended_at = $1, at_venue = $2, at_person = $3, at_device = $4, \
                 read_how = $5, attempt = $6, disclosed = $7, as_of = $8, minor = $9, outside = $10, entry_sealed = $11, \
                 kept_until = $12, person_index = $13, plate_index = $14 \
                 WHERE id = $15 AND ended_how IS NULL AND NOT EXISTS (SELECT 1 FROM identity_codes n \
                     WHERE n.holder = $16 AND (n.issued_at, n.id) > (CAST($17 AS BIGINT), $18)) \
                 AND EXISTS (SELECT 1 FROM venues v WHERE v.id = $19 AND v.revoked_at IS NULL) \
                 AND EXISTS (SELECT 1 FROM citizen_sessions s WHERE s.id = identity_codes.session AND s.ended_at IS NULL) \
                 AND NOT EXISTS (SELECT 1 FROM channels h WHERE h.holder = $20 AND h.kind IN ($21, $22, $23) AND h.closed_at >= $24) \
                 RETURNING id",
                [
                    now.into(),
                    staff.agency.as_str().into(),
                    staff.principal.into(),
                    staff.device.into(),
                    self.read.name().into(),
                    self.key.into(),
                    names.join(",").into(),
                    self.as_of.into(),
                    i64::from(disclosure.minor()).into(),
                    i64::from(outside).into(),
                    entry.into(),
                    kept_until.into(),
                    person_index.into(),
                    plate_index.into(),
                    self.code.into(),
                    self.holder.into(),
                    self.issued_at.into(),
                    self.code.into(),
                    staff.agency.as_str().into(),
                    self.holder.into(),
                    kind(0).into(),
                    kind(1).into(),
                    kind(2).into(),
                    self.issued_at.into(),
                ],
            )
            .await?;
        Ok(redeemed.map(|_| Redeemed { disclosure, at: now, kept_until }))
    }
}

/// Where the register's entry of code `id` is sealed to.
pub fn entry_context(code: Id) -> String {
    format!("identity_codes.entry/{code}")
}

/// What the register keeps: everything that was told by its name, a text or yes or no, but no picture.
fn entry(disclosure: &Disclosure) -> Json {
    let kept = disclosure.items().iter().filter(|(item, _)| *item != Item::Photo);
    let value = |shown: &Shown| match shown {
        Shown::Text(text) => Json::String(text.clone()),
        Shown::YesNo(yes) => Json::Bool(*yes),
    };
    Json::Object(kept.map(|(item, shown)| (item.name().to_owned(), value(shown))).collect::<Map<_, _>>())
}

fn text(disclosure: &Disclosure, item: Item) -> Option<&str> {
    match disclosure.told(item)? {
        Shown::Text(text) => Some(text),
        Shown::YesNo(_) => None,
    }
}
