//! An authentic report changes an order, or is set aside. Each change is one conditional statement, so that any number
//! of reports at once, in any order, and a kill at any instant, leave one settlement.

use crate::broken;
use crate::signing::sealing;
use zerotrip_domain::payment::{self, OrderState, Reason, Report, Verdict};
use zerotrip_domain::{Fen, Provider};
use zerotrip_platform::db::DbError;
use zerotrip_platform::{Db, Problem, log};

/// Who may say what a provider said: a type that the provider's module keeps private, so that no other can name it.
pub trait Signatory {
    const PROVIDER: Provider;
}

/// What a provider said.
pub struct Said {
    /// The provider's name for this notification; none if we asked.
    pub event: Option<String>,
    pub order: String,
    pub report: Report,
    /// Unix ms, by the provider's clock, if it says that money was paid.
    pub paid_at: Option<u64>,
    /// Unix ms, when we were told.
    pub told_at: u64,
    /// What was said, as text, without what must not be kept.
    pub evidence: Vec<u8>,
}

/// The same, signed by the provider: made where the signing library has verified it.
pub struct Authentic {
    provider: Provider,
    said: Said,
}

impl Authentic {
    pub fn by<S: Signatory>(said: Said) -> Self {
        Self { provider: S::PROVIDER, said }
    }
}

/// It may be read by everybody.
impl std::ops::Deref for Authentic {
    type Target = Said;

    fn deref(&self) -> &Said {
        &self.said
    }
}

/// What became of a report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The order is paid now, by this report, and settles its ticket.
    Settled,
    /// The order is paid now, but its ticket was settled by another: the money goes back.
    Surplus,
    /// The order is paid now, but with less than its amount: the money goes back, and the ticket stays payable.
    Underpaid,
    /// The order is closed now.
    Closed,
    /// A refund of ours stands as it says now.
    Refund,
    /// Nothing had to change.
    Unchanged,
    /// The order waits, and its provider is asked again before this is believed.
    Waiting,
    /// Kept for a person.
    SetAside(Reason),
}

impl Outcome {
    /// As clients read it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Settled => "settled",
            Self::Surplus => "surplus",
            Self::Underpaid => "underpaid",
            Self::Closed => "closed",
            Self::Refund => "refund",
            Self::Unchanged => "unchanged",
            Self::Waiting => "waiting",
            Self::SetAside(_) => "set-aside",
        }
    }
}

/// Times that a lost race is decided anew. A state changes at most twice, so the third reading is final.
const TRIES: usize = 3;

/// Applies `said`. When this returns, what it says is durable.
pub async fn apply(db: &Db, said: &Authentic, now_ms: u64) -> Result<Outcome, Problem> {
    for _ in 0..TRIES {
        let Some(found) = find(db, said).await? else {
            return set_aside(db, said, Reason::UnknownOrder, now_ms).await;
        };
        let changed = match payment::decide(&found.order, &said.report) {
            Verdict::Nothing => return Ok(Outcome::Unchanged),
            Verdict::SetAside(reason) => return set_aside(db, said, reason, now_ms).await,
            Verdict::Close => close(db, &said.order, now_ms).await?.then_some(Outcome::Closed),
            verdict @ (Verdict::Settle | Verdict::FallShort) => {
                match mark_paid(db, said, &found, verdict, now_ms).await? {
                    Paid::As(outcome) => Some(outcome),
                    Paid::Already => None,
                    Paid::TransactionTaken => {
                        return set_aside(db, said, Reason::OtherTransaction, now_ms).await;
                    }
                }
            }
        };
        if let Some(outcome) = changed {
            return Ok(outcome);
        }
    }
    Err(Problem::unavailable("an order kept changing"))
}

/// The order that something is said of.
struct Found {
    order: payment::Order,
    /// What was owed beside the fine when it was paid.
    late_fee: Fen,
    expires_at: u64,
}

async fn find(db: &Db, said: &Authentic) -> Result<Option<Found>, Problem> {
    let row = db
        .one(
            "SELECT o.amount_fen, o.state, o.transaction_no, \
             (SELECT COUNT(*) FROM refunds r WHERE r.order_id IN (o.id, o.id || '-excess')), o.expires_at, o.late_fee_fen, \
             (SELECT s.late_fee_fen FROM superseded_orders s WHERE s.order_id = o.id AND s.since <= $1 \
              ORDER BY s.since DESC LIMIT 1) \
             FROM orders o WHERE o.id = $2 AND o.provider = $3",
            [
                said.paid_at.unwrap_or(said.told_at).into(),
                said.order.as_str().into(),
                said.provider.name().into(),
            ],
        )
        .await?;
    let Some(row) = row else { return Ok(None) };
    let odd = || Problem::unavailable("a stored order is not of its form");
    let fen = |at| Fen::new(row.int(at)?).map_err(|_| odd());
    let state = OrderState::named(row.text(1)?).ok_or_else(odd)?;
    let (mut amount, mut late_fee) = (fen(0)?, fen(5)?);
    // Of a final one the row says what was paid, and what was owed.
    if !state.is_final() && !row.is_null(6) {
        let fine = amount.beyond(late_fee);
        late_fee = fen(6)?;
        amount = fine.plus(late_fee);
    }
    let order = payment::Order {
        amount,
        state,
        transaction: row.optional_text(2)?.map(str::to_owned),
        refund_asked: row.int(3)? > 0,
    };
    Ok(Some(Found { order, late_fee, expires_at: u64::try_from(row.int(4)?).map_err(|_| odd())? }))
}

enum Paid {
    As(Outcome),
    Already,
    /// The transaction or the notification belongs to another order.
    TransactionTaken,
}

/// The commit point: state, amount and evidence in one row, by one statement. That only one order of a decision is `paid` is
/// a unique key, so that of two payments at the same instant one settles the ticket and the other is a surplus.
async fn mark_paid(
    db: &Db,
    said: &Authentic,
    found: &Found,
    verdict: Verdict,
    now_ms: u64,
) -> Result<Paid, Problem> {
    let becomes: &[(OrderState, Outcome)] = if verdict == Verdict::FallShort {
        &[(OrderState::Underpaid, Outcome::Underpaid)]
    } else {
        &[(OrderState::Paid, Outcome::Settled), (OrderState::Surplus, Outcome::Surplus)]
    };
    let amount = said.report.amount.unwrap_or(found.order.amount);
    let review = (amount > found.order.amount).then_some("overpaid");
    // Who tells no time of payment took no money after the order's end.
    let paid_at = said.paid_at.unwrap_or(said.told_at.min(found.expires_at.saturating_sub(1)));
    let context = format!("orders.evidence/{}", said.order);
    let evidence = sealing::seal(&context, &said.evidence, now_ms).map_err(broken)?;
    for &(state, outcome) in becomes {
        let settled = db
            .one(
                "UPDATE orders SET state = $1, amount_fen = $2, late_fee_fen = $3, review = $4, paid_at = $5, settled_at = $6, \
                 event = $7, transaction_no = $8, evidence_sealed = $9 WHERE id = $10 \
                 AND state NOT IN ('paid', 'surplus', 'underpaid') AND ($11 <> 'surplus' OR EXISTS \
                   (SELECT 1 FROM orders p WHERE p.decision = orders.decision AND p.state = 'paid')) RETURNING id",
                [
                    state.name().into(),
                    amount.get().into(),
                    found.late_fee.get().into(),
                    review.into(),
                    paid_at.into(),
                    now_ms.into(),
                    said.event.clone().into(),
                    said.report.transaction.as_str().into(),
                    evidence.clone().into(),
                    said.order.as_str().into(),
                    state.name().into(),
                ],
            )
            .await;
        match settled {
            Ok(Some(_)) => return Ok(Paid::As(outcome)),
            Ok(None) if state != OrderState::Surplus => return Ok(Paid::Already),
            // Another order of the decision is paid, or else the transaction is another order's.
            Err(DbError::Conflict) if state == OrderState::Paid => {}
            Ok(None) => break,
            Err(DbError::Conflict) => return Ok(Paid::TransactionTaken),
            Err(other) => return Err(other.into()),
        }
    }
    let paid = find(db, said).await?.is_some_and(|found| found.order.state.is_final());
    Ok(if paid { Paid::Already } else { Paid::TransactionTaken })
}

/// Closes a pending order; false if it is not pending any more.
pub async fn close(db: &Db, order: &str, now_ms: u64) -> Result<bool, Problem> {
    let closed = db
        .one(
            "UPDATE orders SET state = 'closed', closed_at = $1 WHERE id = $2 AND state = 'pending' RETURNING id",
            [now_ms.into(), order.into()],
        )
        .await?;
    Ok(closed.is_some())
}

/// Whether `order` waits for its payment, so that it is asked about.
pub async fn is_pending(db: &Db, order: &str) -> Result<bool, Problem> {
    let row = db.one("SELECT id FROM orders WHERE id = $1 AND state = 'pending'", [order.into()]).await?;
    Ok(row.is_some())
}

/// Keeps a report for a person. The same one kept before is not kept twice.
pub async fn set_aside(db: &Db, said: &Authentic, reason: Reason, now_ms: u64) -> Result<Outcome, Problem> {
    let event = said.event.as_deref().unwrap_or(&said.order);
    let provider = said.provider.name();
    let evidence =
        sealing::seal(&evidence_context(provider, event), &said.evidence, now_ms).map_err(broken)?;
    db.run(
        "INSERT INTO payment_inbox (provider, event, reason, order_no, evidence_sealed, received_at) \
         VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING",
        [
            provider.into(),
            event.into(),
            reason.name().into(),
            said.order.as_str().into(),
            evidence.into(),
            said.told_at.into(),
        ],
    )
    .await?;
    log(&format!("ALARM {provider} report set aside: {}", reason.name()));
    Ok(Outcome::SetAside(reason))
}

/// What the evidence of a report that is set aside is sealed to.
pub fn evidence_context(provider: &str, event: &str) -> String {
    format!("payment_inbox.evidence/{provider}/{event}")
}
