//! What a scanner presents: a QR code's text, or typed characters.

use super::Scan;
use super::code::Code;
use super::refusal::{self, Refusal, Why};
use crate::signing::identity_code_check::{self, Content};
use zerotrip_accounts::authority::VenueStaff;
use zerotrip_accounts::redemption::Read;
use zerotrip_accounts::signing::blind_index;
use zerotrip_accounts::signing::faults::{Fault, Refusal as Refused};
use zerotrip_accounts::{limits, refused};
use zerotrip_domain::TypedCode;
use zerotrip_domain::scenario::Scenario;
use zerotrip_platform::{Id, Problem};

/// A code that is still to be found.
pub enum Presented {
    Qr(String),
    Typed(TypedCode),
}

impl Presented {
    /// One of the two members of a request.
    pub fn of(code: Option<String>, typed: Option<String>) -> Result<Self, Problem> {
        match (code, typed) {
            (Some(code), None) => Ok(Self::Qr(code)),
            (None, Some(typed)) => typed.parse().map(Self::Typed).map_err(|_| refusal::typed_malformed()),
            _ => Err(Problem::invalid("give either code or typed")),
        }
    }

    /// How it was read.
    pub fn read(&self) -> Read {
        match self {
            Self::Qr(_) => Read::Qr,
            Self::Typed(_) => Read::Typed,
        }
    }

    /// The row, and what stands against the code already. A code that is authentic but late or shown in the wrong place has a
    /// row as well: its citizen learns of the scan, and a lost answer is found again.
    pub async fn found(&self, scan: &Scan<'_>) -> Result<(Code, Option<Why>), Refusal> {
        let Scan { db, desk, now, .. } = *scan;
        match self {
            Self::Qr(text) => {
                let (content, why) = checked(text, desk.scenario, now)?;
                let code = Code::of(db, Id::from_halves(content.id), now).await?;
                Ok((code.ok_or_else(refusal::unknown)?, why))
            }
            Self::Typed(typed) => {
                let VenueStaff(staff) = scan.staff;
                limits::of(db, limits::TYPED_CODES_OF_DEVICE, &staff.device.to_string(), now).await?;
                limits::of(db, limits::TYPED_CODES_OF_VENUE, &staff.agency, now).await?;
                let index = blind_index::index("identity_codes.typed", typed.as_str()).map_err(refused)?;
                let code = Code::typed(db, &index, now).await?.ok_or_else(refusal::unknown)?;
                let why = if code.typed_until <= now {
                    Some(refusal::expired())
                } else if code.policy.scenario() != desk.scenario {
                    Some(refusal::other_scenario(desk.scenario))
                } else {
                    None
                };
                Ok((code, why))
            }
        }
    }
}

/// What an authentic code says, and what stands against it. Length, prefix, key, MAC, expiry and scenario are checked in this order.
fn checked(text: &str, scenario: Scenario, now: u64) -> Result<(Content, Option<Why>), Refusal> {
    let why = match identity_code_check::check(text, scenario.number(), now) {
        Ok(content) => return Ok((content, None)),
        Err(Fault::Refused(Refused::Expired)) => refusal::expired(),
        Err(Fault::Refused(Refused::WrongPurpose)) => refusal::other_scenario(scenario),
        Err(Fault::Refused(Refused::Malformed)) => return Err(refusal::malformed().into()),
        Err(Fault::Refused(Refused::UnknownKey)) => return Err(refusal::unknown_key().into()),
        Err(Fault::Refused(Refused::Forged)) => return Err(refusal::forged().into()),
        Err(fault @ Fault::Misconfigured(_)) => return Err(Refusal::Other(refused(fault))),
    };
    // At the beginning of time no code has expired, and each is good in a scenario of its own.
    let mut all = Scenario::ALL.into_iter();
    let content = all.find_map(|one| identity_code_check::check(text, one.number(), 0).ok());
    Ok((content.ok_or_else(refusal::malformed)?, Some(why)))
}
