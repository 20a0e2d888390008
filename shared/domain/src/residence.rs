//! Where a person's household is registered, and which services that opens.

/// Of which people a person is one, as the trusted-identity platform says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Residence {
    /// Household registration in this province.
    Local,
    /// Registered elsewhere, works or studies here.
    Elsewhere,
    /// A resident of Hong Kong, Macau or Taiwan with a residence number of area 81, 82 or 83.
    HkMacauTaiwan,
}

/// What the bureau offers online.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Service {
    /// The own fines.
    Fines,
    /// The wallet's driving and vehicle licences.
    DrivingDocuments,
    /// The resident ID card.
    ResidentId,
    /// The residence permit and its status.
    ResidencePermit,
    /// Passport and the permits for Hong Kong, Macau and Taiwan, which a mainland resident holds.
    ExitDocuments,
    /// Codes in place of the card.
    IdentityCodes,
}

/// The version of the table below: which answer was given under which rule can be told later.
pub const POLICY: &str = "services@2026-12";

impl Residence {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Local, Self::Elsewhere, Self::HkMacauTaiwan];

    /// The services open to a person of this class who is a real person.
    pub fn services(self) -> &'static [Service] {
        use Service::{DrivingDocuments, ExitDocuments, Fines, IdentityCodes, ResidencePermit, ResidentId};
        match self {
            // Who has moved to another city of the province has a permit as well (居住证暂行条例, art. 2).
            Self::Local | Self::Elsewhere => {
                &[Fines, DrivingDocuments, ResidentId, ResidencePermit, ExitDocuments, IdentityCodes]
            }
            Self::HkMacauTaiwan => &[Fines, DrivingDocuments, ResidencePermit, IdentityCodes],
        }
    }

    /// As the platform, the database and clients write it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Local => "local",
            Self::Elsewhere => "elsewhere",
            Self::HkMacauTaiwan => "hk-macau-taiwan",
        }
    }

    /// The one of this name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|class| class.name() == name)
    }
}

impl Service {
    /// As clients read it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Fines => "fines",
            Self::DrivingDocuments => "driving-documents",
            Self::ResidentId => "resident-id",
            Self::ResidencePermit => "residence-permit",
            Self::ExitDocuments => "exit-documents",
            Self::IdentityCodes => "identity-codes",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everybody_sees_the_own_fines_and_who_may_have_moved_a_residence_permit() {
        for class in Residence::ALL {
            assert_eq!(Residence::named(class.name()), Some(class));
            assert!(class.services().contains(&Service::Fines));
            assert!(class.services().contains(&Service::ResidencePermit));
        }
        assert!(!Residence::HkMacauTaiwan.services().contains(&Service::ResidentId));
        assert!(!Residence::HkMacauTaiwan.services().contains(&Service::ExitDocuments));
    }
}
