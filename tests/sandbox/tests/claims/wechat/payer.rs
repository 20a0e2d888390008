//! How a payer pays, and how a page learns who they are.

use std::path::Path;

use bytes::Bytes;
use http::{Method, Response};
use serde_json::{Value, json};
use zerotrip_sandbox::Options;

use super::support::*;
use crate::support::{get as get_page, private, send};

const BACK: &str = "http://127.0.0.1:9/back?ticket=1";

fn error(page: &Response<Bytes>) -> &str {
    page.headers().get("x-sandbox-error").map_or("", |code| code.to_str().unwrap())
}

async fn press(url: &str) -> Response<Bytes> {
    send(Method::POST, url, "text/plain", String::new()).await
}

#[tokio::test]
async fn the_h5_page_leads_back_to_the_merchant_after_paying() {
    let sandbox = sandbox(Options::default()).await;
    let origin = sandbox.origin();
    let url = ordered(&origin, "T00001", NOWHERE).await;
    let foreign = url.replace("package=", "package=1");
    for (broken, code) in [
        (foreign.as_str(), "INVALID_REQUEST"),
        (&format!("{origin}/wechat/h5/pay"), "INVALID_REQUEST"),
        (&format!("{url}&redirect_url=javascript%3Aalert(1)"), "PARAM_ERROR"),
    ] {
        assert_eq!(error(&open(broken).await), code, "{broken}");
        assert_eq!(error(&press(broken).await), code, "{broken}");
    }
    assert_eq!(query(&origin, "T00001").await["trade_state"], "NOTPAY");

    let back: String = form_urlencoded::byte_serialize(BACK.as_bytes()).collect();
    let page = open(&format!("{url}&redirect_url={back}")).await;
    assert_eq!(error(&page), "");
    let html = String::from_utf8_lossy(page.body()).into_owned();
    assert!(html.contains("206.00") && html.contains("交通罚款"), "{html}");
    let action = html.split("action=\"").nth(1).unwrap().split('"').next().unwrap().replace("&amp;", "&");
    for _ in 0..2 {
        let answer = press(&format!("{origin}{action}")).await;
        assert_eq!((answer.status().as_u16(), answer.headers()["location"].to_str().unwrap()), (303, BACK));
    }
    assert_eq!(query(&origin, "T00001").await["trade_state"], "SUCCESS");
    assert_eq!(notifications(&origin).await.len(), 1, "paid once");
    assert_eq!(error(&open(&url).await), "ORDERPAID");
}

#[tokio::test]
async fn the_h5_page_opens_outside_wechat_and_from_a_page_that_tells_its_origin() {
    let sandbox = sandbox(Options::default()).await;
    let origin = sandbox.origin();
    let url = ordered(&origin, "T00001", NOWHERE).await;
    let mut inside = Call::get(url.strip_prefix(&origin).unwrap());
    inside.set("user-agent", "Mozilla/5.0 (iPhone) MicroMessenger/8.0.50");
    inside.set("referer", "http://127.0.0.1:9/");
    assert_eq!(error(&inside.send(&origin).await), "INVALID_REQUEST");
    // Nor from a page that hides where it is.
    assert_eq!(error(&send(Method::GET, &url, "text/plain", String::new()).await), "INVALID_REQUEST");
    assert_eq!(error(&open(&url).await), "");
}

#[tokio::test]
async fn what_leads_to_paying_is_good_for_its_time_and_ordering_again_renews_it() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("prepay-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let later = |clock_offset_s| {
        sandbox(Options { clock_offset_s, journal: Some(folder.join("journal.jsonl")), ..Options::default() })
    };
    let mut long = order("T00001", NOWHERE);
    long.as_object_mut().unwrap().remove("time_expire");
    let h5 = Call::post("/v3/pay/transactions/h5", &long);
    long["out_trade_no"] = json!("T00002");
    let native = Call::post("/v3/pay/transactions/native", &long);
    let first = later(0).await;
    let h5_url = read(&h5.send(&first.origin()).await).1["h5_url"].as_str().unwrap().to_owned();
    let h5_target = h5_url.strip_prefix(&first.origin()).unwrap();
    let code_url = read(&native.send(&first.origin()).await).1["code_url"].clone();
    first.stop().await;

    // `h5_url` for five minutes, the rest for two hours.
    for (seconds, h5_error) in [(290, ""), (301, "INVALID_REQUEST"), (7210, "INVALID_REQUEST")] {
        let then = later(seconds).await;
        let origin = then.origin();
        assert_eq!(error(&open(&format!("{origin}{h5_target}")).await), h5_error, "{seconds} s");
        if seconds == 7210 {
            let pay = format!("{origin}/wechat/native/pay");
            let scan = async || {
                let body = json!({ "code_url": code_url }).to_string();
                read(&send(Method::POST, &pay, "application/json", body).await)
            };
            assert_eq!(scan().await.1["code"], "ORDER_CLOSED");
            for order in [h5.clone(), native.clone()] {
                assert_eq!(order.later(seconds).send(&origin).await.status(), 200);
            }
            assert_eq!(error(&open(&format!("{origin}{h5_target}")).await), "");
            assert_eq!(scan().await.0, 200);
        }
        then.stop().await;
    }
    std::fs::remove_dir_all(folder).unwrap();
}

/// What a page hands to `WeixinJSBridge`.
fn bridged(prepay_id: &str) -> Value {
    let (timestamp, nonce) = ((now_ms() / 1000).to_string(), "5K8264ILTKCH16CQ2502SI8ZNMTM67VS");
    let package = format!("prepay_id={prepay_id}");
    let message = format!("{}\n{timestamp}\n{nonce}\n{package}\n", ours("app_id"));
    json!({
        "appId": ours("app_id"),
        "timeStamp": timestamp,
        "nonceStr": nonce,
        "package": package,
        "signType": "RSA",
        "paySign": private("merchant").sign(&message),
    })
}

async fn bridge(origin: &str, request: &Value) -> (u16, Value) {
    let url = format!("{origin}/wechat/jsapi/pay");
    read(&send(Method::POST, &url, "text/plain", request.to_string()).await)
}

#[tokio::test]
async fn a_page_inside_wechat_pays_with_its_signature_and_its_payer() {
    let sandbox = sandbox(Options::default()).await;
    let origin = sandbox.origin();
    let mut body = order("T00001", NOWHERE);
    body["payer"] = json!({ "openid": "oPayerWhoHasOrdered000000001" });
    let (_, made) = post(&origin, "/v3/pay/transactions/jsapi", &body).await;
    let prepay_id = made["prepay_id"].as_str().unwrap();
    assert_eq!(prepay_id.len(), 36);
    let mut right = bridged(prepay_id);
    right["openid"] = json!("oPayerWhoHasOrdered000000001");
    for (name, value, code) in [
        ("appId", "wx0000000000000000", "APPID_MCHID_NOT_MATCH"),
        ("signType", "MD5", "PARAM_ERROR"),
        ("timeStamp", "1795881600000", "PARAM_ERROR"),
        ("nonceStr", "another", "SIGN_ERROR"),
        ("package", prepay_id, "SIGN_ERROR"),
        ("paySign", "AAAA", "SIGN_ERROR"),
        ("openid", "oSomebodyElse000000000000001", "INVALID_REQUEST"),
    ] {
        let mut request = right.clone();
        request[name] = json!(value);
        let (status, answer) = bridge(&origin, &request).await;
        assert_eq!((status, answer["err_code"].as_str()), (400, Some(code)), "{name}");
        assert_eq!(answer["err_msg"], "get_brand_wcpay_request:fail");
    }
    let (_, unknown) = bridge(&origin, &bridged("wx201410272009395522657a690389285100")).await;
    assert_eq!(unknown["err_code"], "ORDER_NOT_EXIST");
    assert_eq!(query(&origin, "T00001").await["trade_state"], "NOTPAY");
    let (status, answer) = bridge(&origin, &right).await;
    assert_eq!((status, answer["err_msg"].as_str()), (200, Some("get_brand_wcpay_request:ok")));
    let trade = query(&origin, "T00001").await;
    assert_eq!((&trade["trade_type"], &trade["payer"]["openid"]), (&json!("JSAPI"), &right["openid"]));
    assert_eq!(bridge(&origin, &right).await.1["err_code"], "ORDERPAID");
}

#[tokio::test]
async fn a_scanned_code_pays_its_own_order() {
    let sandbox = sandbox(Options::default()).await;
    let origin = sandbox.origin();
    let scan = async |code_url: &str| {
        let url = format!("{origin}/wechat/native/pay");
        read(&send(Method::POST, &url, "application/json", json!({ "code_url": code_url }).to_string()).await)
    };
    let (_, made) = post(&origin, "/v3/pay/transactions/native", &order("T00001", NOWHERE)).await;
    let code_url = made["code_url"].as_str().unwrap();
    let h5_url = ordered(&origin, "T00002", NOWHERE).await;
    let of_h5 = format!("weixin://wxpay/bizpayurl?pr={}", h5_url.split("package=").nth(1).unwrap());
    for (code, error) in [
        (code_url.replace("pr=", "pr=1"), "ORDER_NOT_EXIST"),
        (h5_url, "PARAM_ERROR"),
        // The same number, but not from a code.
        (of_h5, "ORDER_NOT_EXIST"),
    ] {
        assert_eq!(scan(&code).await.1["code"], error, "{code}");
    }
    assert_eq!(scan(code_url).await, (200, json!({ "out_trade_no": "T00001" })));
    assert_eq!(query(&origin, "T00001").await["trade_type"], "NATIVE");
    assert_eq!(query(&origin, "T00002").await["trade_state"], "NOTPAY");
}

fn asked(changes: &[(&str, &str)]) -> String {
    let mut pairs = vec![
        ("appid", ours("app_id")),
        ("redirect_uri", BACK),
        ("response_type", "code"),
        ("scope", "snsapi_base"),
        ("state", "a1B2"),
    ];
    for &(name, value) in changes {
        pairs.retain(|(n, _)| *n != name);
        pairs.push((name, value));
    }
    let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish();
    format!("/connect/oauth2/authorize?{query}")
}

async fn redeemed(origin: &str, changes: &[(&str, &str)]) -> Value {
    let mut pairs = vec![
        ("appid", ours("app_id")),
        ("secret", ours("app_secret")),
        ("code", "none"),
        ("grant_type", "authorization_code"),
    ];
    for &(name, value) in changes {
        pairs.retain(|(n, _)| *n != name);
        pairs.push((name, value));
    }
    let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish();
    let answer = get_page(&format!("{origin}/sns/oauth2/access_token?{query}")).await;
    assert_eq!(answer.status(), 200);
    serde_json::from_slice(answer.body()).unwrap()
}

#[tokio::test]
async fn a_code_gives_the_openid_once() {
    let sandbox = sandbox(Options::default()).await;
    let origin = sandbox.origin();
    let long = "1".repeat(129);
    for (name, value) in [
        ("appid", "wx0000000000000000"),
        ("redirect_uri", ""),
        ("redirect_uri", "javascript:alert(1)"),
        ("response_type", "token"),
        ("scope", "snsapi_login"),
        ("state", "a-b"),
        ("state", &long),
    ] {
        let page = get_page(&format!("{origin}{}", asked(&[(name, value)]))).await;
        assert!(!error(&page).is_empty() && page.headers().get("location").is_none(), "{name}={value}");
    }
    let answer = get_page(&format!("{origin}{}", asked(&[]))).await;
    assert_eq!(answer.status(), 303);
    let location = answer.headers()["location"].to_str().unwrap();
    let code = location.strip_prefix(&format!("{BACK}&code=")).unwrap().strip_suffix("&state=a1B2").unwrap();
    for (changes, errcode) in [
        (vec![("code", "")], 41008),
        (vec![("code", "none")], 40029),
        (vec![("code", code), ("appid", "wx0000000000000000")], 40013),
        (vec![("code", code), ("secret", "00000000000000000000000000000000")], 40125),
        (vec![("code", code), ("grant_type", "refresh_token")], 40002),
    ] {
        assert_eq!(redeemed(&origin, &changes).await["errcode"], errcode, "{changes:?}");
    }
    assert_eq!(redeemed(&origin, &[]).await, json!({ "errcode": 40029, "errmsg": "invalid code" }));
    let given = redeemed(&origin, &[("code", code)]).await;
    assert_eq!((&given["scope"], &given["expires_in"]), (&json!("snsapi_base"), &json!(7200)));
    assert_eq!(given["openid"].as_str().unwrap().len(), 28);
    assert!(given["access_token"].is_string() && given["refresh_token"].is_string());
    assert_eq!(redeemed(&origin, &[("code", code)]).await["errcode"], 40163);
}
