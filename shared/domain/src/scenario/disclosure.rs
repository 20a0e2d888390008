//! What a venue is told about who shows a code.

use super::{Addition, Item, Minors, Need, Policy, Question};
use crate::day::Day;
use crate::document::{Document, Kind, Photo, ResidencePermit, ResidentId, Sex, Text, VehicleLicence};
use crate::expiry::{Reason, State, next_endorsement};
use crate::id_number::IdNumber;
use std::fmt;

/// Full years with which somebody is an adult (民法典 art. 17).
const ADULT: i32 = 18;

/// What is told of one item.
#[derive(Clone, PartialEq, Eq)]
pub enum Shown {
    /// A text: personal data.
    Text(String),
    /// Yes or no.
    YesNo(bool),
}

impl fmt::Debug for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Shown(…)")
    }
}

/// What a venue is told: made by [`disclose`] alone, and so never more than its policy allows. This does not compile:
///
/// ```compile_fail,E0451
/// use zerotrip_domain::scenario::{Disclosure, Item, Policy, Shown};
///
/// fn whatever_somebody_likes(policy: &'static Policy, name: String) -> Disclosure {
///     Disclosure { policy, minor: false, items: vec![(Item::Name, Shown::Text(name))] }
/// }
/// ```
#[derive(Clone, Debug)]
pub struct Disclosure {
    policy: &'static Policy,
    minor: bool,
    items: Vec<(Item, Shown)>,
}

/// Why a venue is told nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// A document that the scenario needs is not shown.
    Missing(Need),
    /// Two of a kind are shown, and nobody can say which is meant.
    Ambiguous(Kind),
    /// One of them does not count now.
    NotInOrder(Kind, Reason),
    /// They are of two people.
    TwoPeople,
    /// The scenario admits nobody under 18.
    Minor,
    /// The scenario needs a question, and none is asked.
    NothingAsked,
    /// The scenario answers no questions.
    NotToBeAsked,
}

impl Refusal {
    /// As clients read it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Missing(_) => "document-missing",
            Self::Ambiguous(_) => "document-ambiguous",
            Self::NotInOrder(..) => "document-not-in-order",
            Self::TwoPeople => "two-people",
            Self::Minor => "minor",
            Self::NothingAsked => "nothing-asked",
            Self::NotToBeAsked => "not-to-be-asked",
        }
    }
}

impl Disclosure {
    /// Under which policy.
    pub fn policy(&self) -> &'static Policy {
        self.policy
    }

    /// What the venue is told, in the policy's order: personal data.
    pub fn items(&self) -> &[(Item, Shown)] {
        &self.items
    }

    /// The names of it, for the citizen's ledger: no values.
    pub fn names(&self) -> impl Iterator<Item = &'static str> {
        self.items.iter().map(|(item, _)| item.name())
    }

    /// What the venue is told of this, if it is.
    pub fn told(&self, item: Item) -> Option<&Shown> {
        self.items.iter().find(|(told, _)| *told == item).map(|(_, shown)| shown)
    }

    /// Whether it is of somebody under 18; of a permit alone that is not known, and no.
    pub fn minor(&self) -> bool {
        self.minor
    }

    /// What the venue adds about this person.
    pub fn adds(&self) -> impl Iterator<Item = Addition> {
        self.policy.adds(self.minor)
    }
}

/// What `policy` lets a venue know today of who shows `documents`. Documents that the scenario does not need are not looked at.
pub fn disclose(
    policy: &'static Policy,
    documents: &[Document],
    question: Option<&Question>,
    today: Day,
) -> Result<Disclosure, Refusal> {
    match (policy.needs().contains(&Need::Question), question) {
        (true, None) => return Err(Refusal::NothingAsked),
        (false, Some(_)) => return Err(Refusal::NotToBeAsked),
        (true, Some(_)) | (false, None) => {}
    }
    let shown = Presented::of(documents, policy, question, today)?;
    let minor = shown.identity.as_ref().is_some_and(|identity| identity.born.years_until(today) < ADULT);
    if minor && policy.minors() == Minors::Refuse {
        return Err(Refusal::Minor);
    }
    let told = |item: &Item| shown.item(*item, minor).map(|value| (*item, value));
    Ok(Disclosure { policy, minor, items: policy.discloses().iter().filter_map(told).collect() })
}

/// The documents that count, each in order where it must be.
struct Presented<'a> {
    identity: Option<Identity<'a>>,
    vehicle: Option<&'a VehicleLicence>,
    permit: Option<(&'a ResidencePermit, State)>,
    question: Option<&'a Question>,
}

/// Who somebody is, by the document that proves it.
struct Identity<'a> {
    document: &'a Document,
    name: &'a Text,
    sex: Sex,
    ethnicity: Option<&'a Text>,
    born: Day,
    number: &'a IdNumber,
    address: &'a Text,
    photo: Option<&'a Photo>,
}

impl<'a> Identity<'a> {
    /// A residence permit proves who somebody is only for residents of Hong Kong, Macau and Taiwan; others have the card.
    fn of(document: &'a Document) -> Option<Self> {
        match document {
            Document::ResidentId(ResidentId {
                name,
                sex,
                ethnicity,
                birth_date,
                address,
                id_number,
                photo,
                ..
            }) => Some(Self {
                document,
                name,
                sex: *sex,
                ethnicity: Some(ethnicity),
                born: *birth_date,
                number: id_number,
                address,
                photo: photo.as_ref(),
            }),
            Document::ResidencePermit(ResidencePermit {
                name,
                sex,
                ethnicity,
                birth_date,
                address,
                id_number,
                photo,
                ..
            }) if id_number.is_of_hk_macau_taiwan() => Some(Self {
                document,
                name,
                sex: *sex,
                ethnicity: ethnicity.as_ref(),
                born: *birth_date,
                number: id_number,
                address,
                photo: photo.as_ref(),
            }),
            _ => None,
        }
    }
}

impl<'a> Presented<'a> {
    fn of(
        documents: &'a [Document],
        policy: &Policy,
        question: Option<&'a Question>,
        today: Day,
    ) -> Result<Self, Refusal> {
        let needs = |need| policy.needs().contains(&need);
        let of_kind = |kind: Kind| {
            let mut all = documents.iter().filter(move |document| document.kind() == kind);
            match (all.next(), all.next()) {
                (_, Some(_)) => Err(Refusal::Ambiguous(kind)),
                (one, None) => Ok(one),
            }
        };
        let mut shown = Self { identity: None, vehicle: None, permit: None, question };
        if needs(Need::Identity) {
            let (card, permit) = (of_kind(Kind::ResidentId)?, of_kind(Kind::ResidencePermit)?);
            let identity = card.or(permit).and_then(Identity::of).ok_or(Refusal::Missing(Need::Identity))?;
            in_order(identity.document, today)?;
            shown.identity = Some(identity);
        }
        let asked_for_car = matches!(question, Some(Question::Vehicle(_)));
        if needs(Need::Vehicle) || asked_for_car {
            let document = of_kind(Kind::VehicleLicence)?.ok_or(Refusal::Missing(Need::Vehicle))?;
            in_order(document, today)?;
            if let Document::VehicleLicence(vehicle) = document {
                shown.vehicle = Some(vehicle);
            }
        }
        if needs(Need::Permit) || needs(Need::Question) {
            if let Some(document @ Document::ResidencePermit(permit)) = of_kind(Kind::ResidencePermit)? {
                let other = |identity: &Identity<'_>| *identity.number != permit.id_number;
                if shown.identity.as_ref().is_some_and(other) {
                    return Err(Refusal::TwoPeople);
                }
                shown.permit = Some((permit, State::of(document, today)));
            } else if needs(Need::Permit) {
                return Err(Refusal::Missing(Need::Permit));
            }
        }
        Ok(shown)
    }

    fn item(&self, item: Item, minor: bool) -> Option<Shown> {
        let text = |text: &str| Some(Shown::Text(text.to_owned()));
        let (identity, vehicle, permit) = (self.identity.as_ref(), self.vehicle, self.permit);
        match item {
            Item::Name => text(identity?.name.as_str()),
            Item::Sex => text(identity?.sex.name()),
            Item::Ethnicity => text(identity?.ethnicity?.as_str()),
            Item::BirthDate => text(&identity?.born.to_string()),
            Item::DocumentKind => text(identity?.document.kind().name()),
            Item::DocumentNumber => text(identity?.number.as_str()),
            Item::Address => text(identity?.address.as_str()),
            Item::Photo => text(identity?.photo?.as_str()),
            Item::Adult => identity.map(|_| Shown::YesNo(!minor)),
            Item::Plate => text(vehicle?.plate.as_str()),
            Item::VehicleType => text(vehicle?.vehicle_type.as_str()),
            Item::EngineNumber => text(vehicle?.engine_number.as_str()),
            Item::Vin => text(vehicle?.vin.as_str()),
            Item::Model => text(vehicle?.model.as_str()),
            Item::Owner => text(vehicle?.owner.as_str()),
            Item::AddressMatches => match self.question? {
                Question::Address(asked) => {
                    let here = permit
                        .is_some_and(|(permit, state)| state.proves().is_ok() && asked.is(&permit.address));
                    Some(Shown::YesNo(here || asked.is(identity?.address)))
                }
                Question::Vehicle(_) => None,
            },
            Item::VehicleMatches => match self.question? {
                Question::Vehicle(asked) => {
                    let vehicle = vehicle?;
                    Some(Shown::YesNo(vehicle.plate == *asked && vehicle.owner == *identity?.name))
                }
                Question::Address(_) => None,
            },
            Item::Status => text(permit?.1.name()),
            Item::Issued => text(&permit?.0.issued.to_string()),
            Item::NextEndorsement => {
                let (permit, _) = permit?;
                let next =
                    permit.valid_to.unwrap_or_else(|| next_endorsement(permit.issued, &permit.endorsed));
                text(&next.to_string())
            }
            Item::Authority => text(permit?.0.authority.as_str()),
        }
    }
}

fn in_order(document: &Document, today: Day) -> Result<(), Refusal> {
    let proves = State::of(document, today).proves();
    proves.map_err(|reason| Refusal::NotInOrder(document.kind(), reason))
}
