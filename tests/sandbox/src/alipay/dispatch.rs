//! What happens by itself: notifications go out when they are due, and trades that nobody pays are closed.

use std::{io, sync::Arc, time::Duration};

use bytes::Bytes;
use http::{Request, header};
use http_body_util::Full;
use tokio::task::JoinSet;

use super::{
    Alipay,
    book::Book,
    notice::Notification,
    trade::{Status, Trade},
};
use crate::outbound::Attempt;

const LONGEST_SLEEP_MS: i64 = 3_600_000;
const AFTER_ERROR: Duration = Duration::from_secs(1);

impl Alipay {
    /// The trade becomes this, and the merchant is told.
    pub(super) fn settle(&self, book: &mut Book, next: Trade) -> io::Result<()> {
        let dropped = next.order.notify_url.is_some() && self.faults().next_dropped();
        let notification = Notification::about(&self.account, &next, self.clock.now_ms(), dropped);
        book.commit(next, notification)?;
        self.wake.notify_one();
        Ok(())
    }

    /// Runs until it is dropped.
    pub async fn dispatch(self: Arc<Self>) {
        loop {
            let now_ms = self.clock.now_ms();
            let wait = match self.close_overdue(now_ms) {
                Ok(()) => {
                    let (ready, next_ms) = self.take_due(now_ms);
                    for notify_id in ready {
                        tokio::spawn(self.clone().deliver(notify_id));
                    }
                    let wait = (next_ms - now_ms).clamp(1, LONGEST_SLEEP_MS);
                    Duration::from_millis(wait.unsigned_abs())
                }
                Err(error) => {
                    eprintln!("zerotrip-sandbox: journal: {error}");
                    AFTER_ERROR
                }
            };
            tokio::select! {
                () = self.wake.notified() => {}
                () = tokio::time::sleep(wait) => {}
            }
        }
    }

    fn close_overdue(&self, now_ms: i64) -> io::Result<()> {
        let mut book = self.book();
        let overdue: Vec<_> = book
            .trades()
            .filter(|trade| trade.expires_ms <= now_ms)
            .filter_map(|trade| trade.closed(now_ms).ok())
            .collect();
        overdue.into_iter().try_for_each(|trade| self.settle(&mut book, trade))
    }

    /// Marks what goes out now, and says when to look again.
    fn take_due(&self, now_ms: i64) -> (Vec<String>, i64) {
        let held = self.faults().hold_notifications;
        let mut book = self.book();
        let mut next_ms = book
            .trades()
            .filter(|trade| trade.status == Status::WaitBuyerPay)
            .map(|trade| trade.expires_ms)
            .min()
            .unwrap_or(i64::MAX);
        let mut ready = Vec::new();
        for notification in book.notifications_mut() {
            let Some(due_ms) = notification.due_ms else { continue };
            if notification.in_flight || (held && !notification.forced) {
                continue;
            }
            if due_ms <= now_ms || notification.forced {
                notification.in_flight = true;
                ready.push(notification.notify_id.clone());
            } else {
                next_ms = next_ms.min(due_ms);
            }
        }
        (ready, next_ms.min(now_ms + LONGEST_SLEEP_MS))
    }

    async fn deliver(self: Arc<Self>, notify_id: String) {
        let Some(notification) = self.book().notification(&notify_id).cloned() else { return };
        let copies = 1 + self.faults().duplicate_notifications;
        let body = Bytes::from(notification.body(&self.account, self.clock.now_ms()));
        let mut sends = JoinSet::new();
        for _ in 0..copies {
            sends.spawn(Attempt::make(self.clock, post(&notification.url, body.clone())));
        }
        let attempts = sends.join_all().await;
        let mut book = self.book();
        // Read anew: it may have been touched by the controls meanwhile.
        let Some(mut notification) = book.notification(&notify_id).cloned() else { return };
        notification.sent(attempts, self.clock.now_ms(), self.time_scale);
        if let Err(error) = book.note(notification) {
            // It stays due: after a restart it is sent again, which a merchant must bear anyway.
            eprintln!("zerotrip-sandbox: journal: {error}");
        }
        drop(book);
        self.wake.notify_one();
    }
}

/// One POST of a form.
fn post(url: &str, body: Bytes) -> http::Result<Request<Full<Bytes>>> {
    Request::post(url)
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded; charset=utf-8")
        .header(header::USER_AGENT, "Mozilla/4.0")
        .body(Full::new(body))
}
