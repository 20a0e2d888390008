//! The audit trail as a whole: written down where a row alone says what was done, linked, verified, read, and its details erased in
//! time.

pub mod chain;
mod facts;
pub mod lines;
pub mod verification;

use zerotrip_platform::{Db, Problem};

/// Erases the details of at most `most` lines that are older than `before`. Gives how many.
pub async fn erase(db: &Db, before: u64, most: i64, now: u64) -> Result<usize, Problem> {
    let erased = db
        .run(
            "UPDATE audit_lines SET detail = '', erased_at = $1 WHERE id IN (SELECT id FROM audit_lines \
             WHERE detail <> '' AND erased_at IS NULL AND at < $2 ORDER BY at LIMIT CAST($3 AS BIGINT)) RETURNING id",
            [now.into(), before.into(), most.into()],
        )
        .await?;
    Ok(erased.len())
}
