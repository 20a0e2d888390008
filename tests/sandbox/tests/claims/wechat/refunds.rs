//! What is given back.

use serde_json::{Value, json};
use zerotrip_sandbox::Options;

use super::{shop::Shop, support::*};

fn refund(number: &str, out_refund_no: &str, fen: i64) -> Value {
    json!({
        "out_trade_no": number,
        "out_refund_no": out_refund_no,
        "reason": "多缴",
        "amount": { "refund": fen, "total": 20600, "currency": "CNY" },
    })
}

async fn tried(origin: &str, body: &Value) -> (u16, String) {
    refusal(&Call::post("/v3/refund/domestic/refunds", body).send(origin).await)
}

#[tokio::test]
async fn a_refund_that_wechat_pay_would_refuse_is_refused() {
    let sandbox = sandbox(Options::default()).await;
    let origin = sandbox.origin();
    let refused = (400, "INVALID_REQUEST".to_owned());
    assert_eq!(tried(&origin, &refund("T00001", "R1", 1)).await, (404, "RESOURCE_NOT_EXISTS".into()));
    ordered(&origin, "T00001", NOWHERE).await;
    assert_eq!(tried(&origin, &refund("T00001", "R1", 1)).await, refused, "unpaid");
    control(&origin, "trades/T00001/pay", json!({})).await;
    assert_eq!(tried(&origin, &refund("T00001", "R1", 20601)).await, refused, "too much");
    for (pointer, value) in [
        ("/out_refund_no", json!("")),
        ("/out_refund_no", json!("R/1")),
        ("/out_refund_no", json!("1".repeat(65))),
        ("/reason", json!("罚".repeat(81))),
        ("/amount/refund", json!(0)),
        ("/amount/refund", json!("1")),
        ("/amount/currency", json!("USD")),
        ("/amount/currency", Value::Null),
    ] {
        let mut body = refund("T00001", "R1", 1);
        *body.pointer_mut(pointer).unwrap() = value;
        assert_eq!(tried(&origin, &body).await, (400, "PARAM_ERROR".into()), "{pointer}");
    }
    let mut other_total = refund("T00001", "R1", 1);
    other_total["amount"]["total"] = json!(20601);
    assert_eq!(tried(&origin, &other_total).await, refused, "another total");
    let mut both = refund("T00001", "R1", 1);
    both["transaction_id"] = json!("4200000985202611250000000000");
    assert_eq!(tried(&origin, &both).await, (400, "PARAM_ERROR".into()), "both numbers");
    let target = "/v3/refund/domestic/refunds/R1";
    assert_eq!(refusal(&Call::get(target).send(&origin).await), (404, "RESOURCE_NOT_EXISTS".into()));
    assert_eq!(query(&origin, "T00001").await["trade_state"], "SUCCESS", "nothing was done");
}

#[tokio::test]
async fn parts_are_refunded_once_each_and_never_above_the_total() {
    let sandbox = sandbox(Options { time_scale: 1000, ..Options::default() }).await;
    let origin = sandbox.origin();
    ordered(&origin, "T00001", NOWHERE).await;
    control(&origin, "trades/T00001/pay", json!({ "coupon_fen": 100 })).await;
    let path = "/v3/refund/domestic/refunds";
    let (status, first) = post(&origin, path, &refund("T00001", "R1", 600)).await;
    assert_eq!((status, &first["status"]), (200, &json!("PROCESSING")));
    assert_eq!(query(&origin, "T00001").await["trade_state"], "REFUND");
    let (_, again) = post(&origin, path, &refund("T00001", "R1", 600)).await;
    assert_eq!(again["refund_id"], first["refund_id"]);
    assert_eq!(tried(&origin, &refund("T00001", "R1", 601)).await, (400, "INVALID_REQUEST".into()));
    assert_eq!(tried(&origin, &refund("T00001", "R2", 20001)).await, (400, "INVALID_REQUEST".into()));
    // By the other number, the rest.
    let mut rest = refund("T00001", "R2", 20000);
    rest.as_object_mut().unwrap().remove("out_trade_no");
    rest["transaction_id"] = query(&origin, "T00001").await["transaction_id"].clone();
    let (status, second) = post(&origin, path, &rest).await;
    assert_eq!(status, 200, "{second}");
    assert_eq!(tried(&origin, &refund("T00001", "R3", 1)).await, (400, "INVALID_REQUEST".into()));
    tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    let (_, done) = get(&origin, "/v3/refund/domestic/refunds/R1").await;
    assert_eq!(done["status"], "SUCCESS");
    assert!(done["success_time"].is_string() && first["success_time"].is_null());
    // What the payer and the coupon get back adds up to what each has paid.
    let fen = |refund: &Value, name: &str| refund["amount"][name].as_i64().unwrap();
    assert_eq!(fen(&first, "payer_refund") + fen(&second, "payer_refund"), 20500);
    assert_eq!(fen(&first, "discount_refund") + fen(&second, "discount_refund"), 100);
}

#[tokio::test]
async fn a_refund_is_told_to_its_own_address_when_it_is_done() {
    let shop = Shop::answering(&[204]).await;
    let sandbox = sandbox(Options { time_scale: 10, ..Options::default() }).await;
    let origin = sandbox.origin();
    paid(&origin, "T00001", NOWHERE).await;
    let mut body = refund("T00001", "R1", 600);
    body["notify_url"] = json!(shop.url);
    let (_, made) = post(&origin, "/v3/refund/domestic/refunds", &body).await;
    let (headers, body) = shop.arrived(1).await.remove(0);
    assert_eq!(signed_by(&headers, &body), "publicMode");
    let envelope: Value = serde_json::from_slice(&body).unwrap();
    assert_eq!(envelope["event_type"], "REFUND.SUCCESS");
    assert_eq!(envelope["resource"]["original_type"], "refund");
    let told = resource(&body);
    assert_eq!(told["refund_status"], "SUCCESS");
    assert_eq!((&told["refund_id"], &told["out_refund_no"]), (&made["refund_id"], &json!("R1")));
    assert_eq!((&told["amount"]["refund"], &told["amount"]["total"]), (&json!(600), &json!(20600)));
    let (_, done) = get(&origin, "/v3/refund/domestic/refunds/R1").await;
    assert_eq!((&done["status"], &done["success_time"]), (&json!("SUCCESS"), &told["success_time"]));
}

#[tokio::test]
async fn a_refund_may_end_without_the_payer_having_it_back_and_is_told_as_it_ends() {
    let shop = Shop::answering(&[204]).await;
    let sandbox = sandbox(Options { time_scale: 10, ..Options::default() }).await;
    let origin = sandbox.origin();
    for (place, (ending, status)) in [("abnormal", "ABNORMAL"), ("closed", "CLOSED")].into_iter().enumerate()
    {
        let (number, refund_no) = (format!("T{place:05}"), format!("R{place}"));
        let target = format!("/v3/refund/domestic/refunds/{refund_no}");
        let see_to = format!("refunds/{refund_no}/see-to");
        paid(&origin, &number, NOWHERE).await;
        control(&origin, "faults", json!({ "refunds_end": ending })).await;
        let mut body = refund(&number, &refund_no, 600);
        body["notify_url"] = json!(shop.url);
        assert_eq!(control(&origin, &see_to, json!({})).await.0, 404);
        let (_, made) = post(&origin, "/v3/refund/domestic/refunds", &body).await;
        assert_eq!(made["status"], "PROCESSING");
        assert_eq!(control(&origin, &see_to, json!({})).await.0, 409, "it is under way");
        let (headers, told) = shop.arrived(place * 2 + 1).await.remove(place * 2);
        assert_eq!(signed_by(&headers, &told), "publicMode");
        let envelope: Value = serde_json::from_slice(&told).unwrap();
        assert_eq!(envelope["event_type"], format!("REFUND.{status}"));
        let said = resource(&told);
        assert_eq!((&said["refund_status"], &said["success_time"]), (&json!(status), &Value::Null));
        let (_, asked) = get(&origin, &target).await;
        assert_eq!((&asked["status"], &asked["success_time"]), (&json!(status), &Value::Null));
        // The merchant sees to one that is abnormal; one that is closed is over.
        control(&origin, "faults", json!({})).await;
        let seen_to = control(&origin, &see_to, json!({})).await.0;
        assert_eq!(seen_to, if ending == "abnormal" { 200 } else { 409 });
        if ending == "abnormal" {
            let (_, told) = shop.arrived(2).await.remove(1);
            let said = resource(&told);
            assert_eq!((&said["refund_status"], &said["refund_id"]), (&json!("SUCCESS"), &made["refund_id"]));
            assert_eq!(get(&origin, &target).await.1["success_time"], said["success_time"]);
        }
    }
}
