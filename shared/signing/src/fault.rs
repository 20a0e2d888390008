//! Why something is refused.

/// What presented bytes are not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// Not of the format: wrong length, alphabet, version or prefix.
    Malformed,
    /// Names a key that the ring does not hold, or did not use at that time.
    UnknownKey,
    /// The MAC or signature does not match.
    Forged,
    /// Past its expiry.
    Expired,
    /// Authentic, but minted for another purpose.
    WrongPurpose,
}

/// Every error of this crate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// What was presented is refused.
    Refused(Refusal),
    /// Our own keys are unusable. Names the variable and the defect, never a key.
    Misconfigured(String),
}

impl Fault {
    /// Our own `variable` has this defect. In one place, since formatting takes its room wherever it stands.
    #[inline(never)]
    pub(crate) fn of(variable: &str, defect: &str) -> Self {
        Self::Misconfigured(format!("{variable}: {defect}"))
    }
}

impl From<Refusal> for Fault {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl std::fmt::Display for Fault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Refused(refusal) => write!(f, "refused: {refusal:?}"),
            Self::Misconfigured(defect) => f.write_str(defect),
        }
    }
}

impl std::error::Error for Fault {}
