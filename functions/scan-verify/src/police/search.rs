//! An officer looks for a person, a vehicle or what happened at a venue, says why, and leaves a line that says so.
//!
//! Person and plate are exact: nobody leafs through registers. What is found is of the own area.

use crate::field;
use crate::register::foreigner::passport;
use crate::register::{Entry, Line, Shown};
use http::StatusCode;
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use utoipa::ToSchema;
use zerotrip_accounts::area::{self, Area};
use zerotrip_accounts::audit;
use zerotrip_accounts::authority::Live;
use zerotrip_accounts::refused;
use zerotrip_accounts::signing::{blind_index, sealing};
use zerotrip_domain::{Day, IdNumber, Plate};
use zerotrip_platform::{Db, Id, Problem, Reply, Request, Row, clock};

/// In one answer.
const MOST: usize = 50;
/// Of a venue at once.
const LONGEST_MS: u64 = 31 * 24 * 3600 * 1000;

/// What is looked for, and why.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewSearch {
    /// 1 to 200 characters, e.g. the number of the case.
    reason: String,
    by: By,
}

/// `id_number`, or `passport`, or `plate`, or `venue` with `from` and `to`.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct By {
    id_number: Option<String>,
    /// Of a foreigner.
    passport: Option<String>,
    plate: Option<String>,
    venue: Option<String>,
    /// Unix ms.
    from: Option<u64>,
    /// Unix ms, not included; of a venue within 31 days of `from`.
    to: Option<u64>,
}

/// What was found. Whoever sees it has left a line in the audit trail.
#[derive(Serialize, ToSchema)]
pub struct Found {
    search: String,
    /// The newest first.
    entries: Vec<Hit>,
    /// Whether there are older ones: search again with `to`.
    more: bool,
}

/// An entry and where it was made.
#[derive(Serialize, ToSchema)]
struct Hit {
    venue: String,
    venue_name: String,
    venue_address: String,
    entry: Shown,
}

/// What is looked for, as the database knows it.
struct Sought {
    by_what: &'static str,
    /// A venue's id or a blind index.
    is: String,
    from: u64,
    to: u64,
    entries: &'static str,
    additions: &'static str,
}

#[utoipa::path(post, path = "/scan/searches", request_body = NewSearch, responses((status = 201, body = Found)))]
pub async fn search(request: &Request) -> Result<Reply, Problem> {
    let new: NewSearch = request.json()?;
    let reason = field::reason(&new.reason)?;
    let (db, now) = (Db::open().await?, clock::now_ms());
    let (by, area) = area::officer(request, &db).await?;
    let sought = Sought::of(&new.by, now)?;
    if sought.by_what == "venue" {
        let sql = "SELECT id FROM venues WHERE id = $1 AND agency >= $2 AND agency < $3";
        let known = db
            .one(sql, [sought.is.as_str().into(), area.from.as_str().into(), area.until.as_str().into()])
            .await?;
        known.ok_or_else(Problem::not_found)?;
    }
    let search = Id::random();
    record(&db, search, &by, &sought, reason, now).await?;
    let found = find(&db, &sought, &area, search, now).await?;
    Ok(Reply::json(StatusCode::CREATED, &found))
}

/// Before anything is shown: who, on which terminal, what kind of search; why, sealed.
async fn record(
    db: &Db,
    search: Id,
    by: &Live,
    sought: &Sought,
    reason: &str,
    now: u64,
) -> Result<(), Problem> {
    let sealed = sealing::seal(&format!("register_searches.reason/{search}"), reason.as_bytes(), now);
    db.run(
        "INSERT INTO register_searches (id, at, officer, device, agency, by_what, sought, reason_sealed) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        [
            search.into(),
            now.into(),
            by.principal.into(),
            by.device.into(),
            by.agency.as_str().into(),
            sought.by_what.into(),
            sought.is.as_str().into(),
            sealed.map_err(refused)?.into(),
        ],
    )
    .await?;
    let detail = format!("{{\"by\":\"{}\"}}", sought.by_what);
    let line = audit::Line {
        kind: "register-searched",
        actor: by.principal,
        device: by.device,
        subject: search,
        detail: &detail,
    };
    audit::write(db, &line, now).await
}

async fn find(db: &Db, sought: &Sought, area: &Area, search: Id, now: u64) -> Result<Found, Problem> {
    let (from, to) = (sought.from, sought.to);
    let is = || sought.is.as_str().into();
    let rows = db
        .run(
            sought.entries,
            [
                is(),
                from.into(),
                to.into(),
                now.into(),
                area.from.as_str().into(),
                area.until.as_str().into(),
                (MOST as u64 + 1).into(),
            ],
        )
        .await?;
    let more = rows.len() > MOST;
    let rows = &rows[..rows.len().min(MOST)];
    let oldest = rows.last().map_or(Ok(to), |row| crate::register::time(row, 1))?;
    // Only what is shown is opened: a person's entries in other areas are not the officer's to read.
    let mut lines: HashMap<Id, Vec<Line>> =
        rows.iter().map(|row| Ok((row.id(0)?, Vec::new()))).collect::<Result<_, Problem>>()?;
    for row in db.run(sought.additions, [is(), oldest.into(), to.into()]).await? {
        if let Some(lines) = lines.get_mut(&row.id(5)?) {
            lines.push(Line::of(&row)?);
        }
    }
    let hit = |row: &Row| {
        let entry = Entry::of(row)?;
        let lines = lines.remove(&entry.id).unwrap_or_default();
        Ok(Hit {
            venue: row.text(8)?.to_owned(),
            venue_name: row.text(9)?.to_owned(),
            venue_address: row.text(10)?.to_owned(),
            entry: Shown::whole(entry, lines),
        })
    };
    let entries = rows.iter().map(hit).collect::<Result<_, Problem>>()?;
    Ok(Found { search: search.to_string(), entries, more })
}

impl Sought {
    fn of(by: &By, now: u64) -> Result<Self, Problem> {
        let (from, to) = (by.from.unwrap_or(0), by.to.unwrap_or(u64::MAX));
        match (&by.id_number, &by.passport, &by.plate, &by.venue) {
            (Some(number), None, None, None) => {
                let number = IdNumber::parse(number.trim(), Day::at(now))
                    .map_err(|_| Problem::invalid("by.id_number must be an ID number of 18 characters"))?;
                let is = blind_index::index("resident-id", number.as_str()).map_err(refused)?;
                Ok(Self { by_what: "id-number", is, from, to, entries: PERSON, additions: PERSON_ADDITIONS })
            }
            (None, Some(number), None, None) => {
                let is = blind_index::index("passport", &passport(number)?).map_err(refused)?;
                Ok(Self { by_what: "passport", is, from, to, entries: PERSON, additions: PERSON_ADDITIONS })
            }
            (None, None, Some(plate), None) => {
                let plate: Plate = plate
                    .trim()
                    .parse()
                    .map_err(|_| Problem::invalid("by.plate must be a number plate, e.g. 吉A12345"))?;
                let is = blind_index::index("plate", plate.as_str()).map_err(refused)?;
                Ok(Self { by_what: "plate", is, from, to, entries: PLATE, additions: PLATE_ADDITIONS })
            }
            (None, None, None, Some(venue)) => {
                let id: Id = venue.parse().map_err(|_| Problem::not_found())?;
                let short = by.from.is_some() && from <= to && to - from <= LONGEST_MS;
                if !short {
                    return Err(Problem::invalid("by.venue needs by.from and by.to within 31 days"));
                }
                let (entries, additions) = (VENUE, VENUE_ADDITIONS);
                Ok(Self { by_what: "venue", is: id.to_string(), from, to, entries, additions })
            }
            _ => Err(Problem::invalid("by must have one of id_number, passport, plate and venue")),
        }
    }
}

const PERSON: &str = "SELECT c.id, c.ended_at, c.policy, c.minor, c.outside, c.entry_sealed, c.kept_until, r.at, v.id, v.name, \
     v.address FROM identity_codes c JOIN venues v ON v.id = c.at_venue LEFT JOIN register_reports r ON r.code = c.id \
     WHERE c.person_index = $1 AND c.ended_at >= $2 AND c.ended_at < $3 AND c.entry_sealed IS NOT NULL AND c.kept_until > $4 \
     AND v.agency >= $5 AND v.agency < $6 ORDER BY c.ended_at DESC LIMIT CAST($7 AS BIGINT)";
const PERSON_ADDITIONS: &str = "SELECT a.id, a.name, a.value_sealed, a.at, a.person, a.code FROM identity_codes c \
     JOIN register_additions a ON a.code = c.id WHERE c.person_index = $1 AND c.ended_at >= $2 AND c.ended_at < $3 \
     ORDER BY a.at, a.id";
const PLATE: &str = "SELECT c.id, c.ended_at, c.policy, c.minor, c.outside, c.entry_sealed, c.kept_until, r.at, v.id, v.name, \
     v.address FROM identity_codes c JOIN venues v ON v.id = c.at_venue LEFT JOIN register_reports r ON r.code = c.id \
     WHERE c.plate_index = $1 AND c.ended_at >= $2 AND c.ended_at < $3 AND c.entry_sealed IS NOT NULL AND c.kept_until > $4 \
     AND v.agency >= $5 AND v.agency < $6 ORDER BY c.ended_at DESC LIMIT CAST($7 AS BIGINT)";
const PLATE_ADDITIONS: &str = "SELECT a.id, a.name, a.value_sealed, a.at, a.person, a.code FROM identity_codes c \
     JOIN register_additions a ON a.code = c.id WHERE c.plate_index = $1 AND c.ended_at >= $2 AND c.ended_at < $3 \
     ORDER BY a.at, a.id";
const VENUE: &str = "SELECT c.id, c.ended_at, c.policy, c.minor, c.outside, c.entry_sealed, c.kept_until, r.at, v.id, v.name, \
     v.address FROM identity_codes c JOIN venues v ON v.id = c.at_venue LEFT JOIN register_reports r ON r.code = c.id \
     WHERE c.at_venue = $1 AND c.ended_how = 'redeemed' AND c.ended_at >= $2 AND c.ended_at < $3 AND c.entry_sealed IS NOT NULL \
     AND c.kept_until > $4 AND v.agency >= $5 AND v.agency < $6 ORDER BY c.ended_at DESC LIMIT CAST($7 AS BIGINT)";
const VENUE_ADDITIONS: &str = "SELECT a.id, a.name, a.value_sealed, a.at, a.person, a.code FROM identity_codes c \
     JOIN register_additions a ON a.code = c.id WHERE c.at_venue = $1 AND c.ended_how = 'redeemed' AND c.ended_at >= $2 \
     AND c.ended_at < $3 ORDER BY a.at, a.id";
