//! An officer of the deciding agency records what changes a decision's late fee, with the reason. Nothing is overwritten.

use crate::event::{reason, reason_context};
use crate::{field, refused, ticket};
use http::StatusCode;
use serde::Deserialize;
use utoipa::ToSchema;
use zerotrip_accounts::authority;
use zerotrip_accounts::authority::Live;
use zerotrip_accounts::signing::sealing;
use zerotrip_domain::Day;
use zerotrip_domain::decision_event::{Event, Kind, NotAnEvent};
use zerotrip_platform::{Db, Id, Problem, Reply, Request, clock};

/// Contests, suspensions and deferrals of one decision.
const MOST_EVENTS: i64 = 20;
/// As many ends fit beside them, so that whatever is open can be ended.
const MOST_WITH_ENDS: i64 = 2 * MOST_EVENTS;
/// What an end is called where the others have their kind.
const END: &str = "end";

/// What changes the late fee, sent as often as the terminal needs to.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewEvent {
    /// The terminal's own name for this event: 8 to 64 letters, digits, hyphens.
    request_id: String,
    /// `contest`: 行政复议 or 行政诉讼 is under way, the late fee does not run. `suspension`: 中止执行, nor does it here.
    /// `deferral`: 暂缓缴纳, paid until `until` without late fee.
    kind: String,
    /// The first day, yyyy-MM-dd in China; left out for a deferral.
    from: Option<String>,
    /// The last day; left out while nobody knows it.
    until: Option<String>,
    /// 1 to 200 characters.
    reason: String,
}

/// When an event ended, or that it was recorded by mistake.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct End {
    /// The terminal's own name for this end: 8 to 64 letters, digits, hyphens.
    request_id: String,
    /// The event's last day, yyyy-MM-dd in China; of several ends the one recorded last counts. The day before its first
    /// means that it never ran.
    day: String,
    /// 1 to 200 characters.
    reason: String,
}

#[utoipa::path(post, path = "/qr/decisions/{id}/events", params(("id" = String, Path)), request_body = NewEvent,
    responses((status = 201, body = crate::ticket::Ticket), (status = 200, body = crate::ticket::Ticket)))]
pub async fn record(request: &Request, id: &str) -> Result<Reply, Problem> {
    let given: NewEvent = request.json()?;
    let kind = Kind::named(&given.kind)
        .ok_or_else(|| Problem::invalid("kind must be contest, suspension or deferral"))?;
    let from = given.from.as_deref().map(|text| field::day("from", text)).transpose()?;
    let until = given.until.as_deref().map(|text| field::day("until", text)).transpose()?;
    let event = Event::new(kind, from, until).map_err(|not| {
        Problem::invalid(match not {
            NotAnEvent::NoFirstDay => "from must be the first day of a contest or suspension",
            NotAnEvent::FirstDayOfDeferral => "from must be left out for a deferral",
            NotAnEvent::NoLastDay => "until must be the last day of a deferral",
            NotAnEvent::Backwards => "until must not be before from",
        })
    })?;
    let entry = Entry {
        request_id: field::request_id(&given.request_id)?,
        kind: kind.name(),
        ends: None,
        from: from.map(|day| day.to_string()),
        until: until.map(|day| day.to_string()),
        reason: field::reason(&given.reason)?,
        most: MOST_EVENTS,
    };
    let db = Db::open().await?;
    let authority::Officer(officer) = authority::officer(request, &db).await?;
    let id: Id = id.parse().map_err(|_| Problem::not_found())?;
    if let Event::Deferral(last) = event {
        let due = due(&db, id, &officer.agency).await?;
        if last <= due {
            return Err(Problem::invalid(&format!(
                "until must be after {due}, the last day without late fee as it is"
            )));
        }
    }
    entry.store(&db, id, &officer).await
}

#[utoipa::path(post, path = "/qr/decisions/{id}/events/{event}/end",
    params(("id" = String, Path), ("event" = String, Path)), request_body = End,
    responses((status = 201, body = crate::ticket::Ticket), (status = 200, body = crate::ticket::Ticket)))]
pub async fn end(request: &Request, id: &str, event: &str) -> Result<Reply, Problem> {
    let given: End = request.json()?;
    let last = field::day("day", &given.day)?;
    let request_id = field::request_id(&given.request_id)?;
    let reason = field::reason(&given.reason)?;
    let db = Db::open().await?;
    let authority::Officer(officer) = authority::officer(request, &db).await?;
    let id: Id = id.parse().map_err(|_| Problem::not_found())?;
    let ends: Id = event.parse().map_err(|_| Problem::not_found())?;
    recorded(&db, id, ends, &officer.agency)
        .await?
        .ended(last)
        .map_err(|_| Problem::invalid("day must be in the event, or the day before it if it never ran"))?;
    let entry = Entry {
        request_id,
        kind: END,
        ends: Some(ends.to_string()),
        from: None,
        until: Some(last.to_string()),
        reason,
        most: MOST_WITH_ENDS,
    };
    entry.store(&db, id, &officer).await
}

/// The last day to pay that the decision says, which never changes.
async fn due(db: &Db, decision: Id, agency: &str) -> Result<Day, Problem> {
    let row = db
        .one("SELECT due FROM decisions WHERE id = $1 AND agency = $2", [decision.into(), agency.into()])
        .await?
        .ok_or_else(Problem::not_found)?;
    Day::parse(row.text(0)?).ok_or_else(|| Problem::unavailable("a stored deadline is no day"))
}

/// An event as it was recorded first, which never changes.
async fn recorded(db: &Db, decision: Id, event: Id, agency: &str) -> Result<Event, Problem> {
    let row = db
        .one(
            "SELECT e.kind, e.from_day, e.until_day FROM decision_events e JOIN decisions d ON d.id = e.decision \
             WHERE e.id = $1 AND e.decision = $2 AND d.agency = $3 AND e.ends IS NULL",
            [event.into(), decision.into(), agency.into()],
        )
        .await?
        .ok_or_else(Problem::not_found)?;
    Event::stored(row.text(0)?, row.optional_text(1)?, row.optional_text(2)?, None)
        .ok_or_else(|| Problem::unavailable("a stored event is not of its form"))
}

/// One row to be.
struct Entry<'a> {
    request_id: &'a str,
    kind: &'static str,
    ends: Option<String>,
    from: Option<String>,
    until: Option<String>,
    reason: &'a str,
    /// How many there may be with it.
    most: i64,
}

impl Entry<'_> {
    /// The commit point is one statement. If it stores nothing, it is looked up why.
    async fn store(self, db: &Db, decision: Id, officer: &Live) -> Result<Reply, Problem> {
        let (id, now) = (Id::random(), clock::now_ms());
        let sealed = sealing::seal(&reason_context(id), self.reason.as_bytes(), now).map_err(refused)?;
        // Whoever was quicker has taken the number, and there are only so many.
        for _ in 0..=self.most {
            let stored = db
                .one(
                    "INSERT INTO decision_events (id, kind, ends, from_day, until_day, reason_sealed, officer, device, \
                     at, request_id, decision, number) \
                     SELECT $1, $2, $3, $4, $5, $6, $7, $8, CAST($9 AS BIGINT), $10, d.id, \
                     (SELECT COUNT(*) FROM decision_events n WHERE n.decision = d.id) FROM decisions d \
                     WHERE d.id = $11 AND d.agency = $12 AND d.revoked_at IS NULL \
                     AND NOT EXISTS (SELECT 1 FROM orders o WHERE o.decision = d.id AND o.state = 'paid') \
                     AND (SELECT COUNT(*) FROM decision_events n WHERE n.decision = d.id) < CAST($13 AS BIGINT) \
                     ON CONFLICT DO NOTHING RETURNING id",
                    [
                        id.into(),
                        self.kind.into(),
                        self.ends.clone().into(),
                        self.from.clone().into(),
                        self.until.clone().into(),
                        sealed.as_str().into(),
                        officer.principal.into(),
                        officer.device.into(),
                        now.into(),
                        self.request_id.into(),
                        decision.into(),
                        officer.agency.as_str().into(),
                        self.most.into(),
                    ],
                )
                .await?;
            let status = match stored {
                Some(_) => StatusCode::CREATED,
                None if self.repeats(db, decision, officer.device).await? => StatusCode::OK,
                None => {
                    self.explain(db, decision, &officer.agency).await?;
                    continue;
                }
            };
            return Ok(ticket::of_agency(db, decision, &officer.agency).await?.reply(status));
        }
        Err(Problem::unavailable("the events of a decision kept changing"))
    }

    /// Whether the terminal has recorded it before, or an error if the name stands for something else.
    async fn repeats(&self, db: &Db, decision: Id, device: Id) -> Result<bool, Problem> {
        let row = db
            .one(
                "SELECT id, decision, kind, ends, from_day, until_day, reason_sealed FROM decision_events \
                 WHERE device = $1 AND request_id = $2",
                [device.into(), self.request_id.into()],
            )
            .await?;
        let Some(row) = row else { return Ok(false) };
        let same = row.id(1)? == decision
            && row.text(2)? == self.kind
            && row.optional_text(3)? == self.ends.as_deref()
            && row.optional_text(4)? == self.from.as_deref()
            && row.optional_text(5)? == self.until.as_deref()
            && reason(row.id(0)?, row.text(6)?)? == self.reason;
        if same { Ok(true) } else { Err(field::request_id_reused()) }
    }

    /// What stands against it, if something does.
    async fn explain(&self, db: &Db, decision: Id, agency: &str) -> Result<(), Problem> {
        let row = db
            .one(
                "SELECT (SELECT COUNT(*) FROM orders o WHERE o.decision = d.id AND o.state = 'paid'), d.revoked_at, \
                 (SELECT COUNT(*) FROM decision_events n WHERE n.decision = d.id) FROM decisions d \
                 WHERE d.id = $1 AND d.agency = $2",
                [decision.into(), agency.into()],
            )
            .await?
            .ok_or_else(Problem::not_found)?;
        let (name, title, title_zh, detail) = if row.int(0)? > 0 {
            ("already-paid", "Paid already", "该罚款已缴纳", "The late fee cannot change any more.")
        } else if !row.is_null(1) {
            ("decision-revoked", "Decision revoked", "该决定书已撤销", "Nothing is to be paid.")
        } else if row.int(2)? >= self.most {
            (
                "too-many-events",
                "Too many events",
                "记录次数过多",
                "End what is open, or revoke the decision and make another.",
            )
        } else {
            return Ok(());
        };
        Err(Problem::new(StatusCode::CONFLICT, name, title, title_zh, detail))
    }
}
