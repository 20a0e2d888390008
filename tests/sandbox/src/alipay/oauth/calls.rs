//! The server-to-server calls. Their parameters stand beside the common ones, not in `biz_content`.

use serde_json::json;

use super::{
    super::{Alipay, calls::object, common::Call, envelope::Answer, failure::Failure},
    Grant, Identity, RENEWAL_S, Scope, TOKEN_S,
};
use crate::{
    clock::stamp,
    people::{self, Sex},
};

/// `alipay.system.oauth.token`; renewing a token is not played.
pub fn token(alipay: &Alipay, call: &Call) -> Result<Answer, Failure> {
    match call.parameter("grant_type") {
        Some("authorization_code") => {}
        Some("refresh_token") => return Err(Failure::renewal()),
        _ => return Err(Failure::grant_type()),
    }
    let now_ms = alipay.clock.now_ms();
    let mut grants = alipay.grants();
    let redeemed = call.parameter("code").and_then(|code| grants.redeem(code, now_ms));
    let (token, grant) = redeemed.ok_or_else(Failure::code)?;
    let mut answer = object(json!({
        "access_token": token,
        "auth_start": stamp(now_ms),
        "expires_in": TOKEN_S,
        "re_expires_in": RENEWAL_S,
        "refresh_token": format!("authusrB{}", super::super::identifiers::hexadecimal()),
    }));
    identify(&mut answer, grants.application.identity, grant);
    Ok(answer)
}

/// `alipay.user.info.share`. Name and certificate need a permission that the application does not have.
pub fn share(alipay: &Alipay, call: &Call) -> Result<Answer, Failure> {
    let token = call.parameter("auth_token").ok_or_else(Failure::token)?;
    let grants = alipay.grants();
    let grant = grants
        .granted(token, alipay.clock.now_ms())
        .filter(|grant| grant.scope == Scope::User)
        .ok_or_else(Failure::token)?;
    let account = grant.account;
    let person = people::all().iter().find(|person| person.alipay.as_ref() == Some(account));
    let gender = person.map(|person| if person.sex == Sex::Female { "f" } else { "m" });
    let mut answer = object(json!({
        "nick_name": account.nick_name,
        "avatar": "https://tfs.alipayobjects.com/images/partner/sandbox",
        "gender": gender,
        "province": "演示省",
        "city": "演示市",
        "is_certified": if account.certified { "T" } else { "F" },
    }));
    identify(&mut answer, grants.application.identity, grant);
    Ok(answer)
}

fn identify(answer: &mut Answer, identity: Identity, Grant { account, .. }: Grant) {
    let (name, value) = match identity {
        Identity::UserId => ("user_id", &account.user_id),
        Identity::OpenId => ("open_id", &account.open_id),
    };
    answer.insert(name.into(), value.as_str().into());
}
