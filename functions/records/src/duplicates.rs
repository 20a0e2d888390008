//! Who has several accounts, which phones several people share, and which accounts somebody disputes.
//!
//! A whole account has its ID number and its phone to itself, so whoever shares one is from the old days or frozen. A search
//! walks along the index of those alone, so many at a time, however many accounts there are.

use crate::shown::ShownAccount;
use http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;
use zerotrip_accounts::audit::{self, Line};
use zerotrip_accounts::authority::{self, Administrator};
use zerotrip_platform::{Db, Id, Problem, Reply, Request, Row, clock};

/// Accounts that one request walks along.
const WALKED: i64 = 5_000;
/// Groups in one answer, and accounts in one group, the oldest first.
const MOST_GROUPS: i64 = 50;
const MOST_IN_GROUP: i64 = 20;

/// Groups of accounts that something is wrong with.
#[derive(Serialize, ToSchema)]
pub struct Found {
    /// `person`, `phone` or `disputed`
    kind: &'static str,
    groups: Vec<Group>,
    /// For the parameter `after` of the next request, even if nothing was found here; none at the end.
    next: Option<String>,
}

/// Accounts of one ID number, or of one phone, or one disputed account.
#[derive(Serialize, ToSchema)]
pub struct Group {
    accounts: Vec<ShownAccount>,
}

#[utoipa::path(get, path = "/records/duplicates", params(
    ("kind" = String, Query, description = "`person`: one ID number, many accounts. `phone`: one phone, many ID numbers. \
        `disputed`: frozen accounts"),
    ("after" = Option<String>, Query, description = "`next` of the answer before")),
    responses((status = 200, body = Found)))]
pub async fn list(request: &Request) -> Result<Reply, Problem> {
    let (db, now) = (Db::open().await?, clock::now_ms());
    let Administrator(by) = authority::administrator(request, &db).await?;
    let after = request.parameter("after").unwrap_or_default();
    let kind = request.parameter("kind").unwrap_or_default();
    let found = match kind.as_str() {
        "person" => shared(&db, &BY_PERSON, &after, now).await?,
        "phone" => shared(&db, &BY_PHONE, &after, now).await?,
        "disputed" => disputed(&db, &after, now).await?,
        _ => return Err(Problem::invalid("kind must be person, phone or disputed")),
    };
    let detail = format!(r#"{{"kind":"{kind}"}}"#);
    let kind = "duplicates-listed";
    let line = Line { kind, actor: by.principal, device: Id::NONE, subject: Id::NONE, detail: &detail };
    audit::write(&db, &line, now).await?;
    Ok(Reply::json(StatusCode::OK, &found))
}

/// A search along one index.
struct Walk {
    kind: &'static str,
    /// Values that more than one account has, of so many accounts after one.
    shared: &'static str,
    /// The last value of those accounts, and how many they are.
    end: &'static str,
    /// The accounts of a value.
    accounts: &'static str,
}

const BY_PERSON: Walk = Walk {
    kind: "person",
    shared: "SELECT DISTINCT w.id_index FROM (SELECT id_index, id FROM citizens \
               WHERE standing IN ('proof-due', 'frozen') AND id_index > $1 ORDER BY id_index, id LIMIT CAST($2 AS BIGINT)) w \
             WHERE EXISTS (SELECT 1 FROM citizens o WHERE o.id_index = w.id_index AND o.id <> w.id \
               AND o.standing NOT IN ('merged', 'deleted')) ORDER BY w.id_index LIMIT CAST($3 AS BIGINT)",
    end: "SELECT MAX(w.id_index), COUNT(*) FROM (SELECT id_index FROM citizens \
            WHERE standing IN ('proof-due', 'frozen') AND id_index > $1 ORDER BY id_index, id LIMIT CAST($2 AS BIGINT)) w",
    accounts: "SELECT id, standing, name_sealed, id_number_sealed, phone_sealed, created_at, proven_at, proven_how, \
                 changed_at, changed_by, changed_why_sealed FROM citizens WHERE id_index = $1 \
               AND standing NOT IN ('merged', 'deleted') ORDER BY created_at, id LIMIT CAST($2 AS BIGINT)",
};

const BY_PHONE: Walk = Walk {
    kind: "phone",
    shared: "SELECT DISTINCT w.phone_index FROM (SELECT phone_index, id_index FROM citizens \
               WHERE standing IN ('proof-due', 'frozen') AND phone_index > $1 \
               ORDER BY phone_index, id LIMIT CAST($2 AS BIGINT)) w \
             WHERE EXISTS (SELECT 1 FROM citizens o WHERE o.phone_index = w.phone_index AND o.id_index <> w.id_index \
               AND o.standing NOT IN ('merged', 'deleted')) ORDER BY w.phone_index LIMIT CAST($3 AS BIGINT)",
    end: "SELECT MAX(w.phone_index), COUNT(*) FROM (SELECT phone_index FROM citizens \
            WHERE standing IN ('proof-due', 'frozen') AND phone_index > $1 \
            ORDER BY phone_index, id LIMIT CAST($2 AS BIGINT)) w",
    accounts: "SELECT id, standing, name_sealed, id_number_sealed, phone_sealed, created_at, proven_at, proven_how, \
                 changed_at, changed_by, changed_why_sealed FROM citizens WHERE phone_index = $1 \
               AND standing NOT IN ('merged', 'deleted') ORDER BY created_at, id LIMIT CAST($2 AS BIGINT)",
};

async fn shared(db: &Db, walk: &Walk, after: &str, now: u64) -> Result<Found, Problem> {
    let shared = db.run(walk.shared, [after.into(), WALKED.into(), MOST_GROUPS.into()]).await?;
    let end = db.one(walk.end, [after.into(), WALKED.into()]).await?;
    let mut groups = Vec::new();
    for row in &shared {
        let accounts = db.run(walk.accounts, [row.text(0)?.into(), MOST_IN_GROUP.into()]).await?;
        groups.push(group(&accounts, now)?);
    }
    Ok(Found { kind: walk.kind, groups, next: next(&shared, end.as_ref())? })
}

/// The oldest first. `after` is the time of a change and the account's id.
async fn disputed(db: &Db, after: &str, now: u64) -> Result<Found, Problem> {
    let odd = || Problem::invalid("after must be what the answer before gave");
    let (at, id) = if after.is_empty() { ("0", "") } else { after.split_once('-').ok_or_else(odd)? };
    let at: u64 = at.parse().map_err(|_| odd())?;
    let rows = db
        .run(
            "SELECT id, standing, name_sealed, id_number_sealed, phone_sealed, created_at, proven_at, proven_how, \
             changed_at, changed_by, changed_why_sealed FROM citizens \
             WHERE standing = 'frozen' AND changed_at >= $1 AND (changed_at, id) > (CAST($2 AS BIGINT), $3) \
             ORDER BY changed_at, id LIMIT CAST($4 AS BIGINT)",
            [at.into(), at.into(), id.into(), MOST_GROUPS.into()],
        )
        .await?;
    let next = match rows.last() {
        Some(last) if is_full(&rows) => Some(format!("{}-{}", last.int(8)?, last.text(0)?)),
        _ => None,
    };
    let groups = rows.iter().map(|row| group(std::slice::from_ref(row), now)).collect::<Result<_, _>>()?;
    Ok(Found { kind: "disputed", groups, next })
}

fn group(accounts: &[Row], now: u64) -> Result<Group, Problem> {
    let accounts = accounts.iter().map(|row| ShownAccount::of(row, now)).collect::<Result<_, _>>()?;
    Ok(Group { accounts })
}

/// Where the walk goes on: after the last group if there are as many as an answer holds, else after what was walked along.
fn next(shared: &[Row], end: Option<&Row>) -> Result<Option<String>, Problem> {
    match (shared.last(), end) {
        (Some(last), _) if is_full(shared) => last.text(0).map(|text| Some(text.to_owned())),
        (_, Some(end)) if end.int(1)? == WALKED => Ok(end.optional_text(0)?.map(str::to_owned)),
        _ => Ok(None),
    }
}

/// Whether an answer holds no more.
fn is_full(groups: &[Row]) -> bool {
    i64::try_from(groups.len()) == Ok(MOST_GROUPS)
}
