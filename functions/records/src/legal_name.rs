//! A changed legal name (更名): the same person, the same number, another name.

use http::StatusCode;
use serde::Deserialize;
use utoipa::ToSchema;
use zerotrip_accounts::audit::{self, Line};
use zerotrip_accounts::consents::{self, Purpose};
use zerotrip_accounts::ctid::{self, Said, Silent};
use zerotrip_accounts::person::{Person, not_matched};
use zerotrip_accounts::sealed::opened;
use zerotrip_accounts::signing::sealing;
use zerotrip_accounts::{citizen, limits, refused};
use zerotrip_platform::{Db, Id, Problem, Reply, Request, clock};

/// As the new ID card shows it.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewName {
    name: String,
}

/// The trusted-identity platform is asked whether the new name belongs to the account's number.
#[utoipa::path(put, path = "/records/me/name", request_body = NewName, responses((status = 204)))]
pub async fn change(request: &Request) -> Result<Reply, Problem> {
    let given: NewName = request.json()?;
    let (db, now) = (Db::open().await?, clock::now_ms());
    let caller = citizen::citizen(request, &db).await?;
    consents::demand(&db, caller.id, Purpose::RealName).await?;
    let sql = "SELECT id_number_sealed FROM citizens WHERE id = $1";
    let row = db.one(sql, [caller.id.into()]).await?.ok_or_else(Problem::unauthorized)?;
    let number = opened(&row, 0, "id_number", caller.id)?.ok_or_else(no_name_yet)?;
    let (person, number) = Person::parse(&given.name, &number, now)?;
    limits::of(&db, limits::REAL_NAMES_OF_ACCOUNT, &caller.id.to_string(), now).await?;
    limits::of(&db, limits::REAL_NAMES_OF_PERSON, number.as_str(), now).await?;
    let residence = match ctid::ask(&db, person.name(), &number, &Id::random().to_string()).await? {
        Ok(Said::Match(residence)) => residence,
        Ok(other) => return Err(not_matched(other)),
        Err(Silent) => return Err(ctid::unanswered()),
    };
    let sealed = sealing::seal(&format!("citizens.name/{}", caller.id), person.name().as_bytes(), now);
    let changed = db
        .one(
            "UPDATE citizens SET name_sealed = $1, residence = $2, real_name_at = $3 \
             WHERE id = $4 AND standing IN ('real-name', 'real-person') RETURNING id",
            [sealed.map_err(refused)?.into(), residence.name().into(), now.into(), caller.id.into()],
        )
        .await?;
    changed.ok_or_else(Problem::unauthorized)?;
    let kind = "name-changed";
    let line = Line { kind, actor: caller.id, device: Id::NONE, subject: caller.id, detail: "" };
    audit::write(&db, &line, now).await?;
    Ok(Reply::no_content())
}

fn no_name_yet() -> Problem {
    Problem::new(
        StatusCode::CONFLICT,
        "no-name-yet",
        "The account has no name yet",
        "该账号尚未实名",
        "Do the real-name check: POST /auth/citizens/me/real-name.",
    )
}
