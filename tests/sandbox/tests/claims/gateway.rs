//! What the gateway refuses and accepts.

use serde_json::{Value, json};
use zerotrip_sandbox::Options;

use crate::support::*;

const QUERY: &str = "alipay.trade.query";

async fn refusal(origin: &str, change: impl FnOnce(&mut Pairs)) -> (String, String) {
    let mut pairs = parameters(QUERY, &json!({ "out_trade_no": "T1" }));
    change(&mut pairs);
    let answer = gateway(origin, signed(pairs)).await;
    (text(&answer, "code"), text(&answer, "sub_code"))
}

fn text(value: &Value, name: &str) -> String {
    value[name].as_str().unwrap_or_default().to_owned()
}

#[tokio::test]
async fn a_call_without_a_common_parameter_is_refused() {
    let sandbox = sandbox(Options::default()).await;
    for (name, code, sub_code) in [
        ("app_id", "40001", "isv.missing-app-id"),
        ("method", "40001", "isv.missing-method"),
        ("version", "40001", "isv.missing-version"),
        ("timestamp", "40001", "isv.missing-timestamp"),
        ("sign_type", "40001", "isv.missing-signature-type"),
        ("charset", "40002", "isv.invalid-charset"),
    ] {
        let answer = refusal(&sandbox.origin(), |pairs| pairs.retain(|(n, _)| n != name)).await;
        assert_eq!(answer, (code.to_owned(), sub_code.to_owned()), "without {name}");
        let answer = refusal(&sandbox.origin(), |pairs| set(pairs, name, "")).await;
        assert_eq!(answer, (code.to_owned(), sub_code.to_owned()), "empty {name}");
    }
    let unsigned = encoded(&parameters(QUERY, &json!({})));
    assert_eq!(gateway(&sandbox.origin(), unsigned).await["sub_code"], "isv.missing-signature");
}

#[tokio::test]
async fn a_call_with_a_wrong_common_parameter_is_refused() {
    let sandbox = sandbox(Options::default()).await;
    for (name, value, sub_code) in [
        ("app_id", "2021000000000018", "isv.invalid-app-id"),
        ("method", "alipay.trade.nothing", "isv.invalid-method"),
        ("format", "XML", "isv.invalid-format"),
        ("charset", "gbk", "isv.invalid-charset"),
        ("version", "2.0", "isv.invalid-parameter"),
        ("sign_type", "RSA", "isv.invalid-signature-type"),
        ("timestamp", "2020-01-01 00:00:00", "isv.invalid-timestamp"),
        ("timestamp", "1795881600", "isv.invalid-timestamp"),
    ] {
        let answer = refusal(&sandbox.origin(), |pairs| set(pairs, name, value)).await;
        assert_eq!(answer, ("40002".to_owned(), sub_code.to_owned()), "{name}={value}");
    }
}

#[tokio::test]
async fn a_wrong_signature_is_refused() {
    let sandbox = sandbox(Options::default()).await;
    let pairs = parameters(QUERY, &json!({ "out_trade_no": "T1" }));
    let whole = content_of(&pairs, &["sign"]);
    let without_type = content_of(&pairs, &["sign", "sign_type"]);
    let stranger = private("stranger").sign(&whole);
    let v1 = private("app").sign(&without_type);
    let right = private("app").sign(&whole);
    for wrong in [stranger.as_str(), &v1, &right[..right.len() - 4], "!", "AAAA"] {
        let mut pairs = pairs.clone();
        set(&mut pairs, "sign", wrong);
        let answer = gateway(&sandbox.origin(), encoded(&pairs)).await;
        assert_eq!(answer["sub_code"], "isv.invalid-signature", "{wrong}");
    }
    // The same call with the right one is heard.
    let mut pairs = pairs.clone();
    set(&mut pairs, "sign", &right);
    assert_eq!(gateway(&sandbox.origin(), encoded(&pairs)).await["sub_code"], "ACQ.TRADE_NOT_EXIST");
    // And not when a parameter is changed, added or repeated afterwards.
    let changed = encoded(&pairs).replace("T1", "T2");
    assert_eq!(gateway(&sandbox.origin(), changed).await["sub_code"], "isv.invalid-signature");
    let added = format!("{}&notify_url=http%3A%2F%2F127.0.0.1%2F", encoded(&pairs));
    assert_eq!(gateway(&sandbox.origin(), added).await["sub_code"], "isv.invalid-signature");
    let repeated = format!("{}&app_id={APP_ID}", encoded(&pairs));
    assert_eq!(gateway(&sandbox.origin(), repeated).await["sub_code"], "isv.invalid-parameter");
}

fn content_of(pairs: &Pairs, without: &[&str]) -> String {
    zerotrip_sandbox::alipay::content(pairs.iter().map(|(n, v)| (n.as_str(), v.as_str())), without)
}

#[tokio::test]
async fn the_cashier_refuses_an_order_that_alipay_would_refuse() {
    let sandbox = sandbox(Options::default()).await;
    let long = "1".repeat(65);
    let subject = "罚".repeat(257);
    for (name, value) in [
        ("product_code", "FAST_INSTANT_TRADE_PAY"),
        ("out_trade_no", ""),
        ("out_trade_no", "T-1"),
        ("out_trade_no", &long),
        ("total_amount", "0"),
        ("total_amount", "1.001"),
        ("total_amount", "100000000.01"),
        ("total_amount", "-1"),
        ("subject", ""),
        ("subject", &subject),
        ("subject", "a&b"),
        ("time_expire", "2020-01-01 00:00:00"),
        ("time_expire", "2099-01-01"),
        ("timeout_express", "16d"),
        ("timeout_express", "0m"),
        ("timeout_express", "1x"),
        ("timeout_express", "五m"),
        ("quit_url", "javascript:alert(1)"),
    ] {
        let mut biz = order("T1");
        biz[name] = json!(value);
        assert_eq!(open(&sandbox.origin(), biz, "").await, "ACQ.INVALID_PARAMETER", "{name}={value}");
    }
    assert_eq!(
        call(&sandbox.origin(), QUERY, json!({ "out_trade_no": "T1" })).await["sub_code"],
        "ACQ.TRADE_NOT_EXIST"
    );
}

#[tokio::test]
async fn an_order_number_stands_for_one_amount_and_one_payment() {
    let sandbox = sandbox(Options::default()).await;
    let origin = sandbox.origin();
    assert_eq!(open(&origin, order("T1"), "").await, "");
    assert_eq!(open(&origin, order("T1"), "").await, "");
    let mut dearer = order("T1");
    dearer["total_amount"] = json!("206.01");
    assert_eq!(open(&origin, dearer, "").await, "ACQ.CONTEXT_INCONSISTENT");
    assert_eq!(control(&origin, "trades/T1/pay", json!({})).await.0, 200);
    assert_eq!(open(&origin, order("T1"), "").await, "ACQ.TRADE_HAS_SUCCESS");
    let (status, answer) = control(&origin, "trades/T1/pay", json!({})).await;
    assert_eq!((status.as_u16(), answer["error"].as_str()), (409, Some("ACQ.TRADE_HAS_SUCCESS")));
}

#[tokio::test]
async fn a_trade_whose_time_is_over_is_closed_and_cannot_be_paid() {
    let merchant = Merchant::answering(200, "success").await;
    let sandbox = sandbox(Options::default()).await;
    let origin = sandbox.origin();
    let mut biz = order("T1");
    // Rounded down to whole seconds: at least one second from now.
    let soon = zerotrip_sandbox::clock::Clock::shifted(2).now_ms();
    biz["time_expire"] = json!(zerotrip_sandbox::clock::stamp(soon));
    assert_eq!(open(&origin, biz.clone(), &merchant.url).await, "");
    let told = notification_until(&origin, |n| n["state"] == "delivered").await;
    assert_eq!(told["out_trade_no"], "T1");
    let received = merchant.received();
    assert_eq!(field(&received[0], "trade_status"), "TRADE_CLOSED");
    assert_eq!((field(&received[0], "gmt_refund"), field(&received[0], "gmt_payment")), Default::default());
    assert_eq!(open(&origin, biz, &merchant.url).await, "ACQ.TRADE_HAS_CLOSE");
    assert_eq!(control(&origin, "trades/T1/pay", json!({})).await.1["error"], "ACQ.TRADE_HAS_CLOSE");
}

#[tokio::test]
async fn an_unpaid_or_unknown_trade_is_not_refunded() {
    let sandbox = sandbox(Options::default()).await;
    let origin = sandbox.origin();
    let refund = json!({ "out_trade_no": "T1", "refund_amount": "206.00" });
    assert_eq!(call(&origin, "alipay.trade.refund", refund.clone()).await["sub_code"], "ACQ.TRADE_NOT_EXIST");
    assert_eq!(open(&origin, order("T1"), "").await, "");
    assert_eq!(
        call(&origin, "alipay.trade.refund", refund.clone()).await["sub_code"],
        "ACQ.TRADE_STATUS_ERROR"
    );
    assert_eq!(control(&origin, "trades/T1/pay", json!({})).await.0, 200);
    assert_eq!(call(&origin, "alipay.trade.refund", refund.clone()).await["fund_change"], "Y");
    assert_eq!(call(&origin, "alipay.trade.refund", refund).await["fund_change"], "N");
}

#[tokio::test]
async fn a_finished_trade_is_not_refunded() {
    let sandbox = sandbox(Options::default()).await;
    let origin = sandbox.origin();
    assert_eq!(open(&origin, order("T1"), "").await, "");
    assert_eq!(control(&origin, "trades/T1/finish", json!({})).await.0, 409);
    assert_eq!(control(&origin, "trades/T1/pay", json!({})).await.0, 200);
    assert_eq!(control(&origin, "trades/T1/finish", json!({})).await.1["status"], "TRADE_FINISHED");
    let refund = json!({ "out_trade_no": "T1", "refund_amount": "1.00", "out_request_no": "R1" });
    assert_eq!(call(&origin, "alipay.trade.refund", refund).await["sub_code"], "ACQ.TRADE_STATUS_ERROR");
}

#[tokio::test]
async fn the_answer_is_signed_over_its_text_as_it_is_written() {
    let sandbox = sandbox(Options::default()).await;
    let form = signed(parameters(QUERY, &json!({ "out_trade_no": "a/b" })));
    let url = format!("{}/gateway.do", sandbox.origin());
    let body = send(http::Method::POST, &url, "application/x-www-form-urlencoded", form).await.into_body();
    let body = String::from_utf8(body.to_vec()).unwrap();
    let (raw, sign) = body
        .strip_prefix("{\"alipay_trade_query_response\":")
        .and_then(|rest| rest.strip_suffix("\"}"))
        .and_then(|rest| rest.split_once(",\"sign\":\""))
        .unwrap();
    assert!(alipay_public().verifies(raw, sign));
    assert!(!alipay_public().verifies(&raw.replace("40004", "10000"), sign));
}

#[tokio::test]
async fn faults_of_the_gateway_last_as_long_as_asked() {
    let sandbox = sandbox(Options::default()).await;
    let origin = sandbox.origin();
    assert_eq!(open(&origin, order("T1"), "").await, "");
    let url = format!("{origin}/gateway.do");
    let close = || signed(parameters("alipay.trade.close", &json!({ "out_trade_no": "T1" })));
    let form = "application/x-www-form-urlencoded";

    control(&origin, "faults", json!({ "gateway": "unavailable", "gateway_calls": 2 })).await;
    for _ in 0..2 {
        assert_eq!(send(http::Method::POST, &url, form, close()).await.status(), 502);
    }
    let waiting = call(&origin, QUERY, json!({ "out_trade_no": "T1" })).await;
    assert_eq!(waiting["trade_status"], "WAIT_BUYER_PAY", "nothing was done");

    for (fault, after) in [("silent", "WAIT_BUYER_PAY"), ("answer-lost", "TRADE_CLOSED")] {
        control(&origin, "faults", json!({ "gateway": fault, "gateway_calls": 1 })).await;
        let closing = send(http::Method::POST, &url, form, close());
        unanswered(closing, &format!("{origin}/control/alipay/faults")).await;
        let trade = call(&origin, QUERY, json!({ "out_trade_no": "T1" })).await;
        assert_eq!(trade["trade_status"], after, "{fault}");
    }
}
