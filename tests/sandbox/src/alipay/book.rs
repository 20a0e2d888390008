//! The trades and notifications that the simulated Alipay keeps.

use std::{collections::BTreeMap, io, path::Path};

use serde::{Deserialize, Serialize};

use super::{notice::Notification, trade::Trade};
use crate::journal::Journal;

/// A change is written to the journal before it counts.
#[derive(Debug, Default)]
pub struct Book {
    /// By `out_trade_no`.
    trades: BTreeMap<String, Trade>,
    /// In the order in which they arose.
    notifications: Vec<Notification>,
    journal: Option<Journal>,
}

/// One line: a trade and the notification that follows from it stand or fall together.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    trade: Option<Trade>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    notification: Option<Notification>,
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

    pub fn trades(&self) -> impl Iterator<Item = &Trade> {
        self.trades.values()
    }

    pub fn trade(&self, out_trade_no: &str) -> Option<&Trade> {
        self.trades.get(out_trade_no)
    }

    pub fn by_trade_no(&self, trade_no: &str) -> Option<&Trade> {
        self.trades.values().find(|trade| trade.trade_no == trade_no)
    }

    pub fn notifications(&self) -> &[Notification] {
        &self.notifications
    }

    /// For what is not kept: whether a notification is under way or forced.
    pub fn notifications_mut(&mut self) -> &mut [Notification] {
        &mut self.notifications
    }

    pub fn notification(&self, notify_id: &str) -> Option<&Notification> {
        self.notifications.iter().find(|n| n.notify_id == notify_id)
    }

    /// The trade becomes this, and this is to be told.
    pub fn commit(&mut self, trade: Trade, notification: Option<Notification>) -> io::Result<()> {
        self.write(Entry { trade: Some(trade), notification })
    }

    /// What became of a notification.
    pub fn note(&mut self, notification: Notification) -> io::Result<()> {
        self.write(Entry { trade: None, notification: Some(notification) })
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
            self.trades.insert(trade.order.out_trade_no.clone(), trade);
        }
        if let Some(notification) = entry.notification {
            match self.notifications.iter_mut().find(|n| n.notify_id == notification.notify_id) {
                Some(known) => *known = notification,
                None => self.notifications.push(notification),
            }
        }
    }
}
