//! Venues and their registers: who may enrol, see, add, search and supervise, and how long anything is kept.

mod police;
mod venues;

use serde_json::{Value, json};
use zerotrip_domain::scenario::Scenario;
use zerotrip_journeys::town::AGENCY;
use zerotrip_journeys::venues::Redeemed;
use zerotrip_journeys::{Answer, Town};

const NUMBER: &str = "11010519491231002X";

const DAY_S: i64 = 24 * 3600;

fn search(town: &Town, token: &str, reason: &str, by: &Value) -> Answer {
    town.house.post("/scan/searches", Some(token), &json!({ "reason": reason, "by": by }))
}

fn names(list: &Value) -> Vec<&str> {
    let name = |one: &'_ Value| -> bool { one.is_string() };
    let list = list.as_array().expect("a list");
    list.iter()
        .map(|one| if name(one) { one.as_str() } else { one["name"].as_str() }.expect("a name"))
        .collect()
}

#[test]
fn a_venue_completes_its_own_register_and_corrects_it_only_by_appending() {
    let town = Town::start("register");
    let (hotel, other) =
        (town.staffed_venue("hotel", "松江饭店", AGENCY), town.staffed_venue("hotel", "别家", AGENCY));
    let (staff, stranger) = (hotel.staff(&town), other.staff(&town));
    let entry = Redeemed::guest("张三丰", NUMBER).at(&town, &hotel);
    let child = Redeemed { minor: true, ..Redeemed::guest("张小三", NUMBER) }.at(&town, &hotel);
    let path = format!("/scan/entries/{entry}");

    // Another venue's, nobody's, and for people who are no staff.
    town.house.get(&path, Some(&stranger)).is_problem(404, "not-found");
    town.add(&stranger, &entry, "room", &json!("801")).is_problem(404, "not-found");
    town.add(&staff, &"0".repeat(32), "room", &json!("801")).is_problem(404, "not-found");
    for token in [town.administrator(), town.officer()] {
        town.house.get(&path, Some(&token)).is_problem(403, "forbidden");
        town.add(&token, &entry, "room", &json!("801")).is_problem(403, "forbidden");
    }
    // What the policy does not name, or not of its form.
    let now = town.now_ms();
    town.add(&staff, &entry, "seat", &json!("12")).is_problem(422, "not-in-the-register");
    town.add(&staff, &entry, "guardian_contact", &json!("13800138000"))
        .is_problem(422, "not-in-the-register");
    for (name, value) in [
        ("room", json!("")),
        ("room", json!(801)),
        ("arrival", json!("2026-11-25")),
        ("arrival", json!(1)),
        ("face_matches", json!("yes")),
    ] {
        town.add(&staff, &entry, name, &value).is_problem(422, "wrong-form");
    }
    town.add(&staff, &entry, "room", &json!(["801"])).is_problem(400, "invalid-request");

    let shown = town.house.get(&path, Some(&staff)).json();
    assert_eq!(names(&shown["missing"]), ["room", "arrival", "planned_departure", "face_matches"]);
    assert_eq!(names(&shown["later"]), ["departure"]);
    assert_eq!((&shown["additions"], &shown["masked"]), (&json!([]), &json!(false)));
    assert_eq!(shown["disclosed"][0], json!({ "name": "name", "chinese": "姓名", "value": "张三丰" }));
    for (name, value) in [
        ("room", json!("801")),
        ("arrival", json!(now)),
        ("planned_departure", json!(now + 86_400_000)),
        ("face_matches", json!(true)),
    ] {
        assert_eq!(town.add(&staff, &entry, name, &value).status, 201, "{name}");
    }
    let corrected = town.add(&staff, &entry, "room", &json!("802")).json();
    let rooms: Vec<&Value> = corrected["additions"]
        .as_array()
        .expect("a list")
        .iter()
        .filter(|line| line["name"] == "room")
        .collect();
    assert_eq!([&rooms[0]["value"], &rooms[1]["value"]], [&json!("801"), &json!("802")]);
    assert_eq!(corrected["missing"], json!([]));
    // Nothing is changed or taken back.
    for method in ["PUT", "PATCH", "DELETE"] {
        let tried = |path: &str| town.house.send(method, path, Some(&staff), "{}");
        tried(&path).is_problem(405, "method-not-allowed");
        tried(&format!("{path}/additions")).is_problem(405, "method-not-allowed");
    }

    // The list has no numbers, and says what is open; for a child also who answers for it.
    let list = town.house.get("/scan/entries", Some(&staff));
    assert!(
        !list.text.contains(NUMBER) && !list.text.contains("三丰") && list.text.contains("张**"),
        "{}",
        list.text
    );
    let list = list.json();
    let of = |id: &str| {
        list["entries"].as_array().expect("a list").iter().find(|one| one["entry"] == id).expect("listed")
    };
    assert_eq!((names(&of(&entry)["missing"]), names(&of(&entry)["later"])), (vec![], vec!["departure"]));
    assert!(names(&of(&child)["missing"]).contains(&"guardian_contact"));
    assert_eq!(town.add(&staff, &child, "guardian_contact", &json!("13800138000")).status, 201);
    assert_eq!(
        town.house.get("/scan/entries", Some(&stranger)).json(),
        json!({ "entries": [], "next": null })
    );
    let later = town.house.get(&format!("/scan/entries?from={}", now + 3_600_000), Some(&staff)).json();
    assert_eq!(later["entries"], json!([]));
    town.house.get("/scan/entries?from=yesterday", Some(&staff)).is_problem(400, "invalid-request");

    // A day later staff find the guest again, but do not read what they were told.
    let town = town.later(DAY_S + 60);
    let staff = hotel.staff(&town);
    let masked = town.house.get(&path, Some(&staff));
    assert!(masked.text.contains("\"801\"") && !masked.text.contains("示例街"), "{}", masked.text);
    assert!(!masked.text.contains(NUMBER) && masked.text.contains("110105********002X"), "{}", masked.text);
    assert_eq!(masked.json()["masked"], true);
    let contact = town.house.get(&format!("/scan/entries/{child}"), Some(&staff));
    assert!(!contact.text.contains("13800138000"), "{}", contact.text);
    assert_eq!(town.add(&staff, &entry, "departure", &json!(town.now_ms())).status, 201);
}

#[test]
fn an_entry_goes_when_its_time_is_over_and_the_ledger_stays() {
    let town = Town::start("register-kept");
    let cafe = town.staffed_venue("internet-cafe", "网吧", AGENCY);
    let told =
        json!({ "name": "张三丰", "document_kind": "resident-id", "document_number": NUMBER, "adult": true });
    let guest = Redeemed { scenario: Scenario::InternetCafe, told, ..Redeemed::guest("", "") };
    let entry = guest.at(&town, &cafe);
    assert_eq!(town.add(&cafe.staff(&town), &entry, "seat", &json!("12")).status, 201);
    let rows = |town: &Town| {
        [
            "identity_codes WHERE entry_sealed IS NOT NULL",
            "identity_codes WHERE person_index IS NOT NULL",
            "register_additions",
            "identity_codes WHERE disclosed LIKE '%name%'",
        ]
        .map(|of| town.count(&format!("SELECT COUNT(*) FROM {of}")))
    };
    let sweep = |town: &Town| {
        let done = town.house.post("/records/jobs/retention", Some(&town.job_token()), &json!({}));
        assert_eq!(done.status, 200, "{}", done.text);
    };
    // 60 days, the last of them whole.
    let town = town.later(60 * DAY_S);
    sweep(&town);
    assert_eq!(rows(&town), [1, 1, 1, 1]);
    assert_eq!(town.house.get(&format!("/scan/entries/{entry}"), Some(&cafe.staff(&town))).status, 200);
    let town = town.later(DAY_S);
    // Gone for everybody before the job comes.
    let staff = cafe.staff(&town);
    town.house.get(&format!("/scan/entries/{entry}"), Some(&staff)).is_problem(404, "not-found");
    town.add(&staff, &entry, "off", &json!(town.now_ms())).is_problem(404, "not-found");
    assert_eq!(town.house.get("/scan/entries", Some(&staff)).json()["entries"], json!([]));
    let found = search(&town, &town.officer(), "案件1号", &json!({ "id_number": NUMBER }));
    assert_eq!(found.json()["entries"], json!([]));
    sweep(&town);
    assert_eq!(rows(&town), [0, 0, 0, 1]);
}
