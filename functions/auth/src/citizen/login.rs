//! Log-in by password: it takes as long and answers the same for accounts that exist and for those that do not.

use crate::citizen::one_time_code::{Sent, send};
use crate::signing::passwords;
use http::StatusCode;
use serde::Deserialize;
use utoipa::ToSchema;
use zerotrip_accounts::citizen::standing;
use zerotrip_accounts::one_time_code::{self, Purpose, Typed, phone_index};
use zerotrip_accounts::session::{self, How, tokens};
use zerotrip_accounts::signing::sealing;
use zerotrip_accounts::{limits, person, refused};
use zerotrip_domain::password::{MAX_BYTES, Strength, judge};
use zerotrip_domain::{Day, IdNumber, Phone};
use zerotrip_platform::{Db, Id, Problem, Reply, Request, Row, clock};

/// Phone or ID number, and the password.
#[derive(Deserialize, ToSchema)]
#[schema(as = CitizenLogIn)]
#[serde(deny_unknown_fields)]
pub struct LogIn {
    login: String,
    password: String,
    /// For a password that does not stand alone: what the first answer, a 202, has sent to the phone.
    second_factor: Option<Typed>,
    /// What the client calls itself.
    client: Option<String>,
}

/// Whom a log-in name names.
enum Name {
    Phone(Phone),
    Person(IdNumber),
}

impl Name {
    fn parse(text: &str, now: u64) -> Option<Self> {
        let phone = text.parse().ok().map(Self::Phone);
        phone.or_else(|| IdNumber::parse(text.trim(), Day::at(now)).ok().map(Self::Person))
    }

    fn text(&self) -> &str {
        match self {
            Self::Phone(phone) => phone.as_str(),
            Self::Person(number) => number.as_str(),
        }
    }
}

#[utoipa::path(post, path = "/auth/citizens/sessions", request_body = LogIn, responses(
    (status = 201, body = zerotrip_accounts::session::Tokens),
    (status = 202, description = "The password is right; a code was sent to the phone", body = Sent)))]
pub async fn log_in(request: &Request) -> Result<Reply, Problem> {
    let given: LogIn = request.json()?;
    let (db, now) = (Db::open().await?, clock::now_ms());
    if given.password.len() > MAX_BYTES {
        return Err(Problem::invalid("password must have at most 1024 bytes"));
    }
    let name = Name::parse(&given.login, now)
        .ok_or_else(|| Problem::invalid("login is neither a mobile number nor an ID number"))?;
    // Before the hash, which is what costs.
    limits::of_address(&db, limits::LOG_INS_OF_ADDRESS, request, now).await?;
    limits::of(&db, limits::LOG_INS_OF_NAME, name.text(), now).await?;
    let account = candidate(&db, &name, now).await?;
    let stored = account.as_ref().map(|row| row.text(2)).transpose()?;
    let right = verifies(&db, &given.password, stored).await?;
    let account = account.filter(|_| right).ok_or_else(wrong_credentials)?;
    let (id, stands) = (account.id(0)?, standing(account.text(1)?)?);
    // A right password is no guess, whatever follows.
    db.run("UPDATE citizens SET failures = 0, locked_until = 0 WHERE id = $1", [id.into()]).await?;
    let second_factor = renew(&db, id, &account, &given.password).await?;
    if !stands.is_open() {
        return Err(frozen());
    }
    if second_factor {
        let phone = phone_of(id, &account)?;
        let Some(typed) = &given.second_factor else {
            let sent = send(&db, &phone, Purpose::LogIn, now).await?;
            return Ok(Reply::json(StatusCode::ACCEPTED, &sent));
        };
        if one_time_code::prove(&db, typed, Purpose::LogIn, now).await? != phone {
            return Err(wrong_credentials());
        }
    }
    let started = session::begin(&db, id, stands, How::Password, given.client.as_deref(), now).await?;
    Ok(Reply::json(StatusCode::CREATED, &tokens(&started, now)?))
}

/// Whether it is the stored one. As long as there is a bcrypt hash of an older system, everybody's log-in does that work as well, or
/// its time would tell whose account it is: who has one of these hashes the usual work besides, all others that of somebody's.
async fn verifies(db: &Db, password: &str, stored: Option<&str>) -> Result<bool, Problem> {
    let right = passwords::verify(password, stored).map_err(refused)?;
    let sql = "SELECT password FROM citizens WHERE SUBSTR(password, 2, 1) = '2' LIMIT 1";
    if let Some(somebodys) = db.one(sql, []).await? {
        let other = match stored {
            Some(own) if own.starts_with("$2") => None,
            _ => Some(somebodys.text(0)?),
        };
        // What it says is nobody's business.
        passwords::verify(password, other).map_err(refused)?;
    }
    Ok(right)
}

/// The account that `name` means, with one failure counted: 5 free tries, then a wait of 30 s that doubles up to an hour,
/// none after 100. Of several that share a phone or an ID number it is the whole one, else the oldest from the old days.
async fn candidate(db: &Db, name: &Name, now: u64) -> Result<Option<Row>, Problem> {
    let index = match name {
        Name::Phone(phone) => phone_index(phone)?,
        Name::Person(number) => person::id_index(number)?,
    };
    let found = match name {
        Name::Phone(_) => {
            "SELECT id FROM citizens WHERE phone_index = $1 AND standing NOT IN ('merged', 'deleted') \
             ORDER BY CASE standing WHEN 'proof-due' THEN 1 WHEN 'frozen' THEN 2 ELSE 0 END, created_at, id LIMIT 1"
        }
        Name::Person(_) => {
            "SELECT id FROM citizens WHERE id_index = $1 AND standing NOT IN ('merged', 'deleted') \
             ORDER BY CASE standing WHEN 'proof-due' THEN 1 WHEN 'frozen' THEN 2 ELSE 0 END, created_at, id LIMIT 1"
        }
    };
    let found = db.one(found, [index.into()]).await?;
    // Whether there is one or not, the same statement runs.
    let id = found.map_or(Ok(Id::NONE), |row| row.id(0))?;
    attempt(db, id, now).await
}

/// Counts one try to know the password of account `id`, and gives id, standing, password, second factor and sealed phone, unless
/// there are too many.
pub async fn attempt(db: &Db, id: Id, now: u64) -> Result<Option<Row>, Problem> {
    let counted = db
        .one(
            "UPDATE citizens SET failures = failures + 1, locked_until = CAST($1 AS BIGINT) + CASE \
               WHEN failures < 4 THEN 0 WHEN failures = 4 THEN 30000 WHEN failures = 5 THEN 60000 \
               WHEN failures = 6 THEN 120000 WHEN failures = 7 THEN 240000 WHEN failures = 8 THEN 480000 \
               WHEN failures = 9 THEN 960000 WHEN failures = 10 THEN 1920000 ELSE 3600000 END \
             WHERE id = $2 AND locked_until <= $3 AND failures < 100 AND password IS NOT NULL \
             AND standing NOT IN ('merged', 'deleted') RETURNING id, standing, password, second_factor, phone_sealed",
            [now.into(), id.into(), now.into()],
        )
        .await?;
    Ok(counted)
}

/// Puts a fresh hash in the place of one that an older system has left, now that the right password is here. Gives whether it
/// wants a second factor.
async fn renew(db: &Db, id: Id, account: &Row, password: &str) -> Result<bool, Problem> {
    let stored = account.text(2)?;
    if !passwords::outdated(stored) {
        return Ok(account.int(3)? != 0);
    }
    // The older system may have taken what is refused today.
    let stands_alone = judge(password, "") == Ok(Strength::Alone);
    let hash = passwords::hash(password).map_err(refused)?;
    db.run(
        "UPDATE citizens SET password = $1, second_factor = $2 WHERE id = $3 AND password = $4",
        [hash.into(), i64::from(!stands_alone).into(), id.into(), stored.into()],
    )
    .await?;
    Ok(!stands_alone)
}

/// The phone of the account in `row`.
fn phone_of(id: Id, row: &Row) -> Result<Phone, Problem> {
    let phone = sealing::open(&format!("citizens.phone/{id}"), row.text(4)?).map_err(refused)?;
    let phone = String::from_utf8(phone).ok().and_then(|phone| phone.parse().ok());
    phone.ok_or_else(|| Problem::unavailable("a stored phone is not of its form"))
}

/// The same whatever is wrong.
pub fn wrong_credentials() -> Problem {
    Problem::new(
        StatusCode::UNAUTHORIZED,
        "wrong-credentials",
        "Name or password is wrong",
        "登录名或密码不正确",
        "Check both. After five failures wait before the next try, or log in by face or Alipay.",
    )
}

/// To whoever knows the password of a frozen account, or holds the Alipay account that it is linked with.
pub fn frozen() -> Problem {
    Problem::new(
        StatusCode::FORBIDDEN,
        "account-frozen",
        "Account frozen",
        "账号已被冻结",
        "Somebody has said that this account is not its owner's. Bring your ID card to a window, or wait for the result.",
    )
}
