//! The way without a face and without a window: what the person has, the account's phone, and what the person knows, name and
//! number, matched anew. Why it neither recovers nor claims an account stands in `domain::proof`.

use crate::face::check::Wanted;
use crate::proof::answer::{Outcome, not_now};
use crate::proof::{self, New, Proof, own_person};
use crate::window::conclude;
use http::StatusCode;
use serde::Deserialize;
use utoipa::ToSchema;
use zerotrip_accounts::citizen;
use zerotrip_accounts::consents::{self, Purpose as For};
use zerotrip_accounts::limits;
use zerotrip_accounts::one_time_code::{self, Purpose as Code, Typed};
use zerotrip_accounts::person::{Person, matched, not_matched};
use zerotrip_accounts::sealed::opened;
use zerotrip_domain::proof::{How, Purpose};
use zerotrip_platform::{Db, Id, Problem, Reply, Request, clock};

/// Whoever holds the phone for a minute has only the first.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TwoItems {
    /// A code of the purpose `prove`, to the account's phone.
    phone: Typed,
    /// As on the ID card of the person whose account it is.
    name: String,
    id_number: String,
    /// Without it, what the account lacks: `real-person`, or else `step-up`.
    purpose: Option<Wanted>,
}

#[utoipa::path(post, path = "/real-person/two-items", request_body = TwoItems,
    responses((status = 200, body = Outcome)))]
pub async fn prove(request: &Request) -> Result<Reply, Problem> {
    let given: TwoItems = request.json()?;
    let (db, now) = (Db::open().await?, clock::now_ms());
    let caller = citizen::anyone(request, &db).await?;
    let purpose = given.purpose.map_or_else(|| Purpose::of(caller.standing), Purpose::from);
    purpose.begun_from(caller.standing, How::TwoItems).map_err(not_now)?;
    consents::demand(&db, caller.id, For::RealName).await?;
    let (typed, _) = Person::parse(&given.name, &given.id_number, now)?;
    limits::of(&db, limits::TWO_ITEMS_OF_ACCOUNT, &caller.id.to_string(), now).await?;
    let (person, number) = own_person(&db, &caller, now).await?;
    // The platform is asked about the account's own person only, so nobody else's name is tried out on it.
    if (typed.name(), &typed.id_number) != (person.name(), &person.id_number) {
        return Err(another_person());
    }
    // The platform first: while it is silent the code is not used up.
    matched(&db, caller.id, &person, &number, Id::random(), now).await?.map_err(not_matched)?;
    let row = db.one("SELECT phone_sealed FROM citizens WHERE id = $1", [caller.id.into()]).await?;
    let own = opened(&row.ok_or_else(Problem::unauthorized)?, 0, "phone", caller.id)?;
    let phone = one_time_code::prove(&db, &given.phone, Code::Prove, now).await?;
    if own.as_deref() != Some(phone.as_str()) {
        return Err(another_phone());
    }
    let new = New {
        how: How::TwoItems,
        purpose,
        by: Some((caller.id, caller.session)),
        secret_index: None,
        person: &person,
        number: &number,
        residence: None,
        activation_code: None,
        client: "",
    };
    let id = proof::begin(&db, &new, now).await??;
    let proof = Proof::load(&db, id).await?.ok_or_else(Problem::not_found)?;
    conclude(&db, proof, now).await
}

fn another_person() -> Problem {
    Problem::new(
        StatusCode::FORBIDDEN,
        "another-person",
        "Not the account's person",
        "姓名或身份证号与本账号不符",
        "Type both as the ID card of the person shows them with whose name this account was opened.",
    )
}

fn another_phone() -> Problem {
    Problem::new(
        StatusCode::FORBIDDEN,
        "another-phone",
        "Not the account's phone",
        "该验证码不是发送到本账号手机的",
        "Ask for a code to the phone with which the account was registered.",
    )
}
