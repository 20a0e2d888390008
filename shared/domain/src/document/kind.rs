//! Which documents there are.

use crate::residence::Service;

/// One of the seven.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// 居民身份证
    ResidentId,
    /// 居住证
    ResidencePermit,
    /// 驾驶证
    DrivingLicence,
    /// 行驶证
    VehicleLicence,
    /// 护照
    Passport,
    /// 往来港澳通行证
    HkMacauPermit,
    /// 往来台湾通行证
    TaiwanPermit,
}

impl Kind {
    /// All of them; the place is the number of the bit in an identity code.
    pub const ALL: [Self; 7] = [
        Self::ResidentId,
        Self::ResidencePermit,
        Self::DrivingLicence,
        Self::VehicleLicence,
        Self::Passport,
        Self::HkMacauPermit,
        Self::TaiwanPermit,
    ];

    /// As the registry, the database and clients write it.
    pub fn name(self) -> &'static str {
        match self {
            Self::ResidentId => "resident-id",
            Self::ResidencePermit => "residence-permit",
            Self::DrivingLicence => "driving-licence",
            Self::VehicleLicence => "vehicle-licence",
            Self::Passport => "passport",
            Self::HkMacauPermit => "hk-macau-permit",
            Self::TaiwanPermit => "taiwan-permit",
        }
    }

    /// The one of this name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }

    /// As it is printed on the document.
    pub fn chinese(self) -> &'static str {
        match self {
            Self::ResidentId => "居民身份证",
            Self::ResidencePermit => "居住证",
            Self::DrivingLicence => "机动车驾驶证",
            Self::VehicleLicence => "机动车行驶证",
            Self::Passport => "护照",
            Self::HkMacauPermit => "往来港澳通行证",
            Self::TaiwanPermit => "往来台湾通行证",
        }
    }

    /// What must be open to a person who wants to see it in the wallet.
    pub fn service(self) -> Service {
        match self {
            Self::ResidentId => Service::ResidentId,
            Self::ResidencePermit => Service::ResidencePermit,
            Self::DrivingLicence | Self::VehicleLicence => Service::DrivingDocuments,
            Self::Passport | Self::HkMacauPermit | Self::TaiwanPermit => Service::ExitDocuments,
        }
    }
}

/// A set of them, in a byte: what an identity code says is shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Kinds(u8);

impl Kinds {
    /// From the code's byte; none if it has the eighth bit.
    pub fn from_byte(byte: u8) -> Option<Self> {
        (byte >> Kind::ALL.len() == 0).then_some(Self(byte))
    }

    /// Bit 0 is the resident ID card, bit 6 the permit for Taiwan.
    pub fn byte(self) -> u8 {
        self.0
    }

    /// Whether `kind` is one of them.
    pub fn contains(self, kind: Kind) -> bool {
        self.0 & bit(kind) != 0
    }

    /// Each once, in the order of [`Kind::ALL`].
    pub fn iter(self) -> impl Iterator<Item = Kind> {
        Kind::ALL.into_iter().filter(move |kind| self.contains(*kind))
    }
}

impl FromIterator<Kind> for Kinds {
    fn from_iter<I: IntoIterator<Item = Kind>>(kinds: I) -> Self {
        Self(kinds.into_iter().fold(0, |byte, kind| byte | bit(kind)))
    }
}

fn bit(kind: Kind) -> u8 {
    1 << kind as u8
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::residence::Residence;

    #[test]
    fn names_and_bytes_lead_back() {
        for kind in Kind::ALL {
            assert_eq!(Kind::named(kind.name()), Some(kind));
        }
        assert_eq!(Kind::named("fishing-licence"), None);
        for byte in 0..128 {
            let kinds = Kinds::from_byte(byte).expect("seven bits");
            assert_eq!(kinds.iter().collect::<Kinds>().byte(), byte);
            assert_eq!(kinds.iter().count(), byte.count_ones() as usize);
        }
        assert_eq!(Kinds::from_byte(0b1000_0000), None);
    }

    /// Printed codes are short-lived, stored rows are not: the bits never change.
    #[test]
    fn each_document_has_its_bit_for_good() {
        let bits = [
            ("resident-id", 1),
            ("residence-permit", 2),
            ("driving-licence", 4),
            ("vehicle-licence", 8),
            ("passport", 16),
            ("hk-macau-permit", 32),
            ("taiwan-permit", 64),
        ];
        for (name, byte) in bits {
            let kind = Kind::named(name).expect(name);
            assert_eq!([kind].into_iter().collect::<Kinds>().byte(), byte, "{name}");
        }
    }

    #[test]
    fn a_resident_of_hong_kong_has_no_passport_here() {
        let open = Residence::HkMacauTaiwan.services();
        let kinds = Kind::ALL.into_iter().filter(|kind| open.contains(&kind.service()));
        assert_eq!(
            kinds.collect::<Vec<_>>(),
            [Kind::ResidencePermit, Kind::DrivingLicence, Kind::VehicleLicence]
        );
    }
}
