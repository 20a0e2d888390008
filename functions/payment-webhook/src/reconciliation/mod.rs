//! 对账: each provider's bill of each day is compared with our books, and every difference waits for its end. One file each:
//! the job, what of our books a bill is compared with, what is kept, asking again, and what administrators see and do.

mod differences;
mod job;
mod ledger;
mod recheck;
mod record;
mod statements;

pub use differences::{Difference, close, open, open_count};
pub use job::run;
pub use recheck::settle;
pub use record::compare;
pub use statements::list;

use zerotrip_bills::Bill;

/// What a provider has for a day.
pub enum Billed {
    /// Its bill, whole and adding up.
    Ready(Bill),
    /// None yet.
    NotReady,
    /// None, and there will be none: nobody has paid.
    Empty,
    /// Something that is not a bill of ours of that day. The text may be logged.
    Damaged(String),
}

#[cfg(test)]
pub use {differences::__path_close, job::__path_run, statements::__path_list};
