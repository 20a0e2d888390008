//! Log-in by face. Whoever logs in says name and ID number, so that the provider can be asked of anybody: until a face has
//! passed, nothing tells whether there is an account.

use crate::face::{self, Opened, decide};
use crate::proof::answer::{Outcome, logged_in};
use crate::proof::follow_up::follow_up;
use crate::proof::{New, Proof, State};
use http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use zerotrip_accounts::consents::Purpose as For;
use zerotrip_accounts::person::{Person, id_index};
use zerotrip_accounts::session::{Tokens, check_client};
use zerotrip_accounts::signing::blind_index;
use zerotrip_accounts::{limits, refused};
use zerotrip_domain::proof::{How, Purpose};
use zerotrip_platform::{Db, Id, Problem, Reply, Request, clock};

/// Who wants to log in.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LogInByFace {
    name: String,
    /// 18 characters.
    id_number: String,
    /// `face` must be among them: it is agreed to anew, and can be taken back at any time.
    consents: Vec<For>,
    /// What the client calls itself.
    client: Option<String>,
}

/// A check that waits for its person, known or not.
#[derive(Serialize, ToSchema)]
pub struct LogInOpened {
    #[serde(flatten)]
    opened: Opened,
    /// Stays in the client that began: only with it the result can be asked for.
    secret: String,
}

/// Asks for the result, and for tokens.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LogInQuestion {
    secret: String,
    /// As of other face checks.
    #[serde(default)]
    finished: bool,
}

#[utoipa::path(post, path = "/real-person/sessions", request_body = LogInByFace,
    responses((status = 202, body = LogInOpened)))]
pub async fn create(request: &Request) -> Result<Reply, Problem> {
    let given: LogInByFace = request.json()?;
    if !given.consents.contains(&For::Face) {
        return Err(Problem::invalid("consents must name 'face'"));
    }
    let (db, now) = (Db::open().await?, clock::now_ms());
    let (person, number) = Person::grown_up(&given.name, &given.id_number, now)?;
    let client = check_client(given.client.as_deref())?;
    limits::of_address(&db, limits::FACES_OF_ADDRESS, request, now).await?;
    let secret = Id::random().to_string();
    let new = New {
        how: How::Face,
        purpose: Purpose::LogIn,
        by: None,
        secret_index: Some(secret_index(&secret)?),
        person: &person,
        number: &number,
        residence: None,
        activation_code: None,
        client,
    };
    let opened = face::begin(&db, &new, &id_index(&number)?, now).await?;
    Ok(Reply::json(StatusCode::ACCEPTED, &LogInOpened { opened, secret }))
}

#[utoipa::path(post, path = "/real-person/sessions/{id}/result", params(("id" = String, Path)),
    request_body = LogInQuestion, responses(
        (status = 201, body = Tokens),
        (status = 200, description = "Not passed, or not yet", body = Outcome)))]
pub async fn result(request: &Request, id: &str) -> Result<Reply, Problem> {
    let given: LogInQuestion = request.json()?;
    let id: Id = id.parse().map_err(|_| Problem::not_found())?;
    let (db, now) = (Db::open().await?, clock::now_ms());
    let index = secret_index(&given.secret)?;
    let check = Proof::load(&db, id).await?.filter(|check| check.secret_index.as_deref() == Some(&index));
    let check = check.ok_or_else(Problem::not_found)?;
    let check = decide(&db, check, given.finished, now).await?;
    let effect = if check.state == State::Passed { Some(follow_up(&db, &check, now).await?) } else { None };
    logged_in(&db, &check, effect, now).await
}

fn secret_index(secret: &str) -> Result<String, Problem> {
    blind_index::index("proofs.secret", secret).map_err(refused)
}
