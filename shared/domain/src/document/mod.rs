//! The seven documents of the wallet (证照), as the document registry knows them.
//!
//! A document is read from texts by field name, whatever carried them, and written as such. Which fields it has: `paper.rs`.
//! What follows from its dates is in [`crate::expiry`], what others may see of it in [`crate::scenario`].

mod code;
mod endorsement;
mod field;
mod kind;
mod paper;
mod text;
mod value;

use crate::day::Day;
use crate::plate::Plate;
use std::fmt;

pub use code::{Class, Points, Seats, Sex, Status, Until};
pub use endorsement::{Endorsement, Place};
pub use field::Field;
pub use kind::{Kind, Kinds};
pub use paper::{
    Document, DrivingLicence, HkMacauPermit, Passport, ResidencePermit, ResidentId, TaiwanPermit,
    VehicleLicence,
};
pub use text::{
    FileNumber, HkMacauPermitNumber, Malformed, PassportNumber, Photo, TaiwanPermitNumber, Text, Vin,
};
pub use value::Value;

/// Why what was given is not a document of the kind. Its text names the field, never what it held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unreadable {
    /// A field that such a document has is not there.
    Missing(Field),
    /// It is there, and not of its form.
    Wrong(Field),
    /// It is there twice.
    Repeated(Field),
}

impl fmt::Display for Unreadable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing(field) => write!(f, "{} is missing", field.name()),
            Self::Wrong(field) => write!(f, "{} is not of its form", field.name()),
            Self::Repeated(field) => write!(f, "{} is repeated", field.name()),
        }
    }
}

impl Document {
    /// Reads the fields that a document of this kind has; others are left behind, and so never stored. A birth date after
    /// `today` is refused.
    pub fn read<'a>(
        kind: Kind,
        given: impl IntoIterator<Item = (&'a str, Value)>,
        today: Day,
    ) -> Result<Self, Unreadable> {
        let mut known: Vec<(Field, Value)> = Vec::new();
        for (name, value) in given {
            let Some(field) = Field::named(name) else { continue };
            if known.iter().any(|(before, _)| *before == field) {
                return Err(Unreadable::Repeated(field));
            }
            known.push((field, value));
        }
        Self::from_given(kind, &paper::Given(known), today)
    }
}

/// Of several vehicles the one of this plate, if one is named; everything else stays.
pub fn with_vehicle(documents: Vec<Document>, plate: Option<&Plate>) -> Vec<Document> {
    let Some(plate) = plate else { return documents };
    let meant = |document: &Document| match document {
        Document::VehicleLicence(paper) => paper.plate == *plate,
        _ => true,
    };
    documents.into_iter().filter(meant).collect()
}

#[cfg(test)]
pub(crate) mod tests;
