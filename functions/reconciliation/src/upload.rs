//! 对账文件: the bank gives it to people only, so an administrator brings the file of a day.

use crate::statements::open_count;
use crate::{live, record};
use http::{Method, StatusCode};
use serde::Serialize;
use utoipa::ToSchema;
use zerotrip_accounts::authority;
use zerotrip_bills::{Bill, ccb as table};
use zerotrip_domain::{Day, Provider};
use zerotrip_platform::{Db, Problem, Reply, Request, Unread, clock, log};

/// The largest file: a hundred thousand rows.
const MAX_FILE: usize = 16 * 1024 * 1024;

/// What became of a file.
#[derive(Serialize, ToSchema)]
pub struct Uploaded {
    /// yyyy-MM-dd in China.
    day: String,
    payments: u32,
    paid_fen: i64,
    refunds: u32,
    refunded_fen: i64,
    /// Other files of the same day that this one takes the place of; what they said is kept.
    replaces: i64,
    /// Differences that are open, of whatever day and provider.
    open: i64,
}

/// Whether this is a request whose body may be large.
pub fn is_for(method: &Method, path: &str) -> bool {
    *method == Method::POST && path.trim_matches('/') == "bills/ccb/statements"
}

#[utoipa::path(post, path = "/bills/ccb/statements", params(("day" = String, Query)),
    request_body(content = String, content_type = "text/plain; charset=GBK"), responses((status = 200, body = Uploaded)))]
pub async fn receive(request: &Request, body: Unread) -> Result<Reply, Problem> {
    let db = Db::open().await?;
    // Before anything large is read.
    let person = authority::administrator(request, &db).await?.0.principal;
    let day = request.parameter("day").and_then(|day| Day::parse(&day));
    let day = day.filter(|day| day.end_ms() <= clock::now_ms());
    let day = day.ok_or_else(|| Problem::invalid("day must be a day that is over, yyyy-MM-dd in China"))?;
    if !live::providers().await?.contains(&Provider::Ccb) {
        return Err(Problem::invalid("ccb is not among the providers of this bureau"));
    }
    let file = body.read(MAX_FILE).await?;
    let bill = table::read(&file, day).map_err(|fault| refused(&fault.to_string()))?;
    if is_foreign(&db, day, &bill).await? {
        return Err(refused("no row is an order of ours, and we have some of that day"));
    }
    let compared = record::compare(&db, Provider::Ccb, day, &bill, Some(person)).await?;
    log(&format!("ccb bill of {day} brought by an administrator"));
    let totals = compared.totals;
    let uploaded = Uploaded {
        day: day.to_string(),
        payments: totals.payments,
        paid_fen: totals.paid_fen,
        refunds: totals.refunds,
        refunded_fen: totals.refunded_fen,
        replaces: compared.replaces,
        open: open_count(&db).await?,
    };
    Ok(Reply::json(StatusCode::OK, &uploaded))
}

/// The file names no merchant: another counter's is known by having nothing of ours.
async fn is_foreign(db: &Db, day: Day, bill: &Bill) -> Result<bool, Problem> {
    for entry in &bill.entries {
        let ours = db
            .one("SELECT id FROM orders WHERE id = $1 AND provider = 'ccb'", [entry.order.as_str().into()])
            .await?;
        if ours.is_some() {
            return Ok(false);
        }
    }
    let paid = db
        .one(
            "SELECT id FROM orders WHERE provider = 'ccb' AND paid_at >= $1 AND paid_at < $2 LIMIT 1",
            [day.start_ms().into(), day.end_ms().into()],
        )
        .await?;
    Ok(!bill.entries.is_empty() && paid.is_some())
}

fn refused(what: &str) -> Problem {
    Problem::new(
        StatusCode::UNPROCESSABLE_ENTITY,
        "statement-refused",
        "Not the bank's bill of that day",
        "不是该日的建设银行对账文件",
        &format!(
            "Download it from the bank's merchant platform again and bring it as it is. What is wrong: {what}."
        ),
    )
}
