//! What the registry of documents tells, to whom, and that it is fit for the wallet.

use std::{
    collections::HashMap,
    io::Write,
    process::{Command, Stdio},
    time::{SystemTime, UNIX_EPOCH},
};

use serde_json::{Value, json};
use zerotrip_domain::{
    Day, Document,
    document::{self, Kind},
    expiry::{State, inspection_due},
};
use zerotrip_sandbox::{Options, people};

use super::support::*;
use crate::support::{self, node_folder};

const DAY_S: i64 = 86_400;

fn about(id_number: &str, kind: &str) -> Value {
    json!({ "id_number": id_number, "kind": kind, "request_id": "request-1" })
}

async fn held(origin: &str, name: &str, kind: Kind) -> Vec<Value> {
    held_by(origin, &someone(name).id_number, kind).await
}

async fn held_by(origin: &str, id_number: &str, kind: Kind) -> Vec<Value> {
    let (status, answer) = ask(origin, DOCUMENTS, &about(id_number, kind.name())).await;
    assert_eq!(status, 200, "{answer}");
    let documents = answer["documents"].as_array().unwrap().clone();
    assert_eq!(answer["result"], if documents.is_empty() { "none" } else { "found" });
    assert_eq!(answer["serial"].as_str().unwrap().len(), 24);
    documents
}

/// As the wallet reads it.
fn read(kind: Kind, paper: &Value, today: Day) -> Document {
    let value = |value: &Value| match value {
        Value::String(text) => document::Value::Text(text.clone()),
        Value::Array(all) => {
            document::Value::List(all.iter().map(|one| one.as_str().unwrap().to_owned()).collect())
        }
        other => panic!("{other}"),
    };
    let fields = paper.as_object().unwrap().iter().map(|(name, field)| (name.as_str(), value(field)));
    let document = Document::read(kind, fields, today).unwrap_or_else(|error| panic!("{kind:?}: {error}"));
    // Nothing is given that the wallet does not know.
    assert_eq!(document.fields().len(), paper.as_object().unwrap().len(), "{paper}");
    document
}

fn today(offset_s: i64) -> Day {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    Day::at(now.strict_add_signed(offset_s) * 1000)
}

#[tokio::test]
async fn nothing_is_told_without_the_token() {
    let sandbox = sandbox(Options::default()).await;
    let url = format!("{}{DOCUMENTS}", sandbox.origin());
    let body = about(&someone("张伟").id_number, "resident-id").to_string();
    for token in ["", CTID_TOKEN, SMS_TOKEN] {
        let bearer = format!("Bearer {token}");
        let headers = [("authorization", bearer.as_str()), ("content-type", "application/json")];
        let answer = post(&url, &headers, body.clone()).await;
        assert_eq!(
            (answer.status().as_u16(), &answer.body()[..]),
            (401, &br#"{"error":"unauthorized"}"#[..])
        );
    }
    let without = support::sandbox(Options::default()).await;
    for path in [DOCUMENTS, "/control/registry/documents", "/control/registry/calls"] {
        assert_eq!(support::get(&format!("{}{path}", without.origin())).await.status(), 404, "{path}");
    }
}

#[tokio::test]
async fn a_malformed_question_is_refused_by_field() {
    let sandbox = sandbox(Options::default()).await;
    for (field, wrong) in [
        ("id_number", ""),
        ("id_number", "110105194912310021"),
        ("kind", ""),
        ("kind", "fishing-licence"),
        ("kind", "Passport"),
        ("request_id", "short"),
    ] {
        let mut body = about(&someone("张伟").id_number, "passport");
        body[field] = json!(wrong);
        let answer = ask(&sandbox.origin(), DOCUMENTS, &body).await;
        assert_eq!(answer, (400, json!({ "error": "malformed", "field": field })), "{field}={wrong}");
    }
    let mut more = about(&someone("张伟").id_number, "passport");
    more["name"] = json!("张伟");
    let answer = ask(&sandbox.origin(), DOCUMENTS, &more).await;
    assert_eq!(answer, (400, json!({ "error": "malformed", "field": "body" })));
}

#[tokio::test]
async fn who_has_none_and_who_does_not_exist_are_answered_alike() {
    let sandbox = sandbox(Options::default()).await;
    // The example of GB 11643-1999, and somebody who never travels.
    for id_number in ["11010519491231002X", &someone("吴桂英").id_number] {
        let (status, mut answer) = ask(&sandbox.origin(), DOCUMENTS, &about(id_number, "passport")).await;
        answer.as_object_mut().unwrap().remove("serial");
        assert_eq!((status, answer), (200, json!({ "result": "none", "documents": [] })));
    }
}

/// Documents that are not in order, as the README lists them.
const SPECIAL: [(&str, Kind, &str); 28] = {
    use Kind::{
        DrivingLicence, HkMacauPermit, Passport, ResidencePermit, ResidentId, TaiwanPermit, VehicleLicence,
    };
    [
        ("赵敏", ResidentId, "lost"),
        ("杨磊", ResidentId, "expired"),
        ("胡浩", ResidentId, "expiring"),
        ("林秀兰", ResidentId, "cancelled"),
        ("高欣怡", ResidencePermit, "endorsement-missed"),
        ("罗志强", ResidencePermit, "endorsement-due"),
        ("韩梅", ResidencePermit, "endorsement-due"),
        ("梁雨桐", ResidencePermit, "lost"),
        ("宋文博", ResidencePermit, "normal"),
        ("何志文", ResidencePermit, "expired"),
        ("王芳", DrivingLicence, "expiring"),
        ("李娜", DrivingLicence, "normal"),
        ("刘洋", DrivingLicence, "suspended"),
        ("陈静", DrivingLicence, "points-full"),
        ("杨磊", DrivingLicence, "expiring"),
        ("周杰", DrivingLicence, "cancelled"),
        ("孙丽", DrivingLicence, "expired"),
        ("欧阳晓燕", DrivingLicence, "lost"),
        ("何志文", DrivingLicence, "cancelled"),
        ("李娜", VehicleLicence, "inspection-due"),
        ("黄强", VehicleLicence, "inspection-overdue"),
        ("陈静", VehicleLicence, "lost"),
        ("李娜", Passport, "lost"),
        ("孙丽", Passport, "expiring"),
        ("周杰", Passport, "expired"),
        ("欧阳晓燕", Passport, "expiring"),
        ("孙丽", HkMacauPermit, "expiring"),
        ("欧阳晓燕", TaiwanPermit, "cancelled"),
    ]
};

#[tokio::test]
async fn every_document_is_read_by_the_wallet_and_stands_as_the_readme_says_whatever_the_day() {
    let special: HashMap<(&str, Kind), &str> = SPECIAL
        .into_iter()
        .map(|(name, kind, state)| ((someone(name).id_number.as_str(), kind), state))
        .collect();
    for days in [0, 37, 99, 200, 461, 800] {
        let options = Options { clock_offset_s: days * DAY_S, ..Options::default() };
        let sandbox = sandbox(options).await;
        let mut count = HashMap::new();
        for person in people::all() {
            for kind in Kind::ALL {
                let papers = held_by(&sandbox.origin(), &person.id_number, kind).await;
                // Not at midnight.
                let today = today(days * DAY_S);
                for paper in &papers {
                    let document = read(kind, paper, today);
                    let expected = special.get(&(person.id_number.as_str(), kind)).unwrap_or(&"normal");
                    let state = State::of(&document, today).name();
                    assert_eq!(state, *expected, "{} {kind:?}, {days} days from now", person.name);
                    if let Document::VehicleLicence(vehicle) = &document {
                        let due = inspection_due(vehicle, today).map(|due| due.last.to_string());
                        assert_eq!(
                            due.as_deref(),
                            paper["inspection_to"].as_str(),
                            "{}",
                            vehicle.plate.as_str()
                        );
                    }
                    *count.entry(kind).or_insert(0) += 1;
                }
            }
        }
        let counts = Kind::ALL.map(|kind| count[&kind]);
        assert_eq!(counts, [37, 10, 13, 6, 7, 3, 2]);
    }
}

#[tokio::test]
async fn somebody_has_two_cars_and_a_child_a_passport_of_five_years() {
    let sandbox = sandbox(Options::default()).await;
    let cars = held(&sandbox.origin(), "张伟", Kind::VehicleLicence).await;
    let plates: Vec<_> = cars.iter().map(|car| car["plate"].as_str().unwrap()).collect();
    assert_eq!(plates, ["吉A0001X", "吉AD00002"]);
    let passport = &held(&sandbox.origin(), "张小宝", Kind::Passport).await[0];
    let year = |field: &str| passport[field].as_str().unwrap()[..4].parse::<i32>().unwrap();
    assert_eq!(year("valid_to") - year("issued"), 5);
    let permit = &held(&sandbox.origin(), "陈嘉欣", Kind::ResidencePermit).await[0];
    assert!(permit.get("ethnicity").is_none() && permit["valid_to"].is_string());
    let endorsements = &held(&sandbox.origin(), "孙丽", Kind::HkMacauPermit).await[0]["endorsements"];
    assert_eq!(endorsements.as_array().unwrap().len(), 3);
}

#[tokio::test]
async fn a_picture_is_a_small_png_and_everybodys_own() {
    let sandbox = sandbox(Options::default()).await;
    let mut pictures = Vec::new();
    for name in ["张伟", "李娜"] {
        let card = held(&sandbox.origin(), name, Kind::ResidentId).await.remove(0);
        pictures.push(card["photo"].as_str().unwrap().to_owned());
    }
    assert_ne!(pictures[0], pictures[1]);
    for picture in pictures {
        assert!(picture.len() < 2000, "{}", picture.len());
        let mut node = Command::new("node")
            .arg(node_folder().join("picture.mjs"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("this test needs `node` in the path");
        node.stdin.take().unwrap().write_all(picture.as_bytes()).unwrap();
        let said = node.wait_with_output().unwrap();
        assert!(said.status.success());
        let size: Value = serde_json::from_slice(&said.stdout).unwrap();
        assert_eq!(size, json!([52, 64, 64 * 53]));
    }
}

#[tokio::test]
async fn a_document_can_be_made_otherwise_and_is_again_what_it_was() {
    let sandbox = sandbox(Options::default()).await;
    let origin = sandbox.origin();
    let path = format!("registry/documents/{}/passport", someone("张伟").id_number);
    let before = held(&origin, "张伟", Kind::Passport).await;
    assert_eq!(before[0]["status"], "normal");
    assert_eq!(control(&origin, &path, &json!({ "status": "lost" })).await.0, 200);
    let mut lost = before.clone();
    lost[0]["status"] = json!("lost");
    assert_eq!(held(&origin, "张伟", Kind::Passport).await, lost);
    assert_eq!(control(&origin, &path, &json!({})).await.0, 200);
    assert_eq!(held(&origin, "张伟", Kind::Passport).await, before);

    let wrong = control(&origin, &path, &json!({ "colour": "red" })).await;
    assert_eq!(wrong, (422, json!({ "error": "no such field", "field": "colour" })));
    for (id_number, kind) in [
        (&*someone("吴桂英").id_number, "passport"),
        ("11010519491231002X", "passport"),
        (&*someone("张伟").id_number, "fishing-licence"),
    ] {
        let path = format!("registry/documents/{id_number}/{kind}");
        assert_eq!(control(&origin, &path, &json!({})).await.0, 404);
    }
    let all = super::support::read(&origin, "registry/documents").await;
    let all = all.as_array().unwrap();
    assert_eq!(all.len(), 78);
    assert!(all.iter().all(|one| one["document"].get("photo").is_none()), "a list is no place for pictures");
}

#[tokio::test]
async fn it_fails_on_request_as_the_others_do() {
    let sandbox = sandbox(Options::default()).await;
    let origin = sandbox.origin();
    let question = about(&someone("张伟").id_number, "passport");
    control(&origin, "registry/faults", &json!({ "fault": "down", "fault_calls": 1 })).await;
    assert_eq!(ask(&origin, DOCUMENTS, &question).await, (503, json!({ "error": "unavailable" })));
    control(&origin, "registry/faults", &json!({ "slow_ms": 80 })).await;
    assert_eq!(ask(&origin, DOCUMENTS, &question).await.0, 200);
    control(&origin, "registry/faults", &json!({})).await;
    assert_eq!(ask(&origin, DOCUMENTS, &about("11010519491231002X", "passport")).await.0, 200);
    let calls = super::support::read(&origin, "registry/calls").await;
    assert_eq!(calls["outcomes"], json!({ "down": 1, "found": 1, "none": 1 }));
    assert!(calls["slept_us"].as_u64().unwrap() >= 80_000);
    // The others are not affected.
    assert_eq!(super::support::read(&origin, "ctid/calls").await["received"], 0);
}
