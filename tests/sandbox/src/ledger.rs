//! What a service has done, under the names that its callers gave.

use std::{collections::HashMap, io, path::Path};

use serde::{Serialize, de::DeserializeOwned};

use crate::journal::Journal;

/// A line of a ledger.
pub trait Entry: Serialize + DeserializeOwned {
    /// The name under which it is kept.
    fn key(&self) -> &str;
}

/// Lines in the order in which their names first came. A line is with the journal, if there is one, before it counts.
#[derive(Debug)]
pub struct Ledger<T> {
    lines: Vec<T>,
    places: HashMap<String, usize>,
    journal: Option<Journal>,
}

impl<T: Entry> Ledger<T> {
    /// Takes up what the journal holds, if there is one.
    pub fn open(path: Option<&Path>) -> io::Result<Self> {
        let mut ledger = Self { lines: Vec::new(), places: HashMap::new(), journal: None };
        if let Some(path) = path {
            let (journal, lines) = Journal::open(path)?;
            lines.into_iter().for_each(|line| ledger.apply(line));
            ledger.journal = Some(journal);
        }
        Ok(ledger)
    }

    pub fn get(&self, key: &str) -> Option<&T> {
        self.places.get(key).map(|&place| &self.lines[place])
    }

    /// For what is not kept.
    pub fn get_mut(&mut self, key: &str) -> Option<&mut T> {
        self.places.get(key).map(|&place| &mut self.lines[place])
    }

    pub fn lines(&self) -> &[T] {
        &self.lines
    }

    /// Adds a line, or puts it in the place of the one with the same name.
    pub fn put(&mut self, line: T) -> io::Result<()> {
        if let Some(journal) = &mut self.journal {
            journal.append(&line)?;
        }
        self.apply(line);
        Ok(())
    }

    fn apply(&mut self, line: T) {
        match self.places.get(line.key()) {
            Some(&place) => self.lines[place] = line,
            None => {
                self.places.insert(line.key().to_owned(), self.lines.len());
                self.lines.push(line);
            }
        }
    }
}
