//! `/oauth2/publicAppAuthorize.htm`: the page on which a person agrees. Which error page comes when is not published, nor
//! how a refusal leads back; it cannot carry an `auth_code`.

use std::sync::Arc;

use axum::{
    extract::{RawQuery, State},
    response::{IntoResponse, Redirect, Response},
};
use form_urlencoded::Serializer;

use super::{
    super::{Alipay, cashier::error_page},
    Scope,
};
use crate::{
    outbound::with_query,
    page::{escape, page},
    parameters::Parameters,
    people::{self, AlipayAccount},
};

const LONGEST_STATE: usize = 100;

/// A request that may be put to a person.
struct Asked {
    scope: Scope,
    redirect_uri: String,
    state: Option<String>,
}

/// Why it may not: a code for tests, a reason for people.
type Wrong = (&'static str, &'static str);

impl Asked {
    fn read(alipay: &Alipay, query: &str) -> Result<Self, Wrong> {
        let parameters = Parameters::parse(query).ok_or(("invalid-parameter", "参数重复"))?;
        if parameters.get("app_id") != Some(&alipay.account.app_id) {
            return Err(("invalid-app-id", "app_id 无效"));
        }
        // Before anything else that could lead there.
        let redirect_uri = parameters
            .get("redirect_uri")
            .filter(|uri| alipay.account.redirect_uris.iter().any(|allowed| allowed == uri))
            .ok_or(("invalid-redirect-uri", "redirect_uri 与应用配置的授权回调地址不一致"))?;
        let scope = parameters
            .get("scope")
            .and_then(Scope::named)
            .ok_or(("invalid-scope", "scope 应为 auth_base 或 auth_user"))?;
        // Documented as base64, and at most 100 long.
        let state = parameters.get("state");
        let sound = |state: &str| {
            let base64 = |b: u8| b.is_ascii_alphanumeric() || b"+/=-_".contains(&b);
            state.len() <= LONGEST_STATE && state.bytes().all(base64)
        };
        if !state.is_none_or(sound) {
            return Err(("invalid-state", "state 应为至多 100 位的 base64"));
        }
        Ok(Self { scope, redirect_uri: redirect_uri.to_owned(), state: state.map(str::to_owned) })
    }

    /// Back to the merchant, with this.
    fn back(&self, alipay: &Alipay, result: &[(&str, &str)]) -> Response {
        let mut query = Serializer::new(String::new());
        query.append_pair("app_id", &alipay.account.app_id).append_pair("source", "alipay_wallet");
        query.extend_pairs(result);
        if let Some(state) = &self.state {
            query.append_pair("state", state);
        }
        Redirect::to(&with_query(&self.redirect_uri, &query.finish())).into_response()
    }
}

/// In life the one who is logged in; here one is chosen, for `auth_base` too.
pub async fn ask(State(alipay): State<Arc<Alipay>>, RawQuery(query): RawQuery) -> Response {
    let asked = match Asked::read(&alipay, &query.unwrap_or_default()) {
        Ok(asked) => asked,
        Err(wrong) => return refusal(wrong),
    };
    let wanted = match asked.scope {
        Scope::Base => "识别您的支付宝账户",
        Scope::User => "识别您的支付宝账户，并获得昵称等公开信息",
    };
    let mut choices = String::new();
    for (name, account) in accounts() {
        choices.push_str(&format!(
            "<option value=\"{}\">{}（{}）</option>",
            account.user_id,
            escape(name),
            escape(&account.nick_name)
        ));
    }
    page(
        "支付宝模拟授权",
        &format!(
            "<section><p>应用申请：{wanted}。您的姓名和证件号码不会提供给应用。</p><form method=\"post\">\
<p><label for=\"account\">以谁的账户</label> <select id=\"account\" name=\"user_id\">{choices}</select></p>\
<button type=\"submit\" name=\"decision\" value=\"agree\">同意授权</button><p></p>\
<button type=\"submit\" name=\"decision\" value=\"refuse\">拒绝</button></form></section>"
        ),
    )
}

/// The form of that page, sent to the address of the page.
pub async fn answer(State(alipay): State<Arc<Alipay>>, RawQuery(query): RawQuery, body: String) -> Response {
    let asked = match Asked::read(&alipay, &query.unwrap_or_default()) {
        Ok(asked) => asked,
        Err(wrong) => return refusal(wrong),
    };
    let form = Parameters::parse(&body);
    let field = |name| form.as_ref().and_then(|form| form.get(name));
    match (field("decision"), field("user_id").and_then(account)) {
        (Some("agree"), Some(account)) => {
            let now_ms = alipay.clock.now_ms();
            let code = alipay.grants().give_code(account, asked.scope, now_ms);
            asked.back(&alipay, &[("scope", asked.scope.name()), ("auth_code", &code)])
        }
        (Some("refuse"), _) => asked.back(&alipay, &[("error_scope", asked.scope.name())]),
        _ => refusal(("invalid-parameter", "请选择账户")),
    }
}

fn refusal((code, reason): Wrong) -> Response {
    error_page("支付宝模拟授权：无法授权", code, reason)
}

fn accounts() -> impl Iterator<Item = (&'static str, &'static AlipayAccount)> {
    people::all().iter().filter_map(|person| Some((person.name, person.alipay.as_ref()?)))
}

/// The account with this `user_id`.
pub fn account(user_id: &str) -> Option<&'static AlipayAccount> {
    accounts().map(|(_, account)| account).find(|account| account.user_id == user_id)
}
