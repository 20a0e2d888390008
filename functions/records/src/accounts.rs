//! Freezing, releasing and merging of accounts by administrators. Each is one conditional statement on the account's row;
//! what follows from it is repeated by the retention job until it is there.

use http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use zerotrip_accounts::audit::{self, Line};
use zerotrip_accounts::authority::{self, Administrator};
use zerotrip_accounts::citizen::standing;
use zerotrip_accounts::ending::{end, hand_ledger};
use zerotrip_accounts::person::id_index;
use zerotrip_accounts::sealed::opened;
use zerotrip_accounts::signing::sealing;
use zerotrip_accounts::{refused, session};
use zerotrip_domain::account::{Event, Standing};
use zerotrip_domain::{Day, IdNumber};
use zerotrip_platform::db::DbError;
use zerotrip_platform::{Db, Id, Problem, Reply, Request, clock};

/// Bytes of a reason.
const MAX_REASON: usize = 1000;

/// Why it is done: shown to administrators, and sealed.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Reason {
    reason: String,
}

/// Into which account, and why.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Merge {
    into: String,
    reason: String,
}

/// The account afterwards.
#[derive(Serialize, ToSchema)]
pub struct Stands {
    citizen: String,
    standing: &'static str,
}

/// An act of an administrator on an account.
struct Act {
    by: Id,
    on: Id,
    why_sealed: String,
    now: u64,
}

impl Act {
    async fn of(request: &Request, db: &Db, on: &str, reason: &str) -> Result<Self, Problem> {
        let Administrator(by) = authority::administrator(request, db).await?;
        let on: Id = on.parse().map_err(|_| Problem::not_found())?;
        let now = clock::now_ms();
        Ok(Self { by: by.principal, on, why_sealed: sealed_reason(on, reason, now)?, now })
    }

    /// What is written down, and the answer.
    async fn done(&self, db: &Db, kind: &str, detail: &str, standing: Standing) -> Result<Reply, Problem> {
        let line = Line { kind, actor: self.by, device: Id::NONE, subject: self.on, detail };
        audit::write_once(db, line_id(self.on, self.now), &line, self.now).await?;
        let stands = Stands { citizen: self.on.to_string(), standing: standing.name() };
        Ok(Reply::json(StatusCode::OK, &stands))
    }

    /// Why the account cannot be had for `event`.
    async fn refusal(&self, db: &Db, event: Event) -> Result<Problem, Problem> {
        let row = db.one("SELECT standing FROM citizens WHERE id = $1", [self.on.into()]).await?;
        let stands = standing(row.ok_or_else(Problem::not_found)?.text(0)?)?;
        Ok(match stands.after(event) {
            // It was possible a moment later.
            Some(_) => changed_meanwhile(),
            None => not_so(stands),
        })
    }
}

/// The id of the line of the audit trail about what an administrator did to `citizen` at `at`, Unix ms: the same whoever writes it.
pub fn line_id(citizen: Id, at: u64) -> Id {
    let (high, low) = citizen.halves();
    Id::from_halves((high, low ^ at))
}

/// A reason as `citizens.changed_why_sealed` of `citizen` holds it.
pub fn sealed_reason(citizen: Id, reason: &str, now: u64) -> Result<String, Problem> {
    let reason = reason.trim();
    if reason.is_empty() || reason.len() > MAX_REASON || reason.chars().any(|c| c.is_control() && c != '\n') {
        return Err(Problem::invalid("reason must have 1 to 1000 bytes"));
    }
    sealing::seal(&format!("citizens.changed_why/{citizen}"), reason.as_bytes(), now).map_err(refused)
}

/// Nobody can log in any more, and sessions end at once. Of an account that was never proven the ID number is free for its
/// person's own account; of one that was, it stays taken.
#[utoipa::path(post, path = "/records/citizens/{id}/freeze", params(("id" = String, Path)), request_body = Reason,
    responses((status = 200, body = Stands)))]
pub async fn freeze(request: &Request, id: &str) -> Result<Reply, Problem> {
    let given: Reason = request.json()?;
    let db = Db::open().await?;
    let act = Act::of(request, &db, id, &given.reason).await?;
    let frozen = db
        .one(
            "UPDATE citizens SET standing = 'frozen', id_index = CASE standing WHEN 'proof-due' THEN NULL ELSE id_index END, \
             changed_at = $1, changed_by = $2, changed_why_sealed = $3 \
             WHERE id = $4 AND standing IN ('real-name', 'real-person', 'proof-due') RETURNING id",
            [act.now.into(), act.by.into(), act.why_sealed.as_str().into(), act.on.into()],
        )
        .await?;
    if frozen.is_none() {
        return Err(act.refusal(&db, Event::Frozen).await?);
    }
    session::end_all(&db, act.on, Id::NONE, "frozen", act.now).await?;
    act.done(&db, "account-frozen", "", Standing::Frozen).await
}

/// Back to whom it belongs, who proves it at the next log-in. An administrator's freeze is released by another one.
#[utoipa::path(post, path = "/records/citizens/{id}/release", params(("id" = String, Path)), request_body = Reason,
    responses((status = 200, body = Stands)))]
pub async fn release(request: &Request, id: &str) -> Result<Reply, Problem> {
    let given: Reason = request.json()?;
    let db = Db::open().await?;
    let act = Act::of(request, &db, id, &given.reason).await?;
    let sql = "SELECT id_number_sealed, changed_by FROM citizens WHERE id = $1 AND standing = 'frozen'";
    let Some(row) = db.one(sql, [act.on.into()]).await? else {
        return Err(act.refusal(&db, Event::Released).await?);
    };
    if row.optional_text(1)? == Some(act.by.to_string().as_str()) {
        return Err(four_eyes());
    }
    // A freeze may have taken it away.
    let number = opened(&row, 0, "id_number", act.on)?;
    let number = number.and_then(|text| IdNumber::parse(&text, Day::at(act.now)).ok());
    let index = number.map(|number| id_index(&number)).transpose()?;
    let released = db
        .one(
            "UPDATE citizens SET standing = 'proof-due', id_index = $1, changed_at = $2, changed_by = $3, \
             changed_why_sealed = $4 WHERE id = $5 AND standing = 'frozen' AND (changed_by IS NULL OR changed_by <> $6) RETURNING id",
            [
                index.into(),
                act.now.into(),
                act.by.into(),
                act.why_sealed.as_str().into(),
                act.on.into(),
                act.by.into(),
            ],
        )
        .await?;
    if released.is_none() {
        return Err(changed_meanwhile());
    }
    act.done(&db, "account-released", "", Standing::ProofDue).await
}

/// An account from the old days, or a frozen one, ends in another of the same ID number: in the one that stands, or of two from
/// the old days in the older, so that two merges at once never end both. What was agreed to or linked there ends with it: it
/// may have been somebody else who did.
#[utoipa::path(post, path = "/records/citizens/{id}/merge", params(("id" = String, Path)), request_body = Merge,
    responses((status = 200, body = Stands)))]
pub async fn merge(request: &Request, id: &str) -> Result<Reply, Problem> {
    let given: Merge = request.json()?;
    let db = Db::open().await?;
    let act = Act::of(request, &db, id, &given.reason).await?;
    let into: Id = given.into.parse().map_err(|_| Problem::invalid("into is no account"))?;
    if into == act.on {
        return Err(Problem::invalid("into is the same account"));
    }
    let detail = format!(r#"{{"into":"{into}"}}"#);
    let merged = db
        .one(
            "UPDATE citizens SET standing = 'merged', merged_into = $1, password = NULL, changed_at = $2, changed_by = $3, \
             changed_why_sealed = $4 WHERE id = $5 AND standing IN ('proof-due', 'frozen') AND EXISTS \
               (SELECT 1 FROM citizens o WHERE o.id = $6 AND o.id_index = citizens.id_index \
                AND (o.standing IN ('real-name', 'real-person') OR (o.standing = 'proof-due' AND \
                  (citizens.standing = 'frozen' OR (o.created_at, o.id) < (citizens.created_at, citizens.id))))) \
             RETURNING id",
            [
                into.into(),
                act.now.into(),
                act.by.into(),
                act.why_sealed.as_str().into(),
                act.on.into(),
                into.into(),
            ],
        )
        .await?;
    if merged.is_none() {
        return merged_before(&db, &act, into).await;
    }
    end(&db, act.on, "merged", act.now).await?;
    act.done(&db, "account-merged", &detail, Standing::Merged).await
}

/// Sent again, a merge is as good as the first time. Anything else is told apart.
async fn merged_before(db: &Db, act: &Act, into: Id) -> Result<Reply, Problem> {
    let sql = "SELECT standing, merged_into, id_index FROM citizens WHERE id = $1";
    let from = db.one(sql, [act.on.into()]).await?.ok_or_else(Problem::not_found)?;
    let stands = standing(from.text(0)?)?;
    if stands == Standing::Merged && from.id(1)? == into {
        end(db, act.on, "merged", act.now).await?;
        let stands = Stands { citizen: act.on.to_string(), standing: Standing::Merged.name() };
        return Ok(Reply::json(StatusCode::OK, &stands));
    }
    let sql = "SELECT standing, id_index FROM citizens WHERE id = $1";
    let target = db.one(sql, [into.into()]).await?.ok_or_else(not_one_person)?;
    match (from.optional_text(2)?, target.optional_text(1)?) {
        (Some(from), Some(target)) if from == target => {}
        _ => return Err(not_one_person()),
    }
    let target = standing(target.text(0)?)?;
    Err(match (stands, target) {
        (Standing::RealName | Standing::RealPerson, _) | (_, Standing::ProofDue) => other_way_round(),
        (Standing::ProofDue | Standing::Frozen, other) | (other, _) => not_so(other),
    })
}

/// What an administrator did since `since`, Unix ms, is in the audit trail, also where the power went off before the line was
/// written. The row of the account says it all.
pub async fn told(db: &Db, since: u64) -> Result<(), Problem> {
    let acts = db
        .run(
            "SELECT c.id, c.standing, c.changed_at, c.changed_by, c.merged_into FROM citizens c JOIN principals p ON p.id = c.changed_by \
             WHERE c.standing IN ('frozen', 'proof-due', 'merged') AND c.changed_at > $1",
            [since.into()],
        )
        .await?;
    for row in &acts {
        let (kind, detail) = match standing(row.text(1)?)? {
            Standing::Frozen => ("account-frozen", String::new()),
            Standing::Merged => ("account-merged", format!(r#"{{"into":"{}"}}"#, row.id(4)?)),
            _ => ("account-released", String::new()),
        };
        let (on, by) = (row.id(0)?, row.id(3)?);
        let at = u64::try_from(row.int(2)?).map_err(|_| Problem::unavailable("a stored time is none"))?;
        let line = Line { kind, actor: by, device: Id::NONE, subject: on, detail: &detail };
        audit::write_once(db, line_id(on, at), &line, at).await?;
    }
    Ok(())
}

/// Children who have grown since `since`, Unix ms, have their ledger, also where the power went off before.
pub async fn grown(db: &Db, since: u64) -> Result<(), Problem> {
    let rows = db
        .run(
            "SELECT id, merged_into FROM citizens WHERE standing = 'merged' AND changed_by = merged_into AND changed_at > $1",
            [since.into()],
        )
        .await?;
    for row in &rows {
        hand_ledger(db, row.id(0)?, row.id(1)?).await?;
    }
    Ok(())
}

/// The same for all accounts that ended since `since`, Unix ms, whoever was killed on the way.
pub async fn repair(db: &Db, since: u64, now: u64) -> Result<(), DbError> {
    db.run(
        "UPDATE citizen_sessions SET ended_at = $1, ended_why = 'account-ended' WHERE ended_at IS NULL AND citizen IN \
           (SELECT id FROM citizens WHERE standing IN ('frozen', 'merged', 'deleted') AND changed_at > $2)",
        [now.into(), since.into()],
    )
    .await?;
    db.run(
        "UPDATE consents SET withdrawn_at = $1 WHERE withdrawn_at IS NULL AND citizen IN \
           (SELECT id FROM citizens WHERE standing IN ('merged', 'deleted') AND changed_at > $2)",
        [now.into(), since.into()],
    )
    .await?;
    db.run(
        "DELETE FROM real_name_requests WHERE citizen IN \
           (SELECT id FROM citizens WHERE standing IN ('merged', 'deleted') AND changed_at > $1)",
        [since.into()],
    )
    .await?;
    db.run(
        "DELETE FROM alipay_links WHERE citizen IN \
           (SELECT id FROM citizens WHERE standing IN ('merged', 'deleted') AND changed_at > $1)",
        [since.into()],
    )
    .await?;
    db.run(
        "UPDATE channels SET closed_at = $1, closed_by = $2, documents_sealed = NULL, photos_sealed = NULL, as_of = NULL \
         WHERE closed_at IS NULL AND holder IN \
           (SELECT id FROM citizens WHERE standing IN ('merged', 'deleted') AND changed_at > $3)",
        [now.into(), Id::NONE.into(), since.into()],
    )
    .await?;
    db.run(
        "DELETE FROM reminders WHERE holder IN \
           (SELECT id FROM citizens WHERE standing IN ('merged', 'deleted') AND changed_at > $1)",
        [since.into()],
    )
    .await?;
    Ok(())
}

fn not_so(stands: Standing) -> Problem {
    Problem::new(
        StatusCode::CONFLICT,
        "standing-forbids",
        "The account does not stand so",
        "账号当前状态不允许此操作",
        &format!("It is {stands}."),
    )
}

fn changed_meanwhile() -> Problem {
    Problem::new(
        StatusCode::CONFLICT,
        "changed-meanwhile",
        "The account has just changed",
        "账号状态刚刚发生变化",
        "Look at it again, and decide anew.",
    )
}

fn not_one_person() -> Problem {
    Problem::new(
        StatusCode::CONFLICT,
        "not-one-person",
        "Not accounts of one person",
        "两个账号不属于同一身份证号",
        "Only accounts of the same ID number are merged. A frozen one that has lost its number is released first.",
    )
}

fn other_way_round() -> Problem {
    Problem::new(
        StatusCode::CONFLICT,
        "other-way-round",
        "Merge the other way round",
        "请将旧账号并入该账号",
        "The account that stands stays, or else the older one: merge the other into it.",
    )
}

fn four_eyes() -> Problem {
    Problem::new(
        StatusCode::CONFLICT,
        "four-eyes",
        "Another administrator must release it",
        "须由另一名管理员解除冻结",
        "Who has frozen an account does not release it.",
    )
}
