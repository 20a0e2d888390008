//! The orders and callbacks that the simulated bank keeps.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    io, mem,
    path::Path,
};

use serde::{Deserialize, Serialize};

use super::{callback::Callback, trade::Trade};
use crate::journal::Journal;

/// A change is written to the journal before it counts. Nothing here is searched from end to end for one order.
#[derive(Debug, Default)]
pub struct Book {
    /// By ORDERID.
    trades: BTreeMap<String, Trade>,
    /// ORDERID by token.
    tokens: HashMap<String, String>,
    /// By id.
    callbacks: Vec<Callback>,
    /// What waits for its time and is not under way: due, then id.
    waiting: BTreeSet<(i64, usize)>,
    /// What goes out at once, even while callbacks are held.
    forced: BTreeSet<usize>,
    journal: Option<Journal>,
}

/// One line: an order and the callback that follows from it stand or fall together.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    trade: Option<Trade>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    callback: Option<Callback>,
}

impl Book {
    pub fn open(path: Option<&Path>) -> io::Result<Self> {
        let mut book = Self::default();
        if let Some(path) = path {
            let (journal, entries) = Journal::open::<Entry>(path)?;
            for entry in entries {
                book.apply(entry);
            }
            book.journal = Some(journal);
        }
        Ok(book)
    }

    pub fn trades(&self) -> impl Iterator<Item = &Trade> {
        self.trades.values()
    }

    pub fn trade(&self, orderid: &str) -> Option<&Trade> {
        self.trades.get(orderid)
    }

    pub fn by_token(&self, token: &str) -> Option<&Trade> {
        self.trades.get(self.tokens.get(token)?)
    }

    pub fn callbacks(&self) -> &[Callback] {
        &self.callbacks
    }

    pub fn next_callback_id(&self) -> usize {
        self.callbacks.len()
    }

    /// The order becomes this, and this is to be told.
    pub fn commit(&mut self, trade: Trade, callback: Option<Callback>) -> io::Result<()> {
        self.write(Entry { trade: Some(trade), callback })
    }

    /// What became of a callback.
    pub fn note(&mut self, callback: Callback) -> io::Result<()> {
        self.write(Entry { trade: None, callback: Some(callback) })
    }

    fn write(&mut self, entry: Entry) -> io::Result<()> {
        if let Some(journal) = &mut self.journal {
            journal.append(&entry)?;
        }
        self.apply(entry);
        Ok(())
    }

    fn apply(&mut self, entry: Entry) {
        if let Some(trade) = entry.trade {
            self.tokens.insert(trade.token.clone(), trade.order.orderid.clone());
            self.trades.insert(trade.order.orderid.clone(), trade);
        }
        let Some(callback) = entry.callback else { return };
        let id = callback.id;
        let due_ms = callback.due_ms;
        match self.callbacks.get_mut(id) {
            Some(known) => {
                let before = mem::replace(known, callback);
                if let Some(due_ms) = before.due_ms {
                    self.waiting.remove(&(due_ms, id));
                }
            }
            None => self.callbacks.push(callback),
        }
        self.waiting.extend(due_ms.map(|due_ms| (due_ms, id)));
    }

    /// Sends one at once, whatever became of it before.
    pub fn force(&mut self, id: usize) -> bool {
        let known = id < self.callbacks.len();
        if known {
            self.forced.insert(id);
        }
        known
    }

    /// Sends at once all that wait; gives how many.
    pub fn force_waiting(&mut self) -> usize {
        self.forced.extend(self.waiting.iter().map(|(_, id)| id));
        self.waiting.len()
    }

    /// Takes what goes out now; the rest waits until the instant that is given, if there is a rest.
    pub fn take_due(&mut self, now_ms: i64, held: bool) -> (Vec<Callback>, Option<i64>) {
        let mut ready: BTreeSet<usize> = mem::take(&mut self.forced);
        if !held {
            let later = self.waiting.split_off(&(now_ms + 1, 0));
            ready.extend(mem::replace(&mut self.waiting, later).into_iter().map(|(_, id)| id));
        }
        let ready: Vec<Callback> = ready.into_iter().map(|id| self.callbacks[id].clone()).collect();
        for callback in &ready {
            // One that was forced may have waited for a later time.
            if let Some(due_ms) = callback.due_ms {
                self.waiting.remove(&(due_ms, callback.id));
            }
        }
        let next_ms = if held { None } else { self.waiting.first().map(|(due_ms, _)| *due_ms) };
        (ready, next_ms)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ccb::{callback::State, counter::Delivery};

    fn waiting(book: &mut Book, due_ms: i64) {
        let callback = Callback {
            id: book.next_callback_id(),
            orderid: String::new(),
            delivery: Delivery::Get,
            url: String::new(),
            text: String::new(),
            state: State::Pending,
            due_ms: Some(due_ms),
            sends: 0,
            attempts: Vec::new(),
        };
        book.note(callback).expect("there is no journal that could fail");
    }

    fn taken(book: &mut Book, now_ms: i64, held: bool) -> (Vec<usize>, Option<i64>) {
        let (ready, next_ms) = book.take_due(now_ms, held);
        (ready.iter().map(|callback| callback.id).collect(), next_ms)
    }

    #[test]
    fn a_callback_that_is_under_way_is_not_taken_again() {
        let mut book = Book::default();
        [10, 20, 30].into_iter().for_each(|due_ms| waiting(&mut book, due_ms));
        assert_eq!(taken(&mut book, 20, true), (vec![], None));
        assert!(book.force(1) && !book.force(3));
        assert_eq!(taken(&mut book, 20, true), (vec![1], None));
        assert_eq!(taken(&mut book, 20, false), (vec![0], Some(30)));
        assert_eq!(book.force_waiting(), 1);
        assert_eq!(taken(&mut book, 20, false), (vec![2], None));
        assert_eq!(taken(&mut book, 40, false), (vec![], None));
    }
}
