//! What was reported, in the order in which it came.

use std::{io, path::Path};

use serde::{Deserialize, Serialize};

use crate::journal::Journal;

/// What is reported of the money.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    Settlement,
    Reversal,
}

/// One report as it was sent. All members are needed; `reversed_at` is a reversal's alone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Report {
    pub kind: Kind,
    pub order: String,
    pub decision_number: String,
    pub fine_fen: i64,
    pub late_fee_fen: i64,
    pub total_fen: i64,
    pub paid_at: i64,
    pub provider: String,
    pub transaction: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reversed_at: Option<i64>,
}

/// One report under its key, and how often it was sent.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Entry {
    pub key: String,
    pub report: Report,
    pub sent: u32,
}

/// A change is written to the journal before it counts.
#[derive(Debug, Default)]
pub struct Book {
    entries: Vec<Entry>,
    journal: Option<Journal>,
}

impl Book {
    pub fn open(path: Option<&Path>) -> io::Result<Self> {
        let mut book = Self::default();
        if let Some(path) = path {
            let (journal, entries) = Journal::open::<Entry>(path)?;
            entries.into_iter().for_each(|entry| book.apply(entry));
            book.journal = Some(journal);
        }
        Ok(book)
    }

    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    pub fn entry(&self, key: &str) -> Option<&Entry> {
        self.entries.iter().find(|entry| entry.key == key)
    }

    pub fn write(&mut self, entry: Entry) -> io::Result<()> {
        if let Some(journal) = &mut self.journal {
            journal.append(&entry)?;
        }
        self.apply(entry);
        Ok(())
    }

    fn apply(&mut self, entry: Entry) {
        match self.entries.iter_mut().find(|known| known.key == entry.key) {
            Some(known) => *known = entry,
            None => self.entries.push(entry),
        }
    }
}
