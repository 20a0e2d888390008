//! One person, one account: the first one recovered, disowned, or merged, also when the power goes off in between.

use serde_json::{Value, json};
use zerotrip_journeys::citizens::{Citizen, phone, somebody};
use zerotrip_journeys::faces::{imported, level_and_face_at};
use zerotrip_journeys::town::PASSWORD;
use zerotrip_journeys::{Answer, Citizens, Town, patiently, sql};
use zerotrip_sandbox::people::{Person, Residence};

const NEW_PHONE: &str = "13800138000";
const DUE: &str = "000102030405060708090a0b0c0d0e0f";

/// The person's first account, and a second one with another phone, which was refused the person.
fn twice(town: &Town, person: &Person) -> (Citizen, Citizen) {
    let citizens = Citizens(town);
    let first = citizens.real_person(person);
    let second = citizens.register(NEW_PHONE);
    citizens.real_name(&second, person.name, &person.id_number).is_problem(409, "person-has-account");
    (first, second)
}

fn by_face(town: &Town, second: &Citizen, purpose: &str, person: &Person) -> Answer {
    let citizens = Citizens(town);
    let opened = citizens.begin_for(&second.token, purpose, person);
    assert_eq!(opened.status, 201, "{}", opened.text);
    citizens.act(&opened, "pass");
    citizens.result(&second.token, &opened)
}

fn standing(town: &Town, id: &str, standing: &str) -> bool {
    town.count(&format!("SELECT COUNT(*) FROM citizens WHERE id = '{id}' AND standing = '{standing}'")) == 1
}

/// The first account is the person's again, with the new phone; the second is no more.
fn is_recovered(town: &Town, first: &Citizen, second: &Citizen, person: &Person) {
    let citizens = Citizens(town);
    assert!(standing(town, &first.id, "real-person") && standing(town, &second.id, "merged"));
    let merged = format!(
        "SELECT COUNT(*) FROM citizens WHERE id = '{}' AND merged_into = '{}' AND phone_sealed IS NULL \
         AND phone_index IS NULL AND password IS NULL",
        second.id, first.id
    );
    assert_eq!(town.count(&merged), 1, "nothing of the second is left");
    citizens.log_in(phone(person), PASSWORD).is_problem(401, "wrong-credentials");
    let entered = citizens.log_in(NEW_PHONE, PASSWORD);
    assert_eq!(entered.status, 201, "{}", entered.text);
    let me = town.house.get("/auth/citizens/me", Some(&entered.text_of("access_token"))).json();
    assert_eq!((&me["citizen"], &me["phone"]), (&json!(first.id), &json!("138****8000")));
    for token in [&first.token, &second.token] {
        town.house.get("/auth/citizens/me", Some(token)).is_problem(401, "unauthorized");
    }
    let lines = "SELECT COUNT(*) FROM audit_lines WHERE kind = 'account-recovered'";
    assert_eq!(town.count(lines), 1);
    assert_eq!(town.count("SELECT COUNT(*) FROM proofs WHERE erased_at IS NULL"), 0);
}

/// The first account is frozen without its person, who has the second.
fn is_claimed(town: &Town, first: &Citizen, second: &Citizen, person: &Person) {
    let citizens = Citizens(town);
    assert!(standing(town, &first.id, "frozen") && standing(town, &second.id, "real-person"));
    citizens.log_in(phone(person), PASSWORD).is_problem(403, "account-frozen");
    town.house.get("/auth/citizens/me", Some(&first.token)).is_problem(401, "unauthorized");
    let entered = citizens.log_in(&person.id_number, PASSWORD);
    let me = town.house.get("/auth/citizens/me", Some(&entered.text_of("access_token"))).json();
    assert_eq!((&me["citizen"], &me["residence"]), (&json!(second.id), &json!("local")));
    assert!(me["services"].as_array().is_some_and(|services| !services.is_empty()), "{me}");
    let seen = format!(
        "SELECT COUNT(*) FROM citizens WHERE id = '{}' AND id_index IS NULL AND changed_by = '{}' \
         AND changed_at > 0 AND changed_why_sealed IS NOT NULL",
        first.id, second.id
    );
    assert_eq!(town.count(&seen), 1, "an administrator sees by whom and why");
    assert_eq!(town.count("SELECT COUNT(*) FROM audit_lines WHERE kind = 'account-claimed'"), 1);
    assert_eq!(town.count("SELECT COUNT(*) FROM proofs WHERE erased_at IS NULL"), 0);
    assert!(!town.house.log().contains("ALARM"));
}

#[test]
fn nobody_gets_anothers_account_without_the_others_face() {
    let town = Town::start("no-recovery");
    let citizens = Citizens(&town);
    let person = somebody(Residence::Local, 0);
    let (first, second) = twice(&town, person);
    for purpose in ["recovery", "claim"] {
        let opened = citizens.begin_for(&second.token, purpose, person);
        citizens.act(&opened, "attack");
        assert_eq!(citizens.finished(&second.token, &opened).json(), json!({ "result": "failed" }));
    }
    let other = somebody(Residence::Local, 1);
    // Name and number that do not belong together go no further than to the platform.
    let body = json!({ "purpose": "claim", "name": other.name, "id_number": person.id_number });
    town.house.post("/real-person/face-checks", Some(&second.token), &body).is_problem(422, "no-match");
    assert_eq!(
        citizens.activate(&second.token, &citizens.window_code(other), Some("recovery")).status,
        404,
        "the other has no account to recover"
    );
    by_face(&town, &second, "recovery", other).is_problem(404, "no-account");
    by_face(&town, &second, "claim", other).is_problem(404, "no-account");
    assert!(standing(&town, &first.id, "real-person") && standing(&town, &second.id, "registered"));
    assert_eq!(citizens.standing(&first.token), "real-person");
}

#[test]
fn a_face_recovers_the_first_account_for_the_new_phone() {
    let town = Town::start("recovery");
    let citizens = Citizens(&town);
    let person = somebody(Residence::Local, 0);
    let (first, second) = twice(&town, person);
    let opened = citizens.begin_for(&second.token, "recovery", person);
    citizens.act(&opened, "pass");
    let recovered = citizens.result(&second.token, &opened);
    assert_eq!(recovered.status, 200, "{}", recovered.text);
    let token = recovered.json()["tokens"]["access_token"].as_str().expect("a token").to_owned();
    let (level, face_at) = level_and_face_at(&token);
    assert!(level == 2 && face_at > 0);
    assert_eq!(town.house.get("/auth/citizens/me", Some(&token)).json()["citizen"], json!(first.id));
    // The answer was lost: whoever began may ask once more, although the session has ended.
    let again = citizens.result(&second.token, &opened).json();
    assert_eq!((&again["result"], &again["standing"]), (&json!("passed"), &json!("real-person")));
    let path = format!("/real-person/face-checks/{}", opened.text_of("face_check"));
    let shown = town.house.get(&path, Some(&token)).json();
    assert_eq!((&shown["purpose"], &shown["result"]), (&json!("recovery"), &json!("passed")));
    is_recovered(&town, &first, &second, person);
    // The old phone is free for whoever has it today.
    assert_eq!(citizens.try_register(phone(person), PASSWORD).status, 201);
}

#[test]
fn a_face_disowns_an_account_that_somebody_else_opened_in_ones_name() {
    let town = Town::start("claim");
    let person = somebody(Residence::Local, 0);
    let (first, second) = twice(&town, person);
    let claimed = by_face(&town, &second, "claim", person);
    assert_eq!(claimed.json(), json!({ "result": "passed", "standing": "real-person" }));
    is_claimed(&town, &first, &second, person);
    let citizens = Citizens(&town);
    let refreshed = citizens.refresh(&second.refresh).text_of("access_token");
    assert_eq!(level_and_face_at(&refreshed).0, 2);
    citizens.begin_for(&refreshed, "claim", person).is_problem(409, "person-known");
}

#[test]
fn a_window_recovers_and_claims_as_a_face_does() {
    for purpose in ["recovery", "claim"] {
        let town = Town::start("window-accounts");
        let citizens = Citizens(&town);
        let person = somebody(Residence::Local, 0);
        let (first, second) = twice(&town, person);
        let code = citizens.window_code(person);
        let done = citizens.activate(&second.token, &code, Some(purpose));
        assert_eq!(done.json()["standing"], "real-person", "{}", done.text);
        match purpose {
            "recovery" => is_recovered(&town, &first, &second, person),
            _ => is_claimed(&town, &first, &second, person),
        }
    }
}

#[test]
fn an_account_that_an_administrator_has_frozen_is_neither_recovered_nor_claimed_nor_entered() {
    let town = Town::start("frozen-target");
    let citizens = Citizens(&town);
    let person = somebody(Residence::Local, 0);
    let (first, second) = twice(&town, person);
    let freeze = format!("UPDATE citizens SET standing = 'frozen' WHERE id = '{}'", first.id);
    sql::execute(&town.house.database(), &freeze);
    for purpose in ["recovery", "claim"] {
        by_face(&town, &second, purpose, person).is_problem(403, "account-frozen");
    }
    let opened = citizens.log_in_by_face(person.name, &person.id_number);
    citizens.act(&opened, "pass");
    citizens.enter(&opened).is_problem(403, "account-frozen");
    assert!(standing(&town, &first.id, "frozen") && standing(&town, &second.id, "registered"));
}

/// Act, table and condition of the rows at which the power goes off, from the first step to the last.
const CUTS_OF_RECOVERY: [(&str, &str, &str); 8] = [
    ("UPDATE ON citizens", "citizens", "NEW.standing = 'merged'"),
    ("UPDATE ON citizens", "citizens", "NEW.standing = 'real-person' AND NEW.phone_index <> OLD.phone_index"),
    ("UPDATE ON citizens", "citizens", "NEW.standing = 'merged' AND NEW.phone_sealed IS NULL"),
    ("UPDATE ON citizen_sessions", "citizen_sessions", "NEW.ended_why = 'recovered'"),
    ("UPDATE ON citizen_sessions", "citizen_sessions", "NEW.ended_why = 'merged'"),
    ("INSERT ON audit_lines", "audit_lines", "NEW.kind = 'account-recovered'"),
    ("UPDATE ON proofs", "proofs", "NEW.effect IS NOT NULL"),
    ("UPDATE ON proofs", "proofs", "NEW.erased_at IS NOT NULL"),
];
const CUTS_OF_CLAIM: [(&str, &str, &str); 6] = [
    ("UPDATE ON citizens", "citizens", "NEW.standing = 'frozen'"),
    ("UPDATE ON citizen_sessions", "citizen_sessions", "NEW.ended_why = 'claimed'"),
    ("UPDATE ON citizens", "citizens", "OLD.standing = 'registered'"),
    ("UPDATE ON citizen_sessions", "citizen_sessions", "NEW.face_at > 0"),
    ("INSERT ON audit_lines", "audit_lines", "NEW.kind = 'account-claimed'"),
    ("UPDATE ON proofs", "proofs", "NEW.effect IS NOT NULL"),
];

/// The power goes off at `cut`, the house is killed, and somebody goes on: whoever asks again, or the job.
fn interrupted(purpose: &str, cut: (&str, &str, &str), by_job: bool) {
    let (act, table, when) = cut;
    let town = Town::start("power-cut");
    let citizens = Citizens(&town);
    let person = somebody(Residence::Local, 0);
    let (first, second) = twice(&town, person);
    let opened = citizens.begin_for(&second.token, purpose, person);
    citizens.act(&opened, "pass");
    sql::cut_power(&town.house.database(), act, when);
    citizens.result(&second.token, &opened).is_problem(503, "unavailable");
    let town = town.killed();
    sql::restore_power(&town.house.database(), table);
    let town = if by_job {
        let town = town.later(61);
        let run = || town.house.post("/real-person/jobs/proofs", Some(&town.job_token()), &json!({})).json();
        assert_eq!(run(), json!({ "followed_up": 1, "expired": 0, "failed": 0 }), "{when}");
        assert_eq!(run(), json!({ "followed_up": 0, "expired": 0, "failed": 0 }), "{when}");
        town
    } else {
        let answer = Citizens(&town).result(&second.token, &opened).json();
        assert_eq!(answer["standing"], "real-person", "{when}: {answer}");
        assert_eq!(answer["tokens"].is_object(), purpose == "recovery", "{when}: {answer}");
        town
    };
    match purpose {
        "recovery" => is_recovered(&town, &first, &second, person),
        _ => is_claimed(&town, &first, &second, person),
    }
}

#[test]
fn a_recovery_is_finished_wherever_the_power_went_off() {
    for (number, cut) in CUTS_OF_RECOVERY.into_iter().enumerate() {
        interrupted("recovery", cut, number % 2 == 1);
    }
}

#[test]
fn a_claim_is_finished_wherever_the_power_went_off() {
    for (number, cut) in CUTS_OF_CLAIM.into_iter().enumerate() {
        interrupted("claim", cut, number % 2 == 0);
    }
}

#[test]
fn eight_who_ask_at_once_recover_one_account() {
    let town = Town::start("recovery-at-once");
    let citizens = Citizens(&town);
    let person = somebody(Residence::Local, 0);
    let (first, second) = twice(&town, person);
    let opened = citizens.begin_for(&second.token, "recovery", person);
    citizens.act(&opened, "pass");
    let ask = || Citizens(&town).result(&second.token, &opened);
    let answers: Vec<Value> = std::thread::scope(|scope| {
        let asking: Vec<_> = (0..8).map(|_| scope.spawn(|| patiently(ask).json())).collect();
        asking.into_iter().map(|one| one.join().expect("answered")).collect()
    });
    for answer in &answers {
        assert_eq!((&answer["result"], answer["tokens"].is_object()), (&json!("passed"), true), "{answer}");
    }
    let begun = "SELECT COUNT(*) FROM citizen_sessions WHERE how = 'recovery'";
    assert_eq!(town.count(begun), 1, "one session, whoever has the tokens");
    is_recovered(&town, &first, &second, person);
}

#[test]
fn an_account_from_the_old_days_can_do_nothing_but_prove_its_person() {
    let town = Town::start("proof-due");
    let citizens = Citizens(&town);
    let person = somebody(Residence::Local, 0);
    imported(&town, person, phone(person), DUE);
    let entered = citizens.log_in(phone(person), PASSWORD);
    assert_eq!(entered.status, 201, "{}", entered.text);
    let token = entered.text_of("access_token");
    assert_eq!(level_and_face_at(&token), (0, 0));
    assert_eq!(citizens.standing(&token), "proof-due");
    let body = json!({ "name": person.name, "id_number": person.id_number });
    let real_name = town.house.post("/auth/citizens/me/real-name", Some(&token), &body);
    real_name.is_problem(403, "proof-due");
    citizens.begin(&token, "step-up").is_problem(409, "real-person-first");
    citizens.begin(&token, "real-person").is_problem(403, "consent-needed");
    // A phone that was entered in the old days may be the one of whoever opened it in another's name.
    let two = json!({ "phone": citizens.code(phone(person), "prove"), "name": person.name, "id_number": person.id_number });
    town.house.post("/real-person/two-items", Some(&token), &two).is_problem(403, "stronger-proof-needed");
    let consent = json!({ "purpose": "face" });
    assert_eq!(town.house.post("/auth/citizens/me/consents", Some(&token), &consent).status, 204);
    let passed = citizens.pass(&token, "real-person");
    assert_eq!(passed.json(), json!({ "result": "passed", "standing": "real-person" }));
    let refreshed = citizens.refresh(&entered.text_of("refresh_token")).text_of("access_token");
    assert_eq!(level_and_face_at(&refreshed).0, 2);
    assert_eq!(citizens.log_in(phone(person), PASSWORD).status, 201, "phone and password stay");
}

#[test]
fn an_account_from_the_old_days_is_entered_by_face_or_with_a_windows_code() {
    let town = Town::start("proof-due-entered");
    let citizens = Citizens(&town);
    let (by_face, by_code) = (somebody(Residence::Local, 0), somebody(Residence::Local, 1));
    let other = "f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff";
    imported(&town, by_face, phone(by_face), DUE);
    imported(&town, by_code, phone(by_code), other);
    let opened = citizens.log_in_by_face(by_face.name, &by_face.id_number);
    citizens.act(&opened, "pass");
    let token = citizens.enter(&opened).text_of("access_token");
    assert_eq!((citizens.standing(&token).as_str(), level_and_face_at(&token).0), ("real-person", 2));
    let token = citizens.log_in(phone(by_code), PASSWORD).text_of("access_token");
    let activated = citizens.activate(&token, &citizens.window_code(by_code), None);
    assert_eq!(activated.json()["standing"], "real-person", "{}", activated.text);
}

#[test]
fn an_account_from_the_old_days_is_merged_into_the_persons_whole_one() {
    let town = Town::start("proof-due-merged");
    let citizens = Citizens(&town);
    let person = somebody(Residence::Local, 0);
    let whole = citizens.with_real_name(person);
    imported(&town, person, NEW_PHONE, DUE);
    let entered = citizens.log_in(NEW_PHONE, PASSWORD);
    let token = entered.text_of("access_token");
    let consent = json!({ "purpose": "face" });
    assert_eq!(town.house.post("/auth/citizens/me/consents", Some(&token), &consent).status, 204);
    let merged = citizens.pass(&token, "real-person");
    assert_eq!(merged.json()["standing"], "real-person", "{}", merged.text);
    let next = merged.json()["tokens"]["access_token"].as_str().expect("a token").to_owned();
    assert_eq!(town.house.get("/auth/citizens/me", Some(&next)).json()["citizen"], json!(whole.id));
    assert!(standing(&town, DUE, "merged") && standing(&town, &whole.id, "real-person"));
    town.house.get("/auth/citizens/me", Some(&token)).is_problem(401, "unauthorized");
    // The whole one keeps its phone and its sessions; the other phone is free.
    assert_eq!(citizens.standing(&whole.token), "real-person");
    assert_eq!(citizens.log_in(phone(person), PASSWORD).status, 201);
    assert_eq!(citizens.try_register(NEW_PHONE, PASSWORD).status, 201);
    assert_eq!(town.count("SELECT COUNT(*) FROM audit_lines WHERE kind = 'account-merged'"), 1);
}

#[test]
fn a_phone_that_is_somebody_elses_today_is_lost_to_an_account_from_the_old_days() {
    let town = Town::start("proof-due-phone");
    let citizens = Citizens(&town);
    let (person, other) = (somebody(Residence::Local, 0), somebody(Residence::Local, 1));
    let today = citizens.with_real_name(other);
    imported(&town, person, phone(other), DUE);
    let entered = citizens.log_in(&person.id_number, PASSWORD);
    assert_eq!(entered.status, 201, "{}", entered.text);
    let token = entered.text_of("access_token");
    let activated = citizens.activate(&token, &citizens.window_code(person), None);
    assert_eq!(activated.json(), json!({ "result": "passed", "standing": "real-person" }));
    let me = town.house.get("/auth/citizens/me", Some(&token)).json();
    assert_eq!((&me["standing"], &me["phone"]), (&json!("real-person"), &Value::Null));
    let phones = citizens.log_in(phone(other), PASSWORD).text_of("access_token");
    let me = town.house.get("/auth/citizens/me", Some(&phones)).json();
    assert_eq!(me["citizen"], json!(today.id));
}
