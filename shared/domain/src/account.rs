//! How far a citizen's account has come, and what may happen to it.
//!
//! ```text
//!            phone proven                        imported from the old days
//!                 │                                        │
//!                 ▼      name and number match             ▼
//!           registered ────────────────► real-name     proof-due ◄─────── released ──┐
//!                                            │             │                         │
//!                          proven in person  ▼             │ proven in person        │
//!                                       real-person ◄──────┘                         │
//!
//!   real-name, real-person, proof-due ── frozen by an administrator or a claim ──► frozen
//!   registered (its person has found the first account again), real-name (a child's entry, when the child registers),
//!   proof-due, frozen                 ── found to be one person ────────────────► merged
//!   all but frozen, merged, deleted   ── at the person's own wish ──────────────► deleted
//! ```

use std::fmt;

/// How an account stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// The phone is proven, nothing else.
    Registered,
    /// Name and ID number match.
    RealName,
    /// And it is that person who acts: by face, or by the equal path.
    RealPerson,
    /// Real name only, from the old days or after a freeze: it can do nothing but prove its person.
    ProofDue,
    /// Somebody says "not me", or an administrator looks into it. Nobody can log in.
    Frozen,
    /// It was another account of the same person, which goes on.
    Merged,
    /// At the person's own wish; what was personal is gone.
    Deleted,
}

/// What happens to an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// The trusted-identity platform says that name and number belong together.
    Matched,
    /// Face check, a window's activation code, or a one-time code with a fresh match.
    Proven,
    /// Taken out of use, with a reason.
    Frozen,
    /// Given back to whom it belongs, who proves it.
    Released,
    /// Joined to another.
    Merged,
    /// Erased.
    Deleted,
}

impl Event {
    /// All of them.
    pub const ALL: [Self; 6] =
        [Self::Matched, Self::Proven, Self::Frozen, Self::Released, Self::Merged, Self::Deleted];
}

impl Standing {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::Registered,
        Self::RealName,
        Self::RealPerson,
        Self::ProofDue,
        Self::Frozen,
        Self::Merged,
        Self::Deleted,
    ];

    /// How it stands after `event`; none where that cannot happen to it.
    pub fn after(self, event: Event) -> Option<Self> {
        use Standing::{Deleted, Frozen, Merged, ProofDue, RealName, RealPerson, Registered};
        match (self, event) {
            (Registered, Event::Matched) => Some(RealName),
            (RealName | ProofDue, Event::Proven) => Some(RealPerson),
            (RealName | RealPerson | ProofDue, Event::Frozen) => Some(Frozen),
            (Frozen, Event::Released) => Some(ProofDue),
            (Registered | RealName | ProofDue | Frozen, Event::Merged) => Some(Merged),
            (Registered | RealName | RealPerson | ProofDue, Event::Deleted) => Some(Deleted),
            _ => None,
        }
    }

    /// What session tokens say: 0 registered, 1 real-name, 2 real-person. What must be proven first counts for nothing.
    pub fn level(self) -> u8 {
        match self {
            Self::RealName => 1,
            Self::RealPerson => 2,
            _ => 0,
        }
    }

    /// Whether the account's person can log in.
    pub fn is_open(self) -> bool {
        matches!(self, Self::Registered | Self::RealName | Self::RealPerson | Self::ProofDue)
    }

    /// As the database and clients write it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Registered => "registered",
            Self::RealName => "real-name",
            Self::RealPerson => "real-person",
            Self::ProofDue => "proof-due",
            Self::Frozen => "frozen",
            Self::Merged => "merged",
            Self::Deleted => "deleted",
        }
    }

    /// The one of this name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|standing| standing.name() == name)
    }
}

impl fmt::Display for Standing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_lead_back() {
        for standing in Standing::ALL {
            assert_eq!(Standing::named(standing.name()), Some(standing));
        }
        assert_eq!(Standing::named("unknown"), None);
    }

    #[test]
    fn nothing_happens_to_what_is_merged_or_deleted_and_a_frozen_one_cannot_slip_away() {
        for event in Event::ALL {
            assert_eq!(Standing::Merged.after(event), None);
            assert_eq!(Standing::Deleted.after(event), None);
        }
        assert_eq!(Standing::Frozen.after(Event::Deleted), None);
        assert_eq!(Standing::Frozen.after(Event::Proven), None);
        // A real person came by way of a real name, or from the old days.
        assert_eq!(Standing::Registered.after(Event::Proven), None);
    }
}
