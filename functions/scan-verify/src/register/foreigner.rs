//! A guest with a foreign passport: in no wallet, so the hotel's staff read the passport and enter it. The entry is one as a code
//! makes, but nobody's wallet stands behind it: it says that it was made at the desk.

use crate::redeem::attempt_key;
use crate::register::show;
use crate::venues;
use http::StatusCode;
use serde::Deserialize;
use serde_json::json;
use utoipa::ToSchema;
use zerotrip_accounts::redemption::entry_context;
use zerotrip_accounts::refused;
use zerotrip_accounts::signing::{blind_index, sealing};
use zerotrip_domain::Day;
use zerotrip_domain::document::Text;
use zerotrip_domain::scenario::{Policy, Scenario};
use zerotrip_platform::{Db, Id, Problem, Reply, Request, clock};

/// Below this age the register wants the guardian.
const GROWN_UP: i32 = 18;
const OLDEST: i32 = 130;

/// What the passport says.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Foreigner {
    /// The terminal's own name of this attempt, as at `/scan/redemptions`: the same again makes no second entry.
    attempt: String,
    /// As the passport has it, 1 to 200 characters.
    name: String,
    /// `male`, `female` or `unspecified`
    sex: String,
    /// As the passport's machine-readable zone has it (ICAO 9303): one to three capital letters, e.g. `FRA`, `D`.
    nationality: String,
    /// yyyy-MM-dd
    birth_date: String,
    /// 5 to 20 capital letters and digits.
    passport_number: String,
}

#[utoipa::path(post, path = "/scan/entries", request_body = Foreigner, responses(
    (status = 201, body = crate::register::Shown), (status = 200, body = crate::register::Shown, description = "It was made before")))]
pub async fn enter(request: &Request) -> Result<Reply, Problem> {
    let given: Foreigner = request.json()?;
    let (db, now) = (Db::open().await?, clock::now_ms());
    let (today, attempt) = (Day::at(now), attempt_key(&given.attempt)?);
    let name: Text = given
        .name
        .trim()
        .parse()
        .map_err(|_| Problem::invalid("name must be a line of 1 to 200 characters"))?;
    if !["male", "female", "unspecified"].contains(&given.sex.as_str()) {
        return Err(Problem::invalid("sex must be male, female or unspecified"));
    }
    let capitals = given.nationality.bytes().all(|b| b.is_ascii_uppercase());
    if !(1..=3).contains(&given.nationality.len()) || !capitals || given.nationality == "CHN" {
        return Err(Problem::invalid(
            "nationality must be one to three capital letters, and not CHN: citizens show a code or a card",
        ));
    }
    let born = Day::parse(&given.birth_date).filter(|born| (0..=OLDEST).contains(&born.years_until(today)));
    let born = born.ok_or_else(|| Problem::invalid("birth_date must be a day, e.g. 1990-07-14"))?;
    let number = passport(&given.passport_number)?;
    let (by, venue) = venues::staff(request, &db).await?;

    let policy = Policy::in_force(Scenario::Hotel, today);
    let kept_until = policy.keep().until(today).map(Day::end_ms);
    let id = Id::random();
    let entry = json!({ "name": name.as_str(), "sex": given.sex, "birth_date": born.to_string(), "document_kind": "passport",
        "document_number": number, "nationality": given.nationality });
    let sealed = sealing::seal(&entry_context(id), entry.to_string().as_bytes(), now).map_err(refused)?;
    let index = |field: &str, value: &str| blind_index::index(field, value).map_err(refused);
    // Beside all codes' names: the same attempt on the same terminal has it once.
    let once = format!("desk/{}", index("identity_codes.desk", &format!("{}/{attempt}", by.device))?);
    let made = db
        .one(
            "INSERT INTO identity_codes (id, holder, minted_by, session, scenario, documents, policy, typed_index, issued_at, \
             expires_at, typed_until, ended_how, ended_at, at_venue, at_person, at_device, read_how, attempt, disclosed, minor, \
             outside, entry_sealed, kept_until, person_index) SELECT $1, $2, $3, $4, v.scenario, 0, $5, $6, CAST($7 AS BIGINT), \
             CAST($8 AS BIGINT), CAST($9 AS BIGINT), 'redeemed', CAST($10 AS BIGINT), v.id, $11, $12, 'desk', $13, \
             'name,sex,birth_date,document_kind,document_number,nationality', CAST($14 AS BIGINT), 1, $15, CAST($16 AS BIGINT), $17 \
             FROM venues v WHERE v.id = $18 AND v.scenario = 'hotel' AND v.revoked_at IS NULL \
             ON CONFLICT (typed_index) DO NOTHING RETURNING id",
            [
                id.into(),
                Id::NONE.into(),
                by.principal.into(),
                Id::NONE.into(),
                policy.version().into(),
                once.as_str().into(),
                now.into(),
                now.into(),
                now.into(),
                now.into(),
                by.principal.into(),
                by.device.into(),
                attempt.into(),
                i64::from(born.years_until(today) < GROWN_UP).into(),
                sealed.into(),
                kept_until.into(),
                index("passport", &number)?.into(),
                venue.into(),
            ],
        )
        .await?;
    let status = if made.is_some() { StatusCode::CREATED } else { StatusCode::OK };
    let sql = "SELECT id FROM identity_codes WHERE typed_index = $1";
    let entry = db.one(sql, [once.into()]).await?.ok_or_else(no_hotel)?.id(0)?;
    Ok(Reply::json(status, &show::to_staff(&db, venue, entry, now).await?))
}

/// A passport's number as it is stored and looked for.
pub fn passport(text: &str) -> Result<String, Problem> {
    let text = text.trim();
    let named =
        (5..=20).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit());
    if named {
        Ok(text.to_owned())
    } else {
        Err(Problem::invalid("a passport number has 5 to 20 capital letters and digits"))
    }
}

fn no_hotel() -> Problem {
    Problem::new(
        StatusCode::FORBIDDEN,
        "not-a-hotel",
        "Not a hotel",
        "仅旅馆可登记境外护照旅客",
        "Only a hotel enters guests with foreign passports.",
    )
}
