//! Orders of another amount than is owed, because something was recorded after they were made.

use crate::order;
use crate::provider::{self, End};
use crate::ticket::Decision;
use zerotrip_domain::Day;
use zerotrip_domain::late_fee::Payable;
use zerotrip_platform::{Db, Problem};

/// Ends those of this decision, at their providers first. What a provider cannot end stays open here as well, so that it is asked
/// about; paid all the same, it counts by what is owed now.
pub async fn supersede(db: &Db, decision: &Decision, now: u64) -> Result<(), Problem> {
    // Hardly any decision has a record: then there is one amount a day, and nothing to look for.
    if decision.record.is_empty() {
        return Ok(());
    }
    let payable = Payable::on(Day::at(now), decision.fine, decision.due, &decision.record);
    let (owed, late_fee) = (payable.total().get(), payable.late_fee.get());
    // Also one whose own amount is owed again.
    let orders = db
        .run(
            "SELECT o.id, o.provider, o.amount_fen, COALESCE((SELECT s.late_fee_fen FROM superseded_orders s \
             WHERE s.order_id = o.id ORDER BY s.since DESC LIMIT 1), o.late_fee_fen) FROM orders o \
             WHERE o.decision = $1 AND o.state = 'pending' AND o.expires_at > $2 AND (o.amount_fen <> $3 \
             OR EXISTS (SELECT 1 FROM superseded_orders e WHERE e.order_id = o.id))",
            [decision.id.into(), now.into(), owed.into()],
        )
        .await?;
    // Providers tell whole seconds: who pays in this one pays after it.
    let since = now / 1_000 * 1_000;
    for row in &orders {
        let order = row.text(0)?;
        let is_over = row.int(2)? != owed && end(db, order, row.text(1)?, now).await?;
        if !is_over && row.int(3)? != late_fee {
            db.run(
                "INSERT INTO superseded_orders (order_id, since, late_fee_fen) VALUES ($1, $2, $3) \
                 ON CONFLICT (order_id, since) DO UPDATE SET late_fee_fen = excluded.late_fee_fen",
                [order.into(), since.into(), late_fee.into()],
            )
            .await?;
        }
    }
    Ok(())
}

/// Whether it cannot be paid any more.
async fn end(db: &Db, order: &str, provider: &str, now: u64) -> Result<bool, Problem> {
    let provider = provider.parse().map_err(|_| Problem::unavailable("a row names an unknown provider"))?;
    match provider::end(provider, db, order, now).await? {
        End::Over => order::close(db, order, now).await?,
        End::Open => return Ok(false),
        // Unless another request has just ended it. The janitor asks about it next.
        End::Paid => {
            let asked = db
                .one(
                    "UPDATE orders SET next_check_at = $1 WHERE id = $2 AND state = 'pending' RETURNING id",
                    [now.into(), order.into()],
                )
                .await?;
            if asked.is_some() {
                return Err(order::paid_just_now());
            }
        }
    }
    Ok(true)
}
