//! The five places that take a code in place of the card, and what each may see and must write down.
//!
//! The rules are data ([`Policy`]), versioned; the version is kept with each register entry. [`disclose`] can produce nothing
//! that the policy does not list: a [`Disclosure`] comes from it alone.

mod disclosure;
mod item;
mod policy;
mod question;
mod table;

pub use disclosure::{Disclosure, Refusal, Shown, disclose};
pub use item::Item;
pub use policy::{Addition, Form, Keep, Minors, Need, Policy, When, Written};
pub use question::{Address, Question};

/// Where a code is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Scenario {
    /// 旅馆入住
    Hotel,
    /// 网吧上网
    InternetCafe,
    /// 机动车修理
    VehicleRepair,
    /// 开锁服务
    Locksmith,
    /// 居住证查验
    ResidencePermitStatus,
}

impl Scenario {
    /// All of them, in the order of their numbers.
    pub const ALL: [Self; 5] =
        [Self::Hotel, Self::InternetCafe, Self::VehicleRepair, Self::Locksmith, Self::ResidencePermitStatus];

    /// The byte in an identity code: 1 to 5, so that a byte nobody set is none.
    pub fn number(self) -> u8 {
        self as u8 + 1
    }

    /// The one of this byte.
    pub fn numbered(number: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|scenario| scenario.number() == number)
    }

    /// As the database and clients write it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Hotel => "hotel",
            Self::InternetCafe => "internet-cafe",
            Self::VehicleRepair => "vehicle-repair",
            Self::Locksmith => "locksmith",
            Self::ResidencePermitStatus => "residence-permit-status",
        }
    }

    /// The one of this name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|scenario| scenario.name() == name)
    }

    /// As people read it.
    pub fn chinese(self) -> &'static str {
        match self {
            Self::Hotel => "旅馆入住",
            Self::InternetCafe => "网吧上网",
            Self::VehicleRepair => "机动车修理",
            Self::Locksmith => "开锁服务",
            Self::ResidencePermitStatus => "居住证查验",
        }
    }
}

#[cfg(test)]
mod tests;
