//! What of our books a bill is compared with.

use std::collections::BTreeMap;
use zerotrip_bills::Bill;
use zerotrip_domain::payment::OrderState;
use zerotrip_domain::statement::{Held, Presence};
use zerotrip_domain::{Day, Fen, Provider};
use zerotrip_platform::{Db, Problem, Row};

/// An order of ours.
pub struct Line {
    pub held: Held,
    /// It was paid on the day in question, by the provider's time.
    pub paid_then: bool,
    /// When we learnt of it, Unix ms.
    pub settled_at: Option<i64>,
}

/// Our orders that were paid or refunded on `day` by the provider's time, and those that `bill` names.
pub async fn load(db: &Db, provider: Provider, day: Day, bill: &Bill) -> Result<Vec<Line>, Problem> {
    let (today, from, until) = (day.to_string(), day.start_ms(), day.end_ms());
    let paid = db
        .run(
            "SELECT o.id, o.amount_fen, o.transaction_no, o.state, o.paid_at, o.settled_at, \
             (SELECT MIN(k.day) FROM reconciled k WHERE k.order_no = o.id AND k.kind = 'payment' AND k.day <> $1), \
             r.state, r.done_at, r.closed_by, \
             (SELECT MIN(k.day) FROM reconciled k WHERE k.order_no = o.id AND k.kind = 'refund' AND k.day <> $2) \
             FROM orders o LEFT JOIN refunds r ON r.order_id = o.id \
             WHERE o.provider = $3 AND o.paid_at >= $4 AND o.paid_at < $5",
            [today.as_str().into(), today.as_str().into(), provider.name().into(), from.into(), until.into()],
        )
        .await?;
    let refunded = db
        .run(
            "SELECT o.id, o.amount_fen, o.transaction_no, o.state, o.paid_at, o.settled_at, \
             (SELECT MIN(k.day) FROM reconciled k WHERE k.order_no = o.id AND k.kind = 'payment' AND k.day <> $1), \
             r.state, r.done_at, r.closed_by, \
             (SELECT MIN(k.day) FROM reconciled k WHERE k.order_no = o.id AND k.kind = 'refund' AND k.day <> $2) \
             FROM refunds r JOIN orders o ON o.id = r.order_id \
             WHERE r.provider = $3 AND r.state = 'done' AND r.done_at >= $4 AND r.done_at < $5",
            [today.as_str().into(), today.as_str().into(), provider.name().into(), from.into(), until.into()],
        )
        .await?;
    let mut lines = BTreeMap::new();
    for row in paid.iter().chain(&refunded) {
        let line = line(row, provider, day)?;
        lines.insert(line.held.order.clone(), line);
    }
    for entry in &bill.entries {
        if lines.contains_key(&entry.order) {
            continue;
        }
        if let Some(line) = one(db, provider, day, &entry.order).await? {
            lines.insert(entry.order.clone(), line);
        }
    }
    Ok(lines.into_values().collect())
}

/// The order of that number, if it is ours at this provider.
pub async fn one(db: &Db, provider: Provider, day: Day, order: &str) -> Result<Option<Line>, Problem> {
    let today = day.to_string();
    let row = db
        .one(
            "SELECT o.id, o.amount_fen, o.transaction_no, o.state, o.paid_at, o.settled_at, \
             (SELECT MIN(k.day) FROM reconciled k WHERE k.order_no = o.id AND k.kind = 'payment' AND k.day <> $1), \
             r.state, r.done_at, r.closed_by, \
             (SELECT MIN(k.day) FROM reconciled k WHERE k.order_no = o.id AND k.kind = 'refund' AND k.day <> $2) \
             FROM orders o LEFT JOIN refunds r ON r.order_id = o.id WHERE o.id = $3 AND o.provider = $4",
            [today.as_str().into(), today.as_str().into(), order.into(), provider.name().into()],
        )
        .await?;
    row.map(|row| line(&row, provider, day)).transpose()
}

fn line(row: &Row, provider: Provider, day: Day) -> Result<Line, Problem> {
    let odd = || Problem::unavailable("a stored order is not of its form");
    let number = |at| if row.is_null(at) { Ok(None) } else { row.int(at).map(Some) };
    // The day of another bill that has it already.
    let presence = |elsewhere: Option<&str>, expected: bool| match elsewhere {
        Some(_) => Presence::Elsewhere,
        None if expected => Presence::Expected,
        None => Presence::Possible,
    };
    let within =
        |at: Option<i64>| at.and_then(|at| u64::try_from(at).ok()).is_some_and(|at| Day::at(at) == day);
    let paid = OrderState::named(row.text(3)?).ok_or_else(odd)?.is_final();
    let paid_then = paid && within(number(4)?);
    let refund = match row.optional_text(7)? {
        None => None,
        Some(state) => {
            // What a person has made elsewhere stands in no provider's bill but the bank's.
            let in_a_bill = row.is_null(9) || provider == Provider::Ccb;
            let expected = state == "done" && in_a_bill && within(number(8)?);
            Some(presence(row.optional_text(10)?, expected))
        }
    };
    let held = Held {
        order: row.text(0)?.to_owned(),
        amount: Fen::new(row.int(1)?).map_err(|_| odd())?,
        paid,
        transaction: row.optional_text(2)?.map(str::to_owned),
        payment: presence(row.optional_text(6)?, paid_then),
        refund,
    };
    Ok(Line { held, paid_then, settled_at: number(5)? })
}
