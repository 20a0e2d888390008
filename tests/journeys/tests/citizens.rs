//! Citizens: from a phone to a real name, log-in by password, sessions.

use serde_json::{Value, json};
use std::time::{Duration, Instant};
use zerotrip_journeys::citizens::{phone, somebody};
use zerotrip_journeys::town::PASSWORD;
use zerotrip_journeys::{Citizens, Town};
use zerotrip_sandbox::people::{self, Residence};

fn faults(town: &Town, service: &str, faults: &Value) {
    town.control_of(service, "POST", "faults", faults);
}

#[test]
fn a_phone_is_proven_by_the_digits_it_was_sent_and_nothing_else() {
    let town = Town::start("one-time-code");
    let citizens = Citizens(&town);
    let bad = json!({ "phone": "12345", "purpose": "register" });
    town.house.post("/auth/one-time-codes", None, &bad).is_problem(400, "invalid-request");

    let register = |code: &Value| {
        let body = json!({ "phone": code, "password": PASSWORD, "consents": ["account"], "client": null });
        town.house.post("/auth/citizens", None, &body)
    };
    let code = citizens.code("13800138000", "register");
    let digits: u64 = code["code"].as_str().expect("text").parse().expect("digits");
    for wrong in [format!("{:07}", (digits + 1) % 10_000_000), String::new(), "nonsense".to_owned()] {
        register(&json!({ "one_time_code": code["one_time_code"], "code": wrong }))
            .is_problem(403, "wrong-code");
    }
    register(&json!({ "one_time_code": "0".repeat(32), "code": code["code"] })).is_problem(403, "wrong-code");
    // For another purpose it is none.
    register(&citizens.code("13800138001", "prove")).is_problem(403, "wrong-code");
    let public = json!({ "phone": "13800138001", "purpose": "log-in" });
    town.house.post("/auth/one-time-codes", None, &public).is_problem(400, "invalid-request");
    assert_eq!(register(&code).status, 201);
    register(&code).is_problem(403, "wrong-code");

    // Five tries, and then not even the right digits.
    let code = citizens.code("13800138002", "register");
    for _ in 0..5 {
        register(&json!({ "one_time_code": code["one_time_code"], "code": "x" }))
            .is_problem(403, "wrong-code");
    }
    register(&code).is_problem(403, "wrong-code");
    // Ten minutes.
    let code = citizens.code("13800138003", "register");
    let town = town.later(601);
    let body = json!({ "phone": code, "password": PASSWORD, "consents": ["account"] });
    town.house.post("/auth/citizens", None, &body).is_problem(403, "wrong-code");
}

#[test]
fn a_phone_is_not_flooded_and_a_silent_gateway_is_said() {
    let town = Town::start("code-limits");
    let ask = |phone: &str| {
        town.house.post("/auth/one-time-codes", None, &json!({ "phone": phone, "purpose": "register" }))
    };
    for _ in 0..3 {
        assert_eq!(ask("13800138000").status, 202);
    }
    let refused = ask("13800138000");
    refused.is_problem(429, "too-many-requests");
    let wait: u64 = refused.retry_after.parse().expect("seconds");
    assert!((590..=600).contains(&wait), "{wait}");
    assert_eq!(ask("13800138001").status, 202);
    faults(&town, "sms", &json!({ "fault": "down" }));
    ask("13800138002").is_problem(503, "sms-unavailable");
    faults(&town, "sms", &json!({}));
    assert_eq!(ask("13800138002").status, 202);
}

#[test]
fn a_password_that_everybody_tries_is_refused_before_the_code_is_used_up() {
    let town = Town::start("weak-passwords");
    let citizens = Citizens(&town);
    let code = citizens.code("13800138000", "register");
    let register = |password: &str, consents: &Value| {
        let body = json!({ "phone": code, "password": password, "consents": consents });
        town.house.post("/auth/citizens", None, &body)
    };
    register("short", &json!(["account"])).is_problem(400, "invalid-request");
    register("password123", &json!(["account"])).is_problem(400, "common-password");
    register("123456789012345678", &json!(["account"])).is_problem(400, "common-password");
    register(PASSWORD, &json!(["face"])).is_problem(400, "invalid-request");
    register(PASSWORD, &json!(["account", "everything"])).is_problem(400, "invalid-request");
    assert_eq!(register(PASSWORD, &json!(["account"])).status, 201);
    // One phone, one account; only who holds the phone learns it.
    citizens.try_register("13800138000", PASSWORD).is_problem(409, "phone-has-account");
}

#[test]
fn a_short_password_wants_the_phone_as_well() {
    let town = Town::start("second-factor");
    let citizens = Citizens(&town);
    assert_eq!(citizens.try_register("13800138000", "k7 Mond!").status, 201);
    citizens.log_in("13800138000", "k7 Mond?").is_problem(401, "wrong-credentials");
    let sent = citizens.log_in("13800138000", "k7 Mond!");
    assert_eq!(sent.status, 202, "{}", sent.text);
    let mut body = json!({ "login": "13800138000", "password": "k7 Mond!",
        "second_factor": citizens.typed("13800138000", &sent) });
    // Another phone's code does not stand in.
    assert_eq!(citizens.try_register("13800138001", "k8 Mond!").status, 201);
    let other = citizens.typed("13800138001", &citizens.log_in("13800138001", "k8 Mond!"));
    let theirs = json!({ "login": "13800138000", "password": "k7 Mond!", "second_factor": other });
    town.house.post("/auth/citizens/sessions", None, &theirs).is_problem(401, "wrong-credentials");
    // Whoever asks for codes to a phone uses up none that its owner needs.
    let ask = json!({ "phone": "13800138000", "purpose": "prove" });
    while town.house.post("/auth/one-time-codes", None, &ask).status == 202 {}
    let came = town.house.post("/auth/citizens/sessions", None, &body);
    assert_eq!(came.status, 201, "{}", came.text);
    assert_eq!(citizens.standing(&came.text_of("access_token")), "registered");
    town.house.post("/auth/citizens/sessions", None, &body).is_problem(403, "wrong-code");
    body["second_factor"] = Value::Null;
    // A phone gets three codes, then one in ten minutes: the second log-in of a busy person.
    assert_eq!(town.house.post("/auth/citizens/sessions", None, &body).status, 202);
}

#[test]
fn the_platforms_answers_each_have_their_own_words() {
    let town = Town::start("ctid-answers");
    let citizens = Citizens(&town);
    let (person, other) = (somebody(Residence::Local, 0), somebody(Residence::Local, 1));
    let citizen = citizens.register(phone(person));
    let check = |name: &str, number: &str| citizens.real_name(&citizen, name, number);
    check(person.name, "110105194912310021").is_problem(400, "invalid-request");
    check("", &person.id_number).is_problem(400, "invalid-request");
    check(other.name, &person.id_number).is_problem(422, "no-match");
    // Right by its form, nobody's.
    check(person.name, "11010519491231002X").is_problem(422, "no-such-person");
    let frozen = people::all().iter().find(|person| person.frozen).expect("somebody frozen");
    check(frozen.name, &frozen.id_number).is_problem(422, "identity-frozen");
    let child = people::all().iter().find(|person| person.birth_date.as_str() > "2014").expect("a child");
    check(child.name, &child.id_number).is_problem(403, "guardian-needed");
    assert_eq!(citizens.standing(&citizen.token), "registered");
    let right = check(person.name, &person.id_number.to_lowercase());
    assert_eq!(right.json(), json!({ "standing": "real-name", "residence": "local" }));
    check(person.name, &person.id_number).is_problem(409, "real-name-known");
    let me = town.house.get("/auth/citizens/me", Some(&citizen.token)).json();
    assert_eq!(me["services"], json!([]), "nothing is open before the person is proven");
    assert!(!me.to_string().contains(&person.id_number) && !me.to_string().contains(person.name), "{me}");
}

#[test]
fn people_from_elsewhere_register_as_well() {
    let town = Town::start("elsewhere");
    let citizens = Citizens(&town);
    for (residence, name) in
        [(Residence::Elsewhere, "elsewhere"), (Residence::HkMacauTaiwan, "hk-macau-taiwan")]
    {
        let person = somebody(residence, 0);
        let citizen = citizens.register(phone(person));
        let checked = citizens.real_name(&citizen, person.name, &person.id_number);
        assert_eq!(checked.json(), json!({ "standing": "real-name", "residence": name }));
    }
}

#[test]
fn what_was_typed_outlives_a_platform_that_is_down() {
    let town = Town::start("ctid-down");
    let citizens = Citizens(&town);
    let person = somebody(Residence::Local, 0);
    let citizen = citizens.register(phone(person));
    let again = |token: &str| town.house.post("/auth/citizens/me/real-name", Some(token), &json!({}));
    again(&citizen.token).is_problem(400, "invalid-request");
    faults(&town, "ctid", &json!({ "fault": "down" }));
    let silent = citizens.real_name(&citizen, person.name, &person.id_number);
    silent.is_problem(503, "identity-platform-unavailable");
    assert!(!silent.retry_after.is_empty());
    faults(&town, "ctid", &json!({}));
    assert_eq!(again(&citizen.token).json()["standing"], "real-name");
    let given = town.count("SELECT COUNT(*) FROM real_name_requests");
    assert_eq!(given, 0, "what is done with is not kept");
}

#[test]
fn nobody_waits_longer_than_two_seconds_and_a_dead_platform_is_left_alone() {
    let town = Town::start("ctid-slow");
    let citizens = Citizens(&town);
    let mut people: Vec<_> = (0..7).map(|number| somebody(Residence::Local, number)).collect();
    let mut accounts: Vec<_> = people.iter().map(|person| citizens.register(phone(person))).collect();
    let calls =
        || town.control_of("ctid", "GET", "calls", &Value::Null)["received"].as_i64().expect("a count");
    // How long it takes here when the platform answers.
    let (person, account) = (people.pop().expect("the last"), accounts.pop().expect("the last"));
    let began = Instant::now();
    assert_eq!(citizens.real_name(&account, person.name, &person.id_number).status, 200);
    let usual = began.elapsed();
    let answered = calls();
    let unanswered = |number: usize| {
        let person = people[number];
        let began = Instant::now();
        let answer = citizens.real_name(&accounts[number], person.name, &person.id_number);
        answer.is_problem(503, "identity-platform-unavailable");
        began.elapsed()
    };
    // The first try is cut short, the second has what is left of the two seconds.
    faults(&town, "ctid", &json!({ "slow_ms": 10_000 }));
    for number in 0..2 {
        let took = unanswered(number);
        assert!(took >= Duration::from_millis(1900), "{took:?}");
        assert!(took < Duration::from_millis(2900) + 10 * usual, "{took:?} where {usual:?} is usual");
    }
    faults(&town, "ctid", &json!({ "fault": "down" }));
    for number in 2..5 {
        unanswered(number);
    }
    let before = calls();
    assert_eq!(before - answered, 6, "each of three was tried twice");
    faults(&town, "ctid", &json!({}));
    let took = unanswered(5);
    assert!(took < Duration::from_millis(900) + 10 * usual, "{took:?} where {usual:?} is usual");
    assert_eq!(calls(), before, "nobody asked");
    // After five seconds somebody tries, and then everybody may.
    let town = town.later(6);
    let citizens = Citizens(&town);
    for (person, account) in people.iter().zip(&accounts) {
        assert_eq!(citizens.real_name(account, person.name, &person.id_number).status, 200);
    }
}

#[test]
fn one_person_has_one_account_however_many_register_at_once() {
    let town = Town::start("one-person");
    let citizens = Citizens(&town);
    let person = somebody(Residence::Local, 0);
    let accounts: Vec<_> = (0..8).map(|n| citizens.register(&format!("1390013800{n}"))).collect();
    let statuses: Vec<u16> = std::thread::scope(|scope| {
        let tries: Vec<_> = accounts
            .iter()
            .map(|account| {
                scope.spawn(|| Citizens(&town).real_name(account, person.name, &person.id_number).status)
            })
            .collect();
        tries.into_iter().map(|one| one.join().expect("answered")).collect()
    });
    assert_eq!(statuses.iter().filter(|status| **status == 200).count(), 1, "{statuses:?}");
    assert_eq!(statuses.iter().filter(|status| **status == 409).count(), 7, "{statuses:?}");
}

#[test]
fn a_log_in_tells_a_stranger_nothing() {
    let town = Town::start("no-enumeration");
    let citizens = Citizens(&town);
    citizens.register("13800138000");
    let known = citizens.log_in("13800138000", "a wrong password, quite long");
    let unknown = citizens.log_in("13800138009", "a wrong password, quite long");
    known.is_problem(401, "wrong-credentials");
    assert_eq!(known.text, unknown.text);
    citizens.log_in("root", PASSWORD).is_problem(400, "invalid-request");
    // Five failures, then a wait, with the same words.
    for _ in 0..4 {
        citizens.log_in("13800138000", "a wrong password, quite long").is_problem(401, "wrong-credentials");
    }
    citizens.log_in("13800138000", PASSWORD).is_problem(401, "wrong-credentials");
    let town = town.later(31);
    assert_eq!(Citizens(&town).log_in("13800138000", PASSWORD).status, 201);
    // Known or not, a name is tried so often and no more.
    let tried = |name: &str| {
        let citizens = Citizens(&town);
        (0..40).map(|_| citizens.log_in(name, "a wrong password, quite long").status).collect::<Vec<_>>()
    };
    let unknown = tried("13800138009");
    assert!(unknown.contains(&429), "{unknown:?}");
}

#[test]
fn a_person_logs_in_by_phone_or_id_number_and_sees_and_ends_the_own_sessions() {
    let town = Town::start("citizen-sessions");
    let citizens = Citizens(&town);
    let person = somebody(Residence::Local, 0);
    let first = citizens.with_real_name(person);
    let by_number = citizens.log_in(&person.id_number, PASSWORD);
    assert_eq!(by_number.status, 201, "{}", by_number.text);
    let second = by_number.text_of("access_token");
    let current = town.house.get("/auth/sessions/current", Some(&second)).json();
    assert_eq!(
        current,
        json!({ "principal": first.id, "role": "citizen", "device": null, "standing": "real-name", "face_at": 0 })
    );
    let list = town.house.get("/auth/citizens/me/sessions", Some(&second)).json();
    let sessions = list["sessions"].as_array().expect("a list");
    assert_eq!(sessions.len(), 2);
    let other = sessions.iter().find(|session| session["current"] == false).expect("the first");
    assert_eq!(other["client"], "测试手机");
    let path = format!("/auth/citizens/me/sessions/{}", other["session"].as_str().expect("an id"));
    // Somebody else's is not found.
    let stranger = citizens.register("13800138000");
    town.house.send("DELETE", &path, Some(&stranger.token), "").is_problem(404, "not-found");
    assert_eq!(town.house.send("DELETE", &path, Some(&second), "").status, 204);
    town.house.get("/auth/citizens/me", Some(&first.token)).is_problem(401, "unauthorized");

    // A refresh token is good once.
    let refresh =
        |token: &str| town.house.post("/auth/sessions/refresh", None, &json!({ "refresh_token": token }));
    refresh(&first.refresh).is_problem(401, "unauthorized");
    let next = refresh(&by_number.text_of("refresh_token"));
    assert_eq!(next.status, 200, "{}", next.text);
    refresh(&by_number.text_of("refresh_token")).is_problem(401, "refresh-reused");
    refresh(&next.text_of("refresh_token")).is_problem(401, "unauthorized");

    let third = citizens.log_in(phone(person), PASSWORD).text_of("access_token");
    assert_eq!(town.house.send("DELETE", "/auth/sessions/current", Some(&third), "").status, 204);
    town.house.get("/auth/citizens/me", Some(&third)).is_problem(401, "unauthorized");
}

#[test]
fn a_citizen_is_no_officer_and_an_officer_no_citizen() {
    let town = Town::start("roles");
    let citizen = Citizens(&town).register("13800138000");
    let invitation = json!({ "role": "administrator", "agency": "220102" });
    town.house.post("/auth/invitations", Some(&citizen.token), &invitation).is_problem(403, "forbidden");
    town.house.get("/pay/work-items", Some(&citizen.token)).is_problem(403, "forbidden");
    town.house.get("/auth/citizens/me", Some(&town.administrator())).is_problem(403, "forbidden");
}

#[test]
fn consents_are_kept_purpose_by_purpose_also_when_taken_back() {
    let town = Town::start("consents");
    let citizens = Citizens(&town);
    let person = somebody(Residence::Local, 0);
    let citizen = citizens.register(phone(person));
    let path = |purpose: &str| format!("/auth/citizens/me/consents/{purpose}");
    let withdraw = |purpose: &str| town.house.send("DELETE", &path(purpose), Some(&citizen.token), "");
    withdraw("account").is_problem(409, "account-consent");
    withdraw("weather").is_problem(404, "not-found");
    assert_eq!(withdraw("real-name").status, 204);
    withdraw("real-name").is_problem(404, "not-found");
    citizens.real_name(&citizen, person.name, &person.id_number).is_problem(403, "consent-needed");
    let give = || {
        let body = json!({ "purpose": "real-name" });
        town.house.post("/auth/citizens/me/consents", Some(&citizen.token), &body).status
    };
    assert_eq!([give(), give()], [204, 204]);
    assert_eq!(citizens.real_name(&citizen, person.name, &person.id_number).status, 200);
    let me = town.house.get("/auth/citizens/me", Some(&citizen.token)).json();
    let real_name: Vec<bool> = me["consents"]
        .as_array()
        .expect("a list")
        .iter()
        .filter(|consent| consent["purpose"] == "real-name")
        .map(|consent| consent["withdrawn_at"].is_null())
        .collect();
    assert_eq!(real_name, [false, true]);
}

#[test]
fn the_database_alone_tells_nobody_who_a_citizen_is() {
    let town = Town::start("sealed-citizens");
    let citizens = Citizens(&town);
    let person = somebody(Residence::Local, 0);
    citizens.with_real_name(person);
    let stored = town.house.stored();
    for secret in [person.name, &person.id_number, phone(person), PASSWORD] {
        let found = stored.windows(secret.len()).any(|window| window == secret.as_bytes());
        assert!(!found && !town.house.log().contains(secret), "{secret}");
    }
}
