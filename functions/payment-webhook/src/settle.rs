//! An authentic report changes an order, or is set aside. Each change is one conditional statement, so that any number
//! of reports at once, in any order, and a kill at any instant, leave one settlement.

use crate::broken;
use crate::signing::sealing;
use zerotrip_domain::Fen;
use zerotrip_domain::payment::{self, OrderState, Reason, Report, Verdict};
use zerotrip_platform::db::DbError;
use zerotrip_platform::{Db, Problem, log};

/// What a provider said and signed. Made only by the provider's module, from what the signing library has verified.
pub struct Authentic {
    pub provider: &'static str,
    /// The provider's name for this notification; none if we asked.
    pub event: Option<String>,
    pub order: String,
    pub report: Report,
    /// Unix ms, by the provider's clock, if it says that money was paid.
    pub paid_at: Option<u64>,
    /// The signed text, byte for byte.
    pub evidence: Vec<u8>,
}

/// What became of a report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The order is paid now, by this report.
    Settled,
    /// The order is closed now.
    Closed,
    /// Nothing had to change.
    Unchanged,
    /// Kept for a person.
    SetAside,
}

/// Times that a lost race is decided anew. A state changes at most twice, so the third reading is final.
const TRIES: usize = 3;

/// Applies `said`. When this returns, what it says is durable.
pub async fn apply(db: &Db, said: &Authentic, now_ms: u64) -> Result<Outcome, Problem> {
    for _ in 0..TRIES {
        let Some(order) = find(db, said).await? else {
            return set_aside(db, said, Reason::UnknownOrder, now_ms).await;
        };
        let changed = match payment::decide(&order, &said.report) {
            Verdict::Nothing => return Ok(Outcome::Unchanged),
            Verdict::SetAside(reason) => return set_aside(db, said, reason, now_ms).await,
            Verdict::Close => close(db, &said.order, now_ms).await?.then_some(Outcome::Closed),
            Verdict::Settle => match mark_paid(db, said, now_ms).await {
                Ok(settled) => settled.then_some(Outcome::Settled),
                Err(SettleError::TransactionTaken) => {
                    return set_aside(db, said, Reason::OtherTransaction, now_ms).await;
                }
                Err(SettleError::Problem(problem)) => return Err(problem),
            },
        };
        if let Some(outcome) = changed {
            return Ok(outcome);
        }
    }
    Err(Problem::unavailable("an order kept changing"))
}

async fn find(db: &Db, said: &Authentic) -> Result<Option<payment::Order>, Problem> {
    let row = db
        .one(
            "SELECT amount_fen, state, transaction_no FROM orders WHERE id = $1 AND provider = $2",
            [said.order.as_str().into(), said.provider.into()],
        )
        .await?;
    let Some(row) = row else { return Ok(None) };
    let odd = || Problem::unavailable("a stored order is not of its form");
    Ok(Some(payment::Order {
        amount: Fen::new(row.int(0)?).map_err(|_| odd())?,
        state: OrderState::named(row.text(1)?).ok_or_else(odd)?,
        transaction: if row.is_null(2) { None } else { Some(row.text(2)?.to_owned()) },
    }))
}

enum SettleError {
    TransactionTaken,
    Problem(Problem),
}

/// The commit point: state and evidence in one row, by one statement.
async fn mark_paid(db: &Db, said: &Authentic, now_ms: u64) -> Result<bool, SettleError> {
    let context = format!("orders.evidence/{}", said.order);
    let evidence = sealing::seal(&context, &said.evidence, now_ms)
        .map_err(|fault| SettleError::Problem(broken(fault)))?;
    let settled = db
        .one(
            "UPDATE orders SET state = 'paid', paid_at = $1, settled_at = $2, event = $3, transaction_no = $4, \
             evidence_sealed = $5, review = CASE \
               WHEN EXISTS (SELECT 1 FROM decisions d WHERE d.id = orders.decision AND d.revoked_at IS NOT NULL) \
                 THEN 'paid-after-revocation' \
               WHEN EXISTS (SELECT 1 FROM orders p WHERE p.decision = orders.decision AND p.state = 'paid') \
                 THEN 'paid-twice' END \
             WHERE id = $6 AND state <> 'paid' RETURNING review",
            [
                said.paid_at.unwrap_or(now_ms).into(),
                now_ms.into(),
                said.event.clone().into(),
                said.report.transaction.as_str().into(),
                evidence.into(),
                said.order.as_str().into(),
            ],
        )
        .await;
    match settled {
        Ok(Some(row)) => {
            if !row.is_null(0) {
                log(&format!("ALARM payment to review: order {}", said.order));
            }
            Ok(true)
        }
        Ok(None) => Ok(false),
        Err(DbError::Conflict) => Err(SettleError::TransactionTaken),
        Err(other) => Err(SettleError::Problem(other.into())),
    }
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

/// Keeps a report for a person. The same one kept before is not kept twice.
pub async fn set_aside(db: &Db, said: &Authentic, reason: Reason, now_ms: u64) -> Result<Outcome, Problem> {
    let event = said.event.as_deref().unwrap_or(&said.order);
    let context = format!("payment_inbox.evidence/{}/{event}", said.provider);
    let evidence = sealing::seal(&context, &said.evidence, now_ms).map_err(broken)?;
    db.run(
        "INSERT INTO payment_inbox (provider, event, reason, order_no, evidence_sealed, received_at) \
         VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING",
        [
            said.provider.into(),
            event.into(),
            reason.name().into(),
            said.order.as_str().into(),
            evidence.into(),
            now_ms.into(),
        ],
    )
    .await?;
    log(&format!("ALARM {} report set aside: {}", said.provider, reason.name()));
    Ok(Outcome::SetAside)
}
