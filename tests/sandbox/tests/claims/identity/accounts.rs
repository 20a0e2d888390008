//! Accounts with Alipay: who may ask for one, who agrees, and what is told of it.

use form_urlencoded::Serializer;
use http::Method;
use serde_json::{Value, json};
use zerotrip_sandbox::{Config, Options, Running, start};

use super::support::{self as identity, someone};
use crate::{
    process::{command, folder},
    support::{self, APP_ID, alipay_public, control, encoded, gateway, get, parameters, send, set, signed},
};

const TOKEN: &str = "alipay.system.oauth.token";
const SHARE: &str = "alipay.user.info.share";
const BACK: &str = "http://127.0.0.1:9/auth/alipay/callback?from=alipay";
const FORM: &str = "application/x-www-form-urlencoded";

fn config() -> Value {
    let mut config: Value = serde_json::from_str(&support::config_text()).unwrap();
    config["alipay"]["redirect_uris"] = json!([BACK]);
    config
}

async fn sandbox() -> Running {
    start(Config::parse(&config().to_string()).unwrap(), Options::default()).await.unwrap()
}

fn user_id(name: &str) -> &'static str {
    &someone(name).alipay.as_ref().unwrap().user_id
}

fn address(origin: &str, changes: &[(&str, &str)]) -> String {
    let mut fields =
        vec![("app_id", APP_ID), ("scope", "auth_user"), ("redirect_uri", BACK), ("state", "c3RhdGU=")];
    for (name, value) in changes {
        fields.retain(|(known, _)| known != name);
        fields.push((name, value));
    }
    let query = Serializer::new(String::new()).extend_pairs(fields).finish();
    format!("{origin}/oauth2/publicAppAuthorize.htm?{query}")
}

/// The form of the page; gives where it leads.
async fn decided(address: &str, form: &str) -> Result<Vec<(String, String)>, String> {
    let answer = send(Method::POST, address, FORM, form.into()).await;
    if let Some(code) = answer.headers().get("x-sandbox-error") {
        return Err(code.to_str().unwrap().to_owned());
    }
    assert_eq!(answer.status(), 303);
    let location = answer.headers()["location"].to_str().unwrap();
    let query = location.strip_prefix("http://127.0.0.1:9/auth/alipay/callback?").unwrap();
    Ok(form_urlencoded::parse(query.as_bytes()).into_owned().collect())
}

async fn code(origin: &str, name: &str, scope: &str) -> String {
    let path = format!("accounts/{}/code", user_id(name));
    let (status, answer) = control(origin, &path, json!({ "scope": scope })).await;
    assert_eq!(status, 200);
    answer["auth_code"].as_str().unwrap().to_owned()
}

/// Without `biz_content`, with these beside the common parameters.
async fn ask(origin: &str, method: &str, fields: &[(&str, &str)]) -> Value {
    let mut pairs = parameters(method, &json!({}));
    pairs.retain(|(name, _)| name != "biz_content");
    fields.iter().for_each(|(name, value)| set(&mut pairs, name, value));
    gateway(origin, signed(pairs)).await
}

async fn redeemed(origin: &str, code: &str) -> Value {
    ask(origin, TOKEN, &[("grant_type", "authorization_code"), ("code", code)]).await
}

#[tokio::test]
async fn only_the_application_asks_and_only_for_an_address_of_its_own() {
    let sandbox = sandbox().await;
    let origin = sandbox.origin();
    let long = "a".repeat(101);
    let agree = format!("decision=agree&user_id={}", user_id("张伟"));
    for (name, value, error) in [
        ("app_id", "2021000000000018", "invalid-app-id"),
        ("app_id", "", "invalid-app-id"),
        ("redirect_uri", "http://127.0.0.1:9/auth/alipay/callback", "invalid-redirect-uri"),
        ("redirect_uri", "http://127.0.0.1:9/auth/alipay/callback?from=alipay&x=1", "invalid-redirect-uri"),
        ("redirect_uri", "", "invalid-redirect-uri"),
        ("scope", "auth_zhima", "invalid-scope"),
        ("scope", "", "invalid-scope"),
        ("state", "状态", "invalid-state"),
        ("state", &long, "invalid-state"),
    ] {
        let address = address(&origin, &[(name, value)]);
        let page = get(&address).await;
        assert_eq!((page.status().as_u16(), page.headers().get("location")), (200, None));
        assert_eq!(page.headers()["x-sandbox-error"], error, "{name}={value}");
        assert_eq!(decided(&address, &agree).await, Err(error.to_owned()), "{name}={value}");
    }
    let twice = format!("{}&app_id={APP_ID}", address(&origin, &[]));
    assert_eq!(get(&twice).await.headers()["x-sandbox-error"], "invalid-parameter");
    for form in
        ["", "decision=agree", "decision=agree&user_id=2088000000000000", &format!("{agree}&decision=refuse")]
    {
        assert_eq!(decided(&address(&origin, &[]), form).await, Err("invalid-parameter".into()), "{form}");
    }
    // Where no address is configured, none is right.
    let bare = support::sandbox(Options::default()).await;
    let page = get(&address(&bare.origin(), &[])).await;
    assert_eq!(page.headers()["x-sandbox-error"], "invalid-redirect-uri");
}

#[tokio::test]
async fn who_refuses_leads_back_without_a_code_and_who_agrees_with_one() {
    let sandbox = sandbox().await;
    let origin = sandbox.origin();
    let page = get(&address(&origin, &[])).await;
    let html = String::from_utf8(page.into_body().to_vec()).unwrap();
    assert!(html.contains(user_id("张伟")) && html.contains("阿依古丽·买买提"), "{html}");
    let pairs = |pairs: &[(&str, &str)]| -> Vec<(String, String)> {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    };
    let back = [("from", "alipay"), ("app_id", APP_ID), ("source", "alipay_wallet")];
    let refused = decided(&address(&origin, &[]), "decision=refuse").await.unwrap();
    assert_eq!(refused, pairs(&[&back[..], &[("error_scope", "auth_user"), ("state", "c3RhdGU=")]].concat()));

    let agree = format!("decision=agree&user_id={}", user_id("李娜"));
    let agreed = decided(&address(&origin, &[("scope", "auth_base"), ("state", "")]), &agree).await.unwrap();
    let (_, code) = agreed.iter().find(|(name, _)| name == "auth_code").unwrap();
    assert_eq!(agreed, pairs(&[&back[..], &[("scope", "auth_base"), ("auth_code", code)]].concat()));
    assert_eq!(redeemed(&origin, code).await["user_id"], user_id("李娜"));
}

#[tokio::test]
async fn a_code_is_redeemed_once_and_by_its_own_words() {
    let sandbox = sandbox().await;
    let origin = sandbox.origin();
    let good = code(&origin, "张伟", "auth_user").await;
    for (fields, error) in [
        (&[][..], "isv.grant-type-invalid"),
        (&[("code", good.as_str())], "isv.grant-type-invalid"),
        (&[("grant_type", "password"), ("code", &good)], "isv.grant-type-invalid"),
        (&[("grant_type", "refresh_token"), ("refresh_token", &good)], "isv.refresh-token-invalid"),
        (&[("grant_type", "authorization_code")], "isv.code-invalid"),
        (
            &[("grant_type", "authorization_code"), ("code", "0123456789abcdef0123456789abcdef")],
            "isv.code-invalid",
        ),
    ] {
        let answer = ask(&origin, TOKEN, fields).await;
        assert_eq!((&answer["code"], &answer["sub_code"]), (&json!("40002"), &json!(error)), "{fields:?}");
    }
    // Inside `biz_content` a code is not looked for.
    let biz = json!({ "grant_type": "authorization_code", "code": good });
    assert_eq!(support::call(&origin, TOKEN, biz).await["sub_code"], "isv.grant-type-invalid");
    let answer = redeemed(&origin, &good).await;
    assert_eq!(answer["user_id"], user_id("张伟"));
    assert_eq!((answer.get("code"), answer.get("open_id")), (None, None), "{answer}");
    assert_eq!((&answer["expires_in"], &answer["re_expires_in"]), (&json!(1_296_000), &json!(2_592_000)));
    assert_eq!(redeemed(&origin, &good).await["sub_code"], "isv.code-invalid");
}

#[tokio::test]
async fn a_failed_grant_is_told_under_another_name_and_signed() {
    let sandbox = sandbox().await;
    let mut pairs = parameters(TOKEN, &json!({}));
    set(&mut pairs, "grant_type", "authorization_code");
    let url = format!("{}/gateway.do", sandbox.origin());
    let body = send(Method::POST, &url, FORM, signed(pairs.clone())).await.into_body();
    let body = String::from_utf8(body.to_vec()).unwrap();
    let (raw, sign) = body
        .strip_prefix("{\"error_response\":")
        .and_then(|rest| rest.strip_suffix("\"}"))
        .and_then(|rest| rest.split_once(",\"sign\":\""))
        .unwrap();
    assert!(alipay_public().verifies(raw, sign), "{body}");
    assert!(raw.contains("isv.code-invalid"), "{raw}");
    set(&mut pairs, "sign", "AAAA");
    assert_eq!(gateway(&sandbox.origin(), encoded(&pairs)).await["sub_code"], "isv.invalid-signature");
}

#[tokio::test]
async fn what_is_told_of_an_account_is_never_a_name() {
    let sandbox = sandbox().await;
    let origin = sandbox.origin();
    let base = redeemed(&origin, &code(&origin, "张伟", "auth_base").await).await;
    for token in [&json!("authusrB0"), &json!(""), &base["access_token"]] {
        let answer = ask(&origin, SHARE, &[("auth_token", token.as_str().unwrap())]).await;
        assert_eq!(
            (&answer["code"], &answer["sub_code"]),
            (&json!("20001"), &json!("aop.invalid-auth-token")),
            "{token}"
        );
    }
    for (name, certified, gender) in [("张伟", "T", "m"), ("朱婷婷", "F", "f")] {
        let token = redeemed(&origin, &code(&origin, name, "auth_user").await).await;
        let told = ask(&origin, SHARE, &[("auth_token", token["access_token"].as_str().unwrap())]).await;
        assert_eq!((&told["code"], &told["user_id"]), (&json!("10000"), &json!(user_id(name))));
        assert_eq!((&told["is_certified"], &told["gender"]), (&json!(certified), &json!(gender)));
        let text = told.to_string();
        assert!(!text.contains(name) && !text.contains(&someone(name).id_number), "{text}");
    }
}

#[tokio::test]
async fn an_application_of_today_is_told_an_open_id_alone() {
    let sandbox = sandbox().await;
    let origin = sandbox.origin();
    let both = identity::control(&origin, "alipay/application", &json!({ "identity": "both" })).await;
    assert_eq!(both.0, 422);
    control(&origin, "application", json!({ "identity": "open-id" })).await;
    let account = someone("李娜").alipay.as_ref().unwrap();
    let token = redeemed(&origin, &code(&origin, "李娜", "auth_user").await).await;
    let told = ask(&origin, SHARE, &[("auth_token", token["access_token"].as_str().unwrap())]).await;
    for answer in [token, told] {
        assert_eq!(
            (answer["open_id"].as_str(), answer.get("user_id")),
            (Some(account.open_id.as_str()), None)
        );
    }
    assert_eq!(identity::read(&origin, "alipay/application").await, json!({ "identity": "open-id" }));
}

#[tokio::test]
async fn a_code_without_a_browser_needs_an_account_and_a_scope() {
    let sandbox = sandbox().await;
    let origin = sandbox.origin();
    let nobody = control(&origin, "accounts/2088000000000000/code", json!({ "scope": "auth_user" })).await;
    assert_eq!((nobody.0.as_u16(), nobody.1), (404, json!({ "error": "no such account" })));
    let url = format!("{origin}/control/alipay/accounts/{}/code", user_id("张伟"));
    let answer =
        send(Method::POST, &url, "application/json", json!({ "scope": "auth_zhima" }).to_string()).await;
    assert_eq!(answer.status(), 422);
}

#[test]
fn an_address_that_is_none_stops_it_with_a_reason() {
    let folder = folder("redirect-uris");
    let mut config = config();
    config["alipay"]["redirect_uris"] = json!([BACK, "/auth/alipay/callback"]);
    std::fs::write(folder.join("config.json"), config.to_string()).unwrap();
    let ended = command(&folder).output().unwrap();
    assert_eq!(ended.status.code(), Some(1));
    let reason = "zerotrip-sandbox: alipay.redirect_uris is not a list of http or https addresses\n";
    assert_eq!(String::from_utf8(ended.stderr).unwrap(), reason);
}
