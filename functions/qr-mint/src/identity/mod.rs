//! Codes that a citizen shows in place of a card: what one would disclose, minted, looked after, cancelled.

mod choice;
pub mod mint;
pub mod outcome;
pub mod poster;
pub mod preview;
mod refusal;
