//! What waits for a person: reports that do not fit (see [`inbox`]), refunds that no provider's interface makes or that fail for
//! hours, reports of settlements that nobody takes, and differences between the providers' bills and our books.

use crate::differences::{self, Difference};
use crate::inbox;
use crate::report_items::{self, Untold};
use http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;
use zerotrip_accounts::authority;
use zerotrip_domain::refund::{RefundId, TRIES_ALONE};
use zerotrip_platform::{Db, Problem, Reply, Request};

/// Most of each kind that one answer holds, the oldest first.
const MOST: i64 = 200;

/// All that waits.
#[derive(Serialize, ToSchema)]
pub struct WorkItems {
    pub reports: Vec<Report>,
    pub refunds: Vec<Refund>,
    pub settlement_reports: Vec<Untold>,
    /// Between the providers' bills and our books.
    pub differences: Vec<Difference>,
}

/// An authentic report that fits no order of ours.
#[derive(Serialize, ToSchema)]
pub struct Report {
    /// Its name at `/pay/work-items/reports/{report}`.
    pub report: String,
    pub provider: String,
    /// The provider's name for it.
    pub event: String,
    /// `wrong-app`, `wrong-seller`, `unknown-order`, `wrong-amount`, `other-transaction`, `unexpected-refund`,
    /// `unknown-status`, `unconfirmed` or `unreadable`
    pub reason: String,
    pub order: String,
    /// Unix ms.
    pub received_at: i64,
}

/// A refund to be made by hand; its list is what the finance office takes to the bank.
#[derive(Serialize, ToSchema)]
pub struct Refund {
    /// Its name at `/pay/refunds/{refund}/closure`.
    pub refund: String,
    pub provider: String,
    pub order: String,
    pub amount_fen: i64,
    /// `paid-twice`, `revoked`, `overpaid` or `underpaid`
    pub cause: String,
    /// Unix ms.
    pub created_at: i64,
}

#[utoipa::path(get, path = "/pay/work-items", responses((status = 200, body = WorkItems)))]
pub async fn list(request: &Request) -> Result<Reply, Problem> {
    let db = Db::open().await?;
    authority::administrator(request, &db).await?;
    let reports = db
        .run(
            "SELECT i.provider, i.event, i.reason, i.order_no, i.received_at FROM payment_inbox i \
             WHERE NOT EXISTS (SELECT 1 FROM payment_inbox_closures c \
               WHERE c.provider = i.provider AND c.event = i.event AND c.reason = i.reason) \
             ORDER BY i.received_at, i.event LIMIT CAST($1 AS BIGINT)",
            [MOST.into()],
        )
        .await?;
    let refunds = db
        .run(
            "SELECT provider, order_id, amount_fen, cause, created_at FROM refunds WHERE state <> 'done' \
             AND (state = 'outside' OR tries > CAST($1 AS BIGINT)) ORDER BY created_at, order_id \
             LIMIT CAST($2 AS BIGINT)",
            [i64::from(TRIES_ALONE).into(), MOST.into()],
        )
        .await?;
    let text = |row: &zerotrip_platform::Row, at| row.text(at).map(str::to_owned);
    let reports = reports.iter().map(|row| {
        Ok(Report {
            report: inbox::name(row.text(0)?, row.text(2)?, row.text(1)?),
            provider: text(row, 0)?,
            event: text(row, 1)?,
            reason: text(row, 2)?,
            order: text(row, 3)?,
            received_at: row.int(4)?,
        })
    });
    let refunds = refunds.iter().map(|row| {
        Ok(Refund {
            refund: text(row, 1)?,
            provider: text(row, 0)?,
            order: RefundId::parse(row.text(1)?).order().to_owned(),
            amount_fen: row.int(2)?,
            cause: text(row, 3)?,
            created_at: row.int(4)?,
        })
    });
    let items = WorkItems {
        reports: reports.collect::<Result<_, Problem>>()?,
        refunds: refunds.collect::<Result<_, Problem>>()?,
        settlement_reports: report_items::list(&db, MOST).await?,
        differences: differences::open(&db, MOST).await?,
    };
    Ok(Reply::json(StatusCode::OK, &items))
}
