//! The retention job: deletes what is past its time, and draws the consequences that a cut-off request left undone.

use crate::{accounts, audit, disputes};
use http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;
use zerotrip_accounts::authority;
use zerotrip_platform::{Db, Problem, Reply, Request, clock};

const DAY_MS: u64 = 24 * 3600 * 1000;
/// Rows of each kind that one statement deletes: many short writes, with others' in between.
const MOST: i64 = 1_000;
/// Details of the audit trail; the digests stay, so that the chain still holds.
pub const DETAILS_MS: u64 = 3 * 365 * DAY_MS;
/// A run may take so long before it leaves the rest to the next.
const PATIENCE_MS: u64 = 10_000;
/// How long ago an administrator may have acted whose line of the audit trail is looked after: each run writes them anew.
const TOLD_MS: u64 = 3_600_000;
/// How long ago an account may have ended whose consequences are looked after.
const REPAIRED_MS: u64 = 3 * DAY_MS;

/// One line of the table of what is kept for how long.
struct Rule {
    what: &'static str,
    /// Swept so long after its end.
    kept_ms: u64,
    /// Deletes at most `$2` that ended before `$1`.
    sql: &'static str,
}

/// The table. The version changes with any line of it.
const POLICY: &str = "retention@2026-12";
const RULES: &[Rule] = &[
    Rule {
        what: "one_time_codes",
        kept_ms: DAY_MS,
        sql: "DELETE FROM one_time_codes WHERE id IN \
              (SELECT id FROM one_time_codes WHERE expires_at < $1 ORDER BY expires_at LIMIT CAST($2 AS BIGINT)) RETURNING id",
    },
    Rule {
        what: "alipay_ways",
        kept_ms: DAY_MS,
        sql: "DELETE FROM alipay_ways WHERE state_index IN \
              (SELECT state_index FROM alipay_ways WHERE expires_at < $1 ORDER BY expires_at LIMIT CAST($2 AS BIGINT)) \
              RETURNING state_index",
    },
    Rule {
        what: "real_name_requests",
        kept_ms: 7 * DAY_MS,
        sql: "DELETE FROM real_name_requests WHERE citizen IN \
              (SELECT citizen FROM real_name_requests WHERE given_at < $1 ORDER BY given_at LIMIT CAST($2 AS BIGINT)) \
              RETURNING citizen",
    },
    Rule {
        what: "rate_limits",
        // Full again: as if nobody had ever tried.
        kept_ms: 0,
        sql: "DELETE FROM rate_limits WHERE full_at < $1 AND key IN \
              (SELECT key FROM rate_limits ORDER BY full_at LIMIT CAST($2 AS BIGINT)) RETURNING key",
    },
    Rule {
        what: "citizen_sessions_ended",
        kept_ms: 90 * DAY_MS,
        sql: "DELETE FROM citizen_sessions WHERE id IN (SELECT id FROM citizen_sessions \
              WHERE ended_at IS NOT NULL AND ended_at < $1 ORDER BY ended_at LIMIT CAST($2 AS BIGINT)) RETURNING id",
    },
    Rule {
        what: "citizen_sessions_expired",
        kept_ms: 90 * DAY_MS,
        sql: "DELETE FROM citizen_sessions WHERE id IN \
              (SELECT id FROM citizen_sessions WHERE expires_at < $1 ORDER BY expires_at LIMIT CAST($2 AS BIGINT)) RETURNING id",
    },
    Rule {
        what: "staff_sessions_ended",
        kept_ms: 90 * DAY_MS,
        sql: "DELETE FROM sessions WHERE id IN (SELECT id FROM sessions \
              WHERE ended_at IS NOT NULL AND ended_at < $1 ORDER BY ended_at LIMIT CAST($2 AS BIGINT)) RETURNING id",
    },
    Rule {
        what: "staff_sessions_expired",
        kept_ms: 90 * DAY_MS,
        sql: "DELETE FROM sessions WHERE id IN \
              (SELECT id FROM sessions WHERE expires_at < $1 ORDER BY expires_at LIMIT CAST($2 AS BIGINT)) RETURNING id",
    },
    Rule {
        // A code that was redeemed is a line of its citizen's ledger, and perhaps an entry of a register.
        what: "identity_codes_unredeemed",
        kept_ms: DAY_MS,
        sql: "DELETE FROM identity_codes WHERE id IN (SELECT id FROM identity_codes \
              WHERE (ended_how IS NULL OR ended_how = 'cancelled') AND typed_until < $1 ORDER BY typed_until \
              LIMIT CAST($2 AS BIGINT)) RETURNING id",
    },
    Rule {
        // Time to object; then what was personal in them goes. The account that goes on has it.
        what: "merged_accounts_emptied",
        kept_ms: 90 * DAY_MS,
        sql: "UPDATE citizens SET name_sealed = NULL, id_number_sealed = NULL, phone_sealed = NULL, id_index = NULL, \
              phone_index = NULL, residence = NULL, changed_why_sealed = NULL, changed_at = NULL WHERE id IN \
              (SELECT id FROM citizens WHERE standing = 'merged' AND changed_at < $1 ORDER BY changed_at \
               LIMIT CAST($2 AS BIGINT)) RETURNING id",
    },
    Rule {
        what: "photos_of_documents",
        kept_ms: DAY_MS,
        sql: "UPDATE channels SET photos_sealed = NULL WHERE (holder, kind) IN (SELECT holder, kind FROM channels \
              WHERE photos_sealed IS NOT NULL AND as_of < $1 ORDER BY as_of LIMIT CAST($2 AS BIGINT)) RETURNING kind",
    },
    Rule {
        // Nothing of a document is left in them: when they were open, and by whom, for a dispute.
        what: "channels_closed",
        kept_ms: 90 * DAY_MS,
        sql: "DELETE FROM channels WHERE closed_at IS NOT NULL AND (holder, kind) IN (SELECT holder, kind FROM channels \
              WHERE closed_at IS NOT NULL AND closed_at < $1 ORDER BY closed_at LIMIT CAST($2 AS BIGINT)) RETURNING kind",
    },
    Rule {
        // Longer than any ladder of reminders, or one would be sent again.
        what: "reminders",
        kept_ms: 400 * DAY_MS,
        sql: "DELETE FROM reminders WHERE request IN \
              (SELECT request FROM reminders WHERE claimed_at < $1 ORDER BY claimed_at LIMIT CAST($2 AS BIGINT)) \
              RETURNING request",
    },
    Rule {
        what: "misuse_reports_closed",
        kept_ms: DETAILS_MS,
        sql: "DELETE FROM misuse_reports WHERE code IN (SELECT code FROM misuse_reports \
              WHERE closed_at IS NOT NULL AND closed_at < $1 ORDER BY closed_at LIMIT CAST($2 AS BIGINT)) RETURNING code",
    },
    Rule {
        // Their entries' time is over: it was counted when they were made.
        what: "register_additions",
        kept_ms: 0,
        sql: "DELETE FROM register_additions WHERE id IN \
              (SELECT a.id FROM identity_codes c JOIN register_additions a ON a.code = c.id \
               WHERE c.entry_sealed IS NOT NULL AND c.kept_until < $1 LIMIT CAST($2 AS BIGINT)) RETURNING id",
    },
    Rule {
        // After what was added to them. The citizen's ledger stays: who, where, when, which fields.
        what: "register_entries_emptied",
        kept_ms: 0,
        sql: "UPDATE identity_codes SET entry_sealed = NULL, person_index = NULL, plate_index = NULL WHERE id IN \
              (SELECT c.id FROM identity_codes c WHERE c.entry_sealed IS NOT NULL AND c.kept_until < $1 \
               AND NOT EXISTS (SELECT 1 FROM register_additions a WHERE a.code = c.id) \
               ORDER BY c.kept_until LIMIT CAST($2 AS BIGINT)) RETURNING id",
    },
    Rule {
        what: "register_reports",
        kept_ms: 3 * 365 * DAY_MS,
        sql: "DELETE FROM register_reports WHERE code IN \
              (SELECT code FROM register_reports WHERE at < $1 ORDER BY at LIMIT CAST($2 AS BIGINT)) RETURNING code",
    },
    Rule {
        // Why, and for whom; that there was a search stays, as the audit trail's lines do.
        what: "register_searches_emptied",
        kept_ms: DETAILS_MS,
        sql: "UPDATE register_searches SET reason_sealed = NULL, sought = NULL WHERE id IN \
              (SELECT id FROM register_searches WHERE reason_sealed IS NOT NULL AND at < $1 ORDER BY at \
               LIMIT CAST($2 AS BIGINT)) RETURNING id",
    },
    Rule {
        // The citizen's ledger, after the register's entry.
        what: "disclosures",
        kept_ms: DETAILS_MS,
        sql: "DELETE FROM identity_codes WHERE id IN (SELECT id FROM identity_codes \
              WHERE ended_how = 'redeemed' AND entry_sealed IS NULL AND ended_at < $1 ORDER BY ended_at \
              LIMIT CAST($2 AS BIGINT)) RETURNING id",
    },
    Rule {
        what: "consents_withdrawn",
        kept_ms: DETAILS_MS,
        sql: "DELETE FROM consents WHERE id IN (SELECT id FROM consents \
              WHERE withdrawn_at IS NOT NULL AND withdrawn_at < $1 ORDER BY withdrawn_at LIMIT CAST($2 AS BIGINT)) RETURNING id",
    },
    Rule {
        // Their receipts.
        what: "proofs_erased",
        kept_ms: DETAILS_MS,
        sql: "DELETE FROM proofs WHERE id IN (SELECT id FROM proofs \
              WHERE erased_at IS NOT NULL AND erased_at < $1 ORDER BY erased_at LIMIT CAST($2 AS BIGINT)) RETURNING id",
    },
    Rule {
        what: "disputes_settled",
        kept_ms: DETAILS_MS,
        sql: "DELETE FROM disputes WHERE id IN (SELECT id FROM disputes \
              WHERE said_at < $1 AND settled_at IS NOT NULL ORDER BY said_at LIMIT CAST($2 AS BIGINT)) RETURNING id",
    },
    Rule {
        // What a provider has signed, which names the payer to it. Amounts, numbers and times stay, as the books have to.
        what: "payment_evidence",
        kept_ms: DETAILS_MS,
        sql: "UPDATE orders SET evidence_sealed = NULL WHERE id IN (SELECT id FROM orders \
              WHERE evidence_sealed IS NOT NULL AND settled_at < $1 ORDER BY settled_at LIMIT CAST($2 AS BIGINT)) RETURNING id",
    },
    Rule {
        // An open one is still to be decided.
        what: "payment_evidence_set_aside",
        kept_ms: DETAILS_MS,
        sql: "UPDATE payment_inbox SET evidence_sealed = NULL WHERE (provider, event, reason) IN \
              (SELECT i.provider, i.event, i.reason FROM payment_inbox i JOIN payment_inbox_closures c \
               ON c.provider = i.provider AND c.event = i.event AND c.reason = i.reason \
               WHERE i.evidence_sealed IS NOT NULL AND i.received_at < $1 ORDER BY i.received_at LIMIT CAST($2 AS BIGINT)) \
              RETURNING event",
    },
    Rule {
        what: "refused_scans",
        kept_ms: 365 * DAY_MS,
        sql: "DELETE FROM refused_scans WHERE id IN \
              (SELECT id FROM refused_scans WHERE at < $1 ORDER BY at LIMIT CAST($2 AS BIGINT)) RETURNING id",
    },
];

/// What a run deleted or emptied.
#[derive(Serialize, ToSchema)]
pub struct Swept {
    /// The version of the table of what is kept for how long.
    policy: &'static str,
    done: Vec<Deleted>,
    /// Whether another run would find more.
    more: bool,
}

impl Swept {
    fn add(&mut self, what: &'static str, rows: usize, more: bool) {
        self.more |= more;
        self.done.push(Deleted { what, rows });
    }
}

/// Of one kind.
#[derive(Serialize, ToSchema)]
pub struct Deleted {
    what: &'static str,
    rows: usize,
}

/// Idempotent: any scheduler may call it, any number at once.
#[utoipa::path(post, path = "/records/jobs/retention", responses((status = 200, body = Swept)))]
pub async fn run(request: &Request) -> Result<Reply, Problem> {
    let db = Db::open().await?;
    authority::scheduler(request, &db).await?;
    let began = clock::now_ms();
    accounts::repair(&db, began.saturating_sub(REPAIRED_MS), began).await?;
    accounts::grown(&db, began.saturating_sub(TOLD_MS)).await?;
    accounts::told(&db, began.saturating_sub(TOLD_MS)).await?;
    disputes::repair(&db, began).await?;
    let mut swept = Swept { policy: POLICY, done: Vec::new(), more: false };
    for rule in RULES {
        if clock::now_ms() > began + PATIENCE_MS {
            swept.more = true;
            break;
        }
        let (mut rows, mut full) = (0, true);
        while full && clock::now_ms() <= began + PATIENCE_MS {
            let some =
                db.run(rule.sql, [began.saturating_sub(rule.kept_ms).into(), MOST.into()]).await?.len();
            (rows, full) = (rows + some, i64::try_from(some) == Ok(MOST));
        }
        swept.add(rule.what, rows, full);
    }
    let details = audit::erase(&db, began.saturating_sub(DETAILS_MS), MOST, began).await?;
    swept.add("audit_details", details, i64::try_from(details) == Ok(MOST));
    Ok(Reply::json(StatusCode::OK, &swept))
}
