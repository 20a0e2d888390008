//! Alipay's gateway: one signed call, one verified answer. Face checks and account links are asked for here.

use crate::signing::faults::Fault;
use crate::signing::{alipay_request, alipay_verify};
use serde_json::Value;
use zerotrip_platform::{Db, Problem, alipay, circuit, clock, log};

const SUCCESS: &str = "10000";

/// The gateway did not answer in time, or not with Alipay's signature. Whether the call had an effect is not known.
pub struct Silent;

/// Calls `method` with `parameters` beyond the common ones (app_id, timestamp and so on), and gives the authentic answer,
/// whether it is a success or a refusal: see [`refusal`].
pub async fn call(
    db: &Db,
    method: &str,
    parameters: &[(&str, &str)],
    within_ms: u64,
) -> Result<Result<Value, Silent>, Problem> {
    let Some(call) = circuit::closed(db, "alipay", clock::now_ms()).await? else { return Ok(Err(Silent)) };
    let signed = signed(method, parameters)?;
    let answer = alipay::send_within(within_ms, &signed).await;
    let said = match answer {
        Ok(answer) if answer.status.is_success() => authentic(method, &answer.body)?,
        Ok(answer) => {
            log(&format!("Alipay: {method}: status {}", answer.status.as_u16()));
            None
        }
        // Logged where it was made.
        Err(_) => None,
    };
    match said {
        Some(said) => {
            call.succeeded().await?;
            Ok(Ok(said))
        }
        None => {
            call.failed(clock::now_ms()).await?;
            Ok(Err(Silent))
        }
    }
}

/// The signed address of `method`, for a person's browser or for Alipay's app.
pub async fn address(method: &str, parameters: &[(&str, &str)]) -> Result<String, Problem> {
    Ok(format!("{}?{}", alipay::gateway().await?, signed(method, parameters)?))
}

/// Why an authentic answer is none: its code and sub_code, e.g. `40004 OPEN_CERTIFY_BILL_NOT_EXIST`. The answer that
/// brings a token has no code at all.
pub fn refusal(answer: &Value) -> Option<String> {
    let text = |name: &str| answer[name].as_str().unwrap_or("");
    match text("code") {
        "" | SUCCESS => None,
        code => Some(format!("{code} {}", text("sub_code"))),
    }
}

fn signed(method: &str, parameters: &[(&str, &str)]) -> Result<String, Problem> {
    let parameters: Vec<(String, String)> =
        parameters.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    alipay_request::sign(method, &parameters, clock::now_ms()).map_err(ours)
}

/// The answer in `body`, if Alipay has signed it.
fn authentic(method: &str, body: &[u8]) -> Result<Option<Value>, Problem> {
    match alipay_verify::answer(method, body) {
        Ok(text) => Ok(serde_json::from_str(&text).ok().filter(Value::is_object)),
        Err(Fault::Refused(refusal)) => {
            log(&format!("Alipay: {method}: an answer that is not authentic: {refusal:?}"));
            Ok(None)
        }
        Err(fault) => Err(ours(fault)),
    }
}

/// Nothing that a caller sent is at fault here.
fn ours(fault: Fault) -> Problem {
    match fault {
        Fault::Misconfigured(defect) => Problem::misconfigured(&defect),
        Fault::Refused(refusal) => {
            Problem::unavailable(&format!("a call of Alipay cannot be signed: {refusal:?}"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn only_a_code_other_than_10000_is_a_refusal() {
        assert_eq!(refusal(&json!({ "access_token": "t" })), None);
        assert_eq!(refusal(&json!({ "code": "10000", "certify_id": "c" })), None);
        let refused = json!({ "code": "40004", "sub_code": "OPEN_CERTIFY_BILL_NOT_EXIST" });
        assert_eq!(refusal(&refused).as_deref(), Some("40004 OPEN_CERTIFY_BILL_NOT_EXIST"));
        assert_eq!(refusal(&json!({ "code": "20000" })).as_deref(), Some("20000 "));
    }
}
