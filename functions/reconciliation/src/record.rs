//! What a comparison finds is kept. The bill's row says that it has been compared only when all else is there, and every
//! statement before that may be repeated: a run that is killed is made up for by the next, and two at once do the same.

use crate::ledger::{self, Line};
use crate::signing::file_digest::{Algorithm, Digest};
use std::collections::BTreeSet;
use zerotrip_bills::{Bill, Totals};
use zerotrip_domain::statement::{self, Difference, Held, Reason, What};
use zerotrip_domain::{Day, Provider};
use zerotrip_platform::{Db, Id, Problem, clock, log};

/// What became of a bill.
pub struct Compared {
    pub totals: Totals,
    /// Other bills of the same day that this one takes the place of.
    pub replaces: i64,
}

/// Orders that we learnt of so shortly before their comparison are looked at one by one: another process may have been
/// about to store them.
const SETTLED_MS: u64 = 60_000;

/// Compares `bill`, of `provider` for `day`, with our books, and keeps what was found. `by` brought it.
pub async fn compare(
    db: &Db,
    provider: Provider,
    day: Day,
    bill: &Bill,
    by: Option<Id>,
) -> Result<Compared, Problem> {
    let began = clock::now_ms();
    let lines = ledger::load(db, provider, day, bill).await?;
    let held: Vec<Held> = lines.iter().map(|line| line.held.clone()).collect();
    let found = statement::compare(&bill.entries, &held);
    let version = Version { provider, day: day.to_string(), digest: digest(bill) };
    let totals = bill.totals();
    version.begin(db, totals, by, began).await?;
    for difference in &found.differences {
        version.differ(db, difference, began).await?;
    }
    version.close_gone(db, &found.differences, began).await?;
    let settled_before = began.saturating_sub(SETTLED_MS);
    version.agree_all(db, day, settled_before).await?;
    for order in &found.equal {
        if !is_among_all(&lines, order, settled_before) {
            agree(db, &version, order, "payment").await?;
        }
    }
    for refund in &found.equal_refunds {
        agree(db, &version, &refund.to_string(), "refund").await?;
    }
    version.end(db, clock::now_ms()).await?;
    tidy(db, clock::now_ms()).await?;
    if !found.differences.is_empty() {
        log(&format!("ALARM {provider} bill of {day}: {} differences", found.differences.len()));
    }
    Ok(Compared { totals, replaces: version.others(db).await? })
}

/// What a bill says, row by row: the same bill fetched twice is the same, whenever it was made.
fn digest(bill: &Bill) -> String {
    if bill.entries.is_empty() {
        return "none".to_owned();
    }
    let digest = Digest::new(Algorithm::Sha256);
    let mut lines = String::new();
    for entry in &bill.entries {
        let what = match &entry.what {
            What::Payment => "paid",
            What::Refund { reference, .. } => reference,
        };
        let transaction = entry.transaction.as_deref().unwrap_or_default();
        lines.push_str(&format!("{} {transaction} {} {what}\n", entry.order, entry.amount));
        if lines.len() > 32 * 1024 {
            digest.update(lines.as_bytes());
            lines.clear();
        }
    }
    digest.update(lines.as_bytes());
    digest.hex()
}

/// One thing that a bill of a day has said.
pub struct Version {
    pub provider: Provider,
    pub day: String,
    pub digest: String,
}

impl Version {
    async fn begin(&self, db: &Db, totals: Totals, by: Option<Id>, now: u64) -> Result<(), Problem> {
        db.run(
            "INSERT INTO statements (provider, day, digest, payments, paid_fen, refunds, refunded_fen, fetched_at, \
             uploaded_by) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) \
             ON CONFLICT (provider, day, digest) DO UPDATE SET fetched_at = excluded.fetched_at, \
             uploaded_by = excluded.uploaded_by, compared_at = NULL",
            [
                self.provider.name().into(),
                self.day.as_str().into(),
                self.digest.as_str().into(),
                i64::from(totals.payments).into(),
                totals.paid_fen.into(),
                i64::from(totals.refunds).into(),
                totals.refunded_fen.into(),
                now.into(),
                by.into(),
            ],
        )
        .await?;
        Ok(())
    }

    async fn differ(&self, db: &Db, found: &Difference, now: u64) -> Result<(), Problem> {
        let asks = found.reason == Reason::NotSettled;
        db.run(
            "INSERT INTO statement_differences (id, provider, day, digest, subject, reason, order_no, billed_fen, \
             held_fen, transaction_no, found_at, next_check_at) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) \
             ON CONFLICT (provider, day, digest, subject, reason) DO UPDATE SET closed_at = NULL, closed_how = NULL \
             WHERE statement_differences.closed_how IN ('replaced', 'gone', 'found')",
            [
                Id::random().into(),
                self.provider.name().into(),
                self.day.as_str().into(),
                self.digest.as_str().into(),
                found.subject.as_str().into(),
                found.reason.name().into(),
                found.order.as_str().into(),
                found.billed.map(|amount| amount.get()).into(),
                found.held.map(|amount| amount.get()).into(),
                found.transaction.clone().into(),
                now.into(),
                asks.then_some(now).into(),
            ],
        )
        .await?;
        Ok(())
    }

    /// Closes what was found by an earlier comparison of the same bill, and is no longer so.
    async fn close_gone(&self, db: &Db, found: &[Difference], now: u64) -> Result<(), Problem> {
        let open = db
            .run(
                "SELECT id, subject, reason FROM statement_differences \
                 WHERE provider = $1 AND day = $2 AND digest = $3 AND closed_at IS NULL",
                [self.provider.name().into(), self.day.as_str().into(), self.digest.as_str().into()],
            )
            .await?;
        let found: BTreeSet<(&str, &str)> =
            found.iter().map(|found| (found.subject.as_str(), found.reason.name())).collect();
        for row in open {
            if !found.contains(&(row.text(1)?, row.text(2)?)) {
                db.run(
                    "UPDATE statement_differences SET closed_at = $1, closed_how = 'gone' \
                     WHERE id = $2 AND closed_at IS NULL",
                    [now.into(), row.text(0)?.into()],
                )
                .await?;
            }
        }
        Ok(())
    }

    /// Marks the payments of the day that we had learnt of `before`: each was compared, those that differ are kept, and what
    /// the bill of another day has stands in that one.
    async fn agree_all(&self, db: &Db, day: Day, before: u64) -> Result<(), Problem> {
        db.run(
            "INSERT INTO reconciled (order_no, kind, provider, day, digest) \
             SELECT o.id, 'payment', o.provider, $1, $2 FROM orders o \
             WHERE o.provider = $3 AND o.paid_at >= $4 AND o.paid_at < $5 AND o.state IN ('paid', 'surplus', 'underpaid') \
             AND o.settled_at < $6 AND NOT EXISTS (SELECT 1 FROM statement_differences d \
               WHERE d.provider = o.provider AND d.day = $7 AND d.digest = $8 AND d.subject = o.id \
               AND (d.closed_how IS NULL OR d.closed_how = 'person')) \
             AND NOT EXISTS (SELECT 1 FROM reconciled k \
               WHERE k.order_no = o.id AND k.kind = 'payment' AND k.day <> $9) ON CONFLICT DO NOTHING",
            [
                self.day.as_str().into(),
                self.digest.as_str().into(),
                self.provider.name().into(),
                day.start_ms().into(),
                day.end_ms().into(),
                before.into(),
                self.day.as_str().into(),
                self.digest.as_str().into(),
                self.day.as_str().into(),
            ],
        )
        .await?;
        Ok(())
    }

    async fn end(&self, db: &Db, now: u64) -> Result<(), Problem> {
        db.run(
            "UPDATE statements SET compared_at = $1 WHERE provider = $2 AND day = $3 AND digest = $4",
            [now.into(), self.provider.name().into(), self.day.as_str().into(), self.digest.as_str().into()],
        )
        .await?;
        Ok(())
    }

    async fn others(&self, db: &Db) -> Result<i64, Problem> {
        let row = db
            .one(
                "SELECT COUNT(*) FROM statements WHERE provider = $1 AND day = $2 AND digest <> $3",
                [self.provider.name().into(), self.day.as_str().into(), self.digest.as_str().into()],
            )
            .await?;
        row.map_or(Ok(0), |row| row.int(0))
    }
}

/// Whether [`Version::agree_all`] has marked it already.
fn is_among_all(lines: &[Line], order: &str, before: u64) -> bool {
    // As they were loaded: by the order's number.
    let place = lines.binary_search_by(|line| line.held.order.as_str().cmp(order));
    let line = place.ok().map(|place| &lines[place]);
    line.is_some_and(|line| {
        let settled = line.settled_at.and_then(|at| u64::try_from(at).ok());
        line.paid_then && settled.is_some_and(|at| at < before)
    })
}

/// Marks the payment or refund of an order as found in a bill.
pub async fn agree(db: &Db, version: &Version, order: &str, kind: &str) -> Result<(), Problem> {
    db.run(
        "INSERT INTO reconciled (order_no, kind, provider, day, digest) VALUES ($1, $2, $3, $4, $5) \
         ON CONFLICT DO NOTHING",
        [
            order.into(),
            kind.into(),
            version.provider.name().into(),
            version.day.as_str().into(),
            version.digest.as_str().into(),
        ],
    )
    .await?;
    Ok(())
}

/// Closes what another bill has ended: of the same day, in whose place it is, or of a neighbouring one, which has what was
/// missing. Of several bills of a day the one fetched last counts, once it is compared.
pub async fn tidy(db: &Db, now: u64) -> Result<(), Problem> {
    db.run(
        "DELETE FROM reconciled WHERE (provider, day, digest) IN (SELECT s.provider, s.day, s.digest \
           FROM statements s JOIN statements t ON t.provider = s.provider AND t.day = s.day \
           WHERE t.compared_at IS NOT NULL AND (t.fetched_at > s.fetched_at \
             OR (t.fetched_at = s.fetched_at AND t.digest > s.digest)))",
        [],
    )
    .await?;
    // Found in a bill that counts no more: missing again.
    db.run(
        "UPDATE statement_differences SET closed_at = NULL, closed_how = NULL WHERE closed_how = 'found' \
         AND NOT EXISTS (SELECT 1 FROM reconciled k \
           WHERE k.order_no = statement_differences.order_no AND k.day <> statement_differences.day \
           AND k.kind = CASE statement_differences.reason WHEN 'missing' THEN 'payment' ELSE 'refund' END)",
        [],
    )
    .await?;
    db.run(
        "UPDATE statement_differences SET closed_at = $1, closed_how = 'replaced' WHERE closed_at IS NULL \
         AND (provider, day, digest) IN (SELECT s.provider, s.day, s.digest \
           FROM statements s JOIN statements t ON t.provider = s.provider AND t.day = s.day \
           WHERE t.compared_at IS NOT NULL AND (t.fetched_at > s.fetched_at \
             OR (t.fetched_at = s.fetched_at AND t.digest > s.digest)))",
        [now.into()],
    )
    .await?;
    db.run(
        "UPDATE statement_differences SET closed_at = $1, closed_how = 'found' WHERE closed_at IS NULL \
         AND reason IN ('missing', 'missing-refund') AND EXISTS (SELECT 1 FROM reconciled k \
           WHERE k.order_no = statement_differences.order_no AND k.day <> statement_differences.day \
           AND k.kind = CASE statement_differences.reason WHEN 'missing' THEN 'payment' ELSE 'refund' END)",
        [now.into()],
    )
    .await?;
    Ok(())
}
