//! 网页授权: how a page inside WeChat learns the payer's `openid`.

use std::{collections::HashMap, sync::Arc};

use axum::{
    extract::{RawQuery, State},
    response::{IntoResponse, Redirect, Response},
};
use form_urlencoded::Serializer;
use http::header;
use serde_json::{Value, json};

use super::{
    WechatPay, identifiers,
    payer::{OPENID, refusal},
};
use crate::{outbound::is_address, parameters::Parameters};

/// How long a code is good.
const GOOD_MS: i64 = 300_000;
const SCOPE: &str = "snsapi_base";

/// Codes given out, by themselves: Unix ms, and whether one was used.
#[derive(Debug, Default)]
pub struct Codes(HashMap<String, (i64, bool)>);

impl Codes {
    fn give(&mut self, now_ms: i64) -> String {
        self.0.retain(|_, (at_ms, _)| now_ms < *at_ms + GOOD_MS);
        let code = identifiers::text(32);
        self.0.insert(code.clone(), (now_ms, false));
        code
    }

    fn redeem(&mut self, code: &str, now_ms: i64) -> Result<(), (u32, &'static str)> {
        match self.0.get_mut(code) {
            Some((at_ms, used)) if now_ms < *at_ms + GOOD_MS => {
                if std::mem::replace(used, true) {
                    Err((40163, "code been used"))
                } else {
                    Ok(())
                }
            }
            _ => Err((40029, "invalid code")),
        }
    }
}

/// As `open.weixin.qq.com`: `snsapi_base` asks nobody and leads back at once.
pub async fn authorize(State(wechat): State<Arc<WechatPay>>, RawQuery(query): RawQuery) -> Response {
    let Some(parameters) = Parameters::parse(&query.unwrap_or_default()) else {
        return refusal("10003", "参数重复");
    };
    if parameters.get("appid") != Some(wechat.account.app_id.as_str()) {
        return refusal("10013", "AppID 参数错误");
    }
    let uri = parameters.get("redirect_uri").filter(|uri| is_address(uri));
    let Some(uri) = uri else { return refusal("10003", "redirect_uri 参数错误") };
    if parameters.get("response_type") != Some("code") {
        return refusal("10004", "response_type 参数错误");
    }
    if parameters.get("scope") != Some(SCOPE) {
        return refusal("10005", "Scope 参数错误或没有 Scope 权限");
    }
    let state = parameters.get("state").unwrap_or_default();
    if state.len() > 128 || !state.bytes().all(|b| b.is_ascii_alphanumeric()) {
        return refusal("10007", "state 参数错误：至多 128 个字母或数字");
    }
    let code = wechat.codes().give(wechat.clock.now_ms());
    let query =
        Serializer::new(String::new()).append_pair("code", &code).append_pair("state", state).finish();
    let (address, fragment) = uri.split_once('#').map_or((uri, None), |(a, f)| (a, Some(f)));
    let joint = if address.contains('?') { '&' } else { '?' };
    let fragment = fragment.map(|f| format!("#{f}")).unwrap_or_default();
    Redirect::to(&format!("{address}{joint}{query}{fragment}")).into_response()
}

/// As `api.weixin.qq.com`: status 200, whatever comes of it.
pub async fn access_token(State(wechat): State<Arc<WechatPay>>, RawQuery(query): RawQuery) -> Response {
    let answer = match redeem(&wechat, query) {
        Ok(answer) => answer,
        Err((code, message)) => json!({ "errcode": code, "errmsg": message }),
    };
    ([(header::CONTENT_TYPE, "text/plain")], answer.to_string()).into_response()
}

fn redeem(wechat: &WechatPay, query: Option<String>) -> Result<Value, (u32, &'static str)> {
    let parameters = Parameters::parse(&query.unwrap_or_default()).ok_or((40035, "invalid parameter"))?;
    let app_id = parameters.get("appid").ok_or((41002, "appid missing"))?;
    if app_id != wechat.account.app_id {
        return Err((40013, "invalid appid"));
    }
    let secret = parameters.get("secret").ok_or((41004, "appsecret missing"))?;
    if secret != wechat.account.app_secret {
        return Err((40125, "invalid appsecret"));
    }
    let code = parameters.get("code").ok_or((41008, "missing code"))?;
    if parameters.get("grant_type") != Some("authorization_code") {
        return Err((40002, "invalid grant_type"));
    }
    wechat.codes().redeem(code, wechat.clock.now_ms())?;
    Ok(json!({
        "access_token": identifiers::text(89),
        "expires_in": 7200,
        "refresh_token": identifiers::text(89),
        "openid": OPENID,
        "scope": SCOPE,
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_good_for_five_minutes() {
        for (after_ms, redeemed) in [(300_001, false), (300_000, false), (299_999, true)] {
            let mut codes = Codes::default();
            let code = codes.give(1000);
            assert_eq!(codes.redeem(&code, 1000 + after_ms).is_ok(), redeemed, "{after_ms} ms");
        }
    }
}
