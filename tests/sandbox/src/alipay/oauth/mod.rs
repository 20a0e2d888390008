//! 用户信息授权: a person lets the merchant know which account with Alipay is theirs. The browser brings a code,
//! `alipay.system.oauth.token` turns it into a token and an identity, `alipay.user.info.share` tells a little more, and
//! never a name. Sources: payments facts 2c, and what developers quote of the answers.

mod authorize;
mod calls;
mod control;

use std::{collections::HashMap, sync::Arc};

use axum::{
    Router,
    routing::{get, post},
};
use serde::{Deserialize, Serialize};

use super::{Alipay, identifiers::hexadecimal};
use crate::people::AlipayAccount;

pub use self::calls::{share, token};

/// How long a code is good.
const CODE_MS: i64 = 180_000;
/// How long a token is good, in seconds, and how long it could be renewed.
const TOKEN_S: i64 = 1_296_000;
const RENEWAL_S: i64 = 2_592_000;

/// 授权范围
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
enum Scope {
    /// Whose account it is. In life nobody is asked.
    #[serde(rename = "auth_base")]
    Base,
    /// And what [`share`] tells.
    #[serde(rename = "auth_user")]
    User,
}

/// What an application is told of an account: those of today, only `open_id`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Identity {
    #[default]
    UserId,
    OpenId,
}

/// 应用: what is set for it at Alipay, besides its key.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Application {
    identity: Identity,
}

#[derive(Clone, Copy, Debug)]
struct Grant {
    account: &'static AlipayAccount,
    scope: Scope,
    /// Unix ms.
    until_ms: i64,
}

/// What was granted. It does not outlive the process: people ask again.
#[derive(Debug, Default)]
pub struct Grants {
    application: Application,
    codes: HashMap<String, Grant>,
    tokens: HashMap<String, Grant>,
}

impl Scope {
    fn named(name: &str) -> Option<Self> {
        match name {
            "auth_base" => Some(Self::Base),
            "auth_user" => Some(Self::User),
            _ => None,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Base => "auth_base",
            Self::User => "auth_user",
        }
    }
}

impl Grants {
    fn give_code(&mut self, account: &'static AlipayAccount, scope: Scope, now_ms: i64) -> String {
        self.codes.retain(|_, grant| now_ms < grant.until_ms);
        let code = hexadecimal();
        self.codes.insert(code.clone(), Grant { account, scope, until_ms: now_ms + CODE_MS });
        code
    }

    /// The token for a code, which is used up by this, and whose it is.
    fn redeem(&mut self, code: &str, now_ms: i64) -> Option<(String, Grant)> {
        let grant = self.codes.remove(code).filter(|grant| now_ms < grant.until_ms)?;
        self.tokens.retain(|_, grant| now_ms < grant.until_ms);
        let token = format!("authusrB{}", hexadecimal());
        let grant = Grant { until_ms: now_ms + TOKEN_S * 1000, ..grant };
        self.tokens.insert(token.clone(), grant);
        Some((token, grant))
    }

    fn granted(&self, token: &str, now_ms: i64) -> Option<Grant> {
        self.tokens.get(token).copied().filter(|grant| now_ms < grant.until_ms)
    }
}

/// As `openauth.alipay.com`, and the controls.
pub fn routes() -> Router<Arc<Alipay>> {
    Router::new()
        .route("/oauth2/publicAppAuthorize.htm", get(authorize::ask).post(authorize::answer))
        .route("/control/alipay/accounts/{user_id}/code", post(control::code))
        .route("/control/alipay/application", get(control::application).post(control::set_application))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::people;

    #[test]
    fn a_code_is_good_for_three_minutes_and_once() {
        let account = people::all()[0].alipay.as_ref().expect("an account");
        for (after_ms, redeemed) in [(180_000, false), (179_999, true)] {
            let mut grants = Grants::default();
            let code = grants.give_code(account, Scope::User, 1000);
            assert_eq!(grants.redeem(&code, 1000 + after_ms).is_some(), redeemed, "{after_ms} ms");
            assert!(grants.redeem(&code, 1000).is_none());
        }
    }

    #[test]
    fn a_token_is_good_for_fifteen_days() {
        let account = people::all()[0].alipay.as_ref().expect("an account");
        let mut grants = Grants::default();
        let code = grants.give_code(account, Scope::User, 1000);
        let (token, _) = grants.redeem(&code, 1000).expect("a good code");
        assert!(grants.granted(&token, 1000 + 1_295_999_999).is_some());
        assert!(grants.granted(&token, 1000 + 1_296_000_000).is_none());
    }
}
