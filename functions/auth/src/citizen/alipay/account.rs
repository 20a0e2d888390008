//! Whose account at Alipay it is, as Alipay itself says.

use http::StatusCode;
use serde_json::Value;
use zerotrip_accounts::alipay::Silent;
use zerotrip_accounts::signing::{blind_index, sealing};
use zerotrip_accounts::{alipay as gateway, refused};
use zerotrip_platform::{Db, Id, Problem, log};

/// A person waits for the answer.
const WITHIN_MS: u64 = 3_000;
/// Bytes of an `auth_code`; what is longer is none of Alipay's.
const MAX_CODE: usize = 128;

/// An account that Alipay has named in an authentic answer to our call.
pub struct Account {
    /// `open_id/…` or `user_id/…`: an application of today is told the former alone, an older one the latter.
    identity: String,
    /// Opens what Alipay tells of the account, and is not kept.
    token: String,
}

impl Account {
    /// Asks Alipay whose `auth_code` is. Without one the person has refused.
    pub async fn of(db: &Db, auth_code: &str) -> Result<Self, Problem> {
        if auth_code.len() > MAX_CODE {
            return Err(spent());
        }
        let parameters = [("grant_type", "authorization_code"), ("code", auth_code)];
        let answer = ask(db, "alipay.system.oauth.token", &parameters).await?;
        let (identity, token) = (identity(&answer), answer["access_token"].as_str());
        match (identity, token) {
            (Some(identity), Some(token)) => Ok(Self { identity, token: token.to_owned() }),
            _ => Err(Problem::unavailable("an answer of alipay.system.oauth.token is not of its form")),
        }
    }

    /// Under what a link to it is found.
    pub fn index(&self) -> Result<String, Problem> {
        blind_index::index("alipay_links.account", &self.identity).map_err(refused)
    }

    /// As the link of `citizen` keeps it.
    pub fn sealed(&self, citizen: Id, now: u64) -> Result<String, Problem> {
        let context = format!("alipay_links.account/{citizen}");
        sealing::seal(&context, self.identity.as_bytes(), now).map_err(refused)
    }

    /// Its nick name, if Alipay knows its owner's real name (实名认证).
    pub async fn certified(&self, db: &Db) -> Result<String, Problem> {
        let told = ask(db, "alipay.user.info.share", &[("auth_token", self.token.as_str())]).await?;
        if identity(&told).as_deref() != Some(self.identity.as_str()) {
            return Err(Problem::unavailable("alipay.user.info.share tells of another account"));
        }
        if told["is_certified"] != "T" {
            return Err(not_certified());
        }
        Ok(told["nick_name"].as_str().unwrap_or("").to_owned())
    }
}

/// `open_id` or `user_id`, whichever there is.
fn identity(answer: &Value) -> Option<String> {
    ["open_id", "user_id"].into_iter().find_map(|name| {
        let value = answer[name].as_str().filter(|value| !value.is_empty())?;
        Some(format!("{name}/{value}"))
    })
}

async fn ask(db: &Db, method: &str, parameters: &[(&str, &str)]) -> Result<Value, Problem> {
    let answer = gateway::call(db, method, parameters, WITHIN_MS).await?.map_err(|Silent| unanswered())?;
    match gateway::refusal(&answer).as_deref() {
        None => Ok(answer),
        Some("40002 isv.code-invalid") => Err(spent()),
        Some(other) => {
            log(&format!("Alipay: {method}: {other}"));
            Err(unanswered())
        }
    }
}

/// The person did not let us know the account.
pub fn refused_there() -> Problem {
    Problem::new(
        StatusCode::FORBIDDEN,
        "alipay-refused",
        "Refused at Alipay",
        "您在支付宝中未同意授权",
        "Nothing has happened. Begin again and agree, or log in by password or face.",
    )
}

/// Alipay says the same of a code that is used, too old, or none of its own.
fn spent() -> Problem {
    Problem::new(
        StatusCode::FORBIDDEN,
        "alipay-code-spent",
        "Alipay's code is used or too old",
        "支付宝授权码已使用或已过期",
        "Begin again: a code of Alipay's is good once and for a few minutes.",
    )
}

fn unanswered() -> Problem {
    let mut problem = Problem::new(
        StatusCode::SERVICE_UNAVAILABLE,
        "alipay-unavailable",
        "Alipay does not answer",
        "支付宝暂时无响应",
        "Send the same again in a moment, begin again if Alipay's code is then used, or log in by password or face.",
    );
    problem.retry_after_s = Some(5);
    problem
}

fn not_certified() -> Problem {
    Problem::new(
        StatusCode::FORBIDDEN,
        "alipay-not-certified",
        "Alipay does not know who owns this account",
        "该支付宝账户未实名认证",
        "Finish the real-name check in Alipay first, or link another account.",
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn an_account_is_named_by_either_identity_and_by_nothing_else() {
        let named = |answer: Value| identity(&answer);
        assert_eq!(
            named(json!({ "user_id": "2088000000000001" })).as_deref(),
            Some("user_id/2088000000000001")
        );
        assert_eq!(named(json!({ "open_id": "0a", "user_id": "" })).as_deref(), Some("open_id/0a"));
        for none in
            [json!({}), json!({ "user_id": "" }), json!({ "user_id": 2088 }), json!({ "open_id": null })]
        {
            assert_eq!(named(none.clone()), None, "{none}");
        }
    }
}
