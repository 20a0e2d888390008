//! What the merchant is told, how often, and what goes wrong on purpose.

use std::time::Duration;

use serde_json::{Value, json};
use zerotrip_sandbox::Options;

use crate::support::*;

/// 24 h 22 m in about nine seconds.
const FAST: u32 = 10_000;

async fn paid(origin: &str, notify_url: &str) {
    assert_eq!(open(origin, order("T1"), notify_url).await, "");
    assert_eq!(control(origin, "trades/T1/pay", json!({})).await.0, 200);
}

fn scaled(time_scale: u32) -> Options {
    Options { time_scale, ..Options::default() }
}

#[tokio::test]
async fn a_notification_without_success_is_sent_eight_times_at_alipays_gaps() {
    let merchant = Merchant::answering(200, "success\n").await;
    let sandbox = sandbox(scaled(FAST)).await;
    paid(&sandbox.origin(), &merchant.url).await;
    let told = notification_until(&sandbox.origin(), |n| n["state"] == "given-up").await;

    let times: Vec<i64> =
        told["attempts"].as_array().unwrap().iter().map(|a| a["at_ms"].as_i64().unwrap()).collect();
    let gaps: Vec<i64> = times.windows(2).map(|pair| pair[1] - pair[0]).collect();
    // Minutes, from the facts: 4, 10, 10, 60, 120, 360, 900; one scaled minute is 6 ms.
    for (gap, minutes) in gaps.iter().zip([4, 10, 10, 60, 120, 360, 900]) {
        let planned = minutes * 60_000 / i64::from(FAST);
        assert!((planned..planned + 1000).contains(gap), "{gap} ms instead of {planned}");
    }
    assert_eq!(times.len(), 8);
    let received = merchant.received();
    assert_eq!(received.len(), 8);
    for fields in &received {
        assert_eq!(field(fields, "notify_id"), field(&received[0], "notify_id"));
    }
}

#[tokio::test]
async fn only_status_200_and_the_seven_bytes_are_an_acknowledgement() {
    for (status, body, acknowledged) in [
        (200, "success", true),
        (200, "SUCCESS", false),
        (200, "\"success\"", false),
        (200, "", false),
        (201, "success", false),
        (204, "", false),
        (500, "success", false),
    ] {
        let merchant = Merchant::answering(status, body).await;
        let sandbox = sandbox(Options::default()).await;
        paid(&sandbox.origin(), &merchant.url).await;
        let told = notification_until(&sandbox.origin(), |n| n["sends"] == 1).await;
        assert_eq!(told["attempts"][0]["status"], status);
        assert_eq!(told["state"] == "delivered", acknowledged, "{status} {body:?}");
        assert_eq!(told["due_ms"].is_null(), acknowledged, "{status} {body:?}");
    }
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let merchant = Merchant::redirecting(302, "success", "/elsewhere").await;
    let sandbox = sandbox(Options::default()).await;
    paid(&sandbox.origin(), &merchant.url).await;
    let told = notification_until(&sandbox.origin(), |n| n["sends"] == 1).await;
    assert_eq!((&told["state"], &told["attempts"][0]["status"]), (&json!("pending"), &json!(302)));
    assert_eq!(merchant.received().len(), 1);
}

#[tokio::test]
async fn a_merchant_that_is_down_is_tried_again() {
    let sandbox = sandbox(scaled(FAST)).await;
    // Port 9 is `discard`; nobody listens there.
    paid(&sandbox.origin(), "http://127.0.0.1:9/notify").await;
    let told = notification_until(&sandbox.origin(), |n| n["sends"].as_i64() >= Some(2)).await;
    assert!(told["attempts"][0]["status"].is_null());
    assert!(told["attempts"][0]["error"].as_str().unwrap().contains("refused"), "{told}");
}

#[tokio::test]
async fn a_held_notification_goes_out_when_it_is_released() {
    let merchant = Merchant::answering(200, "success").await;
    let sandbox = sandbox(Options::default()).await;
    let origin = sandbox.origin();
    control(&origin, "faults", json!({ "hold_notifications": true })).await;
    paid(&origin, &merchant.url).await;
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert_eq!(merchant.received(), Vec::<Pairs>::new());
    control(&origin, "faults", json!({})).await;
    notification_until(&origin, |n| n["state"] == "delivered").await;
    assert_eq!(merchant.received().len(), 1);
}

#[tokio::test]
async fn a_held_notification_goes_out_alone_when_told_to() {
    let merchant = Merchant::answering(200, "success").await;
    let sandbox = sandbox(Options::default()).await;
    let origin = sandbox.origin();
    control(&origin, "faults", json!({ "hold_notifications": true })).await;
    paid(&origin, &merchant.url).await;
    assert_eq!(control(&origin, "deliver", json!({})).await.1["sending"], 1);
    let told = notification_until(&origin, |n| n["state"] == "delivered").await;
    // Delivered long ago, and sent once more.
    let path = format!("notifications/{}/resend", told["notify_id"].as_str().unwrap());
    assert_eq!(control(&origin, &path, json!({})).await.0, 200);
    notification_until(&origin, |n| n["sends"] == 2).await;
    assert_eq!(merchant.received().len(), 2);
    assert_eq!(control(&origin, "notifications/1/resend", json!({})).await.0, 404);
}

#[tokio::test]
async fn a_dropped_notification_never_comes_and_the_next_one_does() {
    let merchant = Merchant::answering(200, "success").await;
    let sandbox = sandbox(scaled(FAST)).await;
    let origin = sandbox.origin();
    control(&origin, "faults", json!({ "drop_notifications": 1 })).await;
    paid(&origin, &merchant.url).await;
    assert_eq!(open(&origin, order("T2"), &merchant.url).await, "");
    assert_eq!(control(&origin, "trades/T2/pay", json!({})).await.0, 200);
    for _ in 0..500 {
        if notifications(&origin).await.iter().any(|n| n["state"] == "delivered") {
            break;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    tokio::time::sleep(Duration::from_millis(200)).await;
    let states: Vec<Value> = notifications(&origin).await.iter().map(|n| n["state"].clone()).collect();
    assert_eq!(states, ["dropped", "delivered"]);
    let numbers: Vec<_> = merchant.received().iter().map(|f| field(f, "out_trade_no")).collect();
    assert_eq!(numbers, ["T2"]);
    let trade = call(&origin, "alipay.trade.query", json!({ "out_trade_no": "T1" })).await;
    assert_eq!(trade["trade_status"], "TRADE_SUCCESS", "the payment itself is not lost");
}

#[tokio::test]
async fn a_duplicated_notification_is_the_same_to_the_byte() {
    let merchant = Merchant::answering(200, "success").await;
    let sandbox = sandbox(Options::default()).await;
    let origin = sandbox.origin();
    control(&origin, "faults", json!({ "duplicate_notifications": 3 })).await;
    paid(&origin, &merchant.url).await;
    let told = notification_until(&origin, |n| n["state"] == "delivered").await;
    assert_eq!((told["attempts"].as_array().unwrap().len(), &told["sends"]), (4, &json!(1)));
    let received = merchant.received();
    assert_eq!(received.len(), 4);
    assert!(received.iter().all(|fields| *fields == received[0]));
}
