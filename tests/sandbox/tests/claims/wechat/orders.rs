//! What may be ordered.

use serde_json::{Value, json};
use zerotrip_sandbox::{Options, clock::rfc3339};

use super::support::*;

async fn tried(origin: &str, kind: &str, body: &Value) -> (u16, String) {
    refusal(&Call::post(&format!("/v3/pay/transactions/{kind}"), body).send(origin).await)
}

#[tokio::test]
async fn an_order_that_wechat_pay_would_refuse_is_refused() {
    let sandbox = sandbox(Options::default()).await;
    let origin = sandbox.origin();
    let long = "1".repeat(33);
    let address = format!("http://127.0.0.1/{}", "1".repeat(239));
    for (pointer, value, code) in [
        ("/appid", json!("wx0000000000000000"), "APPID_MCHID_NOT_MATCH"),
        ("/mchid", json!("1900000001"), "MCH_NOT_EXISTS"),
        ("/description", json!(""), "PARAM_ERROR"),
        ("/description", json!("罚".repeat(128)), "PARAM_ERROR"),
        ("/out_trade_no", json!("T1234"), "PARAM_ERROR"),
        ("/out_trade_no", json!(long), "PARAM_ERROR"),
        ("/out_trade_no", json!("T0000/"), "PARAM_ERROR"),
        ("/out_trade_no", json!("罚罚罚"), "PARAM_ERROR"),
        ("/out_trade_no", json!(123_456), "PARAM_ERROR"),
        ("/attach", json!("1".repeat(129)), "PARAM_ERROR"),
        ("/notify_url", json!("http://127.0.0.1/notify?a=1"), "PARAM_ERROR"),
        ("/notify_url", json!("/notify"), "PARAM_ERROR"),
        ("/notify_url", json!(""), "PARAM_ERROR"),
        ("/notify_url", json!(address), "PARAM_ERROR"),
        ("/amount/total", json!(0), "PARAM_ERROR"),
        ("/amount/total", json!(-1), "PARAM_ERROR"),
        ("/amount/total", json!(206.0), "PARAM_ERROR"),
        ("/amount/total", json!("20600"), "PARAM_ERROR"),
        ("/amount/currency", json!("USD"), "PARAM_ERROR"),
        ("/time_expire", json!(rfc3339(now_ms() - 1000)), "PARAM_ERROR"),
        ("/time_expire", json!("2099-01-01 00:00:00"), "PARAM_ERROR"),
        ("/scene_info/payer_client_ip", json!("localhost"), "PARAM_ERROR"),
        ("/scene_info/h5_info/type", json!("web"), "PARAM_ERROR"),
    ] {
        let mut body = order("T00001", NOWHERE);
        *body.pointer_mut(pointer).unwrap() = value.clone();
        assert_eq!(tried(&origin, "h5", &body).await, (400, code.into()), "{pointer} {value}");
    }
    for (kind, absent) in [
        ("h5", "scene_info"),
        ("h5", "amount"),
        ("h5", "notify_url"),
        ("native", "description"),
        // JSAPI needs a payer.
        ("jsapi", "attach"),
    ] {
        let mut body = order("T00001", NOWHERE);
        body.as_object_mut().unwrap().remove(absent);
        assert_eq!(tried(&origin, kind, &body).await, (400, "PARAM_ERROR".into()), "{kind} without {absent}");
    }
    let mut misspelt = order("T00001", NOWHERE);
    misspelt["noitfy_url"] = json!(NOWHERE);
    assert_eq!(tried(&origin, "h5", &misspelt).await, (400, "PARAM_ERROR".into()));
    let mut twice = Call::post("/v3/pay/transactions/h5", &order("T00001", NOWHERE));
    twice.body = twice.body.replacen('{', "{\"attach\":\"other\",", 1);
    assert_eq!(refusal(&twice.send(&origin).await), (400, "PARAM_ERROR".into()));
    assert_eq!(tried(&origin, "app", &order("T00001", NOWHERE)).await, (404, "RESOURCE_NOT_EXISTS".into()));
    // As it was, it is taken; so are the longest values and the least amount.
    let mut body = order(&"1|*_-Z".repeat(5), &format!("http://127.0.0.1/{}", "1".repeat(238)));
    body["description"] = json!("罚".repeat(127));
    body["amount"] = json!({ "total": 1 });
    assert_eq!(tried(&origin, "h5", &body).await, (200, String::new()));
    assert_eq!(tried(&origin, "h5", &order("T00001", NOWHERE)).await, (200, String::new()));
}

#[tokio::test]
async fn the_same_order_has_the_same_prepayment_and_another_is_refused() {
    let sandbox = sandbox(Options::default()).await;
    let origin = sandbox.origin();
    let url = ordered(&origin, "T00001", NOWHERE).await;
    assert_eq!(ordered(&origin, "T00001", NOWHERE).await, url);
    let used = (403, "OUT_TRADE_NO_USED".to_owned());
    let mut dearer = order("T00001", NOWHERE);
    dearer["amount"]["total"] = json!(20601);
    assert_eq!(tried(&origin, "h5", &dearer).await, used);
    assert_eq!(tried(&origin, "native", &order("T00001", NOWHERE)).await, used);
    assert_eq!(query(&origin, "T00001").await["amount"]["total"], 20600);

    control(&origin, "trades/T00001/pay", json!({})).await;
    assert_eq!(tried(&origin, "h5", &order("T00001", NOWHERE)).await, (400, "ORDERPAID".into()));
    ordered(&origin, "T00002", NOWHERE).await;
    control(&origin, "trades/T00002/expire", json!({})).await;
    assert_eq!(tried(&origin, "h5", &order("T00002", NOWHERE)).await, (400, "ORDER_CLOSED".into()));
}

#[tokio::test]
async fn an_order_is_closed_once_and_only_unpaid() {
    let sandbox = sandbox(Options::default()).await;
    let origin = sandbox.origin();
    let close = async |number: &str, mchid: &str| {
        let target = format!("/v3/pay/transactions/out-trade-no/{number}/close");
        refusal(&Call::post(&target, &json!({ "mchid": mchid })).send(&origin).await)
    };
    assert_eq!(close("T00001", ours("mch_id")).await, (404, "ORDER_NOT_EXIST".into()));
    ordered(&origin, "T00001", NOWHERE).await;
    assert_eq!(close("T00001", "1900000001").await, (400, "MCH_NOT_EXISTS".into()));
    assert_eq!(query(&origin, "T00001").await["trade_state"], "NOTPAY");
    assert_eq!(close("T00001", ours("mch_id")).await, (204, String::new()));
    assert_eq!(query(&origin, "T00001").await["trade_state"], "CLOSED");
    assert_eq!(close("T00001", ours("mch_id")).await, (400, "ORDER_CLOSED".into()));
    let (status, answer) = control(&origin, "trades/T00001/pay", json!({})).await;
    assert_eq!((status.as_u16(), answer["error"].as_str()), (409, Some("ORDER_CLOSED")));
    paid(&origin, "T00002", NOWHERE).await;
    assert_eq!(close("T00002", ours("mch_id")).await, (400, "ORDERPAID".into()));
    assert_eq!(notifications(&origin).await.len(), 1, "nobody is told of a closed order");
}

#[tokio::test]
async fn an_order_whose_time_is_over_cannot_be_paid() {
    let sandbox = sandbox(Options::default()).await;
    let origin = sandbox.origin();
    let mut body = order("T00001", NOWHERE);
    // Whole seconds, rounded down: time enough to be taken.
    let over = (now_ms() + 5000) / 1000 * 1000;
    body["time_expire"] = json!(rfc3339(over));
    assert_eq!(tried(&origin, "h5", &body).await.0, 200);
    while query(&origin, "T00001").await["trade_state"] == "NOTPAY" {
        assert!(now_ms() < over + 10_000, "it is still open");
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    assert!(now_ms() >= over, "it was closed before its time");
    assert_eq!(query(&origin, "T00001").await["trade_state"], "CLOSED");
    assert_eq!(control(&origin, "trades/T00001/pay", json!({})).await.1["error"], "ORDER_CLOSED");
    assert_eq!(notifications(&origin).await, Vec::<Value>::new());
}

#[tokio::test]
async fn a_paid_order_is_found_by_both_numbers() {
    let sandbox = sandbox(Options::default()).await;
    let origin = sandbox.origin();
    ordered(&origin, "T00001", NOWHERE).await;
    let waiting = query(&origin, "T00001").await;
    assert_eq!((&waiting["transaction_id"], &waiting["success_time"]), (&Value::Null, &Value::Null));
    control(&origin, "trades/T00001/pay", json!({ "coupon_fen": 600 })).await;
    let trade = query(&origin, "T00001").await;
    assert_eq!(trade["trade_state"], "SUCCESS");
    assert_eq!(trade["trade_type"], "MWEB");
    assert_eq!(trade["attach"], "decision");
    assert_eq!(
        trade["amount"],
        json!({ "total": 20600, "payer_total": 20000, "currency": "CNY", "payer_currency": "CNY" })
    );
    let id = trade["transaction_id"].as_str().unwrap();
    assert_eq!(id.len(), 28);
    let target = format!("/v3/pay/transactions/id/{id}?mchid={}", ours("mch_id"));
    assert_eq!(get(&origin, &target).await, (200, trade));
}
