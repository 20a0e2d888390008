//! Log-in by face.

use super::pending;
use serde_json::json;
use zerotrip_journeys::citizens::somebody;
use zerotrip_journeys::faces::level_and_face_at;
use zerotrip_journeys::{Citizens, Town};
use zerotrip_sandbox::people::{self, Residence};

#[test]
fn a_log_in_by_face_tells_nothing_before_the_face_has_passed() {
    let town = Town::start("face-log-in");
    let citizens = Citizens(&town);
    let (known, unknown) = (somebody(Residence::Local, 0), somebody(Residence::Local, 1));
    let first = citizens.with_real_name(known);
    let body = json!({ "name": known.name, "id_number": known.id_number, "consents": [] });
    town.house.post("/real-person/sessions", None, &body).is_problem(400, "invalid-request");
    citizens.log_in_by_face(known.name, "110105194912310021").is_problem(400, "invalid-request");
    let child = people::all().iter().find(|person| person.birth_date.as_str() > "2014").expect("a child");
    citizens.log_in_by_face(child.name, &child.id_number).is_problem(403, "guardian-needed");

    let of_known = citizens.log_in_by_face(known.name, &known.id_number);
    let of_unknown = citizens.log_in_by_face(unknown.name, &unknown.id_number);
    // Well formed, and nobody's: nobody can pass.
    let of_nobody = citizens.log_in_by_face("张三丰", "11010519491231002X");
    for opened in [&of_known, &of_unknown, &of_nobody] {
        assert_eq!(opened.status, 202, "{}", opened.text);
        let members: Vec<String> = opened.json().as_object().expect("an object").keys().cloned().collect();
        assert_eq!(members, ["expires_at", "face_check", "secret", "url"]);
    }
    // The result belongs to whoever began.
    let path = format!("/real-person/sessions/{}/result", of_known.text_of("face_check"));
    let stolen = json!({ "secret": of_unknown.text_of("secret") });
    town.house.post(&path, None, &stolen).is_problem(404, "not-found");
    citizens.result(&first.token, &of_known).is_problem(404, "not-found");
    pending(&town.house.post(&path, None, &json!({ "secret": of_known.text_of("secret") })));

    citizens.act(&of_nobody, "pass");
    assert_eq!(citizens.enter(&of_nobody).json(), json!({ "result": "failed" }));
    let failed = citizens.log_in_by_face(known.name, &known.id_number);
    citizens.act(&failed, "attack");
    let failed = citizens.enter(&failed);
    assert_eq!((failed.status, failed.text.as_str()), (200, r#"{"result":"failed"}"#));
    citizens.act(&of_unknown, "pass");
    citizens.enter(&of_unknown).is_problem(404, "no-account");

    citizens.act(&of_known, "pass");
    let entered = citizens.enter(&of_known);
    assert_eq!(entered.status, 201, "{}", entered.text);
    let token = entered.text_of("access_token");
    let (level, face_at) = level_and_face_at(&token);
    assert!(level == 2 && face_at > 0, "the face has proven the person as well");
    let current = town.house.get("/auth/sessions/current", Some(&token)).json();
    assert_eq!((&current["principal"], &current["standing"]), (&json!(first.id), &json!("real-person")));
    let list = town.house.get("/auth/citizens/me/sessions", Some(&token)).json();
    let own = list["sessions"].as_array().expect("a list").iter().find(|session| session["current"] == true);
    let own = own.expect("the own one");
    assert_eq!((&own["how"], &own["client"]), (&json!("face"), &json!("自助机")));
    // Who lost the answer gets it again, until the session goes on.
    let again = citizens.enter(&of_known);
    assert_eq!(level_and_face_at(&again.text_of("access_token")), (level, face_at));
    assert_eq!(citizens.refresh(&again.text_of("refresh_token")).status, 200);
    citizens.enter(&of_known).is_problem(401, "unauthorized");
    assert_eq!(town.count("SELECT COUNT(*) FROM citizen_sessions"), 2);
}

#[test]
fn log_ins_by_face_are_counted_for_whom_one_says_to_be_and_spare_the_account() {
    let town = Town::start("face-log-in-attempts");
    let citizens = Citizens(&town);
    let (known, unknown) = (somebody(Residence::Local, 0), somebody(Residence::Local, 1));
    let citizen = citizens.real_person(known);
    for person in [known, unknown] {
        for _ in 0..10 {
            assert_eq!(citizens.log_in_by_face(person.name, &person.id_number).status, 202);
        }
        citizens.log_in_by_face(person.name, &person.id_number).is_problem(429, "too-many-requests");
    }
    // Strangers cannot keep a person from the own face checks.
    assert_eq!(citizens.pass(&citizen.token, "step-up").json()["result"], "passed");
}
