//! A person is proven without a face: at a window, or by two items.

use serde_json::{Value, json};
use zerotrip_journeys::citizens::{phone, somebody};
use zerotrip_journeys::faces::level_and_face_at;
use zerotrip_journeys::{Citizens, Town};
use zerotrip_sandbox::people::Residence;

#[test]
fn a_windows_code_is_good_once_for_whoever_showed_the_card() {
    let town = Town::start("window");
    let citizens = Citizens(&town);
    let (person, other) = (somebody(Residence::Local, 0), somebody(Residence::Local, 1));
    let citizen = citizens.with_real_name(person);
    let (officer, administrator) = (town.officer(), town.administrator());
    for stranger in [citizen.token.as_str(), &administrator] {
        citizens.try_window_code(stranger, person, true).is_problem(403, "forbidden");
    }
    citizens.try_window_code(&officer, person, false).is_problem(400, "invalid-request");
    let code = citizens.window_code(person);
    assert_eq!(code.len(), 11, "ten characters and a hyphen: {code}");
    let wrong = |code: &str| citizens.activate(&citizen.token, code, None).is_problem(403, "wrong-code");
    wrong("00000-00000");
    wrong(&citizens.window_code(other));
    let activated = citizens.activate(&citizen.token, &code.replace('-', " ").to_lowercase(), None);
    assert_eq!(activated.json(), json!({ "result": "passed", "standing": "real-person" }));
    assert_eq!(town.count("SELECT COUNT(*) FROM citizens WHERE proven_how = 'window'"), 1);
    let refreshed = citizens.refresh(&citizen.refresh).text_of("access_token");
    let (level, face_at) = level_and_face_at(&refreshed);
    assert!(level == 2 && face_at > 0, "as fresh as after a face check");
    // The answer was lost: the same session may ask again, another not.
    assert_eq!(citizens.activate(&refreshed, &code, None).json(), activated.json());
    let elsewhere = citizens.log_in(phone(person), zerotrip_journeys::town::PASSWORD).text_of("access_token");
    citizens.activate(&elsewhere, &code, None).is_problem(403, "wrong-code");
    for (kind, lines) in [("activation-code-issued", 2), ("activation-code-used", 1)] {
        let lines_of = format!("SELECT COUNT(*) FROM audit_lines WHERE kind = '{kind}'");
        assert_eq!(town.count(&lines_of), lines, "{kind}");
    }
    let on_terminal = "SELECT COUNT(*) FROM audit_lines l JOIN devices d ON d.id = l.device WHERE l.kind = 'activation-code-issued'";
    assert_eq!(town.count(on_terminal), 2);
    // Five tries, then one in ten minutes.
    citizens.activate(&refreshed, "00000-00000", None).is_problem(429, "too-many-requests");

    let fresh = citizens.window_code(person);
    let stored = town.house.stored();
    let found = stored.windows(10).any(|window| window == fresh.replace('-', "").as_bytes());
    assert!(!found && !town.house.log().contains(&fresh), "the code is on the person's paper alone");
    let town = town.later(24 * 3600 + 1);
    let citizens = Citizens(&town);
    let token = citizens.log_in(phone(person), zerotrip_journeys::town::PASSWORD).text_of("access_token");
    citizens.activate(&token, &fresh, None).is_problem(403, "wrong-code");
    let done = town.house.post("/real-person/jobs/proofs", Some(&town.job_token()), &json!({}));
    assert_eq!(done.status, 200, "{}", done.text);
    assert_eq!(town.count("SELECT COUNT(*) FROM activation_codes"), 0, "nor does the name stay");
}

#[test]
fn two_items_prove_a_person_without_camera_and_window() {
    let town = Town::start("two-items");
    let citizens = Citizens(&town);
    let person = somebody(Residence::Local, 0);
    let citizen = citizens.with_real_name(person);
    let prove_as = |name: &str, id_number: &str, phone: &Value, purpose: Option<&str>| {
        let body = json!({ "phone": phone, "name": name, "id_number": id_number, "purpose": purpose });
        town.house.post("/real-person/two-items", Some(&citizen.token), &body)
    };
    let prove =
        |phone: &Value, purpose: Option<&str>| prove_as(person.name, &person.id_number, phone, purpose);
    let stranger = citizens.register("13800138000");
    let code = citizens.code("13800138000", "prove");
    let body =
        json!({ "phone": code, "name": person.name, "id_number": person.id_number, "purpose": "recovery" });
    // Whoever knows a name and a number takes nobody's account over.
    let tried = town.house.post("/real-person/two-items", Some(&stranger.token), &body);
    tried.is_problem(403, "stronger-proof-needed");
    prove(&code, None).is_problem(403, "another-phone");

    let code = citizens.code(phone(person), "prove");
    prove(&json!({ "one_time_code": code["one_time_code"], "code": "x" }), None)
        .is_problem(403, "wrong-code");
    prove(&code, Some("step-up")).is_problem(409, "real-person-first");
    town.control_of("ctid", "POST", "faults", &json!({ "fault": "down" }));
    prove(&code, None).is_problem(503, "identity-platform-unavailable");
    town.control_of("ctid", "POST", "faults", &json!({}));
    // The code is not used up by that.
    assert_eq!(prove(&code, None).json(), json!({ "result": "passed", "standing": "real-person" }));
    assert_eq!(town.count("SELECT COUNT(*) FROM citizens WHERE proven_how = 'two-items'"), 1);
    assert_eq!(town.count("SELECT COUNT(*) FROM face_attempts"), 0, "no camera was near");
    let refreshed = citizens.refresh(&citizen.refresh).text_of("access_token");
    assert_eq!(level_and_face_at(&refreshed).0, 2);
}

#[test]
fn whoever_has_only_the_phone_has_one_item() {
    let town = Town::start("one-item");
    let citizens = Citizens(&town);
    let person = somebody(Residence::Local, 0);
    let other = somebody(Residence::Local, 1);
    let citizen = citizens.real_person(person);
    let town = town.later(1_801);
    let citizens = Citizens(&town);
    let token = citizens.refresh(&citizen.refresh).text_of("access_token");
    // It is not used up by what is wrong besides.
    let code = citizens.code(phone(person), "prove");
    let prove = |name: &str, id_number: &str| {
        let body = json!({ "phone": code, "name": name, "id_number": id_number, "purpose": "step-up" });
        town.house.post("/real-person/two-items", Some(&token), &body)
    };
    let channel = || town.house.post("/wallet/channels", Some(&token), &json!({ "kind": "resident-id" }));
    channel().is_problem(403, "fresh-proof-needed");
    prove(person.name, &other.id_number).is_problem(403, "another-person");
    prove(other.name, &person.id_number).is_problem(403, "another-person");
    prove(person.name, "").is_problem(400, "invalid-request");
    channel().is_problem(403, "fresh-proof-needed");
    assert_eq!(prove(person.name, &person.id_number).json()["result"], "passed");
    assert_eq!(channel().status, 201);
}
