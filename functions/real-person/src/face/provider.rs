//! Alipay's face check (`alipay.user.certify.open.*`). Pictures go from the phone to Alipay; we learn yes or no.

use serde_json::{Value, json};
use zerotrip_accounts::alipay::{self, Silent};
use zerotrip_accounts::person::Person;
use zerotrip_platform::{Db, Id, Problem, clock, log, settings};

const INITIALIZE: &str = "alipay.user.certify.open.initialize";
const CERTIFY: &str = "alipay.user.certify.open.certify";
const QUERY: &str = "alipay.user.certify.open.query";

/// A person waits: two tries share so much. Both calls may be repeated without a second effect.
const BUDGET_MS: u64 = 3_500;
const FIRST_TRY_MS: u64 = 2_000;
/// Less is not worth a try.
const SHORTEST_TRY_MS: u64 = 300;

/// What became of a check so far.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Said {
    Passed,
    /// Not, or not yet: Alipay makes no difference between who failed and who has not begun.
    NotPassed,
    /// Nobody can take it up any more, and Alipay says nothing of it.
    Gone,
}

/// What a check was begun as.
#[derive(Debug)]
pub enum Begun {
    /// Alipay's name for it.
    As(String),
    /// It takes no such name or number.
    Refused,
}

/// Begins `check` of the person.
pub async fn begin(db: &Db, check: Id, person: &Person) -> Result<Result<Begun, Silent>, Problem> {
    let content = json!({
        "outer_order_no": check.to_string(),
        "biz_code": "FACE",
        "identity_param": { "identity_type": "CERT_INFO", "cert_type": "IDENTITY_CARD", "cert_name": person.name,
            "cert_no": person.id_number },
        "merchant_config": { "return_url": way_back().await? },
    });
    let Ok(answer) = call(db, INITIALIZE, &content).await? else { return Ok(Err(Silent)) };
    match (alipay::refusal(&answer), answer["certify_id"].as_str()) {
        (None, Some(certify_id)) if !certify_id.is_empty() => Ok(Ok(Begun::As(certify_id.to_owned()))),
        (Some(refusal), _) if refusal.starts_with("40004 ") => {
            log(&format!("Alipay: a face check is refused: {refusal}"));
            Ok(Ok(Begun::Refused))
        }
        (refusal, _) => {
            log(&format!("Alipay: no face check: {}", refusal.unwrap_or_default()));
            Ok(Err(Silent))
        }
    }
}

/// Where the person's phone looks into the camera: a signed address, which names nobody.
pub async fn address(certify_id: &str) -> Result<String, Problem> {
    let content = json!({ "certify_id": certify_id }).to_string();
    let back = way_back().await?;
    alipay::address(CERTIFY, &[("biz_content", &content), ("return_url", &back)]).await
}

/// Asks what became of it.
pub async fn ask(db: &Db, certify_id: &str) -> Result<Result<Said, Silent>, Problem> {
    let Ok(answer) = call(db, QUERY, &json!({ "certify_id": certify_id })).await? else {
        return Ok(Err(Silent));
    };
    Ok(said(&answer).ok_or_else(|| {
        log(&format!("Alipay: no result: {}", alipay::refusal(&answer).unwrap_or_default()));
        Silent
    }))
}

fn said(answer: &Value) -> Option<Said> {
    match (alipay::refusal(answer).as_deref(), answer["passed"].as_str()) {
        (None, Some("T")) => Some(Said::Passed),
        (None, Some("F")) => Some(Said::NotPassed),
        (Some(refusal), _) if refusal.ends_with(" OPEN_CERTIFY_BILL_NOT_EXIST") => Some(Said::Gone),
        _ => None,
    }
}

async fn call(db: &Db, method: &str, content: &Value) -> Result<Result<Value, Silent>, Problem> {
    let (began, content) = (clock::now_ms(), content.to_string());
    let mut within_ms = FIRST_TRY_MS;
    for _ in 0..2 {
        let parameters = [("biz_content", content.as_str())];
        if let Ok(answer) = alipay::call(db, method, &parameters, within_ms).await? {
            return Ok(Ok(answer));
        }
        within_ms = BUDGET_MS.saturating_sub(clock::now_ms().saturating_sub(began)).min(FIRST_TRY_MS);
        if within_ms < SHORTEST_TRY_MS {
            break;
        }
    }
    Ok(Err(Silent))
}

/// The page that sends people back to their app. What it is told of a result is not believed.
async fn way_back() -> Result<String, Problem> {
    Ok(format!("{}/real-person/face-checks/return", settings::get("public_url").await?.trim_end_matches('/')))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_plain_t_has_passed() {
        let said = |passed: Value| said(&json!({ "code": "10000", "passed": passed }));
        assert_eq!(said(json!("T")), Some(Said::Passed));
        assert_eq!(said(json!("F")), Some(Said::NotPassed));
        for odd in [json!(true), json!("t"), json!(""), Value::Null] {
            assert_eq!(said(odd.clone()), None, "{odd}");
        }
        let refused =
            |sub_code| super::said(&json!({ "code": "40004", "sub_code": sub_code, "passed": "T" }));
        assert_eq!(refused("OPEN_CERTIFY_BILL_NOT_EXIST"), Some(Said::Gone));
        assert_eq!(refused("SYSTEM_ERROR"), None);
    }
}
