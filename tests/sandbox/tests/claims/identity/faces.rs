//! Face checks: who may begin one, what comes of it, and what the merchant learns.

use std::fs;

use http::Method;
use serde_json::{Value, json};
use zerotrip_sandbox::{
    Options,
    clock::{Clock, stamp},
};

use super::support::{self as identity, someone};
use crate::{
    process::{folder, signalled, started},
    support::*,
};

const INITIALIZE: &str = "alipay.user.certify.open.initialize";
const CERTIFY: &str = "alipay.user.certify.open.certify";
const QUERY: &str = "alipay.user.certify.open.query";
const BACK: &str = "http://127.0.0.1:9/back?state=1";

fn check(outer_order_no: &str, name: &str, number: &str) -> Value {
    json!({
        "outer_order_no": outer_order_no,
        "biz_code": "FACE",
        "identity_param": {
            "identity_type": "CERT_INFO", "cert_type": "IDENTITY_CARD", "cert_name": name, "cert_no": number,
        },
        "merchant_config": { "return_url": BACK },
    })
}

fn zhang(outer_order_no: &str) -> Value {
    check(outer_order_no, "张伟", &someone("张伟").id_number)
}

async fn begun(origin: &str, check: Value) -> String {
    let answer = call(origin, INITIALIZE, check).await;
    assert_eq!(answer["code"], "10000", "{answer}");
    answer["certify_id"].as_str().unwrap().to_owned()
}

async fn passed(origin: &str, certify_id: &str) -> Value {
    let answer = call(origin, QUERY, json!({ "certify_id": certify_id })).await;
    if answer["code"] == "10000" { answer["passed"].clone() } else { answer["sub_code"].clone() }
}

async fn decide(origin: &str, certify_id: &str, act: &str) -> (u16, Value) {
    identity::control(origin, &format!("alipay/faces/{certify_id}"), &json!({ "act": act })).await
}

/// The page, by a signed address, with a way back of its own.
async fn page(origin: &str, certify_id: &str, return_url: &str) -> (String, String) {
    let mut pairs = parameters(CERTIFY, &json!({ "certify_id": certify_id }));
    set(&mut pairs, "return_url", return_url);
    let page = get(&format!("{origin}/gateway.do?{}", signed(pairs))).await;
    assert_eq!(page.status(), 200);
    let code = page.headers().get("x-sandbox-error").map(|code| code.to_str().unwrap().to_owned());
    (code.unwrap_or_default(), String::from_utf8(page.into_body().to_vec()).unwrap())
}

/// Presses a button; gives where it leads, or the code of the error page.
async fn press(origin: &str, certify_id: &str, act: &str) -> String {
    let answer =
        send(Method::POST, &format!("{origin}/alipay/faces/{certify_id}/{act}"), "", String::new()).await;
    let header = if answer.status() == 303 { "location" } else { "x-sandbox-error" };
    answer.headers()[header].to_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_check_that_alipay_would_refuse_is_refused() {
    let sandbox = sandbox(Options::default()).await;
    let origin = sandbox.origin();
    let long = "F".repeat(33);
    for (pointer, wrong) in [
        ("/outer_order_no", json!("")),
        ("/outer_order_no", json!("F-1")),
        ("/outer_order_no", json!(long)),
        ("/biz_code", json!("FACE_SDK")),
        ("/identity_param", json!("not json")),
        ("/identity_param", json!(null)),
        ("/identity_param/identity_type", json!("PHONE")),
        ("/identity_param/cert_type", json!("PASSPORT")),
        ("/identity_param/cert_name", json!("")),
        ("/identity_param/cert_no", json!("110105194912310021")),
        ("/merchant_config", json!({})),
        ("/merchant_config/return_url", json!("javascript:alert(1)")),
    ] {
        let mut check = zhang("F1");
        *check.pointer_mut(pointer).unwrap() = wrong.clone();
        let answer = call(&origin, INITIALIZE, check).await;
        assert_eq!(
            (&answer["code"], &answer["sub_code"]),
            (&json!("40004"), &json!("ILLEGAL_ARGUMENT_FORMAT")),
            "{pointer}={wrong}"
        );
    }
    assert_eq!(identity::read(&origin, "alipay/faces").await, json!([]));
    // As objects or as their text, which is the same check.
    let certify_id = begun(&origin, zhang("F1")).await;
    let mut text = zhang("F1");
    for member in ["identity_param", "merchant_config"] {
        text[member] = json!(text[member].to_string());
    }
    assert_eq!(begun(&origin, text).await, certify_id);
    let other = call(&origin, INITIALIZE, check("F1", "李娜", &someone("李娜").id_number)).await;
    assert_eq!(other["sub_code"], "OUTER_ORDER_NO_USED");
    assert_ne!(begun(&origin, zhang("F2")).await, certify_id);
}

#[tokio::test]
async fn a_page_that_was_not_signed_or_never_begun_is_not_opened() {
    let sandbox = sandbox(Options::default()).await;
    let origin = sandbox.origin();
    let certify_id = begun(&origin, zhang("F1")).await;
    let mut pairs = parameters(CERTIFY, &json!({ "certify_id": certify_id }));
    set(&mut pairs, "sign", &private("stranger").sign("something"));
    let forged = get(&format!("{origin}/gateway.do?{}", encoded(&pairs))).await;
    assert_eq!(forged.headers()["x-sandbox-error"], "isv.invalid-signature");
    let unknown = "0".repeat(32);
    assert_eq!(page(&origin, &unknown, "").await.0, "OPEN_CERTIFY_BILL_NOT_EXIST");
    assert_eq!(page(&origin, "", "").await.0, "ILLEGAL_ARGUMENT_FORMAT");
    assert_eq!(page(&origin, &certify_id, "ftp://127.0.0.1/").await.0, "ILLEGAL_ARGUMENT_FORMAT");
    assert_eq!(press(&origin, &unknown, "pass").await, "OPEN_CERTIFY_BILL_NOT_EXIST");
    assert_eq!(passed(&origin, &unknown).await, "OPEN_CERTIFY_BILL_NOT_EXIST");
    assert_eq!(decide(&origin, &unknown, "pass").await.0, 409);
    assert_eq!(decide(&origin, &certify_id, "smile").await.0, 422);
}

#[tokio::test]
async fn only_the_person_passes_and_the_way_back_says_nothing() {
    let sandbox = sandbox(Options::default()).await;
    let origin = sandbox.origin();
    for (number, act, told) in
        [("F1", "pass", "T"), ("F2", "fail", "F"), ("F3", "attack", "F"), ("F4", "abandon", "F")]
    {
        let certify_id = begun(&origin, zhang(number)).await;
        assert_eq!(passed(&origin, &certify_id).await, "F", "nobody has looked into the camera yet");
        let (code, html) = page(&origin, &certify_id, "").await;
        assert_eq!(code, "");
        assert!(html.contains("请 张* 本人操作") && !html.contains("张伟"), "{html}");
        assert_eq!(press(&origin, &certify_id, act).await, BACK);
        assert_eq!(passed(&origin, &certify_id).await, told, "{act}");
        let face = identity::read(&origin, &format!("alipay/faces/{certify_id}")).await;
        let outcome = if act == "abandon" { json!(null) } else { json!(act) };
        assert_eq!((&face["outcome"], &face["queries"]), (&outcome, &json!(2)));
        // What is decided stays so; who went away may come back.
        let again = press(&origin, &certify_id, "pass").await;
        assert_eq!(again, if act == "abandon" { BACK } else { "CERTIFY_ID_USED" });
        assert_eq!(page(&origin, &certify_id, "").await.0, "CERTIFY_ID_USED");
        let told = if act == "abandon" { "T" } else { told };
        assert_eq!(passed(&origin, &certify_id).await, told, "{act}");
    }
}

#[tokio::test]
async fn nobody_passes_for_a_person_who_does_not_exist() {
    let sandbox = sandbox(Options::default()).await;
    let origin = sandbox.origin();
    for (number, name, id_number) in
        [("F1", "李娜", someone("张伟").id_number.as_str()), ("F2", "张三", "11010519491231002X")]
    {
        let certify_id = begun(&origin, check(number, name, id_number)).await;
        assert!(page(&origin, &certify_id, "").await.1.contains("查无此人"));
        assert_eq!(decide(&origin, &certify_id, "pass").await.1["outcome"], "mismatch");
        assert_eq!(passed(&origin, &certify_id).await, "F");
    }
}

#[tokio::test]
async fn the_page_leads_where_the_one_who_opened_it_last_said() {
    let sandbox = sandbox(Options::default()).await;
    let origin = sandbox.origin();
    let certify_id = begun(&origin, zhang("F1")).await;
    let elsewhere = "http://127.0.0.1:9/elsewhere";
    assert_eq!(page(&origin, &certify_id, elsewhere).await.0, "");
    assert_eq!(press(&origin, &certify_id, "abandon").await, elsewhere);
    assert_eq!(page(&origin, &certify_id, "").await.0, "");
    assert_eq!(press(&origin, &certify_id, "abandon").await, BACK);
    assert_eq!(begun(&origin, zhang("F1")).await, certify_id, "it is still the same check");
}

#[tokio::test]
async fn a_check_that_is_too_old_is_as_if_it_had_never_been() {
    let folder = folder("face-expiry");
    let (program, origin) = started(&folder);
    let waiting = begun(&origin, zhang("F1")).await;
    let decided = begun(&origin, zhang("F2")).await;
    assert_eq!(decide(&origin, &decided, "pass").await.1["outcome"], "pass");
    let expired = begun(&origin, zhang("F3")).await;
    assert_eq!(decide(&origin, &expired, "expire").await.0, 200);
    assert_eq!(passed(&origin, &expired).await, "OPEN_CERTIFY_BILL_NOT_EXIST");
    assert_eq!(page(&origin, &expired, "").await.0, "OPEN_CERTIFY_BILL_NOT_EXIST");
    assert_eq!(signalled(program, "-KILL").code(), None);
    assert!(fs::read_to_string(folder.join("journal.jsonl.faces")).unwrap().contains(&waiting));

    // A day later: too late to begin, but not to ask what came of the other; that ends after 90 days.
    let later = |seconds: i64| {
        let config = zerotrip_sandbox::Config::read(&folder.join("config.json")).unwrap();
        let options = Options {
            clock_offset_s: seconds,
            journal: Some(folder.join("journal.jsonl")),
            ..Options::default()
        };
        zerotrip_sandbox::start(config, options)
    };
    for (days, undecided, passed) in [
        (1, "OPEN_CERTIFY_BILL_NOT_EXIST", "T"),
        (89, "OPEN_CERTIFY_BILL_NOT_EXIST", "T"),
        (91, "OPEN_CERTIFY_BILL_NOT_EXIST", "OPEN_CERTIFY_BILL_NOT_EXIST"),
    ] {
        let sandbox = later(days * 86_400).await.unwrap();
        let now = stamp(Clock::shifted(days * 86_400).now_ms());
        for (certify_id, told) in [(&waiting, undecided), (&decided, passed)] {
            let mut pairs = parameters(QUERY, &json!({ "certify_id": certify_id }));
            set(&mut pairs, "timestamp", &now);
            let answer = gateway(&sandbox.origin(), signed(pairs)).await;
            let answer = if answer["code"] == "10000" { &answer["passed"] } else { &answer["sub_code"] };
            assert_eq!(answer, told, "after {days} days");
        }
        assert_eq!(decide(&sandbox.origin(), &waiting, "pass").await.0, 409);
        sandbox.stop().await;
    }
}

#[tokio::test]
async fn faces_can_fail_while_payments_work() {
    let sandbox = sandbox(Options::default()).await;
    let origin = sandbox.origin();
    let certify_id = begun(&origin, zhang("F1")).await;
    let faults =
        json!({ "gateway": "unavailable", "gateway_calls": 1, "gateway_methods": "alipay.user.certify." });
    control(&origin, "faults", faults).await;
    assert_eq!(call(&origin, "alipay.trade.query", json!({ "out_trade_no": "T1" })).await["code"], "40004");
    let url = format!("{origin}/gateway.do");
    let form = signed(parameters(QUERY, &json!({ "certify_id": certify_id })));
    let answer = send(Method::POST, &url, "application/x-www-form-urlencoded", form).await;
    assert_eq!(answer.status(), 502);
    assert_eq!(passed(&origin, &certify_id).await, "F");

    control(&origin, "faults", json!({ "slow_ms": 80, "gateway_methods": QUERY })).await;
    let started = std::time::Instant::now();
    assert_eq!(passed(&origin, &certify_id).await, "F");
    assert!(started.elapsed().as_millis() >= 80, "{:?}", started.elapsed());
}
