//! The ledger of disclosures: who was shown what of a person, where and when, and who has tried. Names of fields, never values.

use crate::asked::Asked;
use http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;
use zerotrip_domain::scenario::{Policy, Scenario};
use zerotrip_platform::{Db, Id, Problem, Reply, Request, Row};

/// In one answer.
const MOST: usize = 50;

/// A code that was shown, or that somebody could not use.
#[derive(Serialize, ToSchema)]
pub struct Disclosure {
    /// This line, which `POST /wallet/disclosures/{disclosure}/misuse` takes.
    disclosure: String,
    /// Unix ms, as all times here.
    at: i64,
    /// `redeemed`, or why nothing was shown, e.g. `other-venue`.
    result: String,
    result_zh: &'static str,
    venue: Option<String>,
    /// The account of the person there; whose it is, the venue and the police can tell.
    staff: String,
    scenario: String,
    scenario_zh: &'static str,
    /// What was shown.
    fields: Vec<DisclosedField>,
    /// Under which rule; none for what was refused.
    policy: Option<String>,
    /// How old what was shown was: when the registry had said so.
    as_of: Option<i64>,
    /// `qr` or `typed`; none for what was refused.
    read: Option<String>,
    /// How a misuse that was reported stands.
    misuse: Option<Misuse>,
}

/// The name of a field that was shown.
#[derive(Serialize, ToSchema)]
pub struct DisclosedField {
    name: String,
    chinese: Option<&'static str>,
    english: Option<&'static str>,
}

/// A report of it.
#[derive(Serialize, ToSchema)]
pub struct Misuse {
    reported_at: i64,
    /// When the police had looked into it; none before.
    closed_at: Option<i64>,
}

/// The newest first.
#[derive(Serialize, ToSchema)]
pub struct Ledger {
    disclosures: Vec<Disclosure>,
    /// For the parameter `before` of the next request; none at the end.
    next: Option<String>,
}

#[utoipa::path(get, path = "/wallet/disclosures", params(
    ("child" = Option<String>, Query, description = "A child in the own care"),
    ("before" = Option<String>, Query, description = "`next` of the answer before")),
    responses((status = 200, body = Ledger)))]
pub async fn list(request: &Request) -> Result<Reply, Problem> {
    let before = request.parameter("before").unwrap_or_else(|| format!("{}-", i64::MAX));
    let odd = || Problem::invalid("before must be what the answer before gave");
    let (at, id) = before.split_once('-').ok_or_else(odd)?;
    let at: i64 = at.parse().map_err(|_| odd())?;
    let Asked { db, holder, .. } = Asked::of(request).await?;
    let disclosures = page(&db, holder.id(), at, id, MOST).await?;
    let next = match disclosures.last() {
        Some(last) if disclosures.len() == MOST => Some(format!("{}-{}", last.at, last.disclosure)),
        _ => None,
    };
    Ok(Reply::json(StatusCode::OK, &Ledger { disclosures, next }))
}

/// At most so many that came before `at` and `id`: each of the two tables is read along its index.
pub async fn page(db: &Db, holder: Id, at: i64, id: &str, most: usize) -> Result<Vec<Disclosure>, Problem> {
    let limit = i64::try_from(most).unwrap_or(i64::MAX);
    let shown = db
        .run(
            "SELECT c.id, c.ended_at, c.scenario, v.name, m.reported_at, m.closed_at, c.at_person, c.policy, c.disclosed, c.as_of, c.read_how \
             FROM identity_codes c LEFT JOIN venues v ON v.id = c.at_venue LEFT JOIN misuse_reports m ON m.code = c.id \
             WHERE c.holder = $1 AND c.ended_how = 'redeemed' AND (c.ended_at, c.id) < (CAST($2 AS BIGINT), $3) \
             ORDER BY c.ended_at DESC, c.id DESC LIMIT CAST($4 AS BIGINT)",
            [holder.into(), at.into(), id.into(), limit.into()],
        )
        .await?;
    let refused = db
        .run(
            "SELECT r.id, r.at, r.scenario, v.name, m.reported_at, m.closed_at, r.person, r.why \
             FROM refused_scans r LEFT JOIN venues v ON v.id = r.venue LEFT JOIN misuse_reports m ON m.code = r.id \
             WHERE r.holder = $1 AND (r.at, r.id) < (CAST($2 AS BIGINT), $3) \
             ORDER BY r.at DESC, r.id DESC LIMIT CAST($4 AS BIGINT)",
            [holder.into(), at.into(), id.into(), limit.into()],
        )
        .await?;
    let shown = shown.iter().map(redeemed);
    let all = shown.chain(refused.iter().map(tried));
    let mut all = all.collect::<Result<Vec<_>, Problem>>()?;
    all.sort_by(|one, other| (other.at, &other.disclosure).cmp(&(one.at, &one.disclosure)));
    all.truncate(most);
    Ok(all)
}

fn redeemed(row: &Row) -> Result<Disclosure, Problem> {
    let policy = row.text(7)?;
    let items = Policy::versioned(policy).map(Policy::discloses).unwrap_or_default();
    let names = row.optional_text(8)?.unwrap_or_default().split(',').filter(|name| !name.is_empty());
    let fields = names.map(|name| {
        let item = items.iter().find(|item| item.name() == name);
        DisclosedField {
            name: name.to_owned(),
            chinese: item.map(|item| item.chinese()),
            english: item.map(|item| item.english()),
        }
    });
    Ok(Disclosure {
        result: "redeemed".to_owned(),
        result_zh: "已出示",
        fields: fields.collect(),
        policy: Some(policy.to_owned()),
        as_of: int(row, 9)?,
        read: row.optional_text(10)?.map(str::to_owned),
        ..common(row)?
    })
}

fn tried(row: &Row) -> Result<Disclosure, Problem> {
    Ok(Disclosure {
        result: row.text(7)?.to_owned(), result_zh: "被拒绝，未出示任何信息", ..common(row)?
    })
}

/// Columns of both: id, time, scenario, venue's name, of a misuse when it was reported and closed, and who scanned.
fn common(row: &Row) -> Result<Disclosure, Problem> {
    let scenario = row.text(2)?;
    let misuse =
        int(row, 4)?.map(|reported_at| Ok::<_, Problem>(Misuse { reported_at, closed_at: int(row, 5)? }));
    Ok(Disclosure {
        disclosure: row.text(0)?.to_owned(),
        at: row.int(1)?,
        result: String::new(),
        result_zh: "",
        venue: row.optional_text(3)?.map(str::to_owned),
        staff: row.text(6)?.to_owned(),
        scenario: scenario.to_owned(),
        scenario_zh: Scenario::named(scenario).map_or("", Scenario::chinese),
        fields: Vec::new(),
        policy: None,
        as_of: None,
        read: None,
        misuse: misuse.transpose()?,
    })
}

fn int(row: &Row, at: usize) -> Result<Option<i64>, Problem> {
    if row.is_null(at) { Ok(None) } else { row.int(at).map(Some) }
}
