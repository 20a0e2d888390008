//! What waits for a person: reports that do not fit, refunds to be made by hand, reports of settlements that nobody takes, and
//! differences between the providers' bills and our books.

use crate::differences::{self, Difference};
use crate::inbox::{self, Report};
use crate::refund_items::{self, Refund};
use crate::report_items::{self, Untold};
use http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;
use zerotrip_accounts::authority;
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

#[utoipa::path(get, path = "/pay/work-items", responses((status = 200, body = WorkItems)))]
pub async fn list(request: &Request) -> Result<Reply, Problem> {
    let db = Db::open().await?;
    authority::administrator(request, &db).await?;
    let items = WorkItems {
        reports: inbox::open(&db, MOST).await?,
        refunds: refund_items::list(&db, MOST).await?,
        settlement_reports: report_items::list(&db, MOST).await?,
        differences: differences::open(&db, MOST).await?,
    };
    Ok(Reply::json(StatusCode::OK, &items))
}

/// How many there are.
pub async fn count(db: &Db) -> Result<i64, Problem> {
    Ok(inbox::open_count(db).await?
        + refund_items::count(db).await?
        + report_items::count(db).await?
        + differences::open_count(db).await?)
}
