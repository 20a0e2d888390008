//! Envelopes around encrypted resources.

use crate::{API_V3_KEY, AT, KEY_ID, Message, NOW, Other, seal};
use serde_json::{Value, json};
use zerotrip_signing::fault::{Fault, Refusal};
use zerotrip_signing::wechat_pay::{self, Merchant, Opened};

const TRANSACTION: &str = r#"{"appid":"wx0000000000000001","mchid":"1900000001","out_trade_no":"F1","trade_state":"SUCCESS","amount":{"total":20600,"currency":"CNY"},"note":"罚款"}"#;

fn open(merchant: &Merchant, message: &Message) -> Result<Opened, Fault> {
    wechat_pay::notification(merchant, message.headers(), &message.body, &[], NOW)
}

fn resource() -> Value {
    json!({
        "original_type": "transaction", "algorithm": "AEAD_AES_256_GCM", "nonce": "8a1b2c3d4e5f",
        "associated_data": "transaction",
        "ciphertext": seal(TRANSACTION, API_V3_KEY, "8a1b2c3d4e5f", "transaction"),
    })
}

fn envelope(resource: &Value) -> Value {
    json!({
        "id": "EV-2018022511223320873", "create_time": "2026-01-01T08:00:00+08:00",
        "resource_type": "encrypt-resource", "event_type": "TRANSACTION.SUCCESS", "summary": "支付成功",
        "resource": resource,
    })
}

#[test]
fn a_signed_envelope_that_cannot_be_opened_is_refused() {
    let other = Other::new();
    let merchant = other.merchant();
    let refused = |body: &str| match open(&merchant, &other.signed("wechat", KEY_ID, AT, body.as_bytes())) {
        Err(Fault::Refused(refusal)) => refusal,
        opened => panic!("{body}: {opened:?}"),
    };
    let resource = resource();
    let changed = |name: &str, value: Value| {
        let mut resource = resource.clone();
        resource[name] = value;
        refused(&envelope(&resource).to_string())
    };
    let good = resource["ciphertext"].as_str().expect("text");
    assert_eq!(changed("nonce", json!("8a1b2c3d4e5")), Refusal::Malformed, "11 characters");
    assert_eq!(changed("nonce", json!("8a1b2c3d4e5f6")), Refusal::Malformed, "13 characters");
    assert_eq!(changed("nonce", json!("")), Refusal::Malformed);
    assert_eq!(changed("nonce", json!("8a1b2c3d4e5g")), Refusal::Forged);
    assert_eq!(changed("algorithm", json!("AEAD_SM4_GCM")), Refusal::Malformed);
    assert_eq!(changed("associated_data", json!("refund")), Refusal::Forged);
    assert_eq!(changed("associated_data", json!("")), Refusal::Forged);
    assert_eq!(changed("associated_data", Value::Null), Refusal::Forged);
    assert_eq!(changed("associated_data", json!(1)), Refusal::Malformed);
    assert_eq!(changed("original_type", Value::Null), Refusal::Malformed);
    assert_eq!(changed("ciphertext", json!(&good[4..])), Refusal::Forged);
    assert_eq!(changed("ciphertext", json!(&good[..good.len() - 2])), Refusal::Forged, "broken base64");
    assert_eq!(changed("ciphertext", json!("")), Refusal::Forged);
    assert_eq!(changed("ciphertext", json!("AAAA")), Refusal::Forged, "shorter than a tag");
    let foreign = seal(TRANSACTION, &API_V3_KEY.replace('0', "x"), "8a1b2c3d4e5f", "transaction");
    assert_eq!(changed("ciphertext", json!(foreign)), Refusal::Forged, "another APIv3 key");

    let good = envelope(&resource).to_string();
    for body in [
        "".to_owned(),
        "[]".to_owned(),
        good[1..].to_owned(),
        format!("{good}x"),
        good.replace("\"id\"", "\"ID\""),
        good.replacen('{', r#"{"id":"EV-1","#, 1),
        good.replacen('{', r#"{"event_type":"REFUND.SUCCESS","#, 1),
        good.replacen('{', r#"{"resource":{},"#, 1),
        good.replace(r#""resource":{"#, r#""resource":{"nonce":"8a1b2c3d4e5f","#),
        good.replace(r#""resource":{"#, r#""resource":{"original_type":"refund","#),
        envelope(&json!("text")).to_string(),
        envelope(&json!([])).to_string(),
    ] {
        assert_eq!(refused(&body), Refusal::Malformed, "{body}");
    }
    let not_text = other.signed("wechat", KEY_ID, AT, b"{\"id\":\"\xff\"}");
    assert_eq!(open(&merchant, &not_text), Err(Refusal::Malformed.into()));
}

#[test]
fn nothing_is_decrypted_that_was_not_signed() {
    let other = Other::new();
    let broken = envelope(&json!({"nonce": "short"})).to_string();
    let unsigned = other.signed("stranger", KEY_ID, AT, broken.as_bytes());
    assert_eq!(open(&other.merchant(), &unsigned), Err(Refusal::Forged.into()), "not malformed");
}

#[test]
fn a_notification_of_wechat_pay_is_opened() {
    let other = Other::new();
    let resource = resource();
    let opened = |resource: &Value| {
        let mut envelope = envelope(resource);
        envelope["member_of_tomorrow"] = json!({"a": 1});
        let body = serde_json::to_string_pretty(&envelope).expect("text");
        open(&other.merchant(), &other.signed("wechat", KEY_ID, AT, body.as_bytes())).expect("authentic")
    };
    let expected = Opened {
        id: "EV-2018022511223320873".to_owned(),
        event_type: "TRANSACTION.SUCCESS".to_owned(),
        original_type: "transaction".to_owned(),
        resource: TRANSACTION.to_owned(),
    };
    assert_eq!(opened(&resource), expected);
    for aad in [Some(json!("")), Some(Value::Null), None] {
        let mut resource = resource.clone();
        resource["ciphertext"] = json!(seal(TRANSACTION, API_V3_KEY, "8a1b2c3d4e5f", ""));
        resource.as_object_mut().expect("an object").remove("associated_data");
        if let Some(aad) = aad {
            resource["associated_data"] = aad;
        }
        assert_eq!(opened(&resource), expected, "{resource}");
    }
}
