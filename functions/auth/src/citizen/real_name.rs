//! The real-name check: name and ID number against the trusted-identity platform, and one person, one account.

use crate::audit::{self, Line};
use crate::citizen::authority::{self, Citizen};
use crate::citizen::consents::{self, Purpose};
use crate::citizen::ctid::{self, Said, Silent};
use crate::citizen::limits;
use crate::refused;
use crate::signing::{blind_index, sealing};
use http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use zerotrip_domain::account::{Event, Standing};
use zerotrip_domain::residence::Residence;
use zerotrip_domain::{Day, IdNumber};
use zerotrip_platform::db::DbError;
use zerotrip_platform::{Db, Id, Problem, Reply, Request, clock};

/// Below this age a guardian acts (个人信息保护法, art. 31).
pub const GUARDED_UNDER: i32 = 14;
const MAX_NAME: usize = 100;

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

/// A name and a number that may belong together.
#[derive(Serialize, Deserialize)]
pub struct Person {
    name: String,
    id_number: String,
}

impl Person {
    /// Reads what a person typed.
    pub fn parse(name: &str, id_number: &str, now: u64) -> Result<(Self, IdNumber), Problem> {
        let name = name.trim();
        if name.is_empty() || name.len() > MAX_NAME || name.chars().any(char::is_control) {
            return Err(Problem::invalid("name must have 1 to 100 bytes"));
        }
        let number = IdNumber::parse(id_number.trim(), Day::at(now))
            .map_err(|_| Problem::invalid("id_number is no resident ID number; check each digit"))?;
        Ok((Self { name: name.to_owned(), id_number: number.as_str().to_owned() }, number))
    }
}

#[utoipa::path(post, path = "/auth/citizens/me/real-name", request_body = RealName,
    responses((status = 200, body = Checked)))]
pub async fn check(request: &Request) -> Result<Reply, Problem> {
    let given: RealName = request.json()?;
    let (db, now) = (Db::open().await?, clock::now_ms());
    let caller = authority::citizen(request, &db).await?;
    if caller.standing != Standing::Registered {
        return Err(done_already());
    }
    consents::demand(&db, caller.id, Purpose::RealName).await?;
    let (asked, person, number) = match (&given.name, &given.id_number) {
        (Some(name), Some(number)) => {
            let (person, number) = Person::parse(name, number, now)?;
            if number.age(Day::at(now)) < GUARDED_UNDER {
                return Err(guardian_needed());
            }
            (keep(&db, &caller, &person, now).await?, person, number)
        }
        (None, None) => kept(&db, &caller, now).await?,
        _ => return Err(Problem::invalid("give both name and id_number, or neither to ask again")),
    };
    limits::of(&db, limits::REAL_NAMES_OF_ACCOUNT, &caller.id.to_string(), now).await?;
    limits::of(&db, limits::REAL_NAMES_OF_PERSON, number.as_str(), now).await?;
    let said = ctid::ask(&db, &person.name, &number, &asked.to_string()).await?;
    let residence = match said {
        Ok(Said::Match(residence)) => residence,
        Ok(other) => {
            forget(&db, caller.id).await?;
            return Err(not_matched(other));
        }
        // What was given stays, so that it need not be typed again.
        Err(Silent) => return Err(unanswered()),
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
    let entered = db
        .one(
            "UPDATE citizens SET standing = $1, name_sealed = $2, id_number_sealed = $3, id_index = $4, residence = $5, \
             real_name_at = $6 WHERE id = $7 AND standing = $8 RETURNING id",
            [
                next.into(),
                name.map_err(refused)?.into(),
                sealed.map_err(refused)?.into(),
                id_index(number)?.into(),
                residence.name().into(),
                now.into(),
                citizen.into(),
                Standing::Registered.name().into(),
            ],
        )
        .await;
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

/// Under what the accounts of a person are found.
pub fn id_index(number: &IdNumber) -> Result<String, Problem> {
    blind_index::index("citizens.id_number", number.as_str()).map_err(refused)
}

fn not_matched(said: Said) -> Problem {
    let (name, title, title_zh, detail) = match said {
        Said::NoSuchPerson => (
            "no-such-person",
            "No such person",
            "未查到该身份证号",
            "Check the number. If it is right, the nearest police station can look into it.",
        ),
        Said::Frozen => (
            "identity-frozen",
            "Identity suspended",
            "该身份信息已被冻结",
            "The Ministry has suspended this identity. Bring your ID card to a police station.",
        ),
        Said::NoMatch | Said::Match(_) => (
            "no-match",
            "Name and number do not match",
            "姓名与身份证号不一致",
            "Type both as the ID card shows them.",
        ),
    };
    Problem::new(StatusCode::UNPROCESSABLE_ENTITY, name, title, title_zh, detail)
}

fn unanswered() -> Problem {
    let mut problem = Problem::new(
        StatusCode::SERVICE_UNAVAILABLE,
        "identity-platform-unavailable",
        "The identity platform does not answer",
        "身份核验平台暂时无响应，您填写的信息已保存",
        "Nothing is lost: send an empty object to the same address in a moment.",
    );
    problem.retry_after_s = Some(5);
    problem
}

/// To whom the platform has just confirmed name and number.
pub fn person_has_account() -> Problem {
    Problem::new(
        StatusCode::CONFLICT,
        "person-has-account",
        "You have an account already",
        "您已有账号",
        "One person has one account. Prove by face that it is yours, and it is joined with this phone; if it is not yours, say so.",
    )
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

fn guardian_needed() -> Problem {
    Problem::new(
        StatusCode::FORBIDDEN,
        "guardian-needed",
        "A guardian must act",
        "未满十四周岁须由监护人办理",
        "Under 14 a parent or guardian enters the child in the own account.",
    )
}
