//! The ticket: what the driver sees at once, with no log-in and nothing to type.

use crate::signing::faults::{Fault, Refusal};
use crate::signing::{sealing, ticket_code_check};
use crate::{answer, broken, pages, provider};
use http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use zerotrip_domain::decision::State;
use zerotrip_domain::decision_event::{Event, Kind, Record};
use zerotrip_domain::late_fee::Payable;
use zerotrip_domain::{Day, DecisionNumber, Fen, Plate, Provider, mask};
use zerotrip_platform::{Db, Id, Problem, Reply, Request, Row, clock};

/// A decision as its ticket shows it: never the whole name or plate, no ID number, phone or address, since the code may
/// be photographed.
#[derive(Serialize, ToSchema)]
pub struct Ticket {
    pub code: String,
    /// 决定书编号
    pub number: String,
    /// `due`, `overdue`, `paid` or `revoked`.
    pub state: &'static str,
    /// 张**
    pub driver: String,
    /// 吉A·**345
    pub plate: String,
    pub vehicle_type: String,
    pub violation_code: String,
    pub violation: String,
    pub place: String,
    /// Unix ms.
    pub violated_at: u64,
    pub legal_basis: String,
    pub authority: String,
    /// Last day without late fee, of the decision or of a deferral: yyyy-MM-dd in China.
    pub due: String,
    pub fine_fen: i64,
    /// As of today, or as paid.
    pub late_fee_fen: i64,
    pub total_fen: i64,
    /// Days after the deadline on which the late fee ran, as of today.
    pub late_days: u32,
    /// Why the late fee does not run today: `contest`, `suspension` or `deferral`.
    pub late_fee_stopped: Option<&'static str>,
    pub payment: Option<Payment>,
    /// Providers that can be paid with in the app that asks.
    pub providers: Vec<&'static str>,
}

/// How it was paid.
#[derive(Serialize, ToSchema)]
pub struct Payment {
    pub order: String,
    pub provider: String,
    /// The provider's own number.
    pub transaction: String,
    /// Unix ms, by the provider's clock.
    pub paid_at: i64,
}

/// A decision as stored, with its payment.
pub struct Decision {
    pub id: Id,
    pub fine: Fen,
    /// As the decision says.
    pub due: Day,
    /// What was recorded later.
    pub record: Record,
    pub revoked: bool,
    /// Whether anything is to be paid.
    pub open: bool,
    pub plate: Plate,
    pub ticket: Ticket,
}

impl Decision {
    /// Says with whom of `live` the app that asks can pay.
    pub fn offer(&mut self, request: &Request, live: &[Provider]) {
        if self.open {
            let offered = provider::viewer(request).offers(live);
            self.ticket.providers = offered.into_iter().map(Provider::name).collect();
        }
    }
}

/// Most that a list holds.
const MOST: i64 = 100;

/// What of the sealed decision a ticket shows.
#[derive(Deserialize)]
struct Content {
    number: String,
    driver: Driver,
    plate: String,
    vehicle_type: String,
    violation_code: String,
    violation: String,
    place: String,
    violated_at: u64,
    legal_basis: String,
    authority: String,
}

#[derive(Deserialize)]
struct Driver {
    name: String,
}

#[utoipa::path(get, path = "/fines/{code}", params(("code" = String, Path)),
    responses((status = 200, body = Ticket)))]
pub async fn look_up(request: &Request, code: &str) -> Result<Reply, Problem> {
    let mut decision = find(code).await?.1;
    if decision.open {
        decision.offer(request, &provider::live().await?);
    }
    Ok(answer::either(request, &decision.ticket, || pages::ticket(&decision.ticket)))
}

/// The decision of a code as printed or typed. A code that we did not make is refused before the database is asked.
pub async fn find(code: &str) -> Result<(Db, Decision), Problem> {
    let code = ticket_code_check::check(code).map_err(|fault| match fault {
        Fault::Refused(Refusal::Malformed | Refusal::UnknownKey | Refusal::Forged) => unknown_code(),
        other => broken(other),
    })?;
    let db = Db::open().await?;
    let row = db
        .one(
            "SELECT d.id, d.fine_fen, d.due, d.content_sealed, d.revoked_at, \
             o.id, o.late_fee_fen, o.provider, o.transaction_no, o.paid_at, \
             (SELECT COUNT(*) FROM decision_events e WHERE e.decision = d.id) \
             FROM decisions d LEFT JOIN orders o ON o.decision = d.id AND o.state = 'paid' \
             AND NOT EXISTS (SELECT 1 FROM refunds r WHERE r.order_id = o.id AND r.state = 'done') WHERE d.code = $1",
            [code.as_str().into()],
        )
        .await?
        .ok_or_else(unknown_code)?;
    // Hardly any decision has some.
    let record = if row.int(10)? == 0 { Record::default() } else { record(&db, row.id(0)?).await? };
    let decision = read(&row, record, code)?;
    Ok((db, decision))
}

/// The decision that `order` has settled.
pub async fn of_order(order: &str) -> Result<Option<Decision>, Problem> {
    let settled = Db::open()
        .await?
        .one(
            "SELECT d.code FROM orders o JOIN decisions d ON d.id = o.decision WHERE o.id = $1 AND o.state = 'paid'",
            [order.into()],
        )
        .await?;
    let Some(row) = settled else { return Ok(None) };
    Ok(Some(find(row.text(0)?).await?.1))
}

/// The decision of this number.
pub async fn numbered(db: &Db, number: &DecisionNumber) -> Result<Option<Decision>, Problem> {
    let rows = db
        .run(
            "SELECT d.id, d.fine_fen, d.due, d.content_sealed, d.revoked_at, \
             o.id, o.late_fee_fen, o.provider, o.transaction_no, o.paid_at, \
             (SELECT COUNT(*) FROM decision_events e WHERE e.decision = d.id), d.code \
             FROM decisions d LEFT JOIN orders o ON o.decision = d.id AND o.state = 'paid' \
             AND NOT EXISTS (SELECT 1 FROM refunds r WHERE r.order_id = o.id AND r.state = 'done') WHERE d.number = $1",
            [number.as_str().into()],
        )
        .await?;
    Ok(read_all(db, &rows).await?.pop())
}

/// The decisions of a driver, the newest first. `index` is the blind index of the driver's number.
pub async fn of_driver(db: &Db, index: &str) -> Result<Vec<Decision>, Problem> {
    let rows = db
        .run(
            "SELECT d.id, d.fine_fen, d.due, d.content_sealed, d.revoked_at, \
             o.id, o.late_fee_fen, o.provider, o.transaction_no, o.paid_at, \
             (SELECT COUNT(*) FROM decision_events e WHERE e.decision = d.id), d.code \
             FROM decisions d LEFT JOIN orders o ON o.decision = d.id AND o.state = 'paid' \
             AND NOT EXISTS (SELECT 1 FROM refunds r WHERE r.order_id = o.id AND r.state = 'done') \
             WHERE d.driver_index = $1 ORDER BY d.decided_at DESC, d.id LIMIT CAST($2 AS BIGINT)",
            [index.into(), MOST.into()],
        )
        .await?;
    read_all(db, &rows).await
}

async fn read_all(db: &Db, rows: &[Row]) -> Result<Vec<Decision>, Problem> {
    let mut decisions = Vec::with_capacity(rows.len());
    for row in rows {
        let record = if row.int(10)? == 0 { Record::default() } else { record(db, row.id(0)?).await? };
        decisions.push(read(row, record, row.text(11)?.to_owned())?);
    }
    Ok(decisions)
}

async fn record(db: &Db, decision: Id) -> Result<Record, Problem> {
    // Of several ends of an event the last one counts.
    let rows = db
        .run(
            "SELECT e.kind, e.from_day, e.until_day, x.until_day FROM decision_events e \
             LEFT JOIN decision_events x ON x.decision = e.decision AND x.ends = e.id AND NOT EXISTS \
                 (SELECT 1 FROM decision_events y \
                  WHERE y.decision = x.decision AND y.ends = x.ends AND y.number > x.number) \
             WHERE e.decision = $1 AND e.ends IS NULL",
            [decision.into()],
        )
        .await?;
    rows.iter().map(event).collect()
}

fn event(row: &Row) -> Result<Event, Problem> {
    let (first, last, ended) = (row.optional_text(1)?, row.optional_text(2)?, row.optional_text(3)?);
    Event::stored(row.text(0)?, first, last, ended)
        .ok_or_else(|| Problem::unavailable("a stored event is not of its form"))
}

fn read(row: &Row, record: Record, code: String) -> Result<Decision, Problem> {
    let odd = |_| Problem::unavailable("a stored decision is not of its form");
    let id = row.id(0)?;
    let fine = Fen::new(row.int(1)?).map_err(|_| Problem::unavailable("a stored fine is no amount"))?;
    let due = Day::parse(row.text(2)?).ok_or_else(|| Problem::unavailable("a stored deadline is no day"))?;
    let content = sealing::open(&format!("decisions.content/{id}"), row.text(3)?).map_err(broken)?;
    let content: Content = serde_json::from_slice(&content).map_err(odd)?;
    let plate: Plate =
        content.plate.parse().map_err(|_| Problem::unavailable("a stored plate is not of its form"))?;
    let revoked = !row.is_null(4);
    let payment = if row.is_null(5) {
        None
    } else {
        Some(Payment {
            order: row.text(5)?.to_owned(),
            provider: row.text(7)?.to_owned(),
            transaction: row.text(8)?.to_owned(),
            paid_at: row.int(9)?,
        })
    };
    let today = Day::at(clock::now_ms());
    let payable = Payable::on(today, fine, due, &record);
    let late_fee = match payment {
        Some(_) => row.int(6)?,
        None => payable.late_fee.get(),
    };
    let state = State::of(payment.is_some(), revoked, payable.late_days);
    let open = matches!(state, State::Due | State::Overdue);
    let ticket = Ticket {
        code,
        number: content.number,
        state: state.name(),
        driver: mask::name(&content.driver.name),
        plate: plate.masked(),
        vehicle_type: content.vehicle_type,
        violation_code: content.violation_code,
        violation: content.violation,
        place: content.place,
        violated_at: content.violated_at,
        legal_basis: content.legal_basis,
        authority: content.authority,
        due: record.due(due).to_string(),
        fine_fen: fine.get(),
        late_fee_fen: late_fee,
        total_fen: fine.get() + late_fee,
        late_days: payable.late_days,
        late_fee_stopped: record.stopped(today, due).filter(|_| open).map(Kind::name),
        payment,
        providers: Vec::new(),
    };
    Ok(Decision { id, fine, due, record, revoked, open, plate, ticket })
}

fn unknown_code() -> Problem {
    Problem::new(
        StatusCode::NOT_FOUND,
        "unknown-ticket",
        "No such ticket",
        "未找到该决定书，请核对编码",
        "Scan the code on the paper again, or type its 20 characters.",
    )
}
