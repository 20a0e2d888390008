//! The wall clock that the host gives, and waiting no longer than so long.

use spin_sdk::wasip3::clocks::monotonic_clock;
use std::future::poll_fn;
use std::pin::pin;
use std::task::Poll;
use std::time::{SystemTime, UNIX_EPOCH};

/// Unix milliseconds.
pub fn now_ms() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |t| u64::try_from(t.as_millis()).unwrap_or(u64::MAX))
}

/// What `work` leads to; none if it is given up `within_ms` after it began.
pub async fn within<T>(within_ms: u64, work: impl Future<Output = T>) -> Option<T> {
    let mut working = pin!(work);
    let mut timer = pin!(monotonic_clock::wait_for(within_ms * 1_000_000));
    poll_fn(|context| {
        if let Poll::Ready(done) = working.as_mut().poll(context) {
            return Poll::Ready(Some(done));
        }
        timer.as_mut().poll(context).map(|()| None)
    })
    .await
}
