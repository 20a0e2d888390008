//! Proofs that it is the person who acts, by whatever means.
//!
//! ```text
//!   begun ──► failed, expired ─────────────────────────────────────► erased, with a receipt
//!     │                                                                ▲
//!     └─ one conditional UPDATE ──► passed ──► followed up, any number ┘
//!                                              of times to one effect
//! ```
//!
//! The row that says `passed` is the commit point. What follows (`follow_up`) is repeated by whoever asks for the result again
//! and by the job (`repair`), until `effect` says what came of it.

pub mod accounts;
pub mod answer;
pub mod follow_up;
pub mod repair;

use zerotrip_accounts::citizen::Citizen;
use zerotrip_accounts::person::{Person, id_index};
use zerotrip_accounts::refused;
use zerotrip_accounts::sealed::opened;
use zerotrip_accounts::signing::sealing;
use zerotrip_domain::IdNumber;
use zerotrip_domain::proof::{How, Purpose};
use zerotrip_domain::residence::Residence;
use zerotrip_platform::db::DbError;
use zerotrip_platform::{Db, Id, Problem, Row};

/// How long a proof can pass, and its answer be asked for again.
pub const LIFE_MS: u64 = 10 * 60 * 1000;

/// How far it has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    Begun,
    Passed,
    Failed,
    Expired,
}

impl State {
    pub fn name(self) -> &'static str {
        match self {
            Self::Begun => "begun",
            Self::Passed => "passed",
            Self::Failed => "failed",
            Self::Expired => "expired",
        }
    }

    fn named(name: &str) -> Option<Self> {
        [Self::Begun, Self::Passed, Self::Failed, Self::Expired]
            .into_iter()
            .find(|state| state.name() == name)
    }
}

/// What came of a proof that passed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// What it was for.
    Done,
    /// The account from the old days was merged into the person's whole one.
    Merged,
    /// The person has no account to log in to, to recover or to claim.
    NoAccount,
    /// The account is frozen: a window decides.
    AccountFrozen,
    /// Another account has become the person's meanwhile.
    PersonHasAccount,
    /// The account has been merged, frozen or deleted meanwhile.
    Overtaken,
}

impl Effect {
    pub fn name(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Merged => "merged",
            Self::NoAccount => "no-account",
            Self::AccountFrozen => "account-frozen",
            Self::PersonHasAccount => "person-has-account",
            Self::Overtaken => "overtaken",
        }
    }

    fn named(name: &str) -> Option<Self> {
        use Effect::{AccountFrozen, Done, Merged, NoAccount, Overtaken, PersonHasAccount};
        [Done, Merged, NoAccount, AccountFrozen, PersonHasAccount, Overtaken]
            .into_iter()
            .find(|effect| effect.name() == name)
    }
}

/// A proof to begin.
pub struct New<'a> {
    pub how: How,
    pub purpose: Purpose,
    /// Account and session; none for a log-in.
    pub by: Option<(Id, Id)>,
    /// Of a log-in.
    pub secret_index: Option<String>,
    pub person: &'a Person,
    pub number: &'a IdNumber,
    /// Of a claim.
    pub residence: Option<Residence>,
    /// The window's code.
    pub activation_code: Option<Id>,
    pub client: &'a str,
}

/// A row of `proofs`.
pub struct Proof {
    pub id: Id,
    pub how: How,
    pub purpose: Purpose,
    pub citizen: Option<Id>,
    pub session: Option<Id>,
    pub secret_index: Option<String>,
    pub person_index: Option<String>,
    person_sealed: Option<String>,
    reference_sealed: Option<String>,
    pub residence: Option<Residence>,
    pub activation_code: Option<Id>,
    pub state: State,
    pub target: Option<Id>,
    pub opens: Id,
    pub client: String,
    /// Unix ms, as the following.
    pub created_at: u64,
    pub expires_at: u64,
    pub decided_at: Option<u64>,
    pub effect: Option<Effect>,
    pub erased_at: Option<u64>,
    pub receipt: Option<String>,
}

impl Proof {
    /// The one of this id.
    pub async fn load(db: &Db, id: Id) -> Result<Option<Self>, Problem> {
        let row = db
            .one(
                "SELECT how, purpose, citizen, session, secret_index, person_index, person_sealed, reference_sealed, \
                 residence, state, target, opens, client, created_at, expires_at, decided_at, effect, erased_at, receipt, \
                 activation_code FROM proofs WHERE id = $1",
                [id.into()],
            )
            .await?;
        row.map(|row| Self::read(id, &row)).transpose()
    }

    fn read(id: Id, row: &Row) -> Result<Self, Problem> {
        let odd = || Problem::unavailable("a stored proof is not of its form");
        let text = |at| Ok::<_, Problem>(row.optional_text(at)?.map(str::to_owned));
        let id_at = |at| if row.is_null(at) { Ok(None) } else { row.id(at).map(Some) };
        let time = |at| u64::try_from(row.int(at)?).map_err(|_| odd());
        let time_or_none = |at| if row.is_null(at) { Ok(None) } else { time(at).map(Some) };
        Ok(Self {
            id,
            how: How::named(row.text(0)?).ok_or_else(odd)?,
            purpose: Purpose::named(row.text(1)?).ok_or_else(odd)?,
            citizen: id_at(2)?,
            session: id_at(3)?,
            secret_index: text(4)?,
            person_index: text(5)?,
            person_sealed: text(6)?,
            reference_sealed: text(7)?,
            residence: row.optional_text(8)?.and_then(Residence::named),
            state: State::named(row.text(9)?).ok_or_else(odd)?,
            target: id_at(10)?,
            opens: row.id(11)?,
            client: row.text(12)?.to_owned(),
            created_at: time(13)?,
            expires_at: time(14)?,
            decided_at: time_or_none(15)?,
            effect: row.optional_text(16)?.map(|name| Effect::named(name).ok_or_else(odd)).transpose()?,
            erased_at: time_or_none(17)?,
            receipt: text(18)?,
            activation_code: id_at(19)?,
        })
    }

    /// Who is to be proven. Erased once nothing more follows.
    pub fn person(&self) -> Result<Person, Problem> {
        let text = open("person", self.id, self.person_sealed.as_deref())?;
        serde_json::from_slice(&text).map_err(|_| Problem::unavailable("a stored name is not of its form"))
    }

    /// The provider's name for the check. Erased once it is decided.
    pub fn reference(&self) -> Result<String, Problem> {
        let text = open("reference", self.id, self.reference_sealed.as_deref())?;
        String::from_utf8(text).map_err(|_| Problem::unavailable("a stored reference is not text"))
    }
}

fn open(field: &str, id: Id, sealed: Option<&str>) -> Result<Vec<u8>, Problem> {
    let sealed = sealed.ok_or_else(|| Problem::unavailable("what is erased is asked for"))?;
    sealing::open(&format!("proofs.{field}/{id}"), sealed).map_err(refused)
}

/// Begins a proof; [`DbError::Conflict`] if its code was used before.
pub async fn begin(db: &Db, new: &New<'_>, now: u64) -> Result<Result<Id, DbError>, Problem> {
    let id = Id::random();
    let person =
        serde_json::to_vec(new.person).map_err(|_| Problem::unavailable("a name does not serialise"))?;
    let sealed = sealing::seal(&format!("proofs.person/{id}"), &person, now).map_err(refused)?;
    let begun = db
        .run(
            "INSERT INTO proofs (id, how, purpose, citizen, session, secret_index, person_index, person_sealed, residence, \
             activation_code, state, opens, client, created_at, expires_at) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)",
            [
                id.into(),
                new.how.name().into(),
                new.purpose.name().into(),
                new.by.map(|(citizen, _)| citizen).into(),
                new.by.map(|(_, session)| session).into(),
                new.secret_index.clone().into(),
                id_index(new.number)?.into(),
                sealed.into(),
                new.residence.map(Residence::name).into(),
                new.activation_code.into(),
                State::Begun.name().into(),
                Id::random().into(),
                new.client.into(),
                now.into(),
                (now + LIFE_MS).into(),
            ],
        )
        .await;
    Ok(begun.map(|_| id))
}

/// The commit point: the proof has passed. Beside it stands the person's other account of this moment, a whole one rather
/// than one from the old days.
pub async fn pass(db: &Db, id: Id, now: u64) -> Result<(), Problem> {
    db.run(
        "UPDATE proofs SET state = 'passed', decided_at = $1, target = \
           (SELECT c.id FROM citizens c WHERE c.id_index = proofs.person_index \
            AND (proofs.citizen IS NULL OR c.id <> proofs.citizen) \
            AND c.standing IN ('real-name', 'real-person', 'frozen', 'proof-due') \
            ORDER BY CASE c.standing WHEN 'proof-due' THEN 1 ELSE 0 END, c.created_at, c.id LIMIT 1) \
         WHERE id = $2 AND state = 'begun' AND expires_at > $3",
        [now.into(), id.into(), now.into()],
    )
    .await?;
    Ok(())
}

/// It cannot pass any more.
pub async fn close(db: &Db, id: Id, how: State, now: u64) -> Result<(), Problem> {
    db.run(
        "UPDATE proofs SET state = $1, decided_at = $2 WHERE id = $3 AND state = 'begun'",
        [how.name().into(), now.into(), id.into()],
    )
    .await?;
    Ok(())
}

/// Name and number of the caller's account.
pub async fn own_person(db: &Db, caller: &Citizen, now: u64) -> Result<(Person, IdNumber), Problem> {
    let sql = "SELECT name_sealed, id_number_sealed FROM citizens WHERE id = $1";
    let row = db.one(sql, [caller.id.into()]).await?.ok_or_else(Problem::unauthorized)?;
    let missing = || Problem::unavailable("an account with a real name lacks it");
    let name = opened(&row, 0, "name", caller.id)?.ok_or_else(missing)?;
    let number = opened(&row, 1, "id_number", caller.id)?.ok_or_else(missing)?;
    Person::parse(&name, &number, now)
}
