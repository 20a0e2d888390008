//! Why a file is not taken as a bill.

use std::fmt;

/// What is wrong with a file. Its text names places and columns, never a value, and may be logged and shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Which kind of wrong.
    pub kind: Kind,
    what: &'static str,
    /// Counted from 1; 0 is none.
    line: u32,
}

/// Which kind of wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The archive is damaged, or of a kind that no provider makes.
    Archive,
    /// A line is not of the bill's form, or is missing.
    Form,
    /// Of another merchant or day.
    Foreign,
    /// The rows are not those that the bill's own totals count.
    Totals,
    /// Larger than any bill is.
    TooLarge,
}

impl Fault {
    pub(crate) fn new(kind: Kind, what: &'static str) -> Self {
        Self { kind, what, line: 0 }
    }

    pub(crate) fn archive(what: &'static str) -> Self {
        Self::new(Kind::Archive, what)
    }

    pub(crate) fn form(what: &'static str) -> Self {
        Self::new(Kind::Form, what)
    }

    pub(crate) fn foreign(what: &'static str) -> Self {
        Self::new(Kind::Foreign, what)
    }

    pub(crate) fn totals(what: &'static str) -> Self {
        Self::new(Kind::Totals, what)
    }

    pub(crate) fn on(self, line: u32) -> Self {
        Self { line, ..self }
    }
}

impl From<&'static str> for Fault {
    fn from(what: &'static str) -> Self {
        Self::form(what)
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.line > 0 {
            write!(f, "line {}: ", self.line)?;
        }
        f.write_str(self.what)
    }
}

impl std::error::Error for Fault {}
