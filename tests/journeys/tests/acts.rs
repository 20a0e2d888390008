//! An act whose own row is its record has a line in the audit trail as well, one, whatever stops the job that writes it.

use serde_json::{Value, json};
use std::collections::BTreeMap;
use zerotrip_journeys::town::AGENCY;
use zerotrip_journeys::venues::{Redeemed, refuse};
use zerotrip_journeys::{Citizens, Town, sql};
use zerotrip_sandbox::people;

const NUMBER: &str = "11010519491231002X";

/// The lines about this subject, by their kinds.
fn lines(town: &Town, subject: &str) -> BTreeMap<String, Value> {
    let path = format!("/records/audit/lines?subject={subject}");
    let answer = town.house.get(&path, Some(&town.administrator()));
    assert_eq!(answer.status, 200, "{}", answer.text);
    let lines = answer.json()["lines"].as_array().expect("a list").clone();
    lines.into_iter().map(|line| (line["kind"].as_str().expect("a word").to_owned(), line)).collect()
}

fn detail(line: &Value) -> Value {
    serde_json::from_str(line["detail"].as_str().expect("text")).expect("JSON")
}

fn is_sound(town: &Town) -> bool {
    let verified = town.house.get("/records/audit/verification", Some(&town.administrator()));
    verified.json()["sound"] == json!(true)
}

#[test]
fn a_redemption_a_refusal_and_what_the_desk_adds_are_held_by_the_chain() {
    let town = Town::start("acts-desk");
    let hotel = town.staffed_venue("hotel", "松江饭店", AGENCY);
    let staff = hotel.staff(&town);
    let person = people::all().iter().find(|person| person.name == "何俊杰").expect("on the roll");
    let citizen = Citizens(&town).real_person(person);
    let post = |path: &str, body: &Value| town.house.post(path, Some(&citizen.token), body);
    assert_eq!(post("/auth/citizens/me/consents", &json!({ "purpose": "identity-codes" })).status, 204);
    assert_eq!(post("/wallet/channels", &json!({ "kind": "resident-id" })).status, 201);
    let wanted = json!({ "scenario": "hotel", "documents": ["resident-id"] });
    let code = post("/qr/identity-codes", &wanted).json();
    let scan = |staff: &str, attempt: &str| {
        town.house.post(
            "/scan/redemptions",
            Some(staff),
            &json!({ "code": code["code"], "attempt": attempt }),
        )
    };
    let entry = scan(&staff, "attempt-1").text_of("redemption");
    let elsewhere = town.staffed_venue("hotel", "别家饭店", AGENCY);
    scan(&elsewhere.staff(&town), "attempt-2").is_problem(409, "code-used");
    assert_eq!(town.add(&staff, &entry, "room", &json!("801")).status, 201);
    assert!(!lines(&town, &citizen.id).contains_key("identity-redeemed"), "not on the way of the request");

    assert_eq!(
        (town.trail("identity-redeemed"), town.trail("scan-refused"), town.trail("entry-completed")),
        (1, 1, 1)
    );
    let of_citizen = lines(&town, &citizen.id);
    let redeemed = &of_citizen["identity-redeemed"];
    let by = town.text(&format!("SELECT id FROM principals WHERE agency = '{}'", hotel.id));
    assert_eq!((&redeemed["actor"], &redeemed["device"]), (&json!(by), &json!(hotel.scanner)));
    let policy = town.text("SELECT policy FROM identity_codes");
    let disclosed = "name,sex,ethnicity,birth_date,document_kind,document_number,address,photo";
    assert_eq!(
        detail(redeemed),
        json!({ "code": entry, "venue": hotel.id, "scenario": "hotel", "policy": policy, "read": "qr", "disclosed": disclosed })
    );
    let refused = detail(&of_citizen["scan-refused"]);
    assert_eq!((&refused["why"], &refused["venue"]), (&json!("code-used"), &json!(elsewhere.id)));
    assert_eq!(detail(&lines(&town, &entry)["entry-completed"]), json!({ "name": "room" }));
    // Names of what was told, never what was told.
    let whole = format!("{of_citizen:?}");
    assert!(!whole.contains("何俊杰") && !whole.contains(&person.id_number) && !whole.contains("801"));

    let town = town.later(61);
    town.job("audit");
    assert_eq!(
        town.count("SELECT COUNT(*) FROM audit_lines WHERE kind = 'identity-redeemed' AND batch > 0"),
        1
    );
    assert!(is_sound(&town));
    // Whoever denies afterwards that it was this desk is found out.
    town.tamper("UPDATE audit_lines SET device = subject WHERE kind = 'identity-redeemed'");
    assert!(!is_sound(&town));
}

#[test]
fn whatever_stops_the_job_each_act_has_one_line() {
    let town = Town::start("acts-once");
    let hotel = town.staffed_venue("hotel", "松江饭店", AGENCY);
    for _ in 0..20 {
        Redeemed::guest("张三丰", NUMBER).at(&town, &hotel);
        refuse(&town, &hotel, "hotel", "other-venue");
    }
    // The power goes off amid the refusals, again and again.
    let (database, job) = (town.house.database(), town.job_token());
    let run = || town.house.post("/records/jobs/audit", Some(&job), &json!({})).status;
    sql::cut_power(&database, "INSERT ON audit_lines", "NEW.kind = 'scan-refused'");
    assert_eq!((run(), run()), (503, 503));
    assert_eq!(town.count("SELECT COUNT(*) FROM audit_lines WHERE kind = 'identity-redeemed'"), 20);
    sql::restore_power(&database, "audit_lines");
    std::thread::scope(|scope| {
        let all: Vec<_> = (0..8).map(|_| scope.spawn(run)).collect();
        all.into_iter().for_each(|one| assert_eq!(one.join().expect("answered"), 200));
    });
    assert_eq!((town.trail("identity-redeemed"), town.trail("scan-refused")), (20, 20));

    // One that comes later than the newest line, but says an earlier time.
    Redeemed { ago_min: 14, ..Redeemed::guest("张三丰", NUMBER) }.at(&town, &hotel);
    assert_eq!(town.trail("identity-redeemed"), 21);
    // One whose clock was far ahead hides none that comes after it.
    let ahead = format!(
        "UPDATE refused_scans SET at = {} WHERE id = (SELECT MAX(id) FROM refused_scans)",
        town.now_ms() + 86_400_000
    );
    refuse(&town, &hotel, "hotel", "cancelled");
    town.tamper(&ahead);
    assert_eq!(town.trail("scan-refused"), 21);
    refuse(&town, &hotel, "hotel", "cancelled");
    assert_eq!(town.trail("scan-refused"), 22);
    // One that nobody of ours has written is said, and stops nothing.
    refuse(&town, &hotel, "hotel", "cancelled");
    town.tamper("UPDATE refused_scans SET person = 'x' WHERE id = (SELECT MAX(id) FROM refused_scans)");
    refuse(&town, &hotel, "hotel", "cancelled");
    assert_eq!(town.trail("scan-refused"), 23);
    assert!(town.house.log().contains("ALARM a row has no line, scan-refused/"));
}
