//! What happens by itself: notifications go out when they are due.

use std::{io, sync::Arc, time::Duration};

use bytes::Bytes;
use http::{Request, header};
use http_body_util::Full;
use tokio::task::JoinSet;

use super::{
    WechatPay,
    book::Book,
    callback::Callback,
    faults::CallbackKey,
    notice::{Attempt, Notification},
    sign::Fidelity,
    trade::Trade,
};
use crate::outbound;

/// The merchant's time to answer. A limit of waiting, not a delay: it is not scaled.
const PATIENCE: Duration = Duration::from_secs(5);
const LONGEST_SLEEP_MS: i64 = 3_600_000;

impl WechatPay {
    /// The trade becomes this, and the merchant is told.
    pub(super) fn settle(
        &self,
        book: &mut Book,
        next: Trade,
        notification: Option<Notification>,
    ) -> io::Result<()> {
        let notification = notification.map(|mut notification| {
            let mut faults = self.faults();
            if faults.next_dropped() {
                return notification.dropped();
            }
            notification.due_ms = notification.due_ms.map(|due_ms| due_ms + i64::from(faults.late_ms));
            notification
        });
        book.commit(next, notification)?;
        self.wake.notify_one();
        Ok(())
    }

    /// The trade is paid, and the merchant is told.
    pub(super) fn settle_payment(&self, book: &mut Book, next: Trade, now_ms: i64) -> io::Result<()> {
        let notification = Notification::of_payment(&self.account, &next, now_ms);
        self.settle(book, next, Some(notification))
    }

    /// Runs until it is dropped.
    pub async fn dispatch(self: Arc<Self>) {
        loop {
            let now_ms = self.clock.now_ms();
            let (held, newest_first) = {
                let faults = self.faults();
                (faults.hold_notifications, faults.newest_first)
            };
            let (mut ready, next_ms) = self.book().take_due(now_ms, held);
            if newest_first {
                ready.reverse();
                tokio::spawn(self.clone().deliver_in_turn(ready));
            } else {
                for id in ready {
                    tokio::spawn(self.clone().deliver(id));
                }
            }
            let wait = next_ms.map_or(LONGEST_SLEEP_MS, |next_ms| next_ms - now_ms);
            let wait = Duration::from_millis(wait.clamp(1, LONGEST_SLEEP_MS).unsigned_abs());
            tokio::select! {
                () = self.wake.notified() => {}
                () = tokio::time::sleep(wait) => {}
            }
        }
    }

    async fn deliver_in_turn(self: Arc<Self>, ids: Vec<String>) {
        for id in ids {
            self.clone().deliver(id).await;
        }
    }

    async fn deliver(self: Arc<Self>, id: String) {
        // Held until the answer; the semaphore is never closed.
        let Ok(_turn) = self.sends.acquire().await else { return };
        let Some(notification) = self.book().notification(&id).cloned() else { return };
        let attempts = self.send(&notification).await;
        let mut book = self.book();
        // Read anew: it may have been touched by the controls meanwhile.
        let Some(mut notification) = book.notification(&id).cloned() else { return };
        notification.sent(attempts, self.clock.now_ms(), self.time_scale);
        if let Err(error) = book.note(notification) {
            // It stays under way: after a restart it is sent again, which a merchant must bear anyway.
            eprintln!("zerotrip-sandbox: journal: {error}");
        }
        drop(book);
        self.wake.notify_one();
    }

    /// One send with all its attempts.
    async fn send(&self, notification: &Notification) -> Vec<Attempt> {
        let (probed, copies) = {
            let mut faults = self.faults();
            (faults.next_probed(), 1 + faults.duplicate_notifications)
        };
        let mut attempts = Vec::new();
        if probed {
            let (at_ms, callback) = self.signed(notification, Fidelity::Probe);
            attempts.push(attempt(&notification.url, callback, at_ms, true).await);
        }
        let mut sends = JoinSet::new();
        for _ in 0..copies {
            let (at_ms, callback) = self.signed(notification, Fidelity::Right);
            let url = notification.url.clone();
            sends.spawn(async move { attempt(&url, callback, at_ms, false).await });
        }
        attempts.extend(sends.join_all().await);
        attempts
    }

    /// With a timestamp and a nonce of its own.
    fn signed(&self, notification: &Notification, fidelity: Fidelity) -> (i64, Callback) {
        let at_ms = self.clock.now_ms();
        let signer = match self.faults().next_key() {
            CallbackKey::Certificate => self.account.newest_certificate(at_ms),
            CallbackKey::PublicKey | CallbackKey::Alternating => self.account.public_key(),
        };
        (at_ms, self.account.callback_signed(&notification.event(), signer, at_ms, fidelity))
    }
}

async fn attempt(url: &str, callback: Callback, at_ms: i64, probe: bool) -> Attempt {
    let serial = callback.headers.iter().find(|(name, _)| *name == "Wechatpay-Serial");
    let serial = serial.map(|(_, serial)| serial.clone()).unwrap_or_default();
    let sent = tokio::time::timeout(PATIENCE, post(url, callback)).await;
    let (status, body, error) = match sent {
        Ok(Ok((status, body))) => {
            (Some(status), String::from_utf8_lossy(&body[..body.len().min(1024)]).into_owned(), None)
        }
        Ok(Err(error)) => (None, String::new(), Some(error)),
        Err(_) => (None, String::new(), Some(format!("no answer within {} s", PATIENCE.as_secs()))),
    };
    let acknowledged = matches!(status, Some(200 | 204));
    Attempt { at_ms, serial, probe, status, body, error, acknowledged }
}

async fn post(url: &str, callback: Callback) -> Result<(u16, Bytes), String> {
    let mut request = Request::post(url)
        .header(header::CONTENT_TYPE, "application/json")
        .header(header::ACCEPT, "*/*")
        .header(header::USER_AGENT, "Mozilla/4.0");
    for (name, value) in callback.headers {
        request = request.header(name, value);
    }
    let request = request.body(Full::from(callback.body)).map_err(|error| error.to_string())?;
    outbound::send(request).await
}
