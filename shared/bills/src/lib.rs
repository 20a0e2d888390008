//! Bills (对账单) of the payment providers: the bytes of a file become rows, or are refused whole.
//!
//! Nothing here does I/O or decides anything: `zerotrip_domain::statement` compares the rows with our books. A file is
//! read in pieces, as it comes out of its archive, and only the columns that matter are kept: no payer's name or account.
//!
//! ```text
//! WeChat Pay   gzip -> UTF-8, values behind back-quotes, two lines of totals at the end
//! Alipay       zip  -> GBK CSV between lines that begin with #, totals in the last of them
//! CCB                  GBK, columns parted by |, no totals
//! ```
//!
//! Text in GBK is never decoded. Its columns are known by the bytes of their names, and what is read of them is ASCII.
#![forbid(unsafe_code)]
#![deny(missing_docs)]

pub mod alipay;
pub mod ccb;
mod cells;
mod fault;
mod gbk;
mod gzip;
mod reader;
pub mod wechat_pay;
mod zip;

pub use fault::{Fault, Kind};

use zerotrip_domain::statement::{Entry, What};

/// The largest file that is read, compressed or not, in bytes: some hundred thousand rows.
pub const MAX_FILE: usize = 32 * 1024 * 1024;
/// The most that comes out of an archive: ten to one is usual, a thousand to one is an attack.
const MAX_TEXT: u64 = 256 * 1024 * 1024;
/// The most rows of one day.
const MAX_ROWS: usize = 500_000;

/// The bill of a day, read whole and found to add up.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Bill {
    /// In the order of the file.
    pub entries: Vec<Entry>,
}

/// What a bill adds up to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    /// Rows of payments.
    pub payments: u32,
    /// Their sum in fen.
    pub paid_fen: i64,
    /// Rows of refunds.
    pub refunds: u32,
    /// Their sum in fen.
    pub refunded_fen: i64,
}

impl Bill {
    /// What its rows add up to.
    pub fn totals(&self) -> Totals {
        let mut totals = Totals::default();
        for entry in &self.entries {
            let (rows, fen) = match entry.what {
                What::Payment => (&mut totals.payments, &mut totals.paid_fen),
                What::Refund { .. } => (&mut totals.refunds, &mut totals.refunded_fen),
            };
            *rows += 1;
            // At most MAX_ROWS amounts of at most 10^10.
            *fen += entry.amount.get();
        }
        totals
    }

    fn push(&mut self, entry: Entry) -> Result<(), &'static str> {
        if self.entries.len() >= MAX_ROWS {
            return Err("too many rows");
        }
        self.entries.push(entry);
        Ok(())
    }
}
