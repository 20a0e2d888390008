//! What happens by itself: callbacks go out when they are due.

use std::{io, sync::Arc, time::Duration};

use tokio::task::JoinSet;

use super::{
    Ccb,
    book::Book,
    callback::{self, Callback, State},
    trade::Trade,
};
use crate::outbound::Attempt;

const LONGEST_SLEEP_MS: i64 = 3_600_000;

impl Ccb {
    /// The order becomes this, and the merchant is told.
    pub(super) fn settle(&self, book: &mut Book, next: Trade) -> io::Result<()> {
        let (dropped, forged, late_ms) = {
            let mut faults = self.faults();
            (faults.next_dropped(), faults.next_forged(), faults.late_ms)
        };
        let counter = self.counter();
        let text = callback::text(&self.account, &counter, &next, false);
        let callback = Callback {
            id: book.next_callback_id(),
            orderid: next.order.orderid.clone(),
            delivery: counter.delivery,
            url: counter.callback_url(&self.account).to_owned(),
            text: if forged { callback::forged(&text) } else { text },
            state: if dropped { State::Dropped } else { State::Pending },
            due_ms: (!dropped).then_some(self.clock.now_ms() + i64::from(late_ms)),
            sends: 0,
            attempts: Vec::new(),
        };
        book.commit(next, Some(callback))?;
        self.wake.notify_one();
        Ok(())
    }

    /// Runs until it is dropped.
    pub async fn dispatch(self: Arc<Self>) {
        loop {
            let (held, newest_first) = {
                let faults = self.faults();
                (faults.hold_callbacks, faults.newest_first)
            };
            let now_ms = self.clock.now_ms();
            let (mut ready, next_ms) = self.book().take_due(now_ms, held);
            if newest_first {
                ready.reverse();
                tokio::spawn(self.clone().deliver_in_turn(ready));
            } else {
                for callback in ready {
                    tokio::spawn(self.clone().deliver(callback));
                }
            }
            let wait = next_ms.map_or(LONGEST_SLEEP_MS, |at| (at - now_ms).clamp(1, LONGEST_SLEEP_MS));
            tokio::select! {
                () = self.wake.notified() => {}
                () = tokio::time::sleep(Duration::from_millis(wait.unsigned_abs())) => {}
            }
        }
    }

    async fn deliver_in_turn(self: Arc<Self>, callbacks: Vec<Callback>) {
        for callback in callbacks {
            self.clone().deliver(callback).await;
        }
    }

    async fn deliver(self: Arc<Self>, callback: Callback) {
        let Ok(_line) = self.lines.acquire().await else { return };
        let copies = 1 + self.faults().duplicate_callbacks;
        let mut sends = JoinSet::new();
        for _ in 0..copies {
            sends.spawn(Attempt::make(self.clock, callback.request()));
        }
        let attempts = sends.join_all().await;
        let mut book = self.book();
        // Read anew: it may have been sent a second time meanwhile.
        let mut callback = book.callbacks()[callback.id].clone();
        callback.sent(attempts, self.clock.now_ms(), self.time_scale);
        if let Err(error) = book.note(callback) {
            // After a restart it is sent again, which a merchant must bear anyway.
            eprintln!("zerotrip-sandbox: journal: {error}");
        }
        drop(book);
        self.wake.notify_one();
    }
}
