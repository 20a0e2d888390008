//! Real persons: face checks from both ends, and the equal path without a face.

mod equal_path;
mod log_in;

use serde_json::{Value, json};
use std::time::{Duration, Instant};
use zerotrip_journeys::citizens::{phone, somebody};
use zerotrip_journeys::faces::level_and_face_at;
use zerotrip_journeys::{Answer, Citizens, Town, patiently, sql};
use zerotrip_sandbox::people::Residence;

fn faults(town: &Town, faults: &Value) {
    let mut faults = faults.clone();
    faults["gateway_methods"] = json!("alipay.user.certify.");
    town.faults(&faults);
}

fn pending(answer: &Answer) {
    assert_eq!(answer.json(), json!({ "result": "pending" }));
}

fn failures(town: &Town) -> i64 {
    town.count("SELECT CAST(COALESCE(SUM(failures), 0) AS BIGINT) FROM face_attempts")
}

#[test]
fn a_check_is_begun_in_its_turn_and_only_with_consent() {
    let town = Town::start("face-order");
    let citizens = Citizens(&town);
    let person = somebody(Residence::Local, 0);
    town.house
        .post("/real-person/face-checks", None, &json!({ "purpose": "step-up" }))
        .is_problem(401, "unauthorized");
    citizens.begin(&town.officer(), "step-up").is_problem(403, "forbidden");

    let citizen = citizens.register(phone(person));
    citizens.begin(&citizen.token, "real-person").is_problem(409, "real-name-first");
    citizens.begin(&citizen.token, "log-in").is_problem(400, "invalid-request");
    citizens.begin(&citizen.token, "recovery").is_problem(400, "invalid-request");
    assert_eq!(citizens.real_name(&citizen, person.name, &person.id_number).status, 200);
    citizens.begin(&citizen.token, "step-up").is_problem(409, "real-person-first");
    citizens.begin_for(&citizen.token, "claim", person).is_problem(409, "person-known");
    // Whose face it is to be is not for the caller to say.
    citizens
        .begin_for(&citizen.token, "real-person", somebody(Residence::Local, 1))
        .is_problem(400, "invalid-request");

    let consents = |method: &str, path: &str, body: &str| {
        town.house
            .send(method, &format!("/auth/citizens/me/consents{path}"), Some(&citizen.token), body)
            .status
    };
    let opened = citizens.begin(&citizen.token, "real-person");
    assert_eq!(opened.status, 201, "{}", opened.text);
    citizens.act(&opened, "pass");
    assert_eq!(consents("DELETE", "/face", ""), 204);
    // Taken back meanwhile: the check is over, and nobody asks what became of it.
    assert_eq!(citizens.result(&citizen.token, &opened).json()["result"], "expired");
    assert_eq!(citizens.at_provider(&opened)["queries"], 0);
    citizens.begin(&citizen.token, "real-person").is_problem(403, "consent-needed");
    assert_eq!(citizens.standing(&citizen.token), "real-name");
    assert_eq!(consents("POST", "", r#"{"purpose":"face"}"#), 204);
    assert_eq!(citizens.pass(&citizen.token, "real-person").json()["result"], "passed");
    citizens.begin(&citizen.token, "real-person").is_problem(409, "real-person-already");
}

#[test]
fn what_has_not_passed_proves_nothing() {
    let town = Town::start("face-not-passed");
    let citizens = Citizens(&town);
    let citizen = citizens.with_real_name(somebody(Residence::Local, 0));
    for act in ["fail", "attack"] {
        let opened = citizens.begin(&citizen.token, "real-person");
        citizens.act(&opened, act);
        pending(&citizens.result(&citizen.token, &opened));
        assert_eq!(citizens.finished(&citizen.token, &opened).json(), json!({ "result": "failed" }));
        let queries = citizens.at_provider(&opened)["queries"].clone();
        // Failed for good: it is not asked again.
        assert_eq!(citizens.result(&citizen.token, &opened).json(), json!({ "result": "failed" }));
        assert_eq!(citizens.at_provider(&opened)["queries"], queries);
    }
    assert_eq!(failures(&town), 2);
    // Gone away from the camera, and come back.
    let opened = citizens.begin(&citizen.token, "real-person");
    citizens.act(&opened, "abandon");
    pending(&citizens.result(&citizen.token, &opened));
    let way_back = "/real-person/face-checks/return?passed=T&certify_id=1&sign=x";
    let page = town.house.browse("GET", way_back, "");
    assert_eq!((page.status, page.content_type.as_str()), (200, "text/html; charset=utf-8"));
    assert!(page.text.contains("请返回原来的应用") && !page.text.contains("certify"), "{}", page.text);
    pending(&citizens.result(&citizen.token, &opened));
    // Too old for Alipay, which says nothing of it any more.
    let gone = citizens.begin(&citizen.token, "real-person");
    citizens.act(&gone, "expire");
    assert_eq!(citizens.result(&citizen.token, &gone).json(), json!({ "result": "expired" }));
    assert_eq!(citizens.standing(&citizen.token), "real-name");
    citizens.act(&opened, "pass");
    assert_eq!(citizens.result(&citizen.token, &opened).json()["result"], "passed");
    assert_eq!(failures(&town), 0, "the row of failures is over");
    let proven = "SELECT COUNT(*) FROM audit_lines WHERE kind = 'person-proven'";
    assert_eq!(town.count(proven), 1);
}

#[test]
fn a_check_that_nobody_asks_about_for_ten_minutes_cannot_pass_and_leaves_nothing_behind() {
    let town = Town::start("face-expired");
    let citizens = Citizens(&town);
    let person = somebody(Residence::Local, 0);
    let citizen = citizens.with_real_name(person);
    let (late, left) =
        (citizens.begin(&citizen.token, "real-person"), citizens.begin(&citizen.token, "real-person"));
    citizens.act(&late, "pass");
    let town = town.later(601);
    let citizens = Citizens(&town);
    let token = citizens.refresh(&citizen.refresh).text_of("access_token");
    assert_eq!(citizens.result(&token, &late).json(), json!({ "result": "expired" }));
    assert_eq!(citizens.at_provider(&late)["queries"], 0);
    assert_eq!(citizens.standing(&token), "real-name");

    let job = || town.house.post("/real-person/jobs/proofs", Some(&town.job_token()), &json!({}));
    town.house.post("/real-person/jobs/proofs", Some(&token), &json!({})).is_problem(401, "unauthorized");
    assert_eq!(job().json(), json!({ "followed_up": 0, "expired": 1, "failed": 0 }));
    assert_eq!(job().json(), json!({ "followed_up": 0, "expired": 0, "failed": 0 }));
    for opened in [&late, &left] {
        let path = format!("/real-person/face-checks/{}", opened.text_of("face_check"));
        let shown = town.house.get(&path, Some(&token)).json();
        assert_eq!((&shown["result"], &shown["purpose"]), (&json!("expired"), &json!("real-person")));
        assert_eq!(shown["receipt"]["erased"], json!(["certify_id", "name", "id_number"]));
    }
    let kept = "SELECT COUNT(*) FROM proofs WHERE person_sealed IS NOT NULL OR person_index IS NOT NULL \
                OR reference_sealed IS NOT NULL";
    assert_eq!(town.count(kept), 0);
}

#[test]
fn only_the_session_that_began_a_check_learns_what_became_of_it() {
    let town = Town::start("face-session");
    let citizens = Citizens(&town);
    let person = somebody(Residence::Local, 0);
    let citizen = citizens.with_real_name(person);
    let other = citizens.log_in(phone(person), zerotrip_journeys::town::PASSWORD).text_of("access_token");
    let stranger = citizens.register("13800138000");
    let opened = citizens.begin(&citizen.token, "real-person");
    citizens.act(&opened, "pass");
    citizens.result(&other, &opened).is_problem(404, "not-found");
    citizens.result(&stranger.token, &opened).is_problem(404, "not-found");
    citizens.result(&town.officer(), &opened).is_problem(403, "forbidden");
    let path = format!("/real-person/face-checks/{}", opened.text_of("face_check"));
    town.house.get(&path, Some(&stranger.token)).is_problem(404, "not-found");
    assert_eq!(citizens.at_provider(&opened)["queries"], 0);
    assert_eq!(citizens.result(&citizen.token, &opened).json()["result"], "passed");
    // The account is a real person's, and one session is fresh.
    let face_at = |token: &str| town.house.get("/auth/citizens/me", Some(token)).json()["face_at"].clone();
    assert!(face_at(&citizen.token).as_u64().is_some_and(|at| at > 0));
    assert_eq!((face_at(&other), citizens.standing(&other)), (json!(0), "real-person".to_owned()));
    assert_eq!(town.house.send("DELETE", "/auth/sessions/current", Some(&citizen.token), "").status, 204);
    citizens.result(&citizen.token, &opened).is_problem(401, "unauthorized");
}

#[test]
fn a_face_makes_a_real_person_and_the_next_token_says_so() {
    let town = Town::start("face-passed");
    let citizens = Citizens(&town);
    let person = somebody(Residence::Elsewhere, 0);
    let citizen = citizens.with_real_name(person);
    assert_eq!(level_and_face_at(&citizen.token), (0, 0), "it is as old as the registration");
    let opened = citizens.begin(&citizen.token, "real-person");
    let url = opened.text_of("url");
    assert!(!url.contains(&person.id_number) && !url.contains("%E"), "an address names nobody: {url}");
    // As the phone sees it: Alipay's page, a button, and back to us.
    let page = town.house.fetch("GET", &url, &[("accept", "text/html")], "");
    let button = page.text.split("action=\"").nth(1).and_then(|rest| rest.split('"').next());
    let button = button.unwrap_or_else(|| panic!("no button: {}", page.text));
    let back = town.house.fetch("POST", &format!("{}{button}", town.alipay), &[], "");
    assert_eq!(back.location, format!("{}/real-person/face-checks/return", town.house.base));
    assert_eq!(town.house.fetch("GET", &back.location, &[], "").status, 200);
    assert_eq!(citizens.standing(&citizen.token), "real-name", "coming back proves nothing");

    let before = town.now_ms();
    let passed = citizens.result(&citizen.token, &opened);
    assert_eq!(passed.json(), json!({ "result": "passed", "standing": "real-person" }));
    let refreshed = citizens.refresh(&citizen.refresh);
    let (level, face_at) = level_and_face_at(&refreshed.text_of("access_token"));
    assert_eq!(level, 2);
    assert!((before..=town.now_ms()).contains(&face_at));
    let token = refreshed.text_of("access_token");
    let me = town.house.get("/auth/citizens/me", Some(&token)).json();
    assert!(me["services"].as_array().is_some_and(|services| !services.is_empty()), "{me}");
    assert_eq!(town.count("SELECT COUNT(*) FROM citizens WHERE proven_how = 'face' AND proven_at > 0"), 1);

    // Later something wants a fresh face.
    let town = town.later(3600);
    let citizens = Citizens(&town);
    let refreshed = citizens.refresh(&refreshed.text_of("refresh_token"));
    let token = refreshed.text_of("access_token");
    assert_eq!(level_and_face_at(&token).1, face_at);
    assert_eq!(citizens.pass(&token, "step-up").json()["result"], "passed");
    let next = citizens.refresh(&refreshed.text_of("refresh_token")).text_of("access_token");
    assert!(level_and_face_at(&next).1 >= face_at + 3_600_000);
}

#[test]
fn sixteen_who_ask_at_once_get_one_result() {
    let town = Town::start("face-at-once");
    let citizens = Citizens(&town);
    let citizen = citizens.with_real_name(somebody(Residence::Local, 0));
    let opened = citizens.begin(&citizen.token, "real-person");
    citizens.act(&opened, "pass");
    let ask = || Citizens(&town).result(&citizen.token, &opened);
    let answers: Vec<String> = std::thread::scope(|scope| {
        let asking: Vec<_> = (0..16).map(|_| scope.spawn(|| patiently(ask).text)).collect();
        asking.into_iter().map(|one| one.join().expect("answered")).collect()
    });
    for answer in &answers {
        assert_eq!(answer, r#"{"result":"passed","standing":"real-person"}"#);
    }
    assert_eq!(town.count("SELECT COUNT(*) FROM audit_lines WHERE kind = 'person-proven'"), 1);
    assert_eq!(town.count("SELECT COUNT(*) FROM proofs WHERE receipt IS NOT NULL"), 1);
    // Asking for ever is no way to load the provider.
    let again = citizens.begin(&citizen.token, "step-up");
    // Thirty at once, then one in two seconds.
    assert!(
        (0..300).any(|_| citizens.result(&citizen.token, &again).status == 429),
        "nobody is told to wait"
    );
}

#[test]
fn what_identifies_a_check_is_erased_against_a_receipt() {
    let town = Town::start("face-receipt");
    let citizens = Citizens(&town);
    let person = somebody(Residence::Local, 0);
    let citizen = citizens.with_real_name(person);
    let opened = citizens.begin(&citizen.token, "real-person");
    let path = format!("/real-person/face-checks/{}", opened.text_of("face_check"));
    let show = || town.house.get(&path, Some(&citizen.token)).json();
    assert_eq!((show()["receipt"].clone(), show()["result"].clone()), (Value::Null, json!("pending")));
    let certify_id = citizens.at_provider(&opened)["certify_id"].as_str().expect("text").to_owned();
    let holds = |secret: &str| town.house.stored().windows(secret.len()).any(|w| w == secret.as_bytes());
    for secret in [certify_id.as_str(), person.name, &person.id_number] {
        assert!(
            !holds(secret) && !town.house.log().contains(secret),
            "{secret} is sealed from the beginning"
        );
    }
    citizens.act(&opened, "pass");
    assert_eq!(citizens.result(&citizen.token, &opened).json()["result"], "passed");
    let receipt = show()["receipt"].clone();
    assert_eq!(receipt["erased"], json!(["certify_id", "name", "id_number"]));
    assert!(receipt["erased_at"].as_u64().is_some_and(|at| at <= town.now_ms()), "{receipt}");
    assert!(receipt["digest"].as_str().is_some_and(|digest| digest.len() > 32), "{receipt}");
    assert_eq!(show()["receipt"], receipt, "it is given once");
    let kept = "SELECT COUNT(*) FROM proofs WHERE person_sealed IS NOT NULL OR person_index IS NOT NULL \
                OR reference_sealed IS NOT NULL";
    assert_eq!(town.count(kept), 0);
}

#[test]
fn a_provider_that_is_down_costs_a_person_nothing_but_seconds() {
    let town = Town::start("face-down");
    let citizens = Citizens(&town);
    let citizen = citizens.with_real_name(somebody(Residence::Local, 0));
    let begin = || citizens.begin(&citizen.token, "real-person");
    let silent = |answer: &Answer| {
        answer.is_problem(503, "face-provider-unavailable");
        assert!(!answer.retry_after.is_empty());
    };
    // The answer is lost on its way, and asked for again under the same number.
    faults(&town, &json!({ "gateway": "answer-lost", "gateway_calls": 1 }));
    let opened = begin();
    assert_eq!(opened.status, 201, "{}", opened.text);
    let known = town.control("GET", "faces", &Value::Null).as_array().expect("a list").len();
    assert_eq!((known, failures(&town)), (1, 1));
    // How long it takes here when the provider answers.
    let began = Instant::now();
    pending(&citizens.result(&citizen.token, &opened));
    let usual = began.elapsed();
    faults(&town, &json!({ "slow_ms": 20_000 }));
    let began = Instant::now();
    silent(&citizens.result(&citizen.token, &opened));
    let took = began.elapsed();
    assert!(took >= Duration::from_millis(3_000), "{took:?}");
    assert!(took < Duration::from_millis(5_500) + 10 * usual, "{took:?} where {usual:?} is usual");
    faults(&town, &json!({}));
    pending(&citizens.result(&citizen.token, &opened));
    for fault in ["unavailable", "bad-signature"] {
        faults(&town, &json!({ "gateway": fault, "gateway_calls": 2 }));
        silent(&begin());
    }
    assert_eq!(failures(&town), 1, "nobody has tried anything");
    assert_eq!(town.count("SELECT COUNT(*) FROM proofs"), 1);
    // Who does not answer five times in a row is left alone for a while.
    faults(&town, &json!({ "gateway": "unavailable", "gateway_calls": 1 }));
    silent(&citizens.result(&citizen.token, &opened));
    let began = Instant::now();
    silent(&citizens.result(&citizen.token, &opened));
    let took = began.elapsed();
    assert!(took < Duration::from_millis(1_500) + 10 * usual, "{took:?} where {usual:?} is usual");
    citizens.act(&opened, "pass");
    let town = town.later(6);
    let citizens = Citizens(&town);
    assert_eq!(citizens.result(&citizen.token, &opened).json()["result"], "passed");
}

#[test]
fn ten_failures_are_free_then_each_waits_and_a_hundred_are_the_end() {
    let town = Town::start("face-attempts");
    let citizens = Citizens(&town);
    let person = somebody(Residence::Local, 0);
    let citizen = citizens.real_person(person);
    let begin = || citizens.begin(&citizen.token, "step-up");
    for attempt in 0..10 {
        assert_eq!(begin().status, 201, "attempt {attempt}");
    }
    let calls = || town.control("GET", "faces", &Value::Null).as_array().expect("a list").len();
    let before = calls();
    let refused = begin();
    refused.is_problem(429, "too-many-requests");
    let wait: u64 = refused.retry_after.parse().expect("seconds");
    assert!((1..=30).contains(&wait), "{wait}");
    assert_eq!(calls(), before, "counted before anybody is asked");
    let town = town.later(31);
    let citizens = Citizens(&town);
    assert_eq!(citizens.begin(&citizen.token, "step-up").status, 201);
    citizens.begin(&citizen.token, "step-up").is_problem(429, "too-many-requests");

    sql::execute(&town.house.database(), "UPDATE face_attempts SET failures = 99, locked_until = 0");
    assert_eq!(citizens.begin(&citizen.token, "step-up").status, 201);
    citizens.begin(&citizen.token, "step-up").is_problem(403, "face-checks-stopped");
    let stopped = "SELECT COUNT(*) FROM audit_lines WHERE kind = 'face-checks-stopped'";
    assert_eq!(town.count(stopped), 1);
    let town = town.later(24 * 3600);
    let citizens = Citizens(&town);
    let token = citizens.refresh(&citizen.refresh).text_of("access_token");
    citizens.begin(&token, "step-up").is_problem(403, "face-checks-stopped");
    // An officer has seen the person.
    let code = citizens.window_code(person);
    assert_eq!(citizens.activate(&token, &code, None).json()["result"], "passed");
    assert_eq!(citizens.begin(&token, "step-up").status, 201);
}
