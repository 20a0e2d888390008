//! Refunds that a person makes: one that no provider's interface makes, or that its provider refuses for hours. Whoever wants to
//! make the latter takes it over first, so that it is not made twice: by hand, and by the job that goes on asking.

use http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use zerotrip_accounts::authority::{self, Administrator, Live};
use zerotrip_domain::refund::{RefundId, TRIES_ALONE, idle_if_due_by};
use zerotrip_domain::{Day, Fen};
use zerotrip_platform::{Db, Id, Problem, Reply, Request, Row, clock};

/// A refund to be made by hand; its list is what the finance office takes to the bank.
#[derive(Serialize, ToSchema)]
pub struct Refund {
    /// Its name at `/pay/refunds/{refund}/take-over` and `…/closure`.
    pub refund: String,
    pub provider: String,
    pub order: String,
    /// What the provider knows it by, should it have made it after all.
    pub number: String,
    pub amount_fen: i64,
    /// `paid-twice`, `revoked`, `overpaid` or `underpaid`
    pub cause: String,
    /// Unix ms.
    pub created_at: i64,
    /// `due`: its provider is still asked for it, until somebody takes it over. `outside`: a person makes it.
    pub state: String,
    /// The provider's own number for it, if it is `due` and accepted there: then it is under way, and not to be taken over.
    pub accepted_as: Option<String>,
    pub taken_over: Option<TakenOver>,
}

/// Who makes a refund by hand.
#[derive(Serialize, ToSchema)]
pub struct TakenOver {
    /// The administrator.
    pub by: String,
    /// If on one that is enrolled.
    pub device: Option<String>,
    /// Unix ms.
    pub at: i64,
}

/// The oldest that wait for a person, at most so many.
pub async fn list(db: &Db, most: i64) -> Result<Vec<Refund>, Problem> {
    let rows = db
        .run(
            "SELECT r.order_id, r.provider, r.amount_fen, r.cause, r.created_at, r.state, r.reference, t.person, t.device, t.at \
             FROM refunds r LEFT JOIN refund_take_overs t ON t.refund = r.order_id WHERE r.state <> 'done' \
             AND (r.state = 'outside' OR r.tries > CAST($1 AS BIGINT)) ORDER BY r.created_at, r.order_id \
             LIMIT CAST($2 AS BIGINT)",
            [i64::from(TRIES_ALONE).into(), most.into()],
        )
        .await?;
    rows.iter().map(item).collect()
}

fn item(row: &Row) -> Result<Refund, Problem> {
    let text = |at| row.text(at).map(str::to_owned);
    let id = RefundId::parse(row.text(0)?);
    let is_due = row.text(5)? == "due";
    let taken_over = match row.optional_text(7)? {
        None => None,
        Some(person) => {
            let device = Some(row.id(8)?).filter(|device| *device != Id::NONE);
            Some(TakenOver {
                by: person.to_owned(),
                device: device.map(|device| device.to_string()),
                at: row.int(9)?,
            })
        }
    };
    Ok(Refund {
        refund: id.to_string(),
        provider: text(1)?,
        order: id.order().to_owned(),
        number: id.number(),
        amount_fen: row.int(2)?,
        cause: text(3)?,
        created_at: row.int(4)?,
        state: text(5)?,
        accepted_as: row.optional_text(6)?.filter(|_| is_due).map(str::to_owned),
        taken_over,
    })
}

/// Rows of one export.
const MOST: i64 = 10_000;

/// The same list as a table for the finance office and the bank's own form: CSV (RFC 4180) in UTF-8 with a byte order mark, by
/// which spreadsheets know it; amounts in yuan, days in China. It has no personal data.
#[utoipa::path(get, path = "/pay/refunds.csv", responses((status = 200, body = String, content_type = "text/csv")))]
pub async fn export(request: &Request) -> Result<Reply, Problem> {
    let db = Db::open().await?;
    authority::administrator(request, &db).await?;
    let mut table = String::from("\u{feff}渠道,商户订单号,退款编号,退款金额（元）,原因,产生日期,状态\r\n");
    for refund in list(&db, MOST).await? {
        let odd = || Problem::unavailable("a stored refund is not of its form");
        let amount = Fen::new(refund.amount_fen).map_err(|_| odd())?;
        let since = Day::at(u64::try_from(refund.created_at).map_err(|_| odd())?);
        let Refund { provider, order, number, cause, state, .. } = &refund;
        table.push_str(&format!("{provider},{order},{number},{amount},{cause},{since},{state}\r\n"));
    }
    let reply = Reply::new(StatusCode::OK, "text/csv; charset=utf-8", table);
    Ok(reply.header("content-disposition", "attachment; filename=\"refunds.csv\""))
}

/// How many wait.
pub async fn count(db: &Db) -> Result<i64, Problem> {
    let row = db
        .one(
            "SELECT COUNT(*) FROM refunds WHERE state <> 'done' AND (state = 'outside' OR tries > CAST($1 AS BIGINT))",
            [i64::from(TRIES_ALONE).into()],
        )
        .await?;
    row.map_or(Ok(0), |row| row.int(0))
}

/// An administrator will make a refund by hand: from now on its provider is not asked for it, and it is nobody else's.
#[utoipa::path(post, path = "/pay/refunds/{refund}/take-over", params(("refund" = String, Path)),
    responses((status = 204, description = "It is the caller's to make; no job asks for it any more")))]
pub async fn take_over(request: &Request, refund: &str) -> Result<Reply, Problem> {
    let db = Db::open().await?;
    let Administrator(by) = authority::administrator(request, &db).await?;
    let now = clock::now_ms();
    // Ends the job's part for good, and only between its calls. A kill after it leaves an item that anybody may take over.
    db.run(
        "UPDATE refunds SET state = 'outside' WHERE order_id = $1 AND state = 'due' AND tries > CAST($2 AS BIGINT) \
         AND reference IS NULL AND next_try_at <= $3",
        [refund.into(), i64::from(TRIES_ALONE).into(), idle_if_due_by(now).into()],
    )
    .await?;
    if assign(&db, refund, &by, now).await? {
        return Ok(Reply::no_content());
    }
    let known = find(&db, refund).await?;
    match known.holder {
        // The same once more is no mistake.
        Some(holder) if known.state == "outside" && holder == by.principal => Ok(Reply::no_content()),
        Some(_) if known.state == "outside" => Err(taken_over()),
        _ if known.state == "due" && known.tries > i64::from(TRIES_ALONE) => {
            Err(under_way(known.reference.is_some()))
        }
        _ => Err(not_open()),
    }
}

/// Whether a refund that no job asks for is this person's from now on; false if it is somebody's already.
async fn assign(db: &Db, refund: &str, by: &Live, now: u64) -> Result<bool, Problem> {
    let assigned = db
        .one(
            "INSERT INTO refund_take_overs (refund, person, device, at) \
             SELECT r.order_id, $1, $2, CAST($3 AS BIGINT) FROM refunds r WHERE r.order_id = $4 AND r.state = 'outside' \
             ON CONFLICT DO NOTHING RETURNING refund",
            [by.principal.into(), by.device.into(), now.into(), refund.into()],
        )
        .await?;
    Ok(assigned.is_some())
}

/// How a refund was made outside.
#[derive(Deserialize, ToSchema)]
#[schema(as = RefundClosure)]
#[serde(deny_unknown_fields)]
pub struct Closure {
    /// The bank's number for it: 1 to 64 letters, digits and hyphens.
    reference: String,
}

/// An administrator says that a refund was made by hand. One that no job asks for, as none of CCB's, is taken over by that, if
/// nobody has taken it over before.
#[utoipa::path(post, path = "/pay/refunds/{refund}/closure", params(("refund" = String, Path)), request_body = Closure,
    responses((status = 204, description = "The refund is done")))]
pub async fn close(request: &Request, refund: &str) -> Result<Reply, Problem> {
    let Closure { reference } = request.json()?;
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '-';
    if reference.is_empty() || reference.len() > 64 || !reference.chars().all(plain) {
        return Err(Problem::invalid("reference must be 1 to 64 letters, digits and hyphens"));
    }
    let db = Db::open().await?;
    let Administrator(by) = authority::administrator(request, &db).await?;
    let now = clock::now_ms();
    assign(&db, refund, &by, now).await?;
    // Also what a colleague has taken over, who may be ill by now: both stand on record.
    let closed = db
        .one(
            "UPDATE refunds SET state = 'done', reference = $1, done_at = $2, closed_by = $3 \
             WHERE order_id = $4 AND state = 'outside' RETURNING order_id",
            [reference.as_str().into(), now.into(), by.principal.into(), refund.into()],
        )
        .await?;
    if closed.is_some() {
        return Ok(Reply::no_content());
    }
    let known = find(&db, refund).await?;
    match known.state.as_str() {
        // The same once more is no mistake.
        "done" if known.reference.as_deref() == Some(&reference) => Ok(Reply::no_content()),
        "due" if known.tries > i64::from(TRIES_ALONE) => Err(not_taken_over()),
        _ => Err(not_open()),
    }
}

struct Known {
    state: String,
    tries: i64,
    reference: Option<String>,
    holder: Option<Id>,
}

async fn find(db: &Db, refund: &str) -> Result<Known, Problem> {
    let row = db
        .one(
            "SELECT r.state, r.tries, r.reference, t.person FROM refunds r \
             LEFT JOIN refund_take_overs t ON t.refund = r.order_id WHERE r.order_id = $1",
            [refund.into()],
        )
        .await?
        .ok_or_else(Problem::not_found)?;
    Ok(Known {
        state: row.text(0)?.to_owned(),
        tries: row.int(1)?,
        reference: row.optional_text(2)?.map(str::to_owned),
        holder: if row.is_null(3) { None } else { Some(row.id(3)?) },
    })
}

fn not_open() -> Problem {
    Problem::new(
        StatusCode::CONFLICT,
        "refund-not-open",
        "Not to be made by hand",
        "该退款不需要人工处理",
        "It is done already, or the provider makes it.",
    )
}

fn not_taken_over() -> Problem {
    Problem::new(
        StatusCode::CONFLICT,
        "refund-not-taken-over",
        "Its provider is still asked for it",
        "该退款仍由系统自动处理，请先接管",
        "Before it is made by hand: POST …/take-over, which ends that. If it was made already: take it over, see at the provider \
         that it has not been made there as well, and close it.",
    )
}

fn taken_over() -> Problem {
    Problem::new(
        StatusCode::CONFLICT,
        "refund-taken-over",
        "A colleague makes it",
        "该退款已由他人接管",
        "GET /pay/work-items says who has taken it over.",
    )
}

/// Its provider is being asked just now, or has `accepted` it.
fn under_way(accepted: bool) -> Problem {
    let new = |detail| {
        Problem::new(
            StatusCode::CONFLICT,
            "refund-under-way",
            "Its provider is at it",
            "退款处理中，暂不能接管",
            detail,
        )
    };
    if accepted {
        return new(
            "Its provider has accepted it and will say how it ends: it is done then, or to be made by hand.",
        );
    }
    let mut problem = new("Its provider is being asked for it just now: try again in a minute.");
    problem.retry_after_s = Some(60);
    problem
}
