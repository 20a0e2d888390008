//! What of our books a bill is compared with.

use std::collections::{BTreeMap, BTreeSet};
use zerotrip_bills::Bill;
use zerotrip_domain::payment::OrderState;
use zerotrip_domain::refund::{Part, RefundId};
use zerotrip_domain::statement::{Held, HeldRefund, Presence, What};
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

/// Our orders that were paid or refunded on `day` by the provider's time, and those that `bill` names; by their number.
pub async fn load(db: &Db, provider: Provider, day: Day, bill: &Bill) -> Result<Vec<Line>, Problem> {
    let (today, from, until) = (day.to_string(), day.start_ms(), day.end_ms());
    let paid = db
        .run(
            "SELECT o.id, o.amount_fen, o.transaction_no, o.state, o.paid_at, o.settled_at, \
             (SELECT MIN(k.day) FROM reconciled k WHERE k.order_no = o.id AND k.kind = 'payment' AND k.day <> $1) \
             FROM orders o WHERE o.provider = $2 AND o.paid_at >= $3 AND o.paid_at < $4",
            [today.as_str().into(), provider.name().into(), from.into(), until.into()],
        )
        .await?;
    let sent = db
        .run(
            "SELECT r.order_id, r.amount_fen, r.state, r.done_at, r.closed_by, \
             (SELECT MIN(k.day) FROM reconciled k WHERE k.order_no = r.order_id AND k.kind = 'refund' AND k.day <> $1) \
             FROM refunds r WHERE r.provider = $2 AND r.state = 'done' AND r.done_at >= $3 AND r.done_at < $4",
            [today.as_str().into(), provider.name().into(), from.into(), until.into()],
        )
        .await?;
    let mut lines = BTreeMap::new();
    for row in &paid {
        let line = line(row, day)?;
        lines.insert(line.held.order.clone(), line);
    }
    let back = bill.entries.iter().filter(|entry| entry.what != What::Payment);
    let mut refunded: BTreeSet<String> = back.map(|entry| entry.order.clone()).collect();
    for row in &sent {
        refunded.insert(RefundId::parse(row.text(0)?).order().to_owned());
    }
    for order in bill.entries.iter().map(|entry| &entry.order).chain(&refunded) {
        if lines.contains_key(order) {
            continue;
        }
        if let Some(line) = one(db, provider, day, order).await? {
            lines.insert(order.clone(), line);
        }
    }
    for order in &refunded {
        if let Some(line) = lines.get_mut(order) {
            line.held.refunds = refunds(db, provider, day, order).await?;
        }
    }
    Ok(lines.into_values().collect())
}

/// The order of that number, if it is ours at this provider, without its refunds.
async fn one(db: &Db, provider: Provider, day: Day, order: &str) -> Result<Option<Line>, Problem> {
    let row = db
        .one(
            "SELECT o.id, o.amount_fen, o.transaction_no, o.state, o.paid_at, o.settled_at, \
             (SELECT MIN(k.day) FROM reconciled k WHERE k.order_no = o.id AND k.kind = 'payment' AND k.day <> $1) \
             FROM orders o WHERE o.id = $2 AND o.provider = $3",
            [day.to_string().into(), order.into(), provider.name().into()],
        )
        .await?;
    row.map(|row| line(&row, day)).transpose()
}

/// What of an order was asked to go back.
async fn refunds(db: &Db, provider: Provider, day: Day, order: &str) -> Result<Vec<HeldRefund>, Problem> {
    let excess = RefundId::new(order, Part::Excess);
    let rows = db
        .run(
            "SELECT r.order_id, r.amount_fen, r.state, r.done_at, r.closed_by, \
             (SELECT MIN(k.day) FROM reconciled k WHERE k.order_no = r.order_id AND k.kind = 'refund' AND k.day <> $1) \
             FROM refunds r WHERE r.order_id = $2 OR r.order_id = $3",
            [day.to_string().into(), order.into(), excess.to_string().into()],
        )
        .await?;
    let refund = |row: &Row| {
        // What a person has made elsewhere stands in no provider's bill but the bank's.
        let in_a_bill = row.is_null(4) || provider == Provider::Ccb;
        let expected = row.text(2)? == "done" && in_a_bill && within(row, 3, day)?;
        Ok(HeldRefund {
            id: RefundId::parse(row.text(0)?),
            amount: Fen::new(row.int(1)?).map_err(|_| odd())?,
            presence: presence(row.optional_text(5)?, expected),
        })
    };
    rows.iter().map(refund).collect()
}

fn line(row: &Row, day: Day) -> Result<Line, Problem> {
    let paid = OrderState::named(row.text(3)?).ok_or_else(odd)?.is_final();
    let paid_then = paid && within(row, 4, day)?;
    let held = Held {
        order: row.text(0)?.to_owned(),
        amount: Fen::new(row.int(1)?).map_err(|_| odd())?,
        paid,
        transaction: row.optional_text(2)?.map(str::to_owned),
        payment: presence(row.optional_text(6)?, paid_then),
        refunds: Vec::new(),
    };
    let settled_at = if row.is_null(5) { None } else { Some(row.int(5)?) };
    Ok(Line { held, paid_then, settled_at })
}

/// `elsewhere` is the day of another bill that has it already.
fn presence(elsewhere: Option<&str>, expected: bool) -> Presence {
    match elsewhere {
        Some(_) => Presence::Elsewhere,
        None if expected => Presence::Expected,
        None => Presence::Possible,
    }
}

/// Whether column `at`, Unix ms or NULL, is on `day`.
fn within(row: &Row, at: usize, day: Day) -> Result<bool, Problem> {
    if row.is_null(at) {
        return Ok(false);
    }
    Ok(u64::try_from(row.int(at)?).is_ok_and(|at| Day::at(at) == day))
}

fn odd() -> Problem {
    Problem::unavailable("a stored order or refund is not of its form")
}
