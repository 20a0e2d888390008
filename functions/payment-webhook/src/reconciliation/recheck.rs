//! What a bill says is paid and we do not know as paid: the provider is asked, and what it confirms is settled in the usual
//! way. A bill alone settles nothing.

use super::ledger;
use super::record::{Version, agree};
use crate::provider::{self, Trade};
use crate::settle::apply;
use zerotrip_domain::refund::next_try_after_ms;
use zerotrip_domain::statement::{self, Entry, What};
use zerotrip_domain::{Day, Fen};
use zerotrip_platform::{Db, Problem, clock};

/// What was asked.
#[derive(Default)]
pub struct Asked {
    /// Paid now, as the bill says.
    pub settled: u32,
    /// No answer; asked again later.
    pub failed: u32,
}

struct Due {
    id: String,
    version: Version,
    entry: Entry,
}

/// Asks about each difference that is due, until `stop`, Unix ms. As patiently as refunds are tried.
pub async fn settle(db: &Db, stop: u64) -> Result<Asked, Problem> {
    let mut asked = Asked::default();
    let mut failing = Vec::new();
    loop {
        let now = clock::now_ms();
        if now >= stop {
            return Ok(asked);
        }
        let Some(due) = take(db, now).await? else { return Ok(asked) };
        // One that hangs must not keep the others from being asked.
        if failing.contains(&due.version.provider) {
            asked.failed += 1;
            continue;
        }
        match check(db, &due, now).await {
            Ok(true) => asked.settled += 1,
            Ok(false) => {}
            // Logged where it failed.
            Err(_) => {
                asked.failed += 1;
                failing.push(due.version.provider);
            }
        }
    }
}

/// Takes the difference that is due longest, by moving its next check: of several jobs one gets it.
async fn take(db: &Db, now: u64) -> Result<Option<Due>, Problem> {
    let step = |checks| i64::try_from(next_try_after_ms(checks)).unwrap_or(i64::MAX);
    let row = db
        .one(
            "UPDATE statement_differences SET checks = checks + 1, next_check_at = CAST($1 AS BIGINT) + CASE checks \
               WHEN 0 THEN CAST($2 AS BIGINT) WHEN 1 THEN CAST($3 AS BIGINT) WHEN 2 THEN CAST($4 AS BIGINT) \
               WHEN 3 THEN CAST($5 AS BIGINT) ELSE CAST($6 AS BIGINT) END \
             WHERE closed_at IS NULL AND next_check_at <= $7 AND id = \
               (SELECT id FROM statement_differences WHERE closed_at IS NULL AND next_check_at <= $8 \
                ORDER BY next_check_at LIMIT 1) \
             RETURNING id, provider, day, digest, order_no, transaction_no, billed_fen",
            [
                now.into(),
                step(1).into(),
                step(2).into(),
                step(3).into(),
                step(4).into(),
                step(5).into(),
                now.into(),
                now.into(),
            ],
        )
        .await?;
    let Some(row) = row else { return Ok(None) };
    let text = |at| row.text(at).map(str::to_owned);
    let amount =
        Fen::new(row.int(6)?).map_err(|_| Problem::unavailable("a stored difference has no amount"))?;
    Ok(Some(Due {
        id: text(0)?,
        version: Version { provider: provider::stored(row.text(1)?)?, day: text(2)?, digest: text(3)? },
        entry: Entry {
            order: text(4)?,
            transaction: row.optional_text(5)?.map(str::to_owned),
            amount,
            what: What::Payment,
        },
    }))
}

/// Whether the order is paid now as the bill says.
async fn check(db: &Db, due: &Due, now: u64) -> Result<bool, Problem> {
    let Due { id, version, entry } = due;
    if !agrees(db, version, entry).await? {
        match provider::query(version.provider, db, &entry.order, now).await? {
            Trade::Known(said) => drop(apply(db, &said, now).await?),
            Trade::None => return Ok(false),
        }
        if !agrees(db, version, entry).await? {
            return Ok(false);
        }
    }
    agree(db, version, &entry.order, "payment").await?;
    let closed = db
        .one(
            "UPDATE statement_differences SET closed_at = $1, closed_how = 'settled' \
             WHERE id = $2 AND closed_at IS NULL RETURNING id",
            [now.into(), id.as_str().into()],
        )
        .await?;
    Ok(closed.is_some())
}

async fn agrees(db: &Db, version: &Version, entry: &Entry) -> Result<bool, Problem> {
    let day =
        Day::parse(&version.day).ok_or_else(|| Problem::unavailable("a stored day is not of its form"))?;
    let line = ledger::one(db, version.provider, day, &entry.order).await?;
    let held: Vec<_> = line.into_iter().map(|line| line.held).collect();
    Ok(!statement::compare(std::slice::from_ref(entry), &held).equal.is_empty())
}
