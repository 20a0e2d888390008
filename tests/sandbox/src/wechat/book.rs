//! The trades, refunds and notifications that the simulated WeChat Pay keeps, each found without a search.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    io, mem,
    path::Path,
};

use serde::{Deserialize, Serialize};

use super::{
    notice::Notification,
    refund::Refund,
    trade::{Payment, Trade},
};
use crate::journal::Journal;

/// A change is written to the journal before it counts.
#[derive(Debug, Default)]
pub struct Book {
    /// By `out_trade_no`.
    trades: BTreeMap<String, Trade>,
    /// `prepay_id`, `transaction_id`, the number in `code_url`: each to its `out_trade_no`.
    names: HashMap<String, String>,
    /// `out_refund_no` to its `out_trade_no`.
    refunds: HashMap<String, String>,
    /// In the order in which they arose.
    notifications: Vec<Notification>,
    /// Places of notifications by `id`.
    places: HashMap<String, usize>,
    /// Unix ms and place of every notification that waits.
    due: BTreeSet<(i64, usize)>,
    /// Places of those that go out at once, held or not.
    forced: BTreeSet<usize>,
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

    /// By `prepay_id`, `transaction_id` or the number in `code_url`.
    pub fn named(&self, name: &str) -> Option<&Trade> {
        self.trade(self.names.get(name)?)
    }

    /// A refund with its trade and the payment that it gives back.
    pub fn refund(&self, out_refund_no: &str) -> Option<(&Trade, &Payment, &Refund)> {
        let trade = self.trade(self.refunds.get(out_refund_no)?)?;
        let refund = trade.refunds.iter().find(|refund| refund.order.out_refund_no == out_refund_no)?;
        Some((trade, trade.payment.as_ref()?, refund))
    }

    pub fn notifications(&self) -> &[Notification] {
        &self.notifications
    }

    pub fn notification(&self, id: &str) -> Option<&Notification> {
        self.places.get(id).map(|&place| &self.notifications[place])
    }

    /// The trade becomes this, and this is to be told.
    pub fn commit(&mut self, trade: Trade, notification: Option<Notification>) -> io::Result<()> {
        self.write(Entry { trade: Some(trade), notification })
    }

    /// What became of a notification.
    pub fn note(&mut self, notification: Notification) -> io::Result<()> {
        self.write(Entry { trade: None, notification: Some(notification) })
    }

    /// Sends it now, whatever became of it before. False when there is no such notification.
    pub fn force(&mut self, id: &str) -> bool {
        let place = self.places.get(id).copied();
        self.forced.extend(place);
        place.is_some()
    }

    /// Sends now all that wait; gives how many.
    pub fn force_waiting(&mut self) -> usize {
        self.forced.extend(self.due.iter().map(|&(_, place)| place));
        self.due.len()
    }

    /// Takes what goes out now, the oldest first, and says when the next is due.
    pub fn take_due(&mut self, now_ms: i64, held: bool) -> (Vec<String>, Option<i64>) {
        let mut places = mem::take(&mut self.forced);
        if !held {
            let later = self.due.split_off(&(now_ms + 1, 0));
            places.extend(mem::replace(&mut self.due, later).into_iter().map(|(_, place)| place));
        }
        let mut taken = Vec::new();
        for place in places {
            let notification = &mut self.notifications[place];
            if let Some(due_ms) = notification.due_ms {
                self.due.remove(&(due_ms, place));
            }
            if !mem::replace(&mut notification.in_flight, true) {
                taken.push(notification.id.clone());
            }
        }
        let next_ms = if held { None } else { self.due.first().map(|&(due_ms, _)| due_ms) };
        (taken, next_ms)
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
            let number = &trade.order.out_trade_no;
            let paid = trade.payment.as_ref().map(|payment| &payment.transaction_id);
            for name in [Some(&trade.prepay_id), Some(&trade.ticket), paid].into_iter().flatten() {
                self.names.insert(name.clone(), number.clone());
            }
            // Earlier refunds have been entered with the trade as it was then.
            if let Some(refund) = trade.refunds.last() {
                self.refunds.insert(refund.order.out_refund_no.clone(), number.clone());
            }
            self.trades.insert(number.clone(), trade);
        }
        if let Some(notification) = entry.notification {
            let place = *self.places.entry(notification.id.clone()).or_insert(self.notifications.len());
            let due = notification.due_ms.map(|due_ms| (due_ms, place));
            match self.notifications.get_mut(place) {
                Some(known) => {
                    if let Some(due_ms) = known.due_ms {
                        self.due.remove(&(due_ms, place));
                    }
                    *known = notification;
                }
                None => self.notifications.push(notification),
            }
            self.due.extend(due);
        }
    }
}
