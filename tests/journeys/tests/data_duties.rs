//! What a person may ask of whoever holds their data: to see it, to correct it, to have it deleted; and what goes by itself.

use serde_json::{Value, json};
use zerotrip_journeys::citizens::{phone, somebody};
use zerotrip_journeys::records::old_account;
use zerotrip_journeys::town::PASSWORD;
use zerotrip_journeys::{Answer, Citizens, Town};
use zerotrip_sandbox::people::{Person, Residence};

const NEW: &str = "another horse, another battery";
const ME: &str = "/auth/citizens/me";
/// What the records hold about the caller.
const OWN: &str = "/records/me";

fn person(number: usize) -> &'static Person {
    somebody(Residence::Local, number)
}

fn put(town: &Town, what: &str, token: &str, body: &Value) -> Answer {
    let whose = if what == "name" { OWN } else { ME };
    town.house.send("PUT", &format!("{whose}/{what}"), Some(token), &body.to_string())
}

#[test]
fn an_export_wants_a_fresh_face_and_then_holds_everything_in_the_clear() {
    let town = Town::start("export");
    let citizens = Citizens(&town);
    let (person, other) = (person(0), person(1));
    let known = citizens.with_real_name(person);
    citizens.with_real_name(other);
    let export = |token: &str| town.house.get(&format!("{OWN}/export"), Some(token));
    town.house.get(&format!("{OWN}/export"), None).is_problem(401, "unauthorized");
    export(&town.administrator()).is_problem(403, "forbidden");
    export(&known.token).is_problem(403, "fresh-proof-needed");
    citizens.pass(&known.token, "real-person");
    let second = citizens.log_in(phone(person), PASSWORD).text_of("access_token");
    // The face was shown in the other session.
    export(&second).is_problem(403, "fresh-proof-needed");

    let told = export(&known.token);
    assert_eq!(told.status, 200, "{}", told.text);
    let told = told.json();
    let account = &told["account"];
    assert_eq!(account["name"], person.name);
    assert_eq!(account["id_number"], person.id_number);
    assert_eq!(account["phone"], phone(person));
    assert_eq!(account["standing"], "real-person");
    assert_eq!(told["sessions"].as_array().map(Vec::len), Some(2));
    assert_eq!(told["consents"].as_array().map(Vec::len), Some(3));
    assert_eq!(told["one_time_codes"].as_array().map(Vec::len), Some(1));
    assert!(told["acts"].to_string().contains("real-name-matched"), "{told}");
    assert_eq!((&told["proofs"][0]["how"], &told["proofs"][0]["state"]), (&json!("face"), &json!("passed")));
    for secret in [other.name, phone(other), &other.id_number, "$argon2id$"] {
        assert!(!told.to_string().contains(secret), "{secret}");
    }
    // Having asked is an act as well.
    assert_eq!(export(&known.token).json()["acts"][0]["kind"], "data-exported");
    // Half an hour later the face is no longer fresh.
    let town = town.later(30 * 60);
    let refreshed =
        town.house.post("/auth/sessions/refresh", None, &json!({ "refresh_token": known.refresh }));
    let token = refreshed.text_of("access_token");
    town.house.get(&format!("{OWN}/export"), Some(&token)).is_problem(403, "fresh-proof-needed");
}

#[test]
fn an_account_without_a_name_exports_after_a_log_in() {
    let town = Town::start("export-registered");
    let citizens = Citizens(&town);
    let registered = citizens.register("13800138000");
    let told = town.house.get(&format!("{OWN}/export"), Some(&registered.token));
    assert_eq!(told.json()["account"]["phone"], "13800138000");
    let town = town.later(31 * 60);
    let refreshed =
        town.house.post("/auth/sessions/refresh", None, &json!({ "refresh_token": registered.refresh }));
    let token = refreshed.text_of("access_token");
    town.house.get(&format!("{OWN}/export"), Some(&token)).is_problem(403, "fresh-proof-needed");
    let again = Citizens(&town).log_in("13800138000", PASSWORD).text_of("access_token");
    assert_eq!(town.house.get(&format!("{OWN}/export"), Some(&again)).status, 200);
}

#[test]
fn a_phone_is_changed_by_codes_to_both_or_by_a_fresh_face() {
    let town = Town::start("change-phone");
    let citizens = Citizens(&town);
    let person = person(0);
    let known = citizens.with_real_name(person);
    citizens.register("13900138009");
    let code = |phone: &str| citizens.code(phone, "change-phone");
    let change =
        |old: Value, new: Value| put(&town, "phone", &known.token, &json!({ "old": old, "new": new }));
    change(Value::Null, code("13900138001")).is_problem(403, "fresh-proof-needed");
    change(code("13900138002"), code("13900138001")).is_problem(409, "not-the-phone-of-today");
    // A code for anything else moves no phone.
    let other = citizens.code("13900138003", "prove");
    change(code(phone(person)), other).is_problem(403, "wrong-code");
    change(code(phone(person)), code("13900138009")).is_problem(409, "phone-has-account");
    assert_eq!(
        town.house.get(ME, Some(&known.token)).json()["phone"].as_str().map(|p| &p[7..]),
        Some(&phone(person)[7..])
    );

    let town = town.later(3600);
    let citizens = Citizens(&town);
    let token = citizens.log_in(phone(person), PASSWORD).text_of("access_token");
    let code = |phone: &str| citizens.code(phone, "change-phone");
    let both = json!({ "old": code(phone(person)), "new": code("13900138001") });
    assert_eq!(put(&town, "phone", &token, &both).status, 204);
    put(&town, "phone", &token, &both).is_problem(403, "wrong-code");
    citizens.log_in(phone(person), PASSWORD).is_problem(401, "wrong-credentials");
    let token = citizens.log_in("13900138001", PASSWORD).text_of("access_token");

    citizens.pass(&token, "real-person");
    assert_eq!(put(&town, "phone", &token, &json!({ "new": code("13900138004") })).status, 204);
    let told = town.control_of("sms", "GET", "messages?phone=13900138001", &Value::Null);
    assert!(told[0]["text"].as_str().is_some_and(|text| text.contains("已更换手机号")), "{told}");
    // The phone that was left is free for somebody else.
    citizens.register("13900138001");
    assert_eq!(citizens.log_in("13900138004", PASSWORD).status, 201);
}

#[test]
fn a_password_is_changed_by_the_old_one_or_a_fresh_face_and_shuts_other_sessions() {
    let town = Town::start("change-password");
    let citizens = Citizens(&town);
    let person = person(0);
    let known = citizens.with_real_name(person);
    let other = citizens.log_in(phone(person), PASSWORD).text_of("access_token");
    let change = |body: Value| put(&town, "password", &known.token, &body);
    change(json!({ "new": NEW })).is_problem(403, "fresh-proof-needed");
    change(json!({ "new": "password123", "old": PASSWORD })).is_problem(400, "common-password");
    change(json!({ "new": "short", "old": PASSWORD })).is_problem(400, "invalid-request");
    change(json!({ "new": NEW, "old": "a wrong password, quite long" })).is_problem(401, "wrong-credentials");
    assert_eq!(change(json!({ "new": NEW, "old": PASSWORD })).status, 204);
    town.house.get(ME, Some(&other)).is_problem(401, "unauthorized");
    assert_eq!(town.house.get(ME, Some(&known.token)).status, 200);
    citizens.log_in(phone(person), PASSWORD).is_problem(401, "wrong-credentials");
    assert_eq!(citizens.log_in(phone(person), NEW).status, 201);
    // Who has found an open session guesses no longer than at the door.
    for _ in 0..5 {
        change(json!({ "new": NEW, "old": "a wrong password, quite long" }))
            .is_problem(401, "wrong-credentials");
    }
    change(json!({ "new": PASSWORD, "old": NEW })).is_problem(401, "wrong-credentials");
    citizens.log_in(phone(person), NEW).is_problem(401, "wrong-credentials");
    citizens.pass(&known.token, "real-person");
    assert_eq!(change(json!({ "new": PASSWORD })).status, 204);
    assert_eq!(citizens.log_in(phone(person), PASSWORD).status, 201);
}

#[test]
fn another_name_is_taken_when_it_belongs_to_the_same_number() {
    let town = Town::start("change-name");
    let citizens = Citizens(&town);
    let (person, other) = (person(0), person(1));
    let registered = citizens.register("13800138000");
    put(&town, "name", &registered.token, &json!({ "name": other.name })).is_problem(409, "no-name-yet");
    let known = citizens.with_real_name(person);
    let change = |name: &str| put(&town, "name", &known.token, &json!({ "name": name }));
    change("").is_problem(400, "invalid-request");
    change(other.name).is_problem(422, "no-match");
    town.control_of("ctid", "POST", "faults", &json!({ "fault": "down" }));
    change(person.name).is_problem(503, "identity-platform-unavailable");
    town.control_of("ctid", "POST", "faults", &json!({}));
    assert_eq!(change(person.name).status, 204);
    let withdraw = format!("{ME}/consents/real-name");
    assert_eq!(town.house.send("DELETE", &withdraw, Some(&known.token), "").status, 204);
    change(person.name).is_problem(403, "consent-needed");
}

#[test]
fn a_forgotten_password_is_set_anew_for_the_person_with_the_phone_and_nobody_learns_more() {
    let town = Town::start("reset");
    let citizens = Citizens(&town);
    let (person, other) = (person(0), person(1));
    let known = citizens.with_real_name(person);
    let reset = |code: Value, who: Option<&Person>, password: &str| {
        let body = json!({ "phone": code, "name": who.map(|w| w.name), "id_number": who.map(|w| &w.id_number),
            "password": password });
        town.house.post("/auth/citizens/password-resets", None, &body)
    };
    let prove = |phone: &str| citizens.code(phone, "prove");
    reset(prove("13900138001"), Some(person), "password123").is_problem(400, "common-password");
    reset(citizens.code("13900138001", "register"), Some(person), NEW).is_problem(403, "wrong-code");
    let half = json!({ "phone": prove("13900138002"), "name": person.name, "password": NEW });
    town.house.post("/auth/citizens/password-resets", None, &half).is_problem(400, "invalid-request");
    let wrong = json!({ "phone": prove("13900138003"), "name": other.name, "id_number": person.id_number, "password": NEW });
    town.house.post("/auth/citizens/password-resets", None, &wrong).is_problem(422, "no-match");

    // Another's phone, another's name, no account: the same answer, and nothing happens.
    let strangers = reset(prove("13900138004"), Some(person), NEW);
    assert_eq!(strangers.status, 202, "{}", strangers.text);
    let mistaken = reset(prove(phone(person)), Some(other), NEW);
    assert_eq!((mistaken.status, &mistaken.text), (202, &strangers.text));
    // A phone alone is too little for an account that has a name.
    let phone_alone = reset(prove(phone(person)), None, NEW);
    assert_eq!((phone_alone.status, &phone_alone.text), (202, &strangers.text));
    assert_eq!(citizens.log_in(phone(person), PASSWORD).status, 201);
    assert_eq!(town.house.get(ME, Some(&known.token)).status, 200);

    let town = town.later(3600);
    let citizens = Citizens(&town);
    let body = json!({ "phone": citizens.code(phone(person), "prove"), "name": person.name, "id_number": person.id_number,
        "password": NEW });
    let own = town.house.post("/auth/citizens/password-resets", None, &body);
    assert_eq!((own.status, &own.text), (202, &strangers.text));
    let refresh = json!({ "refresh_token": known.refresh });
    town.house.post("/auth/sessions/refresh", None, &refresh).is_problem(401, "unauthorized");
    citizens.log_in(phone(person), PASSWORD).is_problem(401, "wrong-credentials");
    assert_eq!(citizens.log_in(phone(person), NEW).status, 201);
    // An account without a name is its phone's.
    citizens.register("13900138005");
    let body = json!({ "phone": citizens.code("13900138005", "prove"), "password": NEW });
    assert_eq!(town.house.post("/auth/citizens/password-resets", None, &body).text, strangers.text);
    assert_eq!(citizens.log_in("13900138005", NEW).status, 201);
}

#[test]
fn a_deleted_account_leaves_nothing_of_its_person_and_its_phone_and_number_are_free() {
    let town = Town::start("deletion");
    let citizens = Citizens(&town);
    let person = person(0);
    let known = citizens.with_real_name(person);
    let delete = |token: &str| town.house.send("DELETE", OWN, Some(token), "");
    delete(&known.token).is_problem(403, "fresh-proof-needed");
    citizens.pass(&known.token, "real-person");
    let gone = delete(&known.token);
    assert_eq!(gone.status, 200, "{}", gone.text);
    for member in ["gone", "kept", "open_duties"] {
        assert!(gone.json()[member].as_array().is_some_and(|list| !list.is_empty()), "{member}");
    }
    town.house.get(ME, Some(&known.token)).is_problem(401, "unauthorized");
    let refresh = json!({ "refresh_token": known.refresh });
    town.house.post("/auth/sessions/refresh", None, &refresh).is_problem(401, "unauthorized");
    citizens.log_in(phone(person), PASSWORD).is_problem(401, "wrong-credentials");
    citizens.log_in(&person.id_number, PASSWORD).is_problem(401, "wrong-credentials");
    let left = town.count(
        "SELECT COUNT(*) FROM citizens WHERE name_sealed IS NOT NULL OR id_number_sealed IS NOT NULL OR phone_sealed IS NOT NULL \
         OR id_index IS NOT NULL OR phone_index IS NOT NULL OR password IS NOT NULL OR residence IS NOT NULL",
    );
    assert_eq!(left, 0);
    assert_eq!(town.count("SELECT COUNT(*) FROM one_time_codes"), 0);
    assert_eq!(town.count("SELECT COUNT(*) FROM consents WHERE withdrawn_at IS NULL"), 0);
    assert_eq!(town.count("SELECT COUNT(*) FROM citizen_sessions WHERE ended_at IS NULL"), 0);
    // The chain of what happened holds all the same, and says no name.
    assert_eq!(
        town.house.get("/records/audit/verification", Some(&town.administrator())).json()["sound"],
        true
    );
    assert_ne!(citizens.with_real_name(person).id, known.id);
}

#[test]
fn a_frozen_or_unproven_account_can_neither_be_seen_through_nor_slip_away() {
    let town = Town::start("duties-refused");
    let citizens = Citizens(&town);
    let (person, old) = (person(0), person(1));
    let known = citizens.real_person(person);
    let root = town.administrator();
    let reason = json!({ "reason": "x" });
    assert_eq!(town.act(&root, &known.id, "freeze", &reason).status, 200);
    town.house.send("DELETE", OWN, Some(&known.token), "").is_problem(401, "unauthorized");
    town.house.get(&format!("{OWN}/export"), Some(&known.token)).is_problem(401, "unauthorized");
    // Nor does a new password open what is frozen.
    let body = json!({ "phone": citizens.code(phone(person), "prove"), "name": person.name, "id_number": person.id_number,
        "password": NEW });
    assert_eq!(town.house.post("/auth/citizens/password-resets", None, &body).status, 202);
    citizens.log_in(phone(person), NEW).is_problem(401, "wrong-credentials");

    town.import(&[old_account("a-1", old, phone(old), None)]);
    let body = json!({ "phone": citizens.code(phone(old), "prove"), "name": old.name, "id_number": old.id_number,
        "password": NEW });
    assert_eq!(town.house.post("/auth/citizens/password-resets", None, &body).status, 202);
    let token = citizens.log_in(phone(old), NEW).text_of("access_token");
    assert_eq!(citizens.standing(&token), "proof-due");
    for (method, what) in [("GET", "/export"), ("PUT", "/phone"), ("PUT", "/password"), ("PUT", "/name")] {
        let body = match what {
            "/phone" => json!({ "new": { "one_time_code": "", "code": "" } }).to_string(),
            "/password" => json!({ "new": NEW, "old": NEW }).to_string(),
            "/name" => json!({ "name": old.name }).to_string(),
            _ => String::new(),
        };
        town.house
            .send(
                method,
                &format!("{}{what}", if what == "/export" || what == "/name" { OWN } else { ME }),
                Some(&token),
                &body,
            )
            .is_problem(403, "proof-due");
    }
    town.house.send("DELETE", OWN, Some(&token), "").is_problem(403, "fresh-proof-needed");
}

#[test]
fn what_was_given_for_a_check_is_forgotten_when_the_consent_is_taken_back() {
    let town = Town::start("withdrawn");
    let citizens = Citizens(&town);
    let person = person(0);
    let citizen = citizens.register(phone(person));
    town.control_of("ctid", "POST", "faults", &json!({ "fault": "down" }));
    citizens
        .real_name(&citizen, person.name, &person.id_number)
        .is_problem(503, "identity-platform-unavailable");
    let kept = "SELECT COUNT(*) FROM real_name_requests";
    assert_eq!(town.count(kept), 1);
    let withdraw = |purpose: &str| {
        let path = format!("{ME}/consents/{purpose}");
        assert_eq!(town.house.send("DELETE", &path, Some(&citizen.token), "").status, 204);
    };
    withdraw("real-name");
    assert_eq!(town.count(kept), 0);

    // So is a face check that waits for its person.
    town.control_of("ctid", "POST", "faults", &json!({}));
    let give = json!({ "purpose": "real-name" });
    assert_eq!(town.house.post(&format!("{ME}/consents"), Some(&citizen.token), &give).status, 204);
    assert_eq!(citizens.real_name(&citizen, person.name, &person.id_number).status, 200);
    let opened = citizens.begin(&citizen.token, "real-person");
    assert_eq!(opened.status, 201, "{}", opened.text);
    let open = "SELECT COUNT(*) FROM proofs WHERE person_sealed IS NOT NULL";
    assert_eq!(town.count(open), 1);
    withdraw("face");
    assert_eq!(town.count(open), 0);
    citizens.act(&opened, "pass");
    assert_eq!(citizens.result(&citizen.token, &opened).text_of("result"), "expired");
    assert_eq!(citizens.standing(&citizen.token), "real-name");
}

#[test]
fn what_is_past_its_time_goes_and_the_rest_stays() {
    let town = Town::start("retention");
    let citizens = Citizens(&town);
    let person = person(0);
    let own = citizens.with_real_name(person);
    town.import(&[old_account("a-1", person, "13900138001", None)]);
    let old = town.text("SELECT id FROM citizens WHERE standing = 'proof-due'");
    let body = json!({ "into": own.id, "reason": "同一人" });
    assert_eq!(town.act(&town.administrator(), &old, "merge", &body).status, 200);
    assert_eq!(town.house.send("DELETE", "/auth/sessions/current", Some(&own.token), "").status, 204);
    let rows = |town: &Town| {
        ["one_time_codes", "citizen_sessions", "rate_limits"]
            .map(|table| town.count(&format!("SELECT COUNT(*) FROM {table}")))
    };
    let kept = rows(&town);
    let sealed = "SELECT COUNT(*) FROM citizens WHERE name_sealed IS NOT NULL";
    assert!(kept.iter().all(|rows| *rows > 0), "{kept:?}");
    assert_eq!(town.job("retention")["more"], false);
    assert_eq!(rows(&town)[..2], kept[..2], "nothing is past its time");
    let months = town.now_ms() + 90 * 24 * 3_600_000;
    town.tamper(&format!("INSERT INTO rate_limits (key, full_at) VALUES ('not full for months', {months})"));
    // The log-in for the job token counts its address, which is full again in a second.
    let full =
        |town: &Town, at: u64| town.count(&format!("SELECT COUNT(*) FROM rate_limits WHERE full_at < {at}"));

    let town = town.later(89 * 24 * 3600);
    let began = town.now_ms();
    assert!(full(&town, began) > 0);
    town.job("retention");
    assert_eq!((&rows(&town)[..2], full(&town, began)), (&[0, 1][..], 0));
    assert_eq!(town.count("SELECT COUNT(*) FROM rate_limits WHERE key LIKE 'not full %'"), 1);
    assert_eq!(town.count(sealed), 2);
    let town = town.later(2 * 24 * 3600);
    let began = town.now_ms();
    let token = town.job_token();
    let statuses: Vec<u16> = std::thread::scope(|scope| {
        let run = || town.house.post("/records/jobs/retention", Some(&token), &json!({})).status;
        let runs: Vec<_> = (0..4).map(|_| scope.spawn(run)).collect();
        runs.into_iter().map(|one| one.join().expect("answered")).collect()
    });
    assert_eq!(statuses, [200; 4]);
    assert_eq!((&rows(&town)[..2], full(&town, began)), (&[0, 0][..], 0));
    assert_eq!(town.count(sealed), 1, "the account that goes on has it");
    assert_eq!(town.count("SELECT COUNT(*) FROM consents"), 3, "what was agreed to stays");

    // After three years the detail of a line goes, and the chain still holds.
    let town = town.later(3 * 365 * 24 * 3600);
    while town.job("audit")["more"] == true {}
    assert!(town.count("SELECT COUNT(*) FROM audit_lines WHERE detail <> ''") > 0);
    town.job("retention");
    assert_eq!(town.count("SELECT COUNT(*) FROM audit_lines WHERE detail <> ''"), 0);
    let verified = town.house.get("/records/audit/verification", Some(&town.administrator())).json();
    assert_eq!(verified["sound"], true, "{verified}");
    // Who did what is held all the same.
    town.tamper(
        "UPDATE audit_lines SET actor = subject, subject = actor, kind = 'x' WHERE erased_at IS NOT NULL",
    );
    let verified = town.house.get("/records/audit/verification", Some(&town.administrator())).json();
    assert_eq!(verified["sound"], false, "{verified}");
}
