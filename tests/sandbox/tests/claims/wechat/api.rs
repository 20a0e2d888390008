//! Who is heard by the API, and how it answers.

use serde_json::json;
use zerotrip_sandbox::{Options, wechat::certificate};

use super::support::*;
use crate::support::unanswered;

fn query_call() -> Call {
    Call::get(&format!("/v3/pay/transactions/out-trade-no/T00001?mchid={}", ours("mch_id")))
}

#[tokio::test]
async fn a_call_without_proof_is_refused() {
    let sandbox = sandbox(Options::default()).await;
    let origin = sandbox.origin();
    let right = query_call();
    let now = right.timestamp.parse::<i64>().unwrap();
    let spoilt = |spoil: fn(&mut Call, i64)| {
        let mut call = right.clone();
        spoil(&mut call, now);
        call
    };
    for (what, call) in [
        ("another's key", spoilt(|call, _| call.signer = "stranger")),
        ("another merchant", spoilt(|call, _| call.mchid = "1900000001".into())),
        (
            "another certificate",
            spoilt(|call, _| call.serial = "7132D72A03E93CDDF8C03BBD1F37EEDF00000000".into()),
        ),
        ("no nonce", spoilt(|call, _| call.nonce = String::new())),
        ("a long nonce", spoilt(|call, _| call.nonce = "0".repeat(33))),
        ("old", spoilt(|call, now| call.timestamp = (now - 301).to_string())),
        ("early", spoilt(|call, now| call.timestamp = (now + 302).to_string())),
        ("milliseconds", spoilt(|call, now| call.timestamp = (now * 1000).to_string())),
        ("a signed number", spoilt(|call, now| call.timestamp = format!("+{now}"))),
    ] {
        assert_eq!(refusal(&call.send(&origin).await), (401, "SIGN_ERROR".into()), "{what}");
    }
    let credentials = right.credentials();
    for (what, credentials) in [
        ("no scheme", credentials.replace("WECHATPAY2-SHA256-RSA2048 ", "")),
        ("another scheme", credentials.replace("SHA256-RSA2048", "SM2-WITH-SM3")),
        ("a repeated attribute", format!("{credentials},mchid=\"{}\"", ours("mch_id"))),
        ("an unknown attribute", format!("{credentials},foo=\"1\"")),
        (
            "a missing attribute",
            credentials.replace(&format!("serial_no=\"{}\",", ours("merchant_serial")), ""),
        ),
        ("no quotes", credentials.replace('"', "")),
        ("an empty signature", credentials.split("signature=").next().unwrap().to_owned() + "signature=\"\""),
        ("no base64", credentials.split("signature=").next().unwrap().to_owned() + "signature=\"!\""),
    ] {
        let answer = right.send_with(&origin, &credentials).await;
        assert_eq!(refusal(&answer), (401, "SIGN_ERROR".into()), "{what}");
    }
    // The right one is heard, and its attributes may come in any order.
    assert_eq!(refusal(&right.send(&origin).await), (404, "ORDER_NOT_EXIST".into()));
    let (scheme, list) = credentials.split_once(' ').unwrap();
    let turned = list.split(',').rev().collect::<Vec<_>>().join(", ");
    let answer = right.send_with(&origin, &format!("{scheme} {turned}")).await;
    assert_eq!(refusal(&answer), (404, "ORDER_NOT_EXIST".into()));
}

#[tokio::test]
async fn what_was_changed_after_signing_is_refused() {
    let sandbox = sandbox(Options::default()).await;
    let origin = sandbox.origin();
    let right = Call::post("/v3/pay/transactions/h5", &order("T00001", NOWHERE));
    let credentials = right.credentials();
    let mut dearer = right.clone();
    dearer.body = right.body.replace("20600", "20601");
    let mut spaced = right.clone();
    spaced.body.push(' ');
    let mut elsewhere = right.clone();
    elsewhere.target = "/v3/pay/transactions/native".into();
    let mut queried = right.clone();
    queried.target.push_str("?a=1");
    for call in [dearer, spaced, elsewhere, queried] {
        let answer = call.send_with(&origin, &credentials).await;
        assert_eq!(refusal(&answer), (401, "SIGN_ERROR".into()), "{} {}", call.target, call.body);
    }
    // A path is signed as it is sent, not as it is read.
    let mut encoded = query_call();
    let plain = encoded.credentials();
    encoded.target = encoded.target.replace("T00001", "%5400001");
    assert_eq!(refusal(&encoded.send_with(&origin, &plain).await), (401, "SIGN_ERROR".into()));
    assert_eq!(refusal(&encoded.send(&origin).await), (404, "ORDER_NOT_EXIST".into()));
    assert_eq!(right.send_with(&origin, &credentials).await.status(), 200);
}

#[tokio::test]
async fn a_call_without_its_headers_is_refused() {
    let sandbox = sandbox(Options::default()).await;
    let origin = sandbox.origin();
    for (name, value) in [
        ("accept", None),
        ("accept", Some("text/html")),
        ("user-agent", None),
        ("content-type", None),
        ("content-type", Some("application/x-www-form-urlencoded")),
        ("wechatpay-serial", Some("PUB_KEY_ID_0000")),
    ] {
        let mut call = Call::post("/v3/pay/transactions/h5", &order("T00001", NOWHERE));
        call.headers.retain(|(n, _)| *n != name);
        if let Some(value) = value {
            call.set(name, value);
        }
        assert_eq!(refusal(&call.send(&origin).await), (400, "PARAM_ERROR".into()), "{name} {value:?}");
    }
    assert_eq!(refusal(&Call::get("/v3/nothing").send(&origin).await), (404, "RESOURCE_NOT_EXISTS".into()));
    for (target, status, code) in [
        ("/v3/pay/transactions/out-trade-no/T00001", 400, "PARAM_ERROR"),
        ("/v3/pay/transactions/out-trade-no/T00001?mchid=1", 400, "MCH_NOT_EXISTS"),
        ("/v3/pay/transactions/out-trade-no/T00001?mchid=1&mchid=1", 400, "PARAM_ERROR"),
        ("/v3/pay/transactions/out-trade-no/T1?mchid={mchid}", 400, "PARAM_ERROR"),
        ("/v3/pay/transactions/id/4200000985202611250000000000?mchid={mchid}", 404, "ORDER_NOT_EXIST"),
    ] {
        let target = target.replace("{mchid}", ours("mch_id"));
        assert_eq!(refusal(&Call::get(&target).send(&origin).await), (status, code.into()), "{target}");
    }
}

#[tokio::test]
async fn every_answer_is_signed_by_the_key_that_the_request_asks_for() {
    let sandbox = sandbox(Options::default()).await;
    let origin = sandbox.origin();
    let close = |number: &str| {
        let target = format!("/v3/pay/transactions/out-trade-no/{number}/close");
        Call::post(&target, &json!({ "mchid": ours("mch_id") }))
    };
    for (number, serial, owner) in
        [("T00001", None, "platform"), ("T00002", Some(public_key_id()), "publicMode")]
    {
        ordered(&origin, number, NOWHERE).await;
        let mut stranger = query_call();
        stranger.signer = "stranger";
        for (mut call, status) in [(close(number), 204), (close(number), 400), (stranger, 401)] {
            if let Some(serial) = serial {
                call.set("wechatpay-serial", serial);
            }
            let answer = call.send(&origin).await;
            assert_eq!(answer.status(), status);
            assert_eq!(signed_by(answer.headers(), answer.body()), owner);
            let sent_s: i64 = answer.headers()["wechatpay-timestamp"].to_str().unwrap().parse().unwrap();
            assert!((now_ms() / 1000 - sent_s).abs() <= 1);
            assert_eq!(answer.body().is_empty(), status == 204);
        }
    }
}

#[tokio::test]
async fn the_newest_certificate_that_is_good_signs() {
    let now_s = now_ms().unsigned_abs() / 1000;
    let mut config = config();
    let listed = config["wechat_pay"]["certificates"].as_array_mut().unwrap();
    let good = listed[0].clone();
    // Newer, but over; and not yet begun.
    let over = certificate(&pair("stranger"), now_s - 1000, now_s - 1).unwrap();
    let coming = certificate(&pair("stranger"), now_s + 1000, now_s + 2000).unwrap();
    let newer = certificate(&pair("publicMode"), now_s - 2000, now_s + 1000).unwrap();
    listed.extend([over, coming]);
    let running = async |config: &serde_json::Value| {
        let config = zerotrip_sandbox::Config::parse(&config.to_string()).unwrap();
        zerotrip_sandbox::start(config, Options::default()).await.unwrap()
    };
    let sandbox = running(&config).await;
    let answer = Call::get("/v3/certificates").send(&sandbox.origin()).await;
    assert_eq!(signed_by(answer.headers(), answer.body()), "platform");
    assert_eq!(read(&answer).1["data"].as_array().unwrap().len(), 1);

    config["wechat_pay"]["certificates"] = json!([newer, good]);
    let sandbox = running(&config).await;
    let answer = Call::get("/v3/certificates").send(&sandbox.origin()).await;
    let (_, list) = read(&answer);
    assert_eq!(answer.headers()["wechatpay-serial"], list["data"][1]["serial_no"].as_str().unwrap());
    assert_eq!(list["data"].as_array().unwrap().len(), 2);
    // Asked for by name, the older one still signs.
    let mut older = Call::get("/v3/certificates");
    older.set("wechatpay-serial", list["data"][0]["serial_no"].as_str().unwrap());
    let answer = older.send(&sandbox.origin()).await;
    assert_eq!(signed_by(answer.headers(), answer.body()), "platform");
}

#[tokio::test]
async fn a_merchant_after_its_change_has_no_certificates() {
    let mut config = config();
    config["wechat_pay"]["certificates"] = json!([]);
    let config = zerotrip_sandbox::Config::parse(&config.to_string()).unwrap();
    let sandbox = zerotrip_sandbox::start(config, Options::default()).await.unwrap();
    let answer = Call::get("/v3/certificates").send(&sandbox.origin()).await;
    assert_eq!(refusal(&answer), (404, "RESOURCE_NOT_EXISTS".into()));
    assert_eq!(signed_by(answer.headers(), answer.body()), "publicMode");
}

#[tokio::test]
async fn faults_of_the_api_last_as_long_as_asked() {
    let sandbox = sandbox(Options::default()).await;
    let origin = sandbox.origin();
    ordered(&origin, "T00001", NOWHERE).await;
    let close =
        Call::post("/v3/pay/transactions/out-trade-no/T00001/close", &json!({ "mchid": ours("mch_id") }));
    control(&origin, "faults", json!({ "gateway": "unavailable", "gateway_calls": 2 })).await;
    for _ in 0..2 {
        assert_eq!(close.send(&origin).await.status(), 502);
    }
    assert_eq!(query(&origin, "T00001").await["trade_state"], "NOTPAY", "nothing was done");

    control(&origin, "faults", json!({ "gateway": "signature-probe", "gateway_calls": 1 })).await;
    let answer = query_call().send(&origin).await;
    let signature = answer.headers()["wechatpay-signature"].to_str().unwrap();
    assert!(signature.starts_with("WECHATPAY/SIGNTEST/"), "{signature}");
    assert_eq!(signed_by(answer.headers(), answer.body()), "nobody");

    for (fault, after) in [("silent", "NOTPAY"), ("answer-lost", "CLOSED")] {
        control(&origin, "faults", json!({ "gateway": fault, "gateway_calls": 1 })).await;
        unanswered(close.send(&origin), &format!("{origin}/control/wechat/faults")).await;
        assert_eq!(query(&origin, "T00001").await["trade_state"], after, "{fault}");
    }
}
