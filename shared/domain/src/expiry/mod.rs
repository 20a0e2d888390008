//! When a document ends, what its holder must do before, and how it stands on a day.
//!
//! Rules are data, each with where it comes from: **W** seen quoted, **R** recalled and unconfirmed. A day
//! that is called last is valid to 24:00 in China (民法典 art. 203): valid means `today <= last`, late means `today > last`, and
//! nothing lies between.

mod deadline;
mod inspection;
mod life;
mod reminder;
mod state;
mod yearly;

pub use deadline::{Deadline, Rule, Term, Window};
pub use inspection::{Inspection, Schedule, inspection_due};
pub use life::{DrivingTerm, Life, life, valid_to};
pub use reminder::rung;
pub use state::{FULL_POINTS, Reason, State};
pub use yearly::next_endorsement;

/// The version of the rules, kept with what was told or decided by them.
pub const POLICY: &str = "expiry@2026-11";

#[cfg(test)]
mod tests;
