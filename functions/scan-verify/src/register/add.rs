//! What a venue adds to an entry. Lines are appended; whoever was wrong writes another line of the same name.

use crate::register::{Value, show};
use crate::venues;
use http::StatusCode;
use serde::Deserialize;
use utoipa::ToSchema;
use zerotrip_accounts::refused;
use zerotrip_accounts::signing::sealing;
use zerotrip_domain::scenario::{Addition, Policy};
use zerotrip_platform::{Db, Id, Problem, Reply, Request, clock};

/// Of one entry: a register, not a chat.
const MOST: i64 = 100;

/// One thing to add.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct New {
    /// As the entry's `missing` and `later` name it.
    name: String,
    /// Of the form that they say: a line of 1 to 200 characters, Unix ms within a year of the scan, or yes and no.
    value: Value,
}

#[utoipa::path(post, path = "/scan/entries/{id}/additions", params(("id" = String, Path)), request_body = New,
    responses((status = 201, body = crate::register::Shown)))]
pub async fn add(request: &Request, id: &str) -> Result<Reply, Problem> {
    let new: New = request.json()?;
    let id: Id = id.parse().map_err(|_| Problem::not_found())?;
    let (db, now) = (Db::open().await?, clock::now_ms());
    let (by, venue) = venues::staff(request, &db).await?;
    let sql = "SELECT policy, minor, ended_at FROM identity_codes WHERE id = $1 AND at_venue = $2 AND ended_how = 'redeemed'";
    let row = db.one(sql, [id.into(), venue.into()]).await?.ok_or_else(Problem::not_found)?;
    let policy = super::policy(row.text(0)?)?;
    let addition = policy.adds(super::flag(&row, 1)?).find(|addition| addition.name == new.name);
    let addition = addition.ok_or_else(|| not_of_the_policy(policy))?;
    let line = Id::random();
    let value =
        serde_json::to_string(&new.value).map_err(|_| Problem::unavailable("a value does not serialise"))?;
    if !addition.form.takes(&new.value.into(), super::time(&row, 2)?) {
        return Err(not_of_its_form(addition));
    }
    let sealed = sealing::seal(&format!("register_additions.value/{line}"), value.as_bytes(), now);
    // Between the look above and this the venue may have been revoked, and the entry's time have ended.
    let added = db
        .one(
            "INSERT INTO register_additions (id, code, name, due, value_sealed, at, person, device) \
             SELECT $1, c.id, $2, CAST($3 AS BIGINT), $4, CAST($5 AS BIGINT), $6, $7 FROM identity_codes c \
             JOIN venues v ON v.id = c.at_venue WHERE c.id = $8 AND v.id = $9 AND v.revoked_at IS NULL \
             AND c.entry_sealed IS NOT NULL AND c.kept_until > $10 \
             AND (SELECT COUNT(*) FROM register_additions a WHERE a.code = c.id) < CAST($11 AS BIGINT) RETURNING id",
            [
                line.into(),
                addition.name.into(),
                i64::from(addition.when.is_due()).into(),
                sealed.map_err(refused)?.into(),
                now.into(),
                by.principal.into(),
                by.device.into(),
                id.into(),
                venue.into(),
                now.into(),
                MOST.into(),
            ],
        )
        .await?;
    // What is not there any more is said by the look.
    let shown = show::to_staff(&db, venue, id, now).await?;
    added.ok_or_else(too_many)?;
    Ok(Reply::json(StatusCode::CREATED, &shown))
}

fn not_of_the_policy(policy: &Policy) -> Problem {
    let names: Vec<&str> = policy.adds(true).map(|addition| addition.name).collect();
    Problem::new(
        StatusCode::UNPROCESSABLE_ENTITY,
        "not-in-the-register",
        "Not a thing that this register holds",
        "该登记簿没有此项内容",
        &format!("Of this person {} holds: {}.", policy.version(), names.join(", ")),
    )
}

fn not_of_its_form(addition: Addition) -> Problem {
    Problem::new(
        StatusCode::UNPROCESSABLE_ENTITY,
        "wrong-form",
        "Not of the right form",
        "填写内容格式有误",
        &format!(
            "{} is of the form {}: a line of 1 to 200 characters (text, personal), Unix ms within a year of the scan \
             (time), true or false (yes-no).",
            addition.name,
            addition.form.name()
        ),
    )
}

fn too_many() -> Problem {
    Problem::new(
        StatusCode::CONFLICT,
        "too-many-additions",
        "Too many additions",
        "该登记补充次数过多",
        "An entry takes a hundred lines. Nothing of it can be taken back.",
    )
}
