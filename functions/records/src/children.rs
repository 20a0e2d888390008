//! Children under 14, for whom a guardian acts (个人信息保护法, art. 31). The trusted-identity platform knows that there is such a
//! child, not whose it is: that a window confirms, and until then nothing is open.

use http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use zerotrip_accounts::audit::{self, Line};
use zerotrip_accounts::citizen::{self, Citizen};
use zerotrip_accounts::consents::{self, Purpose};
use zerotrip_accounts::ctid::{self, Said, Silent};
use zerotrip_accounts::person::{GUARDED_UNDER, Person, id_index, not_matched};
use zerotrip_accounts::sealed::opened;
use zerotrip_accounts::signing::sealing;
use zerotrip_accounts::{limits, refused};
use zerotrip_domain::account::Standing;
use zerotrip_domain::residence::{Residence, Service};
use zerotrip_domain::{Day, IdNumber, mask};
use zerotrip_platform::db::DbError;
use zerotrip_platform::{Db, Id, Problem, Reply, Request, Row, clock};

const OF_AGE: i32 = 18;
/// In one account.
const MOST: i64 = 10;

/// A child to enter.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewChild {
    name: String,
    /// 18 characters.
    id_number: String,
    relationship: Relationship,
    /// In the child's name: `account` and `real-name`.
    consents: Vec<Purpose>,
}

/// What the guardian is to the child.
#[derive(Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
enum Relationship {
    Parent,
    Grandparent,
    /// Appointed or designated (指定监护).
    Appointed,
}

/// A child in the account of its guardian, masked.
#[derive(Serialize, ToSchema)]
pub struct Child {
    child: String,
    name: Option<String>,
    id_number: Option<String>,
    /// `parent`, `grandparent` or `appointed`
    relationship: String,
    /// Unix ms; none until a window has seen the papers.
    confirmed_at: Option<i64>,
    /// Open to the guardian for the child: nothing before the guardianship is confirmed, or from the 14th birthday on.
    services: Vec<&'static str>,
    /// What is to be done next, if anything.
    next: Option<&'static str>,
}

/// The youngest entry last.
#[derive(Serialize, ToSchema)]
pub struct Children {
    children: Vec<Child>,
}

#[utoipa::path(post, path = "/records/me/children", request_body = NewChild, responses((status = 201, body = Child)))]
pub async fn create(request: &Request) -> Result<Reply, Problem> {
    let given: NewChild = request.json()?;
    let (db, now) = (Db::open().await?, clock::now_ms());
    let caller = guardian(request, &db, now).await?;
    if !given.consents.contains(&Purpose::Account) || !given.consents.contains(&Purpose::RealName) {
        return Err(Problem::invalid("consents must name 'account' and 'real-name'"));
    }
    let (person, number) = Person::parse(&given.name, &given.id_number, now)?;
    if number.age(Day::at(now)) >= GUARDED_UNDER {
        return Err(old_enough());
    }
    limits::of(&db, limits::REAL_NAMES_OF_ACCOUNT, &caller.id.to_string(), now).await?;
    limits::of(&db, limits::REAL_NAMES_OF_PERSON, number.as_str(), now).await?;
    let residence = match ctid::ask(&db, person.name(), &number, &Id::random().to_string()).await? {
        Ok(Said::Match(residence)) => residence,
        Ok(other) => return Err(not_matched(other)),
        Err(Silent) => return Err(ctid::unanswered()),
    };
    let child = enter(&db, &caller, &person, &number, residence, now).await?;
    let relationship = match given.relationship {
        Relationship::Parent => "parent",
        Relationship::Grandparent => "grandparent",
        Relationship::Appointed => "appointed",
    };
    db.run(
        "INSERT INTO guardianships (child, guardian, relationship, entered_at) VALUES ($1, $2, $3, $4) \
         ON CONFLICT (child) DO NOTHING",
        [child.into(), caller.id.into(), relationship.into(), now.into()],
    )
    .await?;
    for purpose in given.consents {
        consents::give(&db, child, purpose, now).await?;
    }
    let kind = "child-entered";
    let line = Line { kind, actor: caller.id, device: Id::NONE, subject: child, detail: "" };
    audit::write(&db, &line, now).await?;
    let all = all(&db, caller.id, now).await?;
    let entered = all.into_iter().find(|one| one.child == child.to_string());
    Ok(Reply::json(StatusCode::CREATED, &entered.ok_or_else(Problem::not_found)?))
}

/// The caller, if a real person of full age.
async fn guardian(request: &Request, db: &Db, now: u64) -> Result<Citizen, Problem> {
    let caller = citizen::citizen(request, db).await?;
    if caller.standing != Standing::RealPerson {
        return Err(not_a_guardian());
    }
    let sql = "SELECT id_number_sealed FROM citizens WHERE id = $1";
    let row = db.one(sql, [caller.id.into()]).await?.ok_or_else(Problem::unauthorized)?;
    let number = opened(&row, 0, "id_number", caller.id)?;
    let number = number.and_then(|text| IdNumber::parse(&text, Day::at(now)).ok());
    match number {
        Some(number) if number.age(Day::at(now)) >= OF_AGE => Ok(caller),
        _ => Err(not_a_guardian()),
    }
}

/// The commit point: the child has its one account, without phone or password. Entered before by the same guardian, it is that.
async fn enter(
    db: &Db,
    caller: &Citizen,
    person: &Person,
    number: &IdNumber,
    residence: Residence,
    now: u64,
) -> Result<Id, Problem> {
    let id = Id::random();
    let seal = |field: &str, text: &str| {
        sealing::seal(&format!("citizens.{field}/{id}"), text.as_bytes(), now).map_err(refused)
    };
    let index = id_index(number)?;
    let entered = db
        .one(
            "INSERT INTO citizens (id, standing, name_sealed, id_number_sealed, id_index, residence, guardian, created_at, \
             real_name_at) SELECT $1, 'real-name', $2, $3, $4, $5, $6, CAST($7 AS BIGINT), CAST($8 AS BIGINT) \
             WHERE (SELECT COUNT(*) FROM citizens k WHERE k.guardian = $9) < CAST($10 AS BIGINT) RETURNING id",
            [
                id.into(),
                seal("name", person.name())?.into(),
                seal("id_number", number.as_str())?.into(),
                index.as_str().into(),
                residence.name().into(),
                caller.id.into(),
                now.into(),
                now.into(),
                caller.id.into(),
                MOST.into(),
            ],
        )
        .await;
    match entered {
        Ok(Some(_)) => Ok(id),
        Ok(None) => Err(too_many()),
        Err(DbError::Conflict) => {
            let sql =
                "SELECT id FROM citizens WHERE id_index = $1 AND guardian = $2 AND standing = 'real-name'";
            let own = db.one(sql, [index.into(), caller.id.into()]).await?;
            own.map_or_else(|| Err(entered_elsewhere()), |row| row.id(0))
        }
        Err(other) => Err(other.into()),
    }
}

async fn all(db: &Db, guardian: Id, now: u64) -> Result<Vec<Child>, Problem> {
    let rows = db
        .run(
            "SELECT c.id, c.name_sealed, c.id_number_sealed, c.residence, g.relationship, g.confirmed_at FROM citizens c \
             LEFT JOIN guardianships g ON g.child = c.id AND g.guardian = c.guardian WHERE c.guardian = $1 \
             ORDER BY c.created_at, c.id",
            [guardian.into()],
        )
        .await?;
    rows.iter().map(|row| child(row, now)).collect()
}

fn child(row: &Row, now: u64) -> Result<Child, Problem> {
    let id = row.id(0)?;
    let number = opened(row, 2, "id_number", id)?.and_then(|text| IdNumber::parse(&text, Day::at(now)).ok());
    let grown = number.as_ref().is_none_or(|number| number.age(Day::at(now)) >= GUARDED_UNDER);
    let confirmed_at = if row.is_null(5) { None } else { Some(row.int(5)?) };
    let services = match row.optional_text(3)?.and_then(Residence::named) {
        Some(residence) if confirmed_at.is_some() && !grown => residence.services(),
        _ => &[],
    };
    let next = match (grown, confirmed_at) {
        (true, _) => Some("The child is 14 and registers alone now; this entry ends with it."),
        (false, None) => Some(
            "Bring the household register and your ID card to a window, which confirms the guardianship.",
        ),
        (false, Some(_)) => None,
    };
    Ok(Child {
        child: id.to_string(),
        name: opened(row, 1, "name", id)?.map(|name| mask::name(&name)),
        id_number: number.map(|number| number.masked()),
        relationship: row.optional_text(4)?.unwrap_or("parent").to_owned(),
        confirmed_at,
        services: services.iter().copied().map(Service::name).collect(),
        next,
    })
}

#[utoipa::path(get, path = "/records/me/children", responses((status = 200, body = Children)))]
pub async fn list(request: &Request) -> Result<Reply, Problem> {
    let (db, now) = (Db::open().await?, clock::now_ms());
    let caller = citizen::citizen(request, &db).await?;
    Ok(Reply::json(StatusCode::OK, &Children { children: all(&db, caller.id, now).await? }))
}

/// The entry and what was personal in it are gone.
#[utoipa::path(delete, path = "/records/me/children/{id}", params(("id" = String, Path)), responses((status = 204)))]
pub async fn remove(request: &Request, id: &str) -> Result<Reply, Problem> {
    let id: Id = id.parse().map_err(|_| Problem::not_found())?;
    let (db, now) = (Db::open().await?, clock::now_ms());
    let caller = citizen::citizen(request, &db).await?;
    let removed = db
        .one(
            "UPDATE citizens SET standing = 'deleted', name_sealed = NULL, id_number_sealed = NULL, id_index = NULL, \
             residence = NULL, guardian = NULL, changed_at = $1, changed_by = $2 \
             WHERE id = $3 AND guardian = $4 AND standing = 'real-name' RETURNING id",
            [now.into(), caller.id.into(), id.into(), caller.id.into()],
        )
        .await?;
    removed.ok_or_else(Problem::not_found)?;
    zerotrip_accounts::ending::end(&db, id, "deleted", now).await?;
    let line = Line { kind: "child-removed", actor: caller.id, device: Id::NONE, subject: id, detail: "" };
    audit::write(&db, &line, now).await?;
    Ok(Reply::no_content())
}

fn not_a_guardian() -> Problem {
    Problem::new(
        StatusCode::FORBIDDEN,
        "guardian-not-proven",
        "A guardian must be a real person of full age",
        "监护人须年满十八周岁并完成实人认证",
        "Prove your own person first, by a face check or its equal.",
    )
}

fn old_enough() -> Problem {
    Problem::new(
        StatusCode::CONFLICT,
        "old-enough",
        "Old enough to register alone",
        "已满十四周岁，请本人注册",
        "From the 14th birthday on a person registers alone.",
    )
}

fn entered_elsewhere() -> Problem {
    Problem::new(
        StatusCode::CONFLICT,
        "child-entered-elsewhere",
        "The child is in another account",
        "该未成年人已由其他账号登记",
        "Another guardian has entered the child. If that is wrong, a window sets it right.",
    )
}

fn too_many() -> Problem {
    Problem::new(
        StatusCode::CONFLICT,
        "too-many-children",
        "Too many children",
        "登记的未成年人过多",
        "Ten children can be entered in one account. A window can help.",
    )
}
