//! What the gateway of text messages takes, and where it can be read.

use std::fs;

use serde_json::{Value, json};
use zerotrip_sandbox::Options;

use super::support::*;
use crate::{
    process::{folder, signalled, started},
    support::get,
};

fn message(phone: &str, text: &str, request_id: &str) -> Value {
    json!({ "phone": phone, "text": text, "request_id": request_id })
}

#[tokio::test]
async fn what_is_not_a_message_is_refused_and_not_shown() {
    let sandbox = sandbox(Options::default()).await;
    let origin = sandbox.origin();
    let long = "长".repeat(501);
    for (field, wrong) in [
        ("phone", ""),
        ("phone", "12345678901"),
        ("phone", "1690000000"),
        ("phone", "169000000011"),
        ("phone", "+8616900000001"),
        ("phone", "1690000000１"),
        ("text", ""),
        ("text", "a\u{0}b"),
        ("text", &long),
        ("request_id", ""),
    ] {
        let mut body = message("16900000001", "验证码 123456", "request-1");
        body[field] = json!(wrong);
        let answer = ask(&origin, MESSAGES, &body).await;
        assert_eq!(answer, (400, json!({ "error": "malformed", "field": field })), "{field}={wrong}");
    }
    let bearer = format!("Bearer {CTID_TOKEN}");
    let stranger = [("authorization", bearer.as_str()), ("content-type", "application/json")];
    let body = message("16900000001", "验证码 123456", "request-1").to_string();
    assert_eq!(post(&format!("{origin}{MESSAGES}"), &stranger, body).await.status(), 401);
    assert_eq!(read(&origin, "sms/messages").await, json!([]));
}

#[tokio::test]
async fn a_message_is_sent_once_however_often_it_is_asked_for() {
    let folder = folder("sms-crash");
    fs::write(folder.join("config.json"), config().to_string()).unwrap();
    let (program, origin) = started(&folder);
    let first = message("16900000001", "验证码 123456", "request-1");
    let sent = ask(&origin, MESSAGES, &first).await;
    assert_eq!(sent.0, 200);
    assert_eq!(ask(&origin, MESSAGES, &first).await, sent);
    let other = message("16900000001", "验证码 654321", "request-1");
    assert_eq!(ask(&origin, MESSAGES, &other).await, (409, json!({ "error": "request-id-used" })));
    assert_eq!(signalled(program, "-KILL").code(), None);

    let (_program, origin) = started(&folder);
    assert_eq!(ask(&origin, MESSAGES, &first).await, sent);
    let shown = read(&origin, "sms/messages").await;
    assert_eq!(shown.as_array().unwrap().len(), 1);
    assert_eq!(
        (&shown[0]["message_id"], &shown[0]["text"]),
        (&sent.1["message_id"], &json!("验证码 123456"))
    );
}

#[tokio::test]
async fn the_inbox_shows_the_newest_first_and_nothing_but_text() {
    let sandbox = sandbox(Options::default()).await;
    let origin = sandbox.origin();
    for (phone, text, id) in [
        ("16900000001", "第一条", "request-1"),
        ("16900000002", "<b>第二条</b>", "request-2"),
        ("16900000001", "第三条", "request-3"),
    ] {
        assert_eq!(ask(&origin, MESSAGES, &message(phone, text, id)).await.0, 200);
    }
    let texts = |shown: Value| -> Vec<String> {
        shown.as_array().unwrap().iter().map(|one| one["text"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(texts(read(&origin, "sms/messages?phone=16900000001").await), ["第三条", "第一条"]);
    assert_eq!(texts(read(&origin, "sms/messages").await), ["第三条", "<b>第二条</b>", "第一条"]);
    let page = get(&format!("{origin}/sms/")).await.into_body();
    let page = String::from_utf8(page.to_vec()).unwrap();
    assert!(page.find("第三条").unwrap() < page.find("第一条").unwrap());
    assert!(page.contains("&lt;b&gt;第二条&lt;/b&gt;") && !page.contains("<b>"), "{page}");
}

#[tokio::test]
async fn a_gateway_that_is_down_sends_nothing() {
    let sandbox = sandbox(Options::default()).await;
    let origin = sandbox.origin();
    let body = message("16900000001", "验证码 123456", "request-1");
    control(&origin, "sms/faults", &json!({ "fault": { "status": 502 }, "fault_calls": 1 })).await;
    assert_eq!(ask(&origin, MESSAGES, &body).await.0, 502);
    assert_eq!(read(&origin, "sms/messages").await, json!([]));
    assert_eq!(ask(&origin, MESSAGES, &body).await.0, 200);
    assert_eq!(read(&origin, "sms/messages?phone=16900000001").await.as_array().unwrap().len(), 1);
    assert_eq!(read(&origin, "sms/calls").await["outcomes"], json!({ "accepted": 1, "status": 1 }));
}
