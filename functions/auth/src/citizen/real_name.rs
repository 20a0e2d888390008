//! The real-name check: name and ID number against the trusted-identity platform, and one person, one account.

use crate::citizen::grown_child;
use http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use zerotrip_accounts::audit::{self, Line};
use zerotrip_accounts::citizen::{self, Citizen};
use zerotrip_accounts::consents::{self, Purpose};
use zerotrip_accounts::person::{Person, id_index, matched, not_matched, person_has_account};
use zerotrip_accounts::refused;
use zerotrip_accounts::signing::sealing;
use zerotrip_domain::IdNumber;
use zerotrip_domain::account::{Event, Standing};
use zerotrip_domain::residence::Residence;
use zerotrip_platform::db::DbError;
use zerotrip_platform::{Db, Id, Problem, Reply, Request, Value, clock};

/// Who the account's person is. An empty object asks again with what was given before the platform fell silent.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RealName {
    name: Option<String>,
    /// 18 characters.
    id_number: Option<String>,
}

/// The account after the check.
#[derive(Serialize, ToSchema)]
pub struct Checked {
    /// `real-name`
    standing: String,
    /// `local`, `elsewhere` or `hk-macau-taiwan`
    residence: String,
}

#[utoipa::path(post, path = "/auth/citizens/me/real-name", request_body = RealName,
    responses((status = 200, body = Checked)))]
pub async fn check(request: &Request) -> Result<Reply, Problem> {
    let given: RealName = request.json()?;
    let (db, now) = (Db::open().await?, clock::now_ms());
    let caller = citizen::citizen(request, &db).await?;
    if caller.standing != Standing::Registered {
        return Err(done_already());
    }
    consents::demand(&db, caller.id, Purpose::RealName).await?;
    let (asked, person, number) = match (&given.name, &given.id_number) {
        (Some(name), Some(number)) => {
            let (person, number) = Person::grown_up(name, number, now)?;
            (keep(&db, &caller, &person, now).await?, person, number)
        }
        (None, None) => kept(&db, &caller, now).await?,
        _ => return Err(Problem::invalid("give both name and id_number, or neither to ask again")),
    };
    let residence = match matched(&db, caller.id, &person, &number, asked, now).await? {
        Ok(residence) => residence,
        Err(other) => {
            forget(&db, caller.id).await?;
            return Err(not_matched(other));
        }
    };
    enter(&db, caller.id, &person, &number, residence, now).await?;
    let line = Line {
        kind: "real-name-matched",
        actor: caller.id,
        device: Id::NONE,
        subject: caller.id,
        detail: "",
    };
    audit::write(&db, &line, now).await?;
    forget(&db, caller.id).await?;
    let standing = Standing::RealName.name().to_owned();
    Ok(Reply::json(StatusCode::OK, &Checked { standing, residence: residence.name().to_owned() }))
}

/// The commit point: the account has its person, unless that person has another.
async fn enter(
    db: &Db,
    citizen: Id,
    person: &Person,
    number: &IdNumber,
    residence: Residence,
    now: u64,
) -> Result<(), Problem> {
    let name = sealing::seal(&format!("citizens.name/{citizen}"), person.name.as_bytes(), now);
    let sealed = sealing::seal(&format!("citizens.id_number/{citizen}"), number.as_str().as_bytes(), now);
    let next = Standing::Registered.after(Event::Matched).map(Standing::name);
    let parameters: [Value; 8] = [
        next.into(),
        name.map_err(refused)?.into(),
        sealed.map_err(refused)?.into(),
        id_index(number)?.into(),
        residence.name().into(),
        now.into(),
        citizen.into(),
        Standing::Registered.name().into(),
    ];
    let sql = "UPDATE citizens SET standing = $1, name_sealed = $2, id_number_sealed = $3, id_index = $4, residence = $5, \
               real_name_at = $6 WHERE id = $7 AND standing = $8 RETURNING id";
    let mut entered = db.one(sql, parameters.clone()).await;
    // Whose guardian had entered them as a child is grown now.
    if matches!(entered, Err(DbError::Conflict)) && grown_child::take_over(db, number, citizen, now).await? {
        entered = db.one(sql, parameters).await;
    }
    match entered {
        Ok(Some(_)) => Ok(()),
        Ok(None) => Err(done_already()),
        Err(DbError::Conflict) => Err(person_has_account()),
        Err(other) => Err(other.into()),
    }
}

/// Keeps what was given until the platform has answered. Gives the idempotency key of the question.
async fn keep(db: &Db, caller: &Citizen, person: &Person, now: u64) -> Result<Id, Problem> {
    let text = serde_json::to_vec(person).map_err(|_| Problem::unavailable("a name does not serialise"))?;
    let sealed = sealing::seal(&format!("real_name_requests.given/{}", caller.id), &text, now);
    let asked = Id::random();
    db.run(
        "INSERT INTO real_name_requests (citizen, request, given_sealed, given_at) VALUES ($1, $2, $3, $4) \
         ON CONFLICT (citizen) DO UPDATE SET request = excluded.request, given_sealed = excluded.given_sealed, \
         given_at = excluded.given_at",
        [caller.id.into(), asked.into(), sealed.map_err(refused)?.into(), now.into()],
    )
    .await?;
    Ok(asked)
}

/// What was given before.
async fn kept(db: &Db, caller: &Citizen, now: u64) -> Result<(Id, Person, IdNumber), Problem> {
    let sql = "SELECT request, given_sealed FROM real_name_requests WHERE citizen = $1";
    let row = db.one(sql, [caller.id.into()]).await?;
    let row = row.ok_or_else(|| Problem::invalid("give name and id_number: none are waiting"))?;
    let text = sealing::open(&format!("real_name_requests.given/{}", caller.id), row.text(1)?);
    let person: Person = serde_json::from_slice(&text.map_err(refused)?)
        .map_err(|_| Problem::unavailable("a stored name is not of its form"))?;
    let (person, number) = Person::parse(&person.name, &person.id_number, now)?;
    Ok((row.id(0)?, person, number))
}

async fn forget(db: &Db, citizen: Id) -> Result<(), Problem> {
    db.run("DELETE FROM real_name_requests WHERE citizen = $1", [citizen.into()]).await?;
    Ok(())
}

fn done_already() -> Problem {
    Problem::new(
        StatusCode::CONFLICT,
        "real-name-known",
        "The real name is known already",
        "该账号已完成实名认证",
        "Nothing is to be done.",
    )
}
