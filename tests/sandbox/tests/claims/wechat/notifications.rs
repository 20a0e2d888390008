//! What the merchant is told, how often, and what goes wrong on purpose.

use std::{collections::HashSet, time::Duration};

use serde_json::{Value, json};
use zerotrip_sandbox::{
    Options,
    wechat::{CallbackKey, Event},
};

use super::{shop::Shop, support::*};

/// 24 h 4 m in about nine seconds.
const FAST: u32 = 10_000;

fn scaled(time_scale: u32) -> Options {
    Options { time_scale, ..Options::default() }
}

#[tokio::test]
async fn a_notification_without_acknowledgement_is_sent_sixteen_times_at_wechats_gaps() {
    let shop = Shop::answering(&[500]).await;
    let sandbox = sandbox(scaled(FAST)).await;
    paid(&sandbox.origin(), "T00001", &shop.url).await;
    let told = notification_until(&sandbox.origin(), |n| n["state"] == "given-up").await;

    let times: Vec<i64> =
        told["attempts"].as_array().unwrap().iter().map(|a| a["at_ms"].as_i64().unwrap()).collect();
    assert_eq!(times.len(), 16);
    let gaps = times.windows(2).map(|pair| pair[1] - pair[0]);
    // Seconds, from the facts; one scaled second is 0.1 ms.
    let seconds = [15, 15, 30, 180, 600, 1200, 1800, 1800, 1800, 3600, 10800, 10800, 10800, 21600, 21600];
    for (gap, seconds) in gaps.zip(seconds) {
        let planned = seconds * 1000 / i64::from(FAST);
        assert!((planned..planned + 1000).contains(&gap), "{gap} ms instead of {planned}");
    }
    let received = shop.received();
    assert_eq!(received.len(), 16);
    let mut nonces = HashSet::new();
    let first: Value = serde_json::from_slice(&received[0].1).unwrap();
    for (headers, body) in &received {
        assert_eq!(signed_by(headers, body), "publicMode");
        assert!(nonces.insert(headers["wechatpay-nonce"].clone()), "a nonce of its own");
        let again: Value = serde_json::from_slice(body).unwrap();
        assert_eq!((&again["id"], &again["create_time"]), (&first["id"], &first["create_time"]));
    }
    assert_eq!(resource(&received[15].1)["out_trade_no"], "T00001");
}

#[tokio::test]
async fn a_later_send_has_a_later_timestamp() {
    let shop = Shop::answering(&[500, 200]).await;
    let sandbox = sandbox(scaled(10)).await;
    paid(&sandbox.origin(), "T00001", &shop.url).await;
    let received = shop.arrived(2).await;
    let sent =
        |place: usize| -> i64 { received[place].0["wechatpay-timestamp"].to_str().unwrap().parse().unwrap() };
    assert!(sent(1) > sent(0), "{} {}", sent(0), sent(1));
}

#[tokio::test]
async fn the_status_alone_is_the_acknowledgement() {
    for (status, acknowledged) in
        [(200, true), (204, true), (201, false), (202, false), (302, false), (400, false), (500, false)]
    {
        let statuses: &'static [u16] = vec![status].leak();
        let shop = Shop::answering(statuses).await;
        let sandbox = sandbox(Options::default()).await;
        paid(&sandbox.origin(), "T00001", &shop.url).await;
        let told = notification_until(&sandbox.origin(), |n| n["sends"] == 1).await;
        assert_eq!(told["attempts"][0]["status"], status);
        assert_eq!(told["state"] == "delivered", acknowledged, "{status}");
        assert_eq!(told["due_ms"].is_null(), acknowledged, "{status}");
    }
}

#[tokio::test]
async fn an_answer_after_five_seconds_is_none() {
    let shop = Shop::slow(&[200], Duration::from_millis(5500)).await;
    let sandbox = sandbox(Options::default()).await;
    paid(&sandbox.origin(), "T00001", &shop.url).await;
    let told = notification_until(&sandbox.origin(), |n| n["sends"] == 1).await;
    assert_eq!((&told["state"], &told["attempts"][0]["status"]), (&json!("pending"), &Value::Null));
    assert_eq!(told["attempts"][0]["error"], "no answer within 5 s");
}

#[tokio::test]
async fn held_dropped_and_duplicated_notifications() {
    let shop = Shop::answering(&[200]).await;
    let sandbox = sandbox(Options::default()).await;
    let origin = sandbox.origin();
    control(&origin, "faults", json!({ "drop_notifications": 1 })).await;
    paid(&origin, "T00001", &shop.url).await;
    control(&origin, "faults", json!({ "hold_notifications": true, "duplicate_notifications": 2 })).await;
    paid(&origin, "T00002", &shop.url).await;
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert_eq!(shop.received().len(), 0);
    assert_eq!(control(&origin, "deliver", json!({})).await.1["sending"], 1);
    let received = shop.arrived(3).await;
    let ids: HashSet<String> = received
        .iter()
        .map(|(_, body)| serde_json::from_slice::<Value>(body).unwrap()["id"].to_string())
        .collect();
    assert_eq!((received.len(), ids.len()), (3, 1));
    assert!(received.iter().all(|(_, body)| resource(body)["out_trade_no"] == "T00002"));
    notification_until(&origin, |n| n["state"] == "delivered").await;
    let told = notifications(&origin).await;
    assert_eq!(told[0]["state"], "dropped");
    assert_eq!((&told[1]["sends"], told[1]["attempts"].as_array().unwrap().len()), (&json!(1), 3));
    // Delivered long ago, and sent once more; the lost one is lost, but can be sent too.
    control(&origin, "faults", json!({})).await;
    for (place, number) in [(1, "T00002"), (0, "T00001")] {
        let path = format!("notifications/{}/resend", told[place]["id"].as_str().unwrap());
        assert_eq!(control(&origin, &path, json!({})).await.0, 200);
        let received = shop.arrived(5 - place).await;
        assert_eq!(resource(&received[4 - place].1)["out_trade_no"], number);
    }
    assert_eq!(control(&origin, "notifications/EV-1/resend", json!({})).await.0, 404);
}

#[tokio::test]
async fn late_notifications_come_late_and_the_newest_may_come_first() {
    let shop = Shop::answering(&[200]).await;
    let sandbox = sandbox(Options::default()).await;
    let origin = sandbox.origin();
    control(&origin, "faults", json!({ "late_ms": 400 })).await;
    paid(&origin, "T00001", &shop.url).await;
    let told = notification_until(&origin, |n| n["state"] == "delivered").await;
    let (created_ms, sent_ms) = (told["created_ms"].as_i64(), told["attempts"][0]["at_ms"].as_i64());
    assert!(sent_ms.unwrap() - created_ms.unwrap() >= 400, "{told}");

    control(&origin, "faults", json!({ "hold_notifications": true })).await;
    for number in ["T00002", "T00003", "T00004"] {
        paid(&origin, number, &shop.url).await;
    }
    control(&origin, "faults", json!({ "newest_first": true })).await;
    let received = shop.arrived(4).await;
    let order: Vec<Value> = received.iter().map(|(_, body)| resource(body)["out_trade_no"].clone()).collect();
    assert_eq!(order, ["T00001", "T00004", "T00003", "T00002"]);
}

#[tokio::test]
async fn a_signature_probe_comes_first_and_the_right_one_follows() {
    for (statuses, state, accepted) in [(&[401, 200], "delivered", false), (&[200, 200], "delivered", true)] {
        let shop = Shop::answering(statuses).await;
        let sandbox = sandbox(Options::default()).await;
        let origin = sandbox.origin();
        control(&origin, "faults", json!({ "probe_notifications": 1 })).await;
        paid(&origin, "T00001", &shop.url).await;
        let told = notification_until(&origin, |n| n["sends"] == 1).await;
        assert_eq!(told["state"], state);
        let received = shop.received();
        let signature = received[0].0["wechatpay-signature"].to_str().unwrap();
        assert!(signature.starts_with("WECHATPAY/SIGNTEST/"), "{signature}");
        assert_eq!(signed_by(&received[0].0, &received[0].1), "nobody");
        assert_eq!(signed_by(&received[1].0, &received[1].1), "publicMode");
        let probe = &told["attempts"][0];
        assert_eq!((&probe["probe"], &probe["acknowledged"]), (&json!(true), &json!(accepted)));
        assert_eq!(told["attempts"][1]["probe"], false);
    }
}

#[tokio::test]
async fn either_key_signs_callbacks_as_set() {
    let shop = Shop::answering(&[200]).await;
    let sandbox = sandbox(Options::default()).await;
    let origin = sandbox.origin();
    for (key, owners) in [
        ("certificate", ["platform", "platform"]),
        ("public-key", ["publicMode", "publicMode"]),
        ("alternating", ["publicMode", "platform"]),
    ] {
        control(&origin, "faults", json!({ "callback_key": key })).await;
        for owner in owners {
            let before = shop.received().len();
            let number = format!("T{before:05}");
            paid(&origin, &number, &shop.url).await;
            let received = shop.arrived(before + 1).await;
            assert_eq!(signed_by(&received[before].0, &received[before].1), owner, "{key}");
        }
    }
}

#[tokio::test]
async fn a_test_can_say_whatever_it_wants_as_wechat_pay() {
    let config = zerotrip_sandbox::Config::parse(&config().to_string()).unwrap();
    let account = config.wechat_pay.unwrap();
    let said = json!({ "trade_state": "SUCCESS", "amount": { "total": 1 } });
    let event = Event {
        id: "EV-1",
        created_ms: 1_795_881_600_123,
        event_type: "TRANSACTION.SUCCESS",
        original_type: "transaction",
        summary: "支付成功",
        resource: &said,
    };
    for (key, owner) in [(CallbackKey::Certificate, "platform"), (CallbackKey::PublicKey, "publicMode")] {
        let callback = account.callback(&event, key, now_ms());
        let mut headers = http::HeaderMap::new();
        for (name, value) in callback.headers {
            headers.insert(name, value.parse().unwrap());
        }
        assert_eq!(signed_by(&headers, callback.body.as_bytes()), owner);
        assert_eq!(resource(callback.body.as_bytes()), said);
        let envelope: Value = serde_json::from_str(&callback.body).unwrap();
        assert_eq!(
            (&envelope["id"], &envelope["create_time"]),
            (&json!("EV-1"), &json!("2026-11-29T00:00:00+08:00"))
        );
    }
}

#[tokio::test]
async fn a_storm_of_payments_is_told_completely() {
    const PAYMENTS: usize = 1000;
    let shop = Shop::answering(&[204]).await;
    let sandbox = sandbox(Options::default()).await;
    let origin = sandbox.origin();
    let pay = async |from: usize| {
        for number in (from..PAYMENTS).step_by(8) {
            let (origin, number) = (&origin, format!("T{number:05}"));
            paid(origin, &number, &shop.url).await;
        }
    };
    tokio::join!(pay(0), pay(1), pay(2), pay(3), pay(4), pay(5), pay(6), pay(7));
    shop.arrived(PAYMENTS).await;
    let numbers: HashSet<String> =
        shop.received().iter().map(|(_, body)| resource(body)["out_trade_no"].to_string()).collect();
    assert_eq!((numbers.len(), shop.received().len()), (PAYMENTS, PAYMENTS));
}
