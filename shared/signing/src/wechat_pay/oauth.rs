//! How a page inside WeChat learns the payer's openid (网页授权, scope `snsapi_base`).

use super::Merchant;
use crate::fault::{Fault, Refusal};
use crate::form::encoded;

/// Longest `state` that WeChat gives back.
const MAX_STATE: usize = 128;
/// Longest address or code that is put into a target.
const MAX_TEXT: usize = 1024;

/// Path, query and fragment of the authorize redirect on `open.weixin.qq.com`. WeChat wants the parameters in this
/// order. Without a state the answer could not be bound to the browser: it is refused.
pub fn authorize_target(merchant: &Merchant, redirect_uri: &str, state: &str) -> Result<String, Fault> {
    within(redirect_uri, MAX_TEXT)?;
    within(state, MAX_STATE)?;
    let query = encoded(&[
        ("appid", &merchant.app_id),
        ("redirect_uri", redirect_uri),
        ("response_type", "code"),
        ("scope", "snsapi_base"),
        ("state", state),
    ]);
    Ok(format!("/connect/oauth2/authorize?{query}#wechat_redirect"))
}

/// Path and query of the access_token call on `api.weixin.qq.com`. Holds the app secret.
pub fn access_token_target(merchant: &Merchant, code: &str) -> Result<String, Fault> {
    within(code, MAX_TEXT)?;
    let query = encoded(&[
        ("appid", &merchant.app_id),
        ("secret", &merchant.app_secret),
        ("code", code),
        ("grant_type", "authorization_code"),
    ]);
    Ok(format!("/sns/oauth2/access_token?{query}"))
}

fn within(text: &str, most: usize) -> Result<(), Fault> {
    if text.is_empty() || text.len() > most { Err(Refusal::Malformed.into()) } else { Ok(()) }
}
