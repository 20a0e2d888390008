//! What the sandbox's bank tells, how often, what goes wrong on purpose, and what it remembers.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};

use http::StatusCode;
use serde_json::{Value, json};
use tokio::{io::AsyncWriteExt, process::Command};
use zerotrip_sandbox::{
    Config, Options,
    ccb::{PrivateKey, fresh_key, sign_callback},
    clock::{Clock, digits},
};

use crate::{
    bank::*,
    support::{Merchant, Pairs, field, get, node_folder, unanswered},
};

/// 105 s in about a second.
const FAST: u32 = 100;

fn scaled(time_scale: u32) -> Options {
    Options { time_scale, ..Options::default() }
}

fn folder(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{name}-{}", std::process::id()));
    fs::create_dir_all(&folder).unwrap();
    folder
}

/// A key, and a callback that it signed with fields in no documented order.
fn sample(key: &PrivateKey) -> Value {
    let fields =
        [("SUCCESS", "Y"), ("PAYMENT", ".01"), ("USRMSG", "ab,/cd=="), ("REMARK1", "一 &=+%"), ("POSID", "")]
            .map(|(name, value)| (name.to_owned(), value.to_owned()));
    let content = "SUCCESS=Y&PAYMENT=.01&USRMSG=ab,/cd==&REMARK1=一 &=+%&POSID=";
    let signed = sign_callback(&fields, key);
    json!({ "private": key.to_base64(), "public": key.public_hex(), "content": content, "signed": signed })
}

#[tokio::test]
async fn nodes_crypto_agrees_with_the_bank_and_is_understood() {
    let sandbox = bank("http://127.0.0.1:9/told", Options::default()).await;
    let mut keys = json!({ "fresh": sample(&fresh_key()) });
    for shape in ["usual", "short", "large", "short_large"] {
        let key = PrivateKey::from_base64(KEYS[shape]["private"].as_str().unwrap()).unwrap();
        assert_eq!(key.public_hex(), KEYS[shape]["public"]);
        keys[shape] = sample(&key);
    }
    let brief = json!({ "origin": sandbox.origin(), "merchant": merchant(), "keys": keys }).to_string();
    let mut judge = Command::new("node")
        .arg(node_folder().join("ccb-judge.mjs"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .expect("this test needs `node` in the path");
    judge.stdin.take().unwrap().write_all(brief.as_bytes()).await.unwrap();
    let said = tokio::time::timeout(Duration::from_secs(60), judge.wait_with_output())
        .await
        .expect("the judge takes less than a minute")
        .unwrap();
    let (out, err) = (String::from_utf8_lossy(&said.stdout), String::from_utf8_lossy(&said.stderr));
    assert!(said.status.success(), "{out}{err}");
    assert_eq!(out.lines().filter(|line| line.starts_with("holds: ")).count(), 16, "{out}");
}

#[test]
fn an_account_that_cannot_be_served_is_refused_with_its_field() {
    for (field, wrong, reason) in [
        ("merchant_id", json!("10500000000001"), "ccb.merchant_id is not 15 digits"),
        ("pos_id", json!("00000001a"), "ccb.pos_id is not 9 digits"),
        ("branch_id", json!(""), "ccb.branch_id is not 9 digits"),
        ("query_password", json!(""), "ccb.query_password is empty"),
        ("callback_url", json!("https://example.test/told"), "ccb.callback_url is not an absolute address"),
        ("page_url", json!("/back"), "ccb.page_url is not an absolute address"),
        ("private_key", json!("?"), "ccb.private_key: not base64"),
        ("private_key", json!("AAAA"), "ccb.private_key: not a PKCS#8 RSA private key"),
        (
            "private_key",
            KEYS["foreign"]["private"].clone(),
            "ccb.private_key: not a modulus of 1023 or 1024 bits",
        ),
        (
            "private_key",
            KEYS["odd"]["private"].clone(),
            "ccb.private_key: not a public exponent of 17 or 65537",
        ),
    ] {
        let mut config = config_with("http://127.0.0.1:9/told");
        config["ccb"][field] = wrong;
        assert_eq!(Config::parse(&config.to_string()).unwrap_err().to_string(), reason);
    }
    let mut config = config_with("http://127.0.0.1:9/told");
    config["ccb"]["app_id"] = json!("1");
    assert!(Config::parse(&config.to_string()).is_err(), "a member that nobody knows");
}

#[tokio::test]
async fn without_an_account_there_is_no_bank() {
    let sandbox = crate::support::sandbox(Options::default()).await;
    for path in ["/CCBIS/ccbMain?CCB_IBSVersion=V6", "/control/ccb/trades"] {
        assert_eq!(get(&format!("{}{path}", sandbox.origin())).await.status(), 404, "{path}");
    }
    let index = get(&sandbox.origin()).await;
    assert!(!String::from_utf8_lossy(index.body()).contains("建设银行"));
    let played = bank("http://127.0.0.1:9/told", Options::default()).await;
    let index = get(&played.origin()).await;
    assert!(String::from_utf8_lossy(index.body()).contains("建设银行"));
}

#[tokio::test]
async fn a_callback_without_success_is_sent_four_times_and_given_up() {
    let merchant = Merchant::answering(200, "success\n").await;
    let sandbox = bank(&merchant.url, scaled(FAST)).await;
    paid(&sandbox.origin(), "T1").await;
    let told = callback_until(&sandbox.origin(), |c| c["state"] == "given-up").await;
    let times: Vec<i64> =
        told["attempts"].as_array().unwrap().iter().map(|a| a["at_ms"].as_i64().unwrap()).collect();
    let gaps: Vec<i64> = times.windows(2).map(|pair| pair[1] - pair[0]).collect();
    assert_eq!(gaps.len(), 3);
    // Seconds, from the README: 15, 30, 60.
    for (gap, seconds) in gaps.iter().zip([15, 30, 60]) {
        let planned = seconds * 1000 / i64::from(FAST);
        assert!((planned..planned + 250).contains(gap), "{gap} ms instead of {planned}");
    }
    let received = merchant.received();
    assert_eq!(received.len(), 4);
    assert!(received.iter().all(|fields| *fields == received[0]), "the same to the byte");
}

#[tokio::test]
async fn only_status_200_and_the_seven_bytes_are_an_acknowledgement() {
    for (status, body, acknowledged) in [
        (200, "success", true),
        (200, "SUCCESS", false),
        (200, "", false),
        (201, "success", false),
        (302, "success", false),
        (500, "success", false),
    ] {
        let merchant = Merchant::answering(status, body).await;
        let sandbox = bank(&merchant.url, Options::default()).await;
        paid(&sandbox.origin(), "T1").await;
        let told = callback_until(&sandbox.origin(), |c| c["sends"] == 1).await;
        assert_eq!(told["attempts"][0]["status"], status);
        assert_eq!(told["state"] == "delivered", acknowledged, "{status} {body:?}");
        assert_eq!(told["due_ms"].is_null(), acknowledged, "{status} {body:?}");
    }
}

#[tokio::test]
async fn a_merchant_that_is_down_is_tried_again() {
    // Port 9 is `discard`; nobody listens there.
    let sandbox = bank("http://127.0.0.1:9/told", scaled(FAST)).await;
    paid(&sandbox.origin(), "T1").await;
    let told = callback_until(&sandbox.origin(), |c| c["sends"].as_i64() >= Some(2)).await;
    assert!(told["attempts"][0]["error"].as_str().unwrap().contains("refused"), "{told}");
}

#[tokio::test]
async fn a_held_callback_waits_until_it_is_released_or_sent_alone() {
    let merchant = Merchant::answering(200, "success").await;
    let sandbox = bank(&merchant.url, Options::default()).await;
    let origin = sandbox.origin();
    control(&origin, "faults", json!({ "hold_callbacks": true })).await;
    paid(&origin, "T1").await;
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert_eq!(merchant.received(), Vec::<Pairs>::new());
    assert_eq!(control(&origin, "deliver", json!({})).await.1["sending"], 1);
    callback_until(&origin, |c| c["state"] == "delivered").await;
    // Delivered long ago, and sent once more.
    assert_eq!(control(&origin, "callbacks/0/resend", json!({})).await.0, 200);
    callback_until(&origin, |c| c["sends"] == 2).await;
    assert_eq!(control(&origin, "callbacks/1/resend", json!({})).await.0, 404);
    paid(&origin, "T2").await;
    control(&origin, "faults", json!({})).await;
    for _ in 0..500 {
        if merchant.received().len() == 3 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let numbers: Vec<_> = merchant.received().iter().map(|f| field(f, "ORDERID")).collect();
    assert_eq!(numbers, ["T1", "T1", "T2"]);
}

#[tokio::test]
async fn a_dropped_callback_never_comes_but_the_payment_is_known() {
    let merchant = Merchant::answering(200, "success").await;
    let sandbox = bank(&merchant.url, scaled(FAST)).await;
    let origin = sandbox.origin();
    control(&origin, "faults", json!({ "drop_callbacks": 1 })).await;
    paid(&origin, "T1").await;
    let told = callback_until(&origin, |c| c["state"] == "dropped").await;
    assert_eq!((&told["sends"], &told["due_ms"]), (&json!(0), &Value::Null));
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert_eq!(merchant.received(), Vec::<Pairs>::new());
    let (_, answer) = gateway(&origin, &query("T1", "0", "1")).await;
    assert!(answer.contains("<STATUSCODE>1</STATUSCODE>"), "{answer}");
}

#[tokio::test]
async fn a_duplicated_callback_is_the_same_to_the_byte() {
    let merchant = Merchant::answering(200, "success").await;
    let sandbox = bank(&merchant.url, Options::default()).await;
    let origin = sandbox.origin();
    control(&origin, "faults", json!({ "duplicate_callbacks": 3 })).await;
    paid(&origin, "T1").await;
    let told = callback_until(&origin, |c| c["state"] == "delivered").await;
    assert_eq!((told["attempts"].as_array().unwrap().len(), &told["sends"]), (4, &json!(1)));
    let received = merchant.received();
    assert_eq!(received.len(), 4);
    assert!(received.iter().all(|fields| *fields == received[0]));
}

#[tokio::test]
async fn late_callbacks_come_late_and_the_newest_may_come_first() {
    let merchant = Merchant::answering(200, "success").await;
    let sandbox = bank(&merchant.url, Options::default()).await;
    let origin = sandbox.origin();
    control(&origin, "faults", json!({ "late_ms": 400 })).await;
    paid(&origin, "T1").await;
    let paid_ms = callbacks(&origin).await[0]["due_ms"].as_i64().unwrap() - 400;
    let told = callback_until(&origin, |c| c["state"] == "delivered").await;
    assert!(told["attempts"][0]["at_ms"].as_i64().unwrap() >= paid_ms + 400, "{told}");

    control(&origin, "faults", json!({ "hold_callbacks": true })).await;
    for number in ["T2", "T3", "T4"] {
        paid(&origin, number).await;
    }
    control(&origin, "faults", json!({ "newest_first": true })).await;
    for _ in 0..500 {
        if merchant.received().len() == 4 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let order: Vec<String> = merchant.received().iter().map(|fields| field(fields, "ORDERID")).collect();
    assert_eq!(order, ["T1", "T4", "T3", "T2"]);
}

#[tokio::test]
async fn a_gateway_that_fails_does_nothing_or_all_of_it() {
    let sandbox = bank("http://127.0.0.1:9/told", Options::default()).await;
    let origin = sandbox.origin();
    for (fault, number, known) in
        [("unavailable", "T1", 404), ("silent", "T2", 404), ("answer-lost", "T3", 200)]
    {
        control(&origin, "faults", json!({ "gateway": fault, "gateway_calls": 1 })).await;
        let fields = order(number);
        let call = gateway(&origin, &fields);
        if fault == "unavailable" {
            assert_eq!(call.await.0, 502);
        } else {
            unanswered(call, &format!("{origin}/control/ccb/faults")).await;
        }
        let trade = get(&format!("{origin}/control/ccb/trades/{number}")).await;
        assert_eq!(trade.status(), known, "{fault}");
    }
    // The next call is answered again.
    ordered(&origin, "T3").await;
}

#[tokio::test]
async fn settings_that_make_no_sense_are_refused_and_change_nothing() {
    let sandbox = bank("http://127.0.0.1:9/told", Options::default()).await;
    let origin = sandbox.origin();
    for wrong in [json!({ "callback_url": "told" }), json!({ "page_url": "ftp://example.test" })] {
        assert_eq!(control(&origin, "counter", wrong).await.0, 400);
    }
    let counter = get(&format!("{origin}/control/ccb/counter")).await;
    let counter: Value = serde_json::from_slice(counter.body()).unwrap();
    assert_eq!(
        counter,
        json!({
            "callback_url": null, "page_url": null, "delivery": "post-form", "returned": ["TYPE", "ACCDATE"],
            "tail": "2021", "notation": "plain", "pending": "2", "query_text": "ascii",
        })
    );
    ordered(&origin, "T1").await;
    for (path, body, status) in [
        ("trades/T1/pay", json!({ "discount": "206.01" }), 400),
        ("trades/T1/pay", json!({ "amount": "1.00" }), 400),
        ("trades/T1/refund", json!({ "amount": "1.00" }), 409),
        ("trades/T1/lose", json!({}), 404),
        ("trades/T404/pay", json!({}), 404),
    ] {
        assert_eq!(control(&origin, path, body).await.0, status, "{path}");
    }
    assert_eq!(callbacks(&origin).await, Vec::<Value>::new());
}

#[tokio::test]
async fn the_bank_remembers_and_tells_tomorrow_what_was_settled_today() {
    let journal = Some(folder("bank").join("journal.jsonl"));
    let merchant = Merchant::answering(200, "success").await;
    let today = bank(&merchant.url, Options { journal: journal.clone(), ..Options::default() }).await;
    control(&today.origin(), "faults", json!({ "hold_callbacks": true })).await;
    paid(&today.origin(), "T1").await;
    assert_eq!(control(&today.origin(), "trades/T1/refund", json!({ "amount": "6.00" })).await.0, 200);
    today.stop().await;

    let options = Options { journal: journal.clone(), clock_offset_s: 86_400, ..Options::default() };
    let tomorrow = bank(&merchant.url, options).await;
    callback_until(&tomorrow.origin(), |c| c["state"] == "delivered").await;
    assert_eq!(field(&merchant.received()[0], "ORDERID"), "T1");
    let (_, unsettled) = gateway(&tomorrow.origin(), &query("T1", "0", "1")).await;
    assert!(unsettled.contains("<RETURN_CODE>0250E0200001</RETURN_CODE>"), "{unsettled}");
    let (_, settled) = gateway(&tomorrow.origin(), &query("T1", "1", "1")).await;
    assert!(
        settled.contains("<STATUSCODE>3</STATUSCODE>") && settled.contains("<REFUND>6.00</REFUND>"),
        "{settled}"
    );
    tomorrow.stop().await;

    // What has been delivered is not told again.
    let again = bank(&merchant.url, Options { journal, clock_offset_s: 86_400, ..Options::default() }).await;
    let told = callback_until(&again.origin(), |_| true).await;
    assert_eq!((&told["state"], &told["sends"]), (&json!("delivered"), &json!(1)));
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert_eq!(merchant.received().len(), 1);
}

#[tokio::test]
async fn an_order_whose_time_is_over_cannot_be_paid_until_it_is_ordered_anew() {
    let journal = Some(folder("timeout").join("journal.jsonl"));
    let soon = digits(Clock::shifted(60).now_ms());
    let now =
        bank("http://127.0.0.1:9/told", Options { journal: journal.clone(), ..Options::default() }).await;
    let (_, answer) = gateway(&now.origin(), &order_until("T1", &soon)).await;
    assert!(answer.contains("\"SUCCESS\":\"true\""), "{answer}");
    now.stop().await;

    let later =
        bank("http://127.0.0.1:9/told", Options { journal, clock_offset_s: 61, ..Options::default() }).await;
    let origin = later.origin();
    let refused = (StatusCode::CONFLICT, json!({ "error": "0250E0300003" }));
    assert_eq!(control(&origin, "trades/T1/pay", json!({})).await, refused);
    let (_, failed) = gateway(&origin, &query("T1", "0", "3")).await;
    assert!(failed.contains("<STATUSCODE>0</STATUSCODE>"), "{failed}");
    assert!(gateway(&origin, &order_until("T1", &soon)).await.1.contains("0250E0300003"));
    paid(&origin, "T1").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_payments_are_each_told_once() {
    const PAYMENTS: usize = 1000;
    let merchant = Merchant::answering(200, "success").await;
    let sandbox = bank(&merchant.url, Options::default()).await;
    let origin = sandbox.origin();
    for number in 0..PAYMENTS {
        paid(&origin, &format!("T{number}")).await;
    }
    for _ in 0..500 {
        if merchant.received().len() >= PAYMENTS {
            break;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let mut numbers: Vec<_> = merchant.received().iter().map(|f| field(f, "ORDERID")).collect();
    numbers.sort_unstable();
    numbers.dedup();
    assert_eq!((numbers.len(), merchant.received().len()), (PAYMENTS, PAYMENTS));
}
