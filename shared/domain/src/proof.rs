//! Proving that it is the person who acts (实人认证): for what, how, and who may ask for it.
//!
//! | how         | real-person, step-up | log-in | recovery, claim |
//! |-------------|----------------------|--------|-----------------|
//! | `face`      | yes                  | yes    | yes             |
//! | `window`    | yes                  | no     | yes             |
//! | `two-items` | yes                  | no     | no              |
//!
//! Face is never the only way (人脸识别技术应用安全管理办法). Two items, a code to the account's phone and a fresh
//! match of name and number, say who holds the account; they say nothing about an account of somebody else, so that they
//! neither recover nor claim one.

use crate::account::Standing;

/// By what means a person is proven.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum How {
    /// Face recognition with liveness detection (活体检测).
    Face,
    /// A code that an officer gives to whoever shows the ID card at a window.
    Window,
    /// A code to the account's phone, and name and number matched anew.
    TwoItems,
}

/// What a proof is good for; bound to it from the beginning, and good for nothing else.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// The account becomes a real person's.
    RealPerson,
    /// The session is fresh again, for what wants that.
    StepUp,
    /// A session begins.
    LogIn,
    /// The person's first account gets this account's phone and password, and this one is merged into it.
    Recovery,
    /// The first account is not the person's: it is frozen, and this one becomes the person's.
    Claim,
}

/// Why a proof for this purpose cannot be begun.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotNow {
    /// The real-name check comes first.
    RealNameFirst,
    /// The account has its person, so that nothing is to be recovered or claimed for it.
    HasPerson,
    /// The account's person is proven; a step-up is what there is.
    ProvenAlready,
    /// The account's person is to be proven first.
    ProveFirst,
    /// This means is not good for this purpose.
    Means,
}

impl How {
    /// As the database, clients and `proven_how` write it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Face => "face",
            Self::Window => "window",
            Self::TwoItems => "two-items",
        }
    }

    /// The one of this name.
    pub fn named(name: &str) -> Option<Self> {
        [Self::Face, Self::Window, Self::TwoItems].into_iter().find(|how| how.name() == name)
    }

    fn is_good_for(self, purpose: Purpose) -> bool {
        use Purpose::{Claim, LogIn, RealPerson, Recovery, StepUp};
        match (self, purpose) {
            (_, RealPerson | StepUp) | (Self::Face, _) | (Self::Window, Recovery | Claim) => true,
            (Self::Window, LogIn) | (Self::TwoItems, LogIn | Recovery | Claim) => false,
        }
    }
}

impl Purpose {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::RealPerson, Self::StepUp, Self::LogIn, Self::Recovery, Self::Claim];

    /// As the database and clients write it.
    pub fn name(self) -> &'static str {
        match self {
            Self::RealPerson => "real-person",
            Self::StepUp => "step-up",
            Self::LogIn => "log-in",
            Self::Recovery => "recovery",
            Self::Claim => "claim",
        }
    }

    /// The one of this name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|purpose| purpose.name() == name)
    }

    /// What a proof is for if nobody says: what the account lacks.
    pub fn of(standing: Standing) -> Self {
        if standing == Standing::RealPerson { Self::StepUp } else { Self::RealPerson }
    }

    /// Whether the session of an account that stands so may begin a proof by these means.
    pub fn begun_from(self, standing: Standing, how: How) -> Result<(), NotNow> {
        use Standing::{ProofDue, RealName, RealPerson, Registered};
        if self == Self::LogIn || !how.is_good_for(self) {
            return Err(NotNow::Means);
        }
        match (self, standing) {
            (Self::RealPerson, RealName) | (Self::StepUp, RealPerson) => Ok(()),
            // An account in another's name has the other's phone number as well: two items would prove nothing.
            (Self::RealPerson, ProofDue) if how == How::TwoItems => Err(NotNow::Means),
            (Self::RealPerson, ProofDue) => Ok(()),
            (Self::Recovery | Self::Claim, Registered) => Ok(()),
            (Self::Recovery | Self::Claim, _) => Err(NotNow::HasPerson),
            (Self::RealPerson, RealPerson) => Err(NotNow::ProvenAlready),
            (Self::StepUp, RealName | ProofDue) => Err(NotNow::ProveFirst),
            _ => Err(NotNow::RealNameFirst),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_lead_back() {
        for purpose in Purpose::ALL {
            assert_eq!(Purpose::named(purpose.name()), Some(purpose));
        }
        for how in [How::Face, How::Window, How::TwoItems] {
            assert_eq!(How::named(how.name()), Some(how));
        }
        assert_eq!((Purpose::named(""), How::named("eyes")), (None, None));
    }

    #[test]
    fn nobody_takes_over_an_account_with_a_phone_and_two_words() {
        for purpose in [Purpose::Recovery, Purpose::Claim] {
            assert_eq!(purpose.begun_from(Standing::Registered, How::TwoItems), Err(NotNow::Means));
        }
        let imported = Purpose::RealPerson.begun_from(Standing::ProofDue, How::TwoItems);
        assert_eq!(imported, Err(NotNow::Means));
    }

    #[test]
    fn a_person_is_proven_after_the_name_and_other_accounts_are_taken_from_one_without() {
        let by_face = |purpose: Purpose, standing| purpose.begun_from(standing, How::Face);
        assert_eq!(by_face(Purpose::RealPerson, Standing::Registered), Err(NotNow::RealNameFirst));
        assert_eq!(by_face(Purpose::RealPerson, Standing::RealPerson), Err(NotNow::ProvenAlready));
        assert_eq!(by_face(Purpose::StepUp, Standing::ProofDue), Err(NotNow::ProveFirst));
        assert_eq!(by_face(Purpose::Claim, Standing::RealName), Err(NotNow::HasPerson));
        for standing in [Standing::RealName, Standing::ProofDue] {
            assert_eq!(by_face(Purpose::of(standing), standing), Ok(()));
        }
        // Nobody is logged in while logging in.
        for standing in Standing::ALL {
            assert_eq!(by_face(Purpose::LogIn, standing), Err(NotNow::Means));
        }
    }
}
