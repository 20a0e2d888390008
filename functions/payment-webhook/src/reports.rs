//! Each settlement is reported to the traffic police and to the treasury, and so is money of it that went back: at least
//! once, under one key, the reversal never before the settlement.

use http::{Method, StatusCode};
use serde::Serialize;
use utoipa::ToSchema;
use zerotrip_accounts::authority;
use zerotrip_domain::settlement_report::{Answered, Kind, Recipient, answered, next_try_after_ms};
use zerotrip_platform::{Db, Problem, Reply, Request, clock, log, outbound, settings};

/// How long a run may take before it leaves the rest to the next, and of that each recipient.
const PATIENCE_MS: u64 = 10_000;
/// Settlements that one run finds for a recipient.
const MOST_FOUND: i64 = 1_000;
/// A settlement becomes visible at most so much later than its own time says: far longer than any statement takes.
const LATE_MS: u64 = 24 * 3600 * 1000;
/// What an origin is that nobody has set: RFC 6761 keeps it from ever being somebody's.
const NOBODY: &str = ".invalid";

/// What a run did, for each recipient that is told.
#[derive(Serialize, ToSchema)]
pub struct Reported {
    recipients: Vec<Told>,
}

/// What one recipient was told.
#[derive(Serialize, ToSchema)]
pub struct Told {
    /// `traffic-police` or `treasury`
    recipient: &'static str,
    /// Taken.
    done: u32,
    /// Never to be taken as they are: work items.
    refused: u32,
    /// Whether it failed, so that the rest waits.
    failed: bool,
}

/// One settlement or its reversal, as the recipient reads it. No name: the authority has the decision.
#[derive(Serialize)]
struct Report<'a> {
    kind: &'static str,
    /// With the kind, the idempotency key.
    order: &'a str,
    /// 决定书编号
    decision_number: &'a str,
    fine_fen: i64,
    late_fee_fen: i64,
    total_fen: i64,
    /// Unix ms, by the provider's clock.
    paid_at: i64,
    provider: &'a str,
    /// The provider's own number.
    transaction: &'a str,
    /// Unix ms, when the money was back; of a reversal only.
    #[serde(skip_serializing_if = "Option::is_none")]
    reversed_at: Option<i64>,
}

/// Where a recipient is, and what lets us in.
struct Address {
    origin: String,
    token: String,
}

struct Due {
    order: String,
    kind: Kind,
    happened_at: i64,
}

#[utoipa::path(post, path = "/pay/jobs/reports", responses((status = 200, body = Reported)))]
pub async fn run(request: &Request) -> Result<Reply, Problem> {
    let db = Db::open().await?;
    authority::scheduler(request, &db).await?;
    let mut recipients = Vec::new();
    for recipient in Recipient::ALL {
        if let Some(address) = address(recipient).await? {
            recipients.push(tell(&db, recipient, &address).await?);
        }
    }
    Ok(Reply::json(StatusCode::OK, &Reported { recipients }))
}

/// None if nobody has set where it is.
async fn address(recipient: Recipient) -> Result<Option<Address>, Problem> {
    let (origin, token) = match recipient {
        Recipient::TrafficPolice => ("traffic_police_origin", "traffic_police_token"),
        Recipient::Treasury => ("treasury_origin", "treasury_token"),
    };
    let origin = settings::get(origin).await?.trim_end_matches('/').to_owned();
    if origin.ends_with(NOBODY) {
        return Ok(None);
    }
    Ok(Some(Address { origin, token: settings::get(token).await? }))
}

async fn tell(db: &Db, recipient: Recipient, address: &Address) -> Result<Told, Problem> {
    let began = clock::now_ms();
    find(db, recipient, began).await?;
    let mut told = Told { recipient: recipient.name(), done: 0, refused: 0, failed: false };
    while clock::now_ms() < began + PATIENCE_MS {
        let now = clock::now_ms();
        let Some(due) = take(db, recipient, now).await? else { break };
        match send(db, recipient, address, &due).await {
            Ok(status) => match answered(status) {
                Answered::Taken => {
                    told.done += 1;
                    record(db, recipient, &due, "done", status).await?;
                }
                Answered::Refused => {
                    told.refused += 1;
                    record(db, recipient, &due, "refused", status).await?;
                    log(&format!(
                        "ALARM {} refuses the {} of order {}",
                        told.recipient,
                        due.kind.name(),
                        due.order
                    ));
                }
                Answered::Later => {
                    log(&format!("{} takes no reports: status {status}", told.recipient));
                    told.failed = true;
                }
            },
            // Logged where it failed.
            Err(_) => told.failed = true,
        }
        // The others would meet the same.
        if told.failed {
            break;
        }
    }
    Ok(told)
}

/// Finds what this recipient is to be told: one row each, whoever finds it how often. Only what came after the latest one that
/// is found already is looked at, and a day before it.
async fn find(db: &Db, recipient: Recipient, now: u64) -> Result<(), Problem> {
    let name = recipient.name();
    let parameters =
        || [name.into(), now.into(), now.into(), LATE_MS.into(), name.into(), name.into(), MOST_FOUND.into()];
    db.run(
        "INSERT INTO settlement_reports (order_id, recipient, kind, state, happened_at, created_at, next_try_at) \
         SELECT o.id, $1, 'settlement', 'due', o.settled_at, CAST($2 AS BIGINT), CAST($3 AS BIGINT) FROM orders o \
         WHERE o.state = 'paid' AND o.settled_at >= (SELECT COALESCE(MAX(f.happened_at), 0) - CAST($4 AS BIGINT) \
           FROM settlement_reports f WHERE f.recipient = $5 AND f.kind = 'settlement') \
         AND NOT EXISTS (SELECT 1 FROM settlement_reports r \
           WHERE r.order_id = o.id AND r.recipient = $6 AND r.kind = 'settlement') \
         ORDER BY o.settled_at LIMIT CAST($7 AS BIGINT) ON CONFLICT DO NOTHING",
        parameters(),
    )
    .await?;
    // Of a settled order all goes back only when its decision is revoked; an excess was never reported.
    db.run(
        "INSERT INTO settlement_reports (order_id, recipient, kind, state, happened_at, created_at, next_try_at) \
         SELECT b.order_id, $1, 'reversal', 'due', b.done_at, CAST($2 AS BIGINT), CAST($3 AS BIGINT) FROM refunds b \
         JOIN orders o ON o.id = b.order_id AND o.state = 'paid' \
         WHERE b.state = 'done' AND b.done_at >= (SELECT COALESCE(MAX(f.happened_at), 0) - CAST($4 AS BIGINT) \
           FROM settlement_reports f WHERE f.recipient = $5 AND f.kind = 'reversal') \
         AND NOT EXISTS (SELECT 1 FROM settlement_reports r \
           WHERE r.order_id = b.order_id AND r.recipient = $6 AND r.kind = 'reversal') \
         ORDER BY b.done_at LIMIT CAST($7 AS BIGINT) ON CONFLICT DO NOTHING",
        parameters(),
    )
    .await?;
    Ok(())
}

/// Takes the report that is due longest, by moving its next try: of several jobs one gets it.
async fn take(db: &Db, recipient: Recipient, now: u64) -> Result<Option<Due>, Problem> {
    let row = db
        .one(
            "UPDATE settlement_reports SET tries = tries + 1, next_try_at = CAST($1 AS BIGINT) + CASE tries \
               WHEN 0 THEN CAST($2 AS BIGINT) WHEN 1 THEN CAST($3 AS BIGINT) WHEN 2 THEN CAST($4 AS BIGINT) \
               ELSE CAST($5 AS BIGINT) END \
             WHERE recipient = $6 AND state = 'due' AND next_try_at <= $7 AND (order_id, kind) = \
               (SELECT d.order_id, d.kind FROM settlement_reports d WHERE d.recipient = $8 AND d.state = 'due' \
                AND d.next_try_at <= $9 AND (d.kind = 'settlement' OR EXISTS (SELECT 1 FROM settlement_reports s \
                  WHERE s.order_id = d.order_id AND s.recipient = d.recipient AND s.kind = 'settlement' \
                  AND s.state = 'done')) \
                ORDER BY d.next_try_at, d.happened_at LIMIT 1) \
             RETURNING order_id, kind, happened_at",
            [
                now.into(),
                next_try_after_ms(1).into(),
                next_try_after_ms(2).into(),
                next_try_after_ms(3).into(),
                next_try_after_ms(4).into(),
                recipient.name().into(),
                now.into(),
                recipient.name().into(),
                now.into(),
            ],
        )
        .await?;
    let Some(row) = row else { return Ok(None) };
    let odd = |_| Problem::unavailable("a stored report is not of its form");
    Ok(Some(Due {
        order: row.text(0)?.to_owned(),
        kind: row.text(1)?.parse().map_err(odd)?,
        happened_at: row.int(2)?,
    }))
}

/// The status of the answer.
async fn send(db: &Db, recipient: Recipient, address: &Address, due: &Due) -> Result<u16, Problem> {
    let row = db
        .one(
            "SELECT d.number, d.fine_fen, o.late_fee_fen, o.paid_at, o.provider, o.transaction_no FROM orders o \
             JOIN decisions d ON d.id = o.decision WHERE o.id = $1",
            [due.order.as_str().into()],
        )
        .await?
        .ok_or_else(|| Problem::unavailable("a reported order is gone"))?;
    let (fine_fen, late_fee_fen) = (row.int(1)?, row.int(2)?);
    let report = Report {
        kind: due.kind.name(),
        order: &due.order,
        decision_number: row.text(0)?,
        fine_fen,
        late_fee_fen,
        total_fen: fine_fen + late_fee_fen,
        paid_at: row.int(3)?,
        provider: row.text(4)?,
        transaction: row.text(5)?,
        reversed_at: (due.kind == Kind::Reversal).then_some(due.happened_at),
    };
    let body = serde_json::to_string(&report)
        .map_err(|error| Problem::unavailable(&format!("a report does not serialise: {error}")))?;
    let (bearer, key) = (format!("Bearer {}", address.token), due.kind.idempotency_key(&due.order));
    let headers = [
        ("authorization", bearer.as_str()),
        ("content-type", "application/json"),
        ("idempotency-key", key.as_str()),
    ];
    let url = format!("{}{}", address.origin, recipient.path());
    Ok(outbound::call(Method::POST, &url, &headers, body).await?.status.as_u16())
}

/// One that is done stays so.
async fn record(
    db: &Db,
    recipient: Recipient,
    due: &Due,
    state: &'static str,
    status: u16,
) -> Result<(), Problem> {
    db.run(
        "UPDATE settlement_reports SET state = $1, status = $2, done_at = $3 \
         WHERE order_id = $4 AND recipient = $5 AND kind = $6 AND state <> 'done'",
        [
            state.into(),
            i64::from(status).into(),
            (state == "done").then(clock::now_ms).into(),
            due.order.as_str().into(),
            recipient.name().into(),
            due.kind.name().into(),
        ],
    )
    .await?;
    Ok(())
}
