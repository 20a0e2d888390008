//! What CTID tells, to whom, and how it fails.

use std::fs;

use serde_json::{Value, json};
use zerotrip_sandbox::Options;

use super::support::*;
use crate::{
    process::{command, folder, signalled, started},
    support,
};

fn about(name: &str, id_number: &str, request_id: &str) -> Value {
    json!({ "name": name, "id_number": id_number, "request_id": request_id })
}

fn zhang(request_id: &str) -> Value {
    about("张伟", &someone("张伟").id_number, request_id)
}

#[tokio::test]
async fn nothing_is_told_without_the_token() {
    let sandbox = sandbox(Options::default()).await;
    let url = format!("{}{MATCH}", sandbox.origin());
    let wrong = format!("Bearer {SMS_TOKEN}");
    let basic = format!("Basic {CTID_TOKEN}");
    for authorization in ["", "Bearer ", CTID_TOKEN, &wrong, &basic] {
        let headers = [("authorization", authorization), ("content-type", "application/json")];
        // Not even whether the question was well formed.
        for body in [zhang("request-1").to_string(), String::new()] {
            let answer = post(&url, &headers, body).await;
            assert_eq!(answer.status(), 401, "{authorization}");
            assert_eq!(answer.body()[..], *br#"{"error":"unauthorized"}"#);
        }
    }
    assert_eq!(
        read(&sandbox.origin(), "ctid/calls").await,
        json!({ "received": 10, "outcomes": { "unauthorized": 10 }, "slept_us": 0 })
    );
}

#[tokio::test]
async fn a_malformed_question_is_refused_by_field() {
    let sandbox = sandbox(Options::default()).await;
    let origin = sandbox.origin();
    let long = "长".repeat(51);
    let many = "r".repeat(65);
    for (field, wrong) in [
        ("name", ""),
        ("name", " 张伟"),
        ("name", "张\n伟"),
        ("name", &long),
        ("id_number", ""),
        ("id_number", "110105194912310021"),
        ("id_number", "11010519491231002x"),
        ("id_number", "1101051949123100２X"),
        ("request_id", "short"),
        ("request_id", "with space"),
        ("request_id", &many),
    ] {
        let mut body = zhang("request-1");
        body[field] = json!(wrong);
        let answer = ask(&origin, MATCH, &body).await;
        assert_eq!(answer, (400, json!({ "error": "malformed", "field": field })), "{field}={wrong}");
    }
    let mut more = zhang("request-1");
    more["phone"] = json!("13800000000");
    let mut less = zhang("request-1");
    less.as_object_mut().unwrap().remove("name");
    for body in [more, less, json!([]), json!("x")] {
        let answer = ask(&origin, MATCH, &body).await;
        assert_eq!(answer, (400, json!({ "error": "malformed", "field": "body" })), "{body}");
    }
    let bearer = format!("Bearer {CTID_TOKEN}");
    let form = [("authorization", bearer.as_str()), ("content-type", "application/x-www-form-urlencoded")];
    let answer = post(&format!("{origin}{MATCH}"), &form, zhang("request-1").to_string()).await;
    assert_eq!(answer.body()[..], *br#"{"error":"malformed","field":"content-type"}"#);
}

#[tokio::test]
async fn a_name_and_a_number_are_one_persons_or_not() {
    let sandbox = sandbox(Options::default()).await;
    let (frozen, child) = (someone("郭建军"), someone("张小宝"));
    let wangs: Vec<_> = zerotrip_sandbox::people::all().iter().filter(|p| p.name == "王芳").collect();
    let cases = [
        ("张三", "11010519491231002X", "no-such-person", None),
        ("李娜", &someone("张伟").id_number, "no-match", None),
        ("张伟", &someone("张伟").id_number, "match", Some("local")),
        ("阿依古丽·买买提", &someone("阿依古丽·买买提").id_number, "match", Some("local")),
        ("李𬭎", &someone("李𬭎").id_number, "match", Some("local")),
        ("王芳", &wangs[0].id_number, "match", Some("local")),
        ("王芳", &wangs[1].id_number, "match", Some("local")),
        ("何俊杰", &someone("何俊杰").id_number, "match", Some("elsewhere")),
        ("陈嘉欣", &someone("陈嘉欣").id_number, "match", Some("hk-macau-taiwan")),
        ("张小宝", &child.id_number, "match", Some("local")),
        ("郭建军", &frozen.id_number, "frozen", None),
        ("张伟", &frozen.id_number, "no-match", None),
    ];
    for (place, (name, number, result, residence)) in cases.into_iter().enumerate() {
        let (status, answer) =
            ask(&sandbox.origin(), MATCH, &about(name, number, &format!("request-{place}"))).await;
        let serial = answer["serial"].as_str().unwrap();
        assert_eq!((status, &answer["result"]), (200, &json!(result)), "{name}");
        assert_eq!(answer.get("residence").and_then(Value::as_str), residence, "{name}");
        assert_eq!(answer.as_object().unwrap().len(), 2 + usize::from(residence.is_some()), "{answer}");
        assert!(serial.len() == 24 && serial.bytes().all(|b| b.is_ascii_digit()), "{serial}");
    }
}

#[tokio::test]
async fn a_request_id_stands_for_one_question_even_after_a_crash() {
    let folder = folder("ctid-crash");
    fs::write(folder.join("config.json"), config().to_string()).unwrap();
    let (program, origin) = started(&folder);
    let first = ask(&origin, MATCH, &zhang("request-1")).await;
    assert_eq!(first.0, 200);
    assert_eq!(ask(&origin, MATCH, &zhang("request-1")).await, first);
    let other = about("李娜", &someone("李娜").id_number, "request-1");
    assert_eq!(ask(&origin, MATCH, &other).await, (409, json!({ "error": "request-id-used" })));
    assert_ne!(ask(&origin, MATCH, &zhang("request-2")).await, first);
    assert_eq!(signalled(program, "-KILL").code(), None);

    let (_program, origin) = started(&folder);
    assert_eq!(ask(&origin, MATCH, &zhang("request-1")).await, first);
    assert_eq!(ask(&origin, MATCH, &other).await.0, 409);
}

#[tokio::test]
async fn more_calls_than_allowed_are_told_to_come_back() {
    let sandbox = sandbox(Options::default()).await;
    let origin = sandbox.origin();
    control(&origin, "ctid/faults", &json!({ "calls_per_second": 2 })).await;
    let mut refused = 0;
    // Ten calls take less than four seconds, whatever the machine.
    for call in 0..10 {
        let (status, answer) = ask(&origin, MATCH, &zhang(&format!("request-{call}"))).await;
        if status == 429 {
            assert_eq!(answer, json!({ "error": "too-many-requests" }));
            refused += 1;
        }
    }
    assert!(refused >= 2, "{refused}");
    assert_eq!(control(&origin, "ctid/faults", &json!({ "calls_per_second": 0 })).await.0, 422);
    control(&origin, "ctid/faults", &json!({})).await;
    assert_eq!(ask(&origin, MATCH, &zhang("request-11")).await.0, 200);
}

#[tokio::test]
async fn faults_last_as_long_as_asked_and_every_call_is_counted() {
    let sandbox = sandbox(Options::default()).await;
    let origin = sandbox.origin();
    for (fault, status) in [(json!("down"), 503), (json!({ "status": 500 }), 500)] {
        control(&origin, "ctid/faults", &json!({ "fault": fault, "fault_calls": 2 })).await;
        for _ in 0..2 {
            let answer = ask(&origin, MATCH, &zhang("request-1")).await;
            assert_eq!(answer, (status, json!({ "error": "unavailable" })));
        }
        assert_eq!(ask(&origin, MATCH, &zhang("request-1")).await.0, 200);
    }
    // Until it is over.
    control(&origin, "ctid/faults", &json!({ "fault": "down" })).await;
    for _ in 0..5 {
        assert_eq!(ask(&origin, MATCH, &zhang("request-1")).await.0, 503);
    }
    control(&origin, "ctid/faults", &json!({})).await;
    assert_eq!(ask(&origin, MATCH, &zhang("request-1")).await.0, 200);
    let calls = read(&origin, "ctid/calls").await;
    assert_eq!(calls["received"], 12);
    assert_eq!(calls["outcomes"], json!({ "down": 7, "match": 3, "status": 2 }));

    for wrong in [json!({ "fault": { "status": 200 } }), json!({ "fault": "slow" }), json!({ "slow": 1 })] {
        assert_eq!(control(&origin, "ctid/faults", &wrong).await.0, 422, "{wrong}");
    }
}

#[tokio::test]
async fn garbage_is_no_answer_and_a_lost_answer_is_found_again() {
    let sandbox = sandbox(Options::default()).await;
    let origin = sandbox.origin();
    control(&origin, "ctid/faults", &json!({ "fault": "garbage", "fault_calls": 1 })).await;
    let bearer = format!("Bearer {CTID_TOKEN}");
    let headers = [("authorization", bearer.as_str()), ("content-type", "application/json")];
    let url = format!("{origin}{MATCH}");
    let answer = post(&url, &headers, zhang("request-1").to_string()).await;
    assert_eq!(
        (answer.status().as_u16(), &answer.headers()["content-type"]),
        (200, &"application/json".parse().unwrap())
    );
    assert!(serde_json::from_slice::<Value>(answer.body()).is_err());

    for (fault, known) in [("silent", false), ("answer-lost", true)] {
        control(&origin, "ctid/faults", &json!({ "fault": fault, "fault_calls": 1 })).await;
        let question = zhang("request-2");
        let call = ask(&origin, MATCH, &question);
        support::unanswered(call, &format!("{origin}/control/ctid/faults")).await;
        let answer = support::get(&format!("{origin}/control/ctid/calls/request-2")).await;
        assert_eq!(answer.status() == 200, known, "{fault}");
    }
    assert_eq!(ask(&origin, MATCH, &zhang("request-2")).await.0, 200);
}

#[tokio::test]
async fn what_was_slept_on_purpose_can_be_subtracted() {
    let sandbox = sandbox(Options::default()).await;
    let origin = sandbox.origin();
    assert_eq!(ask(&origin, MATCH, &zhang("request-1")).await.0, 200);
    control(&origin, "ctid/faults", &json!({ "slow_ms": 80 })).await;
    let started = std::time::Instant::now();
    assert_eq!(ask(&origin, MATCH, &zhang("request-2")).await.0, 200);
    let took = u64::try_from(started.elapsed().as_micros()).unwrap();
    assert_eq!(
        read(&origin, "ctid/calls/request-1").await,
        json!({ "received": 1, "outcome": "match", "slept_us": 0 })
    );
    let slept = read(&origin, "ctid/calls/request-2").await["slept_us"].as_u64().unwrap();
    assert!((80_000..=took).contains(&slept), "{slept} of {took} µs");
    assert_eq!(read(&origin, "ctid/calls").await["slept_us"], slept);
}

#[tokio::test]
async fn without_a_token_there_is_no_ctid_and_no_gateway_but_people_are_known() {
    let sandbox = support::sandbox(Options::default()).await;
    for path in [MATCH, "/control/ctid/calls", MESSAGES, "/sms/", "/control/sms/messages"] {
        let answer = support::get(&format!("{}{path}", sandbox.origin())).await;
        assert_eq!(answer.status(), 404, "{path}");
    }
    let people = read(&sandbox.origin(), "people").await;
    assert_eq!(people, json!(zerotrip_sandbox::people::all()));
    assert_eq!(people[20]["name"], "张小宝");
    assert_eq!(people[20]["guardian"], people[0]["id_number"]);
    assert_eq!(people[0]["residence"], "local");
    assert_eq!((&people[0]["sex"], &people[0]["birth_date"]), (&json!("male"), &json!("1985-03-12")));
}

#[test]
fn a_token_that_is_no_secret_stops_it_with_a_reason() {
    let folder = folder("short-token");
    for (member, token) in [("ctid", "short"), ("sms", "with a space inside"), ("registry", "")] {
        let mut config = config();
        config[member]["token"] = json!(token);
        fs::write(folder.join("config.json"), config.to_string()).unwrap();
        let ended = command(&folder).output().unwrap();
        assert_eq!(ended.status.code(), Some(1));
        let reason =
            format!("zerotrip-sandbox: {member}.token is not 16 or more printable ASCII characters\n");
        assert_eq!(String::from_utf8(ended.stderr).unwrap(), reason);
    }
}
