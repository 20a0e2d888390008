//! The way without a face: whoever shows the ID card at a window gets an activation code (激活码), and types it in the app.

use crate::face::check::{Wanted, residence};
use crate::proof::answer::{Outcome, not_now, outcome};
use crate::proof::follow_up::follow_up;
use crate::proof::{self, New, Proof, State};
use http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use zerotrip_accounts::audit::{self, Line};
use zerotrip_accounts::authority::Officer;
use zerotrip_accounts::person::{Person, id_index};
use zerotrip_accounts::signing::{blind_index, sealing};
use zerotrip_accounts::{authority, citizen, limits, refused};
use zerotrip_domain::proof::{How, Purpose};
use zerotrip_platform::db::DbError;
use zerotrip_platform::{Db, Id, Problem, Reply, Request, clock};

const LIFE_MS: u64 = 24 * 3600 * 1000;
/// Characters of a code, of 5 bits each.
const LENGTH: u32 = 10;
/// Crockford's base32: nothing that reads like something else.
const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// Who stands at the window.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewActivationCode {
    name: String,
    /// 18 characters.
    id_number: String,
    /// The officer has held the ID card beside the person's face. Must be true.
    document_checked: bool,
}

/// Shown once; the database keeps only its blind index.
#[derive(Serialize, ToSchema)]
pub struct ActivationCode {
    /// Ten characters in two groups.
    code: String,
    /// Unix ms.
    expires_at: u64,
}

/// A code as the person types it.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TypedCode {
    /// Any case, with or without hyphen and spaces.
    code: String,
    /// Without it, what the account lacks: `real-person`, or else `step-up`.
    purpose: Option<Wanted>,
}

#[utoipa::path(post, path = "/real-person/activation-codes", request_body = NewActivationCode,
    responses((status = 201, body = ActivationCode)))]
pub async fn issue(request: &Request) -> Result<Reply, Problem> {
    let new: NewActivationCode = request.json()?;
    let (db, now) = (Db::open().await?, clock::now_ms());
    let Officer(by) = authority::officer(request, &db).await?;
    if !new.document_checked {
        return Err(Problem::invalid("document_checked must be true: see the ID card and the person first"));
    }
    let (person, number) = Person::grown_up(&new.name, &new.id_number, now)?;
    let (id, code) = (Id::random(), fresh_code());
    let text = serde_json::to_vec(&person).map_err(|_| Problem::unavailable("a name does not serialise"))?;
    let sealed = sealing::seal(&format!("activation_codes.person/{id}"), &text, now).map_err(refused)?;
    db.run(
        "INSERT INTO activation_codes (id, code_index, person_index, person_sealed, officer, device, created_at, expires_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        [
            id.into(),
            code_index(&code)?.into(),
            id_index(&number)?.into(),
            sealed.into(),
            by.principal.into(),
            by.device.into(),
            now.into(),
            (now + LIFE_MS).into(),
        ],
    )
    .await?;
    let line = Line {
        kind: "activation-code-issued",
        actor: by.principal,
        device: by.device,
        subject: id,
        detail: "",
    };
    audit::write(&db, &line, now).await?;
    let code = format!("{}-{}", &code[..5], &code[5..]);
    Ok(Reply::json(StatusCode::CREATED, &ActivationCode { code, expires_at: now + LIFE_MS }))
}

#[utoipa::path(post, path = "/real-person/activations", request_body = TypedCode,
    responses((status = 200, body = Outcome)))]
pub async fn activate(request: &Request) -> Result<Reply, Problem> {
    let given: TypedCode = request.json()?;
    let (db, now) = (Db::open().await?, clock::now_ms());
    let caller = citizen::anyone(request, &db).await?;
    limits::of(&db, limits::ACTIVATIONS_OF_ACCOUNT, &caller.id.to_string(), now).await?;
    let code = code_index(&normal(&given.code))?;
    // The same session again: the answer was lost.
    if let Some(proof) = used_by(&db, &code, caller.session).await? {
        return conclude(&db, proof, now).await;
    }
    let purpose = given.purpose.map_or_else(|| Purpose::of(caller.standing), Purpose::from);
    purpose.begun_from(caller.standing, How::Window).map_err(not_now)?;
    let row = db
        .one(
            "SELECT a.id, a.person_sealed FROM activation_codes a WHERE a.code_index = $1 AND a.expires_at > $2 \
             AND (CAST($3 AS BIGINT) = 1 \
               OR EXISTS (SELECT 1 FROM citizens c WHERE c.id = $4 AND c.id_index = a.person_index))",
            [
                code.into(),
                now.into(),
                // A newly registered account has no person yet: it says with the code who its person is.
                i64::from(matches!(purpose, Purpose::Recovery | Purpose::Claim)).into(),
                caller.id.into(),
            ],
        )
        .await?
        .ok_or_else(wrong_code)?;
    let id = row.id(0)?;
    let text = sealing::open(&format!("activation_codes.person/{id}"), row.text(1)?).map_err(refused)?;
    let person: Person = serde_json::from_slice(&text)
        .map_err(|_| Problem::unavailable("a stored name is not of its form"))?;
    let (person, number) = Person::parse(&person.name, &person.id_number, now)?;
    let new = New {
        how: How::Window,
        purpose,
        by: Some((caller.id, caller.session)),
        secret_index: None,
        residence: residence(&db, &caller, purpose, &person, &number, now).await?,
        person: &person,
        number: &number,
        activation_code: Some(id),
        client: "",
    };
    let proof = match proof::begin(&db, &new, now).await? {
        Ok(proof) => proof,
        Err(DbError::Conflict) => return Err(wrong_code()),
        Err(other) => return Err(other.into()),
    };
    let proof = Proof::load(&db, proof).await?.ok_or_else(wrong_code)?;
    conclude(&db, proof, now).await
}

/// Nothing is to be waited for: a proof without a camera passes as soon as it has begun.
pub async fn conclude(db: &Db, proof: Proof, now: u64) -> Result<Reply, Problem> {
    if proof.state == State::Begun {
        proof::pass(db, proof.id, now).await?;
    }
    let proof = Proof::load(db, proof.id).await?.ok_or_else(Problem::not_found)?;
    let effect = if proof.state == State::Passed { Some(follow_up(db, &proof, now).await?) } else { None };
    outcome(db, &proof, effect, now).await
}

async fn used_by(db: &Db, code: &str, session: Id) -> Result<Option<Proof>, Problem> {
    let row = db
        .one(
            "SELECT p.id FROM proofs p JOIN activation_codes a ON a.id = p.activation_code \
             WHERE a.code_index = $1 AND p.session = $2",
            [code.into(), session.into()],
        )
        .await?;
    match row {
        Some(row) => Proof::load(db, row.id(0)?).await,
        None => Ok(None),
    }
}

fn fresh_code() -> String {
    let bits = Id::random().halves().0;
    (0..LENGTH).map(|at| char::from(ALPHABET[(bits >> (5 * at) & 31) as usize])).collect()
}

/// As it was printed, whatever a person makes of it.
fn normal(typed: &str) -> String {
    let kept = typed.chars().filter(|c| !matches!(c, ' ' | '-')).map(|c| match c.to_ascii_uppercase() {
        'O' => '0',
        'I' | 'L' => '1',
        other => other,
    });
    kept.collect()
}

fn code_index(code: &str) -> Result<String, Problem> {
    blind_index::index("activation_codes.code", code).map_err(refused)
}

/// A wrong code, one that is used up or too old, and one for somebody else are the same to the caller.
fn wrong_code() -> Problem {
    Problem::new(
        StatusCode::FORBIDDEN,
        "wrong-code",
        "Code not right",
        "激活码不正确或已失效",
        "Check each character. A code is good once, for a day, and for whoever showed the ID card.",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_read_as_people_type_it() {
        assert_eq!(normal("abc1o-ILxyz"), "ABC1011XYZ");
        assert_eq!(normal(" 0 1-2 "), "012");
    }
}
