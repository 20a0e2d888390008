//! A name and a number, and what the trusted-identity platform says of them.

use crate::ctid::{self, Said, Silent};
use crate::signing::blind_index;
use crate::{limits, refused};
use http::StatusCode;
use serde::{Deserialize, Serialize};
use zerotrip_domain::residence::Residence;
use zerotrip_domain::{Day, IdNumber};
use zerotrip_platform::{Db, Id, Problem};

/// Below this age a guardian acts (个人信息保护法, art. 31).
pub const GUARDED_UNDER: i32 = 14;
const MAX_NAME: usize = 100;

/// A name and a number that may belong together.
#[derive(Serialize, Deserialize)]
pub struct Person {
    pub name: String,
    pub id_number: String,
}

impl Person {
    /// Personal data.
    pub fn name(&self) -> &str {
        &self.name
    }

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

    /// The same, of somebody who acts without a guardian.
    pub fn grown_up(name: &str, id_number: &str, now: u64) -> Result<(Self, IdNumber), Problem> {
        let (person, number) = Self::parse(name, id_number, now)?;
        if number.age(Day::at(now)) < GUARDED_UNDER { Err(guardian_needed()) } else { Ok((person, number)) }
    }
}

/// Where the person lives, if the platform says that name and number belong together, or what it says else. Counted
/// first; while the platform is silent it is a problem, and what was given before stays.
pub async fn matched(
    db: &Db,
    citizen: Id,
    person: &Person,
    number: &IdNumber,
    asked: Id,
    now: u64,
) -> Result<Result<Residence, Said>, Problem> {
    limits::of(db, limits::REAL_NAMES_OF_ACCOUNT, &citizen.to_string(), now).await?;
    limits::of(db, limits::REAL_NAMES_OF_PERSON, number.as_str(), now).await?;
    match ctid::ask(db, &person.name, number, &asked.to_string()).await? {
        Ok(Said::Match(residence)) => Ok(Ok(residence)),
        Ok(other) => Ok(Err(other)),
        Err(Silent) => Err(unanswered()),
    }
}

/// Under what the accounts of a person are found.
pub fn id_index(number: &IdNumber) -> Result<String, Problem> {
    blind_index::index("citizens.id_number", number.as_str()).map_err(refused)
}

/// What the platform's refusal means to the person.
pub fn not_matched(said: Said) -> Problem {
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

fn guardian_needed() -> Problem {
    Problem::new(
        StatusCode::FORBIDDEN,
        "guardian-needed",
        "A guardian must act",
        "未满十四周岁须由监护人办理",
        "Under 14 a parent or guardian enters the child in the own account.",
    )
}
