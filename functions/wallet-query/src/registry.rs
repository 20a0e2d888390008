//! The registry of documents (证照库): who has what, and how it stands.
//!
//! A person waits, so an answer has two seconds: a first try of 1.2 s, then one more in what is left. Several kinds are asked
//! for at once.

use http::{Method, StatusCode};
use serde::Deserialize;
use serde_json::json;
use std::future::poll_fn;
use std::pin::Pin;
use std::task::Poll;
use zerotrip_accounts::channels::{Told, documents};
use zerotrip_domain::document::Kind;
use zerotrip_domain::{Day, Document, IdNumber};
use zerotrip_platform::{Db, Id, Problem, circuit, clock, log, outbound, settings};

const BUDGET_MS: u64 = 2_000;
const FIRST_TRY_MS: u64 = 1_200;
/// Less is not worth a try.
const SHORTEST_TRY_MS: u64 = 200;
/// Nobody has more of one kind.
const MOST: usize = 50;

/// Of whom it is asked: personal data.
pub struct Person<'a> {
    pub name: &'a str,
    pub number: &'a IdNumber,
}

/// The registry did not answer, not in time, or nothing that can be believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Silent;

/// What became of one question.
enum Outcome {
    Told(Told),
    /// Its word on this question, not an outage.
    Refused,
    Failed,
}

#[derive(Deserialize)]
struct Answer {
    result: String,
    documents: Vec<serde_json::Value>,
}

/// Asks for all documents of these kinds, each with its answer.
pub async fn ask(
    db: &Db,
    person: &Person<'_>,
    kinds: &[Kind],
) -> Result<Vec<(Kind, Result<Told, Silent>)>, Problem> {
    if kinds.is_empty() {
        return Ok(Vec::new());
    }
    let silent = || kinds.iter().map(|kind| (*kind, Err(Silent))).collect();
    let Some(call) = circuit::closed(db, "registry", clock::now_ms()).await? else { return Ok(silent()) };
    let url = format!("{}/registry/v1/documents/query", settings::get("registry_origin").await?);
    let token = format!("Bearer {}", settings::get("registry_token").await?);
    let outcomes = all(kinds.iter().map(|kind| question(&url, &token, person, *kind))).await;
    if outcomes.iter().all(|outcome| matches!(outcome, Outcome::Failed)) {
        call.failed(clock::now_ms()).await?;
    } else {
        call.succeeded().await?;
    }
    let answers = kinds.iter().zip(outcomes).map(|(kind, outcome)| match outcome {
        Outcome::Told(told) => (*kind, Ok(told)),
        Outcome::Refused | Outcome::Failed => (*kind, Err(Silent)),
    });
    Ok(answers.collect())
}

/// All of these, at once, in their order.
async fn all<T>(futures: impl Iterator<Item = impl Future<Output = T>>) -> Vec<T> {
    let mut running: Vec<Pin<Box<_>>> = futures.map(Box::pin).collect();
    let mut done: Vec<Option<T>> = running.iter().map(|_| None).collect();
    poll_fn(|context| {
        for (future, done) in running.iter_mut().zip(&mut done).filter(|(_, done)| done.is_none()) {
            if let Poll::Ready(value) = future.as_mut().poll(context) {
                *done = Some(value);
            }
        }
        if done.iter().all(Option::is_some) { Poll::Ready(()) } else { Poll::Pending }
    })
    .await;
    done.into_iter().flatten().collect()
}

async fn question(url: &str, token: &str, person: &Person<'_>, kind: Kind) -> Outcome {
    let began = clock::now_ms();
    let body =
        json!({ "id_number": person.number.as_str(), "kind": kind.name(), "request_id": Id::random().to_string() })
            .to_string();
    let headers = [("content-type", "application/json"), ("authorization", token)];
    let mut within_ms = FIRST_TRY_MS;
    for _ in 0..2 {
        if let Ok(answer) = outbound::call_within(within_ms, Method::POST, url, &headers, body.clone()).await
        {
            if answer.status.is_client_error() {
                log(&format!("registry: status {}", answer.status.as_u16()));
                return Outcome::Refused;
            }
            match (answer.status == StatusCode::OK).then(|| read(kind, &answer.body, person, Day::at(began)))
            {
                Some(Ok(documents)) => return Outcome::Told(Told { documents, as_of: began }),
                // It will say the same again.
                Some(Err(Odd::SomebodyElses)) => {
                    log(&format!("ALARM registry: a {} of somebody else", kind.name()));
                    return Outcome::Refused;
                }
                Some(Err(Odd::Unreadable)) => log(&format!("registry: no {} that can be read", kind.name())),
                None => log(&format!("registry: status {}", answer.status.as_u16())),
            }
        }
        within_ms = BUDGET_MS.saturating_sub(clock::now_ms().saturating_sub(began));
        if within_ms < SHORTEST_TRY_MS {
            break;
        }
    }
    Outcome::Failed
}

/// Why an answer is not believed.
#[derive(Debug, PartialEq, Eq)]
enum Odd {
    Unreadable,
    SomebodyElses,
}

/// Of whoever is named by every document.
fn read(kind: Kind, body: &[u8], person: &Person<'_>, today: Day) -> Result<Vec<Document>, Odd> {
    let answer: Answer = serde_json::from_slice(body).map_err(|_| Odd::Unreadable)?;
    let expected = if answer.documents.is_empty() { "none" } else { "found" };
    if answer.result != expected || answer.documents.len() > MOST {
        return Err(Odd::Unreadable);
    }
    let documents = documents(kind, &answer.documents, today).ok_or(Odd::Unreadable)?;
    for document in &documents {
        // A card has a picture, though ours is kept for a day only.
        if matches!(document, Document::ResidentId(card) if card.photo.is_none()) {
            return Err(Odd::Unreadable);
        }
        if !document.is_of(person.name, person.number) {
            return Err(Odd::SomebodyElses);
        }
    }
    Ok(documents)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;

    fn passport(name: &str) -> Value {
        json!({ "number": "EA1234567", "name": name, "sex": "female", "birth_date": "1949-12-31", "birth_place": "北京",
            "issued": "2019-05-10", "valid_to": "2029-05-09", "authority": "国家移民管理局", "status": "normal" })
    }

    fn said(answer: &Value) -> Result<usize, Odd> {
        let today = Day::parse("2026-11-25").expect("a day");
        let number = IdNumber::parse("11010519491231002X", today).expect("a number");
        let person = Person { name: "欧阳晓燕", number: &number };
        read(Kind::Passport, answer.to_string().as_bytes(), &person, today).map(|documents| documents.len())
    }

    #[test]
    fn an_answer_counts_if_it_is_whole_and_of_the_person() {
        let own = passport("欧阳晓燕");
        assert_eq!(said(&json!({ "result": "found", "documents": [own], "serial": "1" })), Ok(1));
        assert_eq!(said(&json!({ "result": "none", "documents": [] })), Ok(0));
        let other = passport("张三");
        assert_eq!(said(&json!({ "result": "found", "documents": [own, other] })), Err(Odd::SomebodyElses));
        let mut half = own.clone();
        half.as_object_mut().expect("an object").remove("valid_to");
        for odd in [
            json!(null),
            json!({ "result": "found" }),
            json!({ "result": "found", "documents": [] }),
            json!({ "result": "none", "documents": [own] }),
            json!({ "result": "perhaps", "documents": [own] }),
            json!({ "result": "found", "documents": [own, half] }),
            json!({ "result": "found", "documents": ["EA1234567"] }),
            json!({ "result": "found", "documents": vec![own.clone(); MOST + 1] }),
        ] {
            assert_eq!(said(&odd), Err(Odd::Unreadable), "{odd}");
        }
    }
}
