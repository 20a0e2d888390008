//! How often somebody may do something: a burst, then one at a pace (the generic cell rate algorithm).
//!
//! A take is one statement, so that any number at once are counted, and it comes before the work that it protects.

use crate::{Db, Problem};
use http::StatusCode;

/// One line of the table of limits.
#[derive(Clone, Copy, Debug)]
pub struct Limit {
    /// Names it in the database.
    pub name: &'static str,
    /// So many at once.
    pub burst: u32,
    /// Then one in so many ms.
    pub every_ms: u64,
}

impl Limit {
    fn room_ms(self) -> u64 {
        u64::from(self.burst.saturating_sub(1)) * self.every_ms
    }
}

/// Counts one for `subject`, which must not be personal data: give a blind index. Over the limit it is a 429 that says when
/// to come again, the same whoever asks.
pub async fn take(db: &Db, limit: Limit, subject: &str, now_ms: u64) -> Result<(), Problem> {
    let key = key(limit, subject);
    let taken = db
        .one(
            "INSERT INTO rate_limits (key, full_at) VALUES ($1, $2) ON CONFLICT (key) DO UPDATE SET full_at = \
             CASE WHEN rate_limits.full_at > $3 THEN rate_limits.full_at ELSE CAST($4 AS BIGINT) END + CAST($5 AS BIGINT) \
             WHERE rate_limits.full_at <= $6 RETURNING full_at",
            [
                key.as_str().into(),
                (now_ms + limit.every_ms).into(),
                now_ms.into(),
                now_ms.into(),
                limit.every_ms.into(),
                (now_ms + limit.room_ms()).into(),
            ],
        )
        .await?;
    if taken.is_some() {
        return Ok(());
    }
    let row = db.one("SELECT full_at FROM rate_limits WHERE key = $1", [key.into()]).await?;
    let full_at = row.map_or(Ok(0), |row| row.int(0))?;
    Err(over(limit, full_at, now_ms))
}

/// The row's key: with it a statement of another kind can read `full_at` along the way, for [`full`].
pub fn key(limit: Limit, subject: &str) -> String {
    format!("{}/{subject}", limit.name)
}

/// Whether nothing can be taken at `now_ms` of what is `full_at` Unix ms, without taking it.
pub fn full(limit: Limit, full_at: i64, now_ms: u64) -> Result<(), Problem> {
    let full_ms = u64::try_from(full_at).unwrap_or(0);
    if full_ms > now_ms + limit.room_ms() { Err(over(limit, full_at, now_ms)) } else { Ok(()) }
}

/// Over the limit: when to come again.
fn over(limit: Limit, full_at: i64, now_ms: u64) -> Problem {
    let wait_ms = u64::try_from(full_at).unwrap_or(0).saturating_sub(now_ms + limit.room_ms());
    wait(wait_ms)
}

/// A 429 for whoever has to wait so many ms.
pub fn wait(ms: u64) -> Problem {
    let mut problem = Problem::new(
        StatusCode::TOO_MANY_REQUESTS,
        "too-many-requests",
        "Too many requests",
        "操作过于频繁，请稍后再试",
        "Try again after the time that Retry-After gives in seconds.",
    );
    problem.retry_after_s = Some(u32::try_from(ms.div_ceil(1000)).unwrap_or(u32::MAX).max(1));
    problem
}
