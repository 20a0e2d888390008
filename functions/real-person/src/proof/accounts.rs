//! What a proof does to accounts. Each step may be run any number of times, by any number at once.

use crate::proof::{Effect, Proof};
use zerotrip_accounts::citizen::standing;
use zerotrip_accounts::one_time_code::phone_index;
use zerotrip_accounts::refused;
use zerotrip_accounts::session::end_all;
use zerotrip_accounts::signing::sealing;
use zerotrip_domain::Phone;
use zerotrip_domain::account::{Event, Standing};
use zerotrip_platform::db::DbError;
use zerotrip_platform::{Db, Id, Problem, Row};

/// The account's person is proven. An account from the old days whose person has a whole one is merged into that.
pub async fn prove(db: &Db, proof: &Proof, citizen: Id, at: u64) -> Result<Effect, Problem> {
    let next = Standing::ProofDue.after(Event::Proven).map(Standing::name);
    let proven = db
        .one(
            "UPDATE citizens SET standing = $1, proven_at = $2, proven_how = $3 \
             WHERE id = $4 AND standing IN ('real-name', 'proof-due') RETURNING id",
            [next.into(), at.into(), proof.how.name().into(), citizen.into()],
        )
        .await;
    match proven {
        Ok(Some(_)) => return Ok(Effect::Done),
        Ok(None) => {
            return Ok(match standing_of(db, citizen).await? {
                Standing::RealPerson => Effect::Done,
                Standing::Merged => Effect::Merged,
                Standing::Frozen => Effect::AccountFrozen,
                _ => Effect::Overtaken,
            });
        }
        Err(DbError::Conflict) => {}
        Err(other) => return Err(other.into()),
    }
    // Only an account from the old days comes here: it shares its person or its phone with a whole one.
    match whole_of_same_person(db, citizen).await? {
        Some((_, Standing::Frozen)) => Ok(Effect::AccountFrozen),
        Some((whole, _)) => merge_due(db, proof, citizen, whole, at).await,
        None => {
            // Its phone is somebody else's today, and a password that wants a code to it with it.
            db.run(
                "UPDATE citizens SET standing = $1, proven_at = $2, proven_how = $3, phone_sealed = NULL, \
                 phone_index = NULL, password = CASE second_factor WHEN 0 THEN password ELSE NULL END WHERE id = $4 AND standing = 'proof-due'",
                [next.into(), at.into(), proof.how.name().into(), citizen.into()],
            )
            .await?;
            Ok(Effect::Done)
        }
    }
}

async fn whole_of_same_person(db: &Db, citizen: Id) -> Result<Option<(Id, Standing)>, Problem> {
    let row = db
        .one(
            "SELECT w.id, w.standing FROM citizens c JOIN citizens w ON w.id_index = c.id_index AND w.id <> c.id \
             WHERE c.id = $1 AND w.standing IN ('real-name', 'real-person', 'frozen')",
            [citizen.into()],
        )
        .await?;
    row.map(|row| Ok((row.id(0)?, standing(row.text(1)?)?))).transpose()
}

/// The account from the old days goes into the whole one, whose phone and password stay.
async fn merge_due(db: &Db, proof: &Proof, due: Id, whole: Id, at: u64) -> Result<Effect, Problem> {
    db.run(
        "UPDATE citizens SET standing = 'real-person', proven_at = $1, proven_how = $2 \
         WHERE id = $3 AND standing = 'real-name'",
        [at.into(), proof.how.name().into(), whole.into()],
    )
    .await?;
    db.run(
        "UPDATE citizens SET standing = 'merged', merged_into = $1, changed_at = $2, changed_by = $3, \
         phone_sealed = NULL, phone_index = NULL, password = NULL WHERE id = $4 AND standing = 'proof-due'",
        [whole.into(), at.into(), due.into(), due.into()],
    )
    .await?;
    end_all(db, due, Id::NONE, "merged", at).await?;
    Ok(Effect::Merged)
}

/// `second`, which has a phone and a password of today, is merged into `first`, which gets them. Whoever was logged in to
/// either is logged out.
pub async fn recover(db: &Db, proof: &Proof, second: Id, first: Id, at: u64) -> Result<Effect, Problem> {
    match standing_of(db, first).await? {
        Standing::RealName | Standing::RealPerson | Standing::ProofDue => {}
        Standing::Frozen => return Ok(Effect::AccountFrozen),
        Standing::Registered | Standing::Merged | Standing::Deleted => return Ok(Effect::Overtaken),
    }
    let next = Standing::Registered.after(Event::Merged).map(Standing::name);
    // First, so that its phone can be the other's: one phone, one account.
    db.run(
        "UPDATE citizens SET standing = $1, merged_into = $2, changed_at = $3, changed_by = $4 \
         WHERE id = $5 AND standing = 'registered'",
        [next.into(), first.into(), at.into(), second.into(), second.into()],
    )
    .await?;
    let sql = "SELECT phone_sealed, password, second_factor FROM citizens \
               WHERE id = $1 AND standing = 'merged' AND merged_into = $2";
    let Some(row) = db.one(sql, [second.into(), first.into()]).await? else { return Ok(Effect::Overtaken) };
    if !row.is_null(0) {
        hand_over(db, proof, second, first, &row, at).await?;
        db.run(
            "UPDATE citizens SET phone_sealed = NULL, phone_index = NULL, password = NULL \
             WHERE id = $1 AND standing = 'merged'",
            [second.into()],
        )
        .await?;
    }
    // Whoever held it may have opened a door of their own; the person links anew.
    let links = "DELETE FROM alipay_links WHERE citizen = $1 AND linked_at <= $2";
    db.run(links, [first.into(), at.into()]).await?;
    end_all(db, first, proof.opens, "recovered", at).await?;
    end_all(db, second, Id::NONE, "merged", at).await?;
    Ok(Effect::Done)
}

/// Phone and password of `second`, which are in `row`, become those of `first`, unless they have already.
async fn hand_over(db: &Db, proof: &Proof, second: Id, first: Id, row: &Row, at: u64) -> Result<(), Problem> {
    let phone = sealing::open(&format!("citizens.phone/{second}"), row.text(0)?).map_err(refused)?;
    let sealed = sealing::seal(&format!("citizens.phone/{first}"), &phone, at).map_err(refused)?;
    let phone: Option<Phone> = String::from_utf8(phone).ok().and_then(|phone| phone.parse().ok());
    let phone = phone.ok_or_else(|| Problem::unavailable("a stored phone is not of its form"))?;
    let index = phone_index(&phone)?;
    let (password, second_factor) = (row.optional_text(1)?, row.int(2)?);
    let next = Standing::ProofDue.after(Event::Proven).map(Standing::name);
    let handed = db
        .run(
            "UPDATE citizens SET standing = $1, proven_at = COALESCE(proven_at, $2), \
             proven_how = COALESCE(proven_how, $3), phone_sealed = $4, phone_index = $5, password = $6, \
             second_factor = $7, failures = 0, locked_until = 0 \
             WHERE id = $8 AND standing IN ('real-name', 'real-person', 'proof-due') \
             AND (phone_index IS NULL OR phone_index <> $9)",
            [
                next.into(),
                at.into(),
                proof.how.name().into(),
                sealed.into(),
                index.as_str().into(),
                password.into(),
                second_factor.into(),
                first.into(),
                index.as_str().into(),
            ],
        )
        .await;
    match handed {
        Ok(_) => Ok(()),
        // Between the two steps somebody has registered this very phone, by a code to it. The person goes on by face or
        // with the ID number, and proves a phone anew.
        Err(DbError::Conflict) => {
            db.run(
                "UPDATE citizens SET standing = $1, proven_at = COALESCE(proven_at, $2), \
                 proven_how = COALESCE(proven_how, $3), phone_sealed = NULL, phone_index = NULL, password = NULL, \
                 second_factor = 0, failures = 0, locked_until = 0 \
                 WHERE id = $4 AND standing IN ('real-name', 'real-person', 'proof-due')",
                [next.into(), at.into(), proof.how.name().into(), first.into()],
            )
            .await?;
            Ok(())
        }
        Err(other) => Err(other.into()),
    }
}

/// `first` is not its person's: it is frozen and loses the person, who gets it for `second`.
pub async fn claim(db: &Db, proof: &Proof, second: Id, first: Id, at: u64) -> Result<Effect, Problem> {
    let row = db.one("SELECT standing, id_index FROM citizens WHERE id = $1", [first.into()]).await?;
    let row = row.ok_or_else(|| Problem::unavailable("an account is gone"))?;
    // A frozen one that still has its person was frozen by an administrator, who decides.
    if standing(row.text(0)?)? == Standing::Frozen && !row.is_null(1) {
        return Ok(Effect::AccountFrozen);
    }
    let why = format!("claimed by {second}, proven by {}", proof.how.name());
    let why = sealing::seal(&format!("citizens.changed_why/{first}"), why.as_bytes(), at).map_err(refused)?;
    let next = Standing::RealPerson.after(Event::Frozen).map(Standing::name);
    db.run(
        "UPDATE citizens SET standing = $1, id_index = NULL, changed_at = $2, changed_by = $3, \
         changed_why_sealed = $4 \
         WHERE id = $5 AND id_index = $6 AND standing IN ('real-name', 'real-person', 'proof-due')",
        [
            next.into(),
            at.into(),
            second.into(),
            why.into(),
            first.into(),
            proof.person_index.as_deref().into(),
        ],
    )
    .await?;
    end_all(db, first, Id::NONE, "claimed", at).await?;
    become_person(db, proof, second, at).await
}

/// A registered account gets its person, who is proven at once.
async fn become_person(db: &Db, proof: &Proof, citizen: Id, at: u64) -> Result<Effect, Problem> {
    let person = proof.person()?;
    let seal = |field: &str, text: &str| {
        sealing::seal(&format!("citizens.{field}/{citizen}"), text.as_bytes(), at).map_err(refused)
    };
    let next = Standing::Registered.after(Event::Matched).and_then(|matched| matched.after(Event::Proven));
    let became = db
        .one(
            "UPDATE citizens SET standing = $1, name_sealed = $2, id_number_sealed = $3, id_index = $4, residence = $5, \
             real_name_at = $6, proven_at = $7, proven_how = $8 WHERE id = $9 AND standing = 'registered' RETURNING id",
            [
                next.map(Standing::name).into(),
                seal("name", &person.name)?.into(),
                seal("id_number", &person.id_number)?.into(),
                proof.person_index.as_deref().into(),
                proof.residence.map(|residence| residence.name()).into(),
                at.into(),
                at.into(),
                proof.how.name().into(),
                citizen.into(),
            ],
        )
        .await;
    match became {
        Ok(Some(_)) => Ok(Effect::Done),
        Ok(None) => Ok(match standing_of(db, citizen).await? {
            Standing::RealPerson => Effect::Done,
            _ => Effect::Overtaken,
        }),
        Err(DbError::Conflict) => Ok(Effect::PersonHasAccount),
        Err(other) => Err(other.into()),
    }
}

async fn standing_of(db: &Db, citizen: Id) -> Result<Standing, Problem> {
    let row = db.one("SELECT standing FROM citizens WHERE id = $1", [citizen.into()]).await?;
    standing(row.ok_or_else(|| Problem::unavailable("an account is gone"))?.text(0)?)
}
