//! Acts whose own row is the record: the request that did them wrote that row and nothing else. Their lines are written here, before
//! the chain is linked, so that the row is held to what it said. Killed anywhere, the next run writes what is missing; of several
//! runs at once each line is written once.

use serde_json::{Map, Value};
use zerotrip_accounts::audit::{self, Line};
use zerotrip_platform::{Db, Id, Problem, Row, clock, log};

/// A row that says an earlier time than the newest line of its kind may come so much later: its request was slow to store it, or
/// its host's clock is behind.
const LATE_MS: u64 = 15 * 60_000;
/// Rows of one statement.
const MOST: i64 = 500;

/// What is written down of one kind of row.
struct Fact {
    /// Of the line; its id is this, a slash, and the row's key.
    kind: &'static str,
    /// Rows since `$1`, Unix ms, that have no line yet, at most `$2`, the oldest first: key, time, who, on which device (or NULL),
    /// to what (or NULL; of money the decision), and the `details`, each a text or NULL.
    sql: &'static str,
    /// Ids and words, never personal data.
    details: &'static [&'static str],
}

const FACTS: &[Fact] = &[
    Fact {
        kind: "identity-redeemed",
        sql: "SELECT c.id, c.ended_at, c.at_person, c.at_device, c.holder, c.id, c.at_venue, c.scenario, c.policy, c.read_how, \
              c.disclosed FROM identity_codes c WHERE c.ended_how = 'redeemed' AND c.read_how <> 'desk' AND c.ended_at >= $1 AND NOT EXISTS \
              (SELECT 1 FROM audit_lines l WHERE l.id = 'identity-redeemed/' || c.id) \
              ORDER BY c.ended_at, c.id LIMIT CAST($2 AS BIGINT)",
        details: &["code", "venue", "scenario", "policy", "read", "disclosed"],
    },
    Fact {
        kind: "foreigner-entered",
        sql: "SELECT c.id, c.ended_at, c.at_person, c.at_device, c.id, c.at_venue, c.policy FROM identity_codes c \
              WHERE c.ended_how = 'redeemed' AND c.read_how = 'desk' AND c.ended_at >= $1 AND NOT EXISTS \
              (SELECT 1 FROM audit_lines l WHERE l.id = 'foreigner-entered/' || c.id) \
              ORDER BY c.ended_at, c.id LIMIT CAST($2 AS BIGINT)",
        details: &["venue", "policy"],
    },
    Fact {
        kind: "scan-refused",
        sql: "SELECT s.id, s.at, s.person, s.device, s.holder, s.code, s.venue, s.scenario, s.why FROM refused_scans s \
              WHERE s.at >= $1 AND NOT EXISTS (SELECT 1 FROM audit_lines l WHERE l.id = 'scan-refused/' || s.id) \
              ORDER BY s.at, s.id LIMIT CAST($2 AS BIGINT)",
        details: &["code", "venue", "scenario", "why"],
    },
    Fact {
        kind: "entry-completed",
        sql: "SELECT a.id, a.at, a.person, a.device, a.code, a.name FROM register_additions a \
              WHERE a.at >= $1 AND NOT EXISTS (SELECT 1 FROM audit_lines l WHERE l.id = 'entry-completed/' || a.id) \
              ORDER BY a.at, a.id LIMIT CAST($2 AS BIGINT)",
        details: &["name"],
    },
    Fact {
        kind: "outsider-reported",
        sql: "SELECT r.code, r.at, r.person, r.device, r.code FROM register_reports r \
              WHERE r.at >= $1 AND NOT EXISTS (SELECT 1 FROM audit_lines l WHERE l.id = 'outsider-reported/' || r.code) \
              ORDER BY r.at, r.code LIMIT CAST($2 AS BIGINT)",
        details: &[],
    },
    Fact {
        kind: "venue-enrolled",
        sql: "SELECT v.id, v.enrolled_at, v.enrolled_by, NULL, v.id, v.scenario, v.agency FROM venues v \
              WHERE v.enrolled_at >= $1 AND NOT EXISTS (SELECT 1 FROM audit_lines l WHERE l.id = 'venue-enrolled/' || v.id) \
              ORDER BY v.enrolled_at, v.id LIMIT CAST($2 AS BIGINT)",
        details: &["scenario", "agency"],
    },
    Fact {
        kind: "venue-revoked",
        sql: "SELECT v.id, v.revoked_at, v.revoked_by, NULL, v.id FROM venues v \
              WHERE v.revoked_at >= $1 AND NOT EXISTS (SELECT 1 FROM audit_lines l WHERE l.id = 'venue-revoked/' || v.id) \
              ORDER BY v.revoked_at, v.id LIMIT CAST($2 AS BIGINT)",
        details: &[],
    },
    Fact {
        kind: "decision-issued",
        sql: "SELECT d.id, d.decided_at, d.officer, d.device, d.id, d.agency, CAST(d.fine_fen AS TEXT) FROM decisions d \
              WHERE d.decided_at >= $1 AND NOT EXISTS (SELECT 1 FROM audit_lines l WHERE l.id = 'decision-issued/' || d.id) \
              ORDER BY d.decided_at, d.id LIMIT CAST($2 AS BIGINT)",
        details: &["agency", "fine_fen"],
    },
    Fact {
        kind: "decision-revoked",
        sql: "SELECT d.id, d.revoked_at, d.revoked_by, d.revoked_on, d.id FROM decisions d \
              WHERE d.revoked_at >= $1 AND NOT EXISTS (SELECT 1 FROM audit_lines l WHERE l.id = 'decision-revoked/' || d.id) \
              ORDER BY d.revoked_at, d.id LIMIT CAST($2 AS BIGINT)",
        details: &[],
    },
    Fact {
        kind: "decision-event-recorded",
        sql: "SELECT e.id, e.at, e.officer, e.device, e.decision, e.kind, e.ends, e.from_day, e.until_day FROM decision_events e \
              WHERE e.at >= $1 AND NOT EXISTS (SELECT 1 FROM audit_lines l WHERE l.id = 'decision-event-recorded/' || e.id) \
              ORDER BY e.at, e.id LIMIT CAST($2 AS BIGINT)",
        details: &["event", "ends", "from", "until"],
    },
    Fact {
        kind: "refund-taken-over",
        sql: "SELECT t.refund, t.at, t.person, t.device, \
              (SELECT o.decision FROM orders o WHERE o.id = REPLACE(t.refund, '-excess', '')), t.refund FROM refund_take_overs t \
              WHERE t.at >= $1 AND NOT EXISTS (SELECT 1 FROM audit_lines l WHERE l.id = 'refund-taken-over/' || t.refund) \
              ORDER BY t.at, t.refund LIMIT CAST($2 AS BIGINT)",
        details: &["refund"],
    },
    Fact {
        kind: "refund-closed",
        sql: "SELECT r.order_id, r.done_at, r.closed_by, NULL, \
              (SELECT o.decision FROM orders o WHERE o.id = REPLACE(r.order_id, '-excess', '')), r.order_id, \
              CAST(r.amount_fen AS TEXT), r.reference FROM refunds r WHERE r.closed_by IS NOT NULL AND r.done_at >= $1 AND NOT EXISTS \
              (SELECT 1 FROM audit_lines l WHERE l.id = 'refund-closed/' || r.order_id) \
              ORDER BY r.done_at, r.order_id LIMIT CAST($2 AS BIGINT)",
        details: &["refund", "amount_fen", "reference"],
    },
    Fact {
        // Also what deciding it again has ended.
        kind: "payment-report-closed",
        sql: "SELECT c.provider || '/' || c.reason || '/' || c.event, c.closed_at, c.closed_by, NULL, \
              (SELECT o.decision FROM payment_inbox i JOIN orders o ON o.id = i.order_no \
               WHERE i.provider = c.provider AND i.event = c.event AND i.reason = c.reason), c.provider, c.reason, c.event, \
              c.outcome FROM payment_inbox_closures c WHERE c.closed_at >= $1 AND NOT EXISTS \
              (SELECT 1 FROM audit_lines l \
               WHERE l.id = 'payment-report-closed/' || c.provider || '/' || c.reason || '/' || c.event) \
              ORDER BY c.closed_at, c.event LIMIT CAST($2 AS BIGINT)",
        details: &["provider", "reason", "event", "outcome"],
    },
    Fact {
        kind: "settlement-report-closed",
        sql: "SELECT r.recipient || '/' || r.kind || '/' || r.order_id, r.done_at, r.closed_by, NULL, \
              (SELECT o.decision FROM orders o WHERE o.id = REPLACE(r.order_id, '-excess', '')), r.recipient, r.kind, r.order_id FROM settlement_reports r WHERE r.closed_by IS NOT NULL AND r.done_at >= $1 AND NOT EXISTS \
              (SELECT 1 FROM audit_lines l \
               WHERE l.id = 'settlement-report-closed/' || r.recipient || '/' || r.kind || '/' || r.order_id) \
              ORDER BY r.done_at, r.order_id LIMIT CAST($2 AS BIGINT)",
        details: &["recipient", "report", "order"],
    },
    Fact {
        kind: "difference-closed",
        sql: "SELECT d.id, d.closed_at, d.closed_by, NULL, d.id, d.provider, d.day, d.reason FROM statement_differences d \
              WHERE d.closed_how = 'person' AND d.closed_at >= $1 AND NOT EXISTS \
              (SELECT 1 FROM audit_lines l WHERE l.id = 'difference-closed/' || d.id) \
              ORDER BY d.closed_at, d.id LIMIT CAST($2 AS BIGINT)",
        details: &["provider", "day", "reason"],
    },
];

/// Writes lines until none is missing or it is `until`, Unix ms. Gives whether more may be.
pub async fn write_down(db: &Db, until: u64) -> Result<bool, Problem> {
    for fact in FACTS {
        loop {
            let rows = missing(db, fact).await?;
            let mut written = 0;
            for row in &rows {
                match act(fact, row) {
                    Ok(act) => {
                        act.write(db, fact).await?;
                        written += 1;
                    }
                    // No function has written it, and it keeps no other from its line.
                    Err(_) => log(&format!(
                        "ALARM a row has no line, {}/{} is not of its form",
                        fact.kind,
                        row.text(0)?
                    )),
                }
            }
            if i64::try_from(rows.len()) != Ok(MOST) || written == 0 {
                break;
            }
            if clock::now_ms() > until {
                return Ok(true);
            }
        }
    }
    Ok(false)
}

/// Rows without a line. Only those near the newest line of the kind and later are looked at: all before have theirs.
async fn missing(db: &Db, fact: &Fact) -> Result<Vec<Row>, Problem> {
    let newest = db.one("SELECT MAX(at) FROM audit_lines WHERE kind = $1", [fact.kind.into()]).await?;
    let newest = match newest {
        Some(row) if !row.is_null(0) => u64::try_from(row.int(0)?).unwrap_or(0),
        _ => 0,
    };
    // A clock that was once ahead hides nothing that is written by the right one.
    let since = newest.min(clock::now_ms()).saturating_sub(LATE_MS);
    Ok(db.run(fact.sql, [since.into(), MOST.into()]).await?)
}

/// What a row says.
struct Act {
    key: String,
    /// Unix ms.
    at: u64,
    actor: Id,
    device: Id,
    subject: Id,
    detail: String,
}

fn act(fact: &Fact, row: &Row) -> Result<Act, Problem> {
    let or_none = |column| if row.is_null(column) { Ok(Id::NONE) } else { row.id(column) };
    let mut detail = Map::new();
    for (column, name) in (5..).zip(fact.details) {
        if let Some(text) = row.optional_text(column)? {
            detail.insert((*name).to_owned(), Value::from(text));
        }
    }
    Ok(Act {
        key: row.text(0)?.to_owned(),
        at: u64::try_from(row.int(1)?).map_err(|_| Problem::unavailable("a stored time is none"))?,
        actor: row.id(2)?,
        device: or_none(3)?,
        subject: or_none(4)?,
        detail: if detail.is_empty() { String::new() } else { Value::Object(detail).to_string() },
    })
}

impl Act {
    async fn write(&self, db: &Db, fact: &Fact) -> Result<(), Problem> {
        let Self { key, at, actor, device, subject, detail } = self;
        let line = Line { kind: fact.kind, actor: *actor, device: *device, subject: *subject, detail };
        audit::write_once(db, format!("{}/{key}", fact.kind), &line, *at).await
    }
}
