//! The wallet: channels are opened by whoever has just been proven, show what the registry says, and are useful without it.

use serde_json::{Value, json};
use std::time::{Duration, Instant};
use zerotrip_journeys::citizens::{phone, somebody};
use zerotrip_journeys::wallet::{KINDS, field, named};
use zerotrip_journeys::{Citizens, Town};
use zerotrip_sandbox::people::Residence;

const HALF_AN_HOUR: i64 = 31 * 60;

#[test]
fn only_a_person_who_has_just_been_proven_opens_a_channel() {
    let town = Town::start("wallet-refused");
    let citizens = Citizens(&town);
    let person = named("张伟");
    town.house.post("/wallet/channels", None, &json!({ "kind": "passport" })).is_problem(401, "unauthorized");
    town.house.get("/wallet/channels", None).is_problem(401, "unauthorized");
    citizens.try_open(&town.administrator(), "passport").is_problem(403, "forbidden");
    let known = citizens.with_real_name(person);
    citizens.try_open(&known.token, "passport").is_problem(403, "real-person-needed");
    town.house.get("/wallet/channels", Some(&known.token)).is_problem(403, "real-person-needed");
    citizens.pass(&known.token, "real-person");
    citizens.try_open(&known.token, "fishing-licence").is_problem(400, "invalid-request");
    // A resident of Taiwan holds the permit for the mainland, which another authority issues.
    let taiwanese = citizens.real_person(somebody(Residence::HkMacauTaiwan, 0));
    citizens.try_open(&taiwanese.token, "passport").is_problem(403, "service-not-open");
    citizens.documents(&known.token, "passport").is_problem(409, "channel-not-open");
    citizens.documents(&known.token, "fishing-licence").is_problem(404, "not-found");
    let close = town.house.send("DELETE", "/wallet/channels/passport", Some(&known.token), "");
    close.is_problem(409, "channel-not-open");
    town.house.send("PUT", "/wallet/channels", Some(&known.token), "").is_problem(405, "method-not-allowed");

    let town = town.later(HALF_AN_HOUR);
    let citizens = Citizens(&town);
    let token = citizens.back(person);
    citizens.try_open(&token, "passport").is_problem(403, "fresh-proof-needed");
    assert_eq!(town.registry_calls(), 0, "nobody is asked about for who may not");
    assert_eq!(town.count("SELECT COUNT(*) FROM channels"), 0);
    // The way without a face is as good.
    let code = citizens.window_code(person);
    assert_eq!(citizens.activate(&token, &code, Some("step-up")).status, 200);
    citizens.open(&token, &["passport"]);
    assert_eq!(town.count("SELECT COUNT(*) FROM audit_lines WHERE kind = 'channel-opened'"), 1);
}

#[test]
fn the_list_masks_numbers_and_a_document_is_shown_whole_only_after_a_fresh_proof() {
    let town = Town::start("wallet-shown");
    let citizens = Citizens(&town);
    let person = named("张伟");
    let known = citizens.real_person(person);
    let before = town.house.get("/wallet/channels", Some(&known.token)).json();
    let listed: Vec<_> = before["channels"].as_array().expect("a list").iter().collect();
    let kinds: Vec<_> = listed.iter().map(|one| one["kind"].as_str().expect("a kind")).collect();
    assert_eq!(kinds, KINDS);
    assert!(listed.iter().all(|one| one["open"] == false && one["documents"] == json!([])));
    assert!(listed.iter().all(|one| one["available"] == true));
    // Who has not moved has no residence permit, and may ask.
    let permit = citizens.try_open(&known.token, "residence-permit");
    assert_eq!((permit.status, &permit.json()["documents"]), (201, &json!([])));
    let closed = town.house.send("DELETE", "/wallet/channels/residence-permit", Some(&known.token), "");
    assert_eq!(closed.status, 204);

    let own =
        ["resident-id", "driving-licence", "vehicle-licence", "passport", "hk-macau-permit", "taiwan-permit"];
    citizens.open(&known.token, &own);
    // Again is the same channel.
    assert_eq!(citizens.try_open(&known.token, "passport").status, 200);
    assert_eq!(town.count("SELECT COUNT(*) FROM audit_lines WHERE kind = 'channel-opened'"), 7);
    let list = town.house.get("/wallet/channels", Some(&known.token));
    let documents = |kind: &str| citizens.channel(&known.token, kind)["documents"].clone();
    assert_eq!(documents("vehicle-licence").as_array().map(Vec::len), Some(2), "he has two cars");
    assert_eq!(documents("taiwan-permit"), json!([]), "he has none");
    assert_eq!(documents("passport")[0]["state"]["state"], "normal");
    let whole = citizens.documents(&known.token, "passport").json();
    let number = field(&whole["documents"][0], "number").as_str().expect("a number").to_owned();
    for secret in [&person.id_number[..], &number, "吉A0001X", person.name] {
        assert!(!list.text.contains(secret), "{secret} in {}", list.text);
    }

    let card = citizens.documents(&known.token, "resident-id").json();
    assert_eq!((&card["complete"], &card["stale"]), (&json!(true), &json!(false)));
    assert_eq!(field(&card["documents"][0], "id_number"), &json!(person.id_number));
    assert!(field(&card["documents"][0], "photo").as_str().is_some_and(|p| p.starts_with("data:image/png")));
    // Nothing was asked for twice within ten minutes, and what was cached is the same.
    let calls = town.registry_calls();
    assert_eq!(citizens.documents(&known.token, "resident-id").json(), card);
    assert_eq!(town.registry_calls(), calls);
    let stored = town.house.stored();
    for secret in [&person.id_number[..], &number, "吉A0001X", "iVBORw0KGgo"] {
        let found = stored.windows(secret.len()).any(|window| window == secret.as_bytes());
        assert!(!found, "{secret} can be read in the database's files");
    }
    assert!(!town.house.log().contains(&person.id_number[..]));

    let town = town.later(HALF_AN_HOUR);
    let citizens = Citizens(&town);
    let token = citizens.back(person);
    let card = citizens.documents(&token, "resident-id");
    for secret in [&person.id_number[..], "data:image", "address"] {
        assert!(!card.text.contains(secret), "{secret}");
    }
    let card = card.json();
    assert_eq!(card["complete"], false);
    let masked = format!("{}********{}", &person.id_number[..6], &person.id_number[14..]);
    assert_eq!(field(&card["documents"][0], "id_number"), &json!(masked));
    assert_eq!(field(&card["documents"][0], "name"), person.name);
    assert!(!citizens.documents(&token, "vehicle-licence").text.contains("LZTAB1CD2NA000001"));
}

#[test]
fn a_document_that_is_not_in_order_is_red_and_says_why_and_until_when() {
    let town = Town::start("wallet-red");
    let citizens = Citizens(&town);
    for (name, kind, reason, term) in [
        ("赵敏", "resident-id", "lost", "validity"),
        ("陈静", "driving-licence", "points-full", "validity"),
        ("高欣怡", "residence-permit", "endorsement-missed", "yearly-endorsement"),
        ("李娜", "vehicle-licence", "inspection-due", "inspection"),
    ] {
        let known = citizens.real_person(named(name));
        citizens.open(&known.token, &[kind]);
        let document = citizens.channel(&known.token, kind)["documents"][0].clone();
        assert_eq!(document["state"]["state"], "red", "{name}: {document}");
        assert_eq!(document["state"]["reason"], reason, "{name}");
        assert!(document["state"]["chinese"].as_str().is_some_and(|text| text != "正常"));
        assert_eq!(document["deadlines"][0]["term"], term, "{name}");
        assert!(document["deadlines"][0]["law"].as_str().is_some_and(|law| !law.is_empty()));
    }
    // What changes at the registry is seen by whoever looks at the document ten minutes later, and in the list within an hour.
    let person = named("张伟");
    let known = citizens.real_person(person);
    citizens.open(&known.token, &["passport"]);
    let town = town.later(11 * 60);
    let citizens = Citizens(&town);
    let token = citizens.back(person);
    town.registry_says(person, "passport", &json!({ "status": "lost" }));
    assert_eq!(citizens.channel(&token, "passport")["documents"][0]["state"]["state"], "normal");
    let passport = citizens.documents(&token, "passport").json();
    assert_eq!(passport["documents"][0]["state"]["reason"], "lost");
    assert_eq!(citizens.channel(&token, "passport")["documents"][0]["state"]["reason"], "lost");
}

#[test]
fn while_the_registry_is_silent_the_wallet_says_so_and_shows_what_it_knows() {
    let town = Town::start("wallet-silent");
    let citizens = Citizens(&town);
    let person = named("张伟");
    let known = citizens.real_person(person);
    town.registry_faults(&json!({ "fault": "down" }));
    let opened = citizens.try_open(&known.token, "passport");
    assert_eq!(opened.status, 201, "{}", opened.text);
    let opened = opened.json();
    assert_eq!(
        (&opened["open"], &opened["stale"], &opened["as_of"]),
        (&json!(true), &json!(true), &Value::Null)
    );
    for notice in ["notice", "notice_zh"] {
        assert!(opened[notice].as_str().is_some_and(|text| !text.is_empty()), "{opened}");
    }
    let shown = citizens.documents(&known.token, "passport").json();
    assert_eq!((&shown["stale"], &shown["documents"]), (&json!(true), &json!([])));

    // It is back, and the next look finds it.
    town.registry_faults(&json!({}));
    let begun = Instant::now();
    let listed = citizens.channel(&known.token, "passport");
    let usual = begun.elapsed();
    assert_eq!((&listed["stale"], listed["documents"].as_array().map(Vec::len)), (&json!(false), Some(1)));
    let as_of = listed["as_of"].clone();

    let mut town = town.later(70 * 60);
    for fault in [
        json!({ "fault": "down" }),
        json!({ "fault": "garbage" }),
        json!({ "fault": "silent" }),
        json!({ "slow_ms": 5000 }),
        json!({ "fault": { "status": 401 } }),
    ] {
        town = town.later(10);
        let citizens = Citizens(&town);
        let token = citizens.back(person);
        town.registry_faults(&fault);
        let begun = Instant::now();
        let listed = citizens.channel(&token, "passport");
        let took = begun.elapsed();
        assert!(took < Duration::from_secs(4) + 10 * usual, "{fault}: {took:?} where {usual:?} is usual");
        assert_eq!((&listed["stale"], &listed["as_of"]), (&json!(true), &as_of), "{fault}");
        assert_eq!(listed["documents"].as_array().map(Vec::len), Some(1), "{fault}");
        assert!(listed["notice_zh"].as_str().is_some_and(|text| text.contains("上次")), "{listed}");
        let shown = citizens.documents(&token, "passport").json();
        assert_eq!((&shown["stale"], &shown["as_of"]), (&json!(true), &as_of), "{fault}");
    }
    // After a few failures in a row nobody waits for it.
    let town = town.later(10);
    let citizens = Citizens(&town);
    let token = citizens.back(person);
    town.registry_faults(&json!({ "fault": "down" }));
    for _ in 0..6 {
        citizens.channel(&token, "passport");
    }
    let calls = town.registry_calls();
    citizens.channel(&token, "passport");
    assert_eq!(town.registry_calls(), calls, "the circuit is open");
    assert!(town.house.log().contains("ALARM registry does not answer"));
}

#[test]
fn a_document_of_somebody_else_is_never_shown() {
    let town = Town::start("wallet-others");
    let citizens = Citizens(&town);
    let (person, other) = (named("张伟"), named("李娜"));
    let known = citizens.real_person(person);
    town.registry_says(person, "resident-id", &json!({ "id_number": other.id_number, "name": other.name }));
    town.registry_says(person, "passport", &json!({ "name": other.name }));
    for kind in ["resident-id", "passport"] {
        let opened = citizens.try_open(&known.token, kind);
        assert_eq!((opened.status, &opened.json()["stale"]), (201, &json!(true)), "{}", opened.text);
        assert_eq!(citizens.documents(&known.token, kind).json()["documents"], json!([]));
        assert!(town.house.log().contains(&format!("ALARM registry: a {kind} of somebody else")));
    }
    assert!(!town.house.log().contains(other.name));
    // It is no outage: what is right is shown.
    citizens.open(&known.token, &["driving-licence"]);
    assert_eq!(citizens.channel(&known.token, "driving-licence")["stale"], false);
    town.registry_says(person, "passport", &json!({}));
    assert_eq!(citizens.channel(&known.token, "passport")["documents"].as_array().map(Vec::len), Some(1));
}

#[test]
fn a_closed_channel_holds_nothing_and_opens_again_only_with_a_fresh_proof() {
    let town = Town::start("wallet-closed");
    let citizens = Citizens(&town);
    let person = named("张伟");
    let known = citizens.real_person(person);
    citizens.open(&known.token, &["passport", "resident-id"]);
    let town = town.later(HALF_AN_HOUR);
    let citizens = Citizens(&town);
    let token = citizens.back(person);
    let close = |kind: &str| town.house.send("DELETE", &format!("/wallet/channels/{kind}"), Some(&token), "");
    assert_eq!([close("passport").status, close("passport").status], [204, 204]);
    citizens.documents(&token, "passport").is_problem(409, "channel-not-open");
    assert_eq!(citizens.channel(&token, "passport")["open"], false);
    assert_eq!(citizens.channel(&token, "resident-id")["open"], true);
    let left = "SELECT COUNT(*) FROM channels WHERE closed_at IS NOT NULL AND documents_sealed IS NULL AND photos_sealed IS NULL";
    assert_eq!(town.count(left), 1);
    assert_eq!(town.count("SELECT COUNT(*) FROM audit_lines WHERE kind = 'channel-closed'"), 1);
    citizens.try_open(&token, "passport").is_problem(403, "fresh-proof-needed");
    citizens.pass(&token, "step-up");
    citizens.open(&token, &["passport"]);
    assert_eq!(town.count("SELECT COUNT(*) FROM audit_lines WHERE kind = 'channel-opened'"), 3);
    assert_eq!(citizens.channel(&token, "passport")["documents"].as_array().map(Vec::len), Some(1));
}

#[test]
fn a_guardian_opens_a_childs_documents_once_a_window_has_confirmed_it_and_nobody_else_does() {
    let town = Town::start("wallet-child");
    let citizens = Citizens(&town);
    let (guardian, child) = (named("张伟"), named("张小宝"));
    let own = citizens.real_person(guardian);
    let id = citizens.enter_child(&own, child, &[]);
    let open = |token: &str, id: &str| {
        town.house.post("/wallet/channels", Some(token), &json!({ "kind": "passport", "child": id }))
    };
    let list = |token: &str, id: &str| town.house.get(&format!("/wallet/channels?child={id}"), Some(token));
    open(&own.token, &id).is_problem(403, "not-in-your-care");
    list(&own.token, &id).is_problem(403, "not-in-your-care");
    citizens.confirm_child(&id);
    open(&own.token, "nobody").is_problem(400, "invalid-request");
    let opened = open(&own.token, &id);
    assert_eq!(opened.status, 201, "{}", opened.text);
    assert_eq!(opened.json()["documents"].as_array().map(Vec::len), Some(1));
    let shown = town.house.get(&format!("/wallet/documents/passport?child={id}"), Some(&own.token)).json();
    assert_eq!(field(&shown["documents"][0], "name"), child.name);
    // The child's is not the guardian's.
    assert_eq!(citizens.channel(&own.token, "passport")["open"], false);
    let stranger = citizens.real_person(named("李娜"));
    open(&stranger.token, &id).is_problem(403, "not-in-your-care");
    list(&stranger.token, &id).is_problem(403, "not-in-your-care");
    // Nor is a grown-up anybody's child.
    open(&stranger.token, &own.id).is_problem(403, "not-in-your-care");
    let close = format!("/wallet/channels/passport?child={id}");
    town.house.send("DELETE", &close, Some(&stranger.token), "").is_problem(403, "not-in-your-care");
    // When the entry ends, so does the channel.
    let remove = format!("/records/me/children/{id}");
    assert_eq!(town.house.send("DELETE", &remove, Some(&own.token), "").status, 204);
    assert_eq!(
        town.count("SELECT COUNT(*) FROM channels WHERE closed_at IS NULL OR documents_sealed IS NOT NULL"),
        0
    );
}

#[test]
fn a_resident_of_hong_kong_or_macau_has_what_is_open_to_them() {
    let town = Town::start("wallet-macau");
    let citizens = Citizens(&town);
    let known = citizens.real_person(named("陈嘉欣"));
    for kind in ["resident-id", "passport", "hk-macau-permit", "taiwan-permit"] {
        citizens.try_open(&known.token, kind).is_problem(403, "service-not-open");
        assert_eq!(citizens.channel(&known.token, kind)["available"], false, "{kind}");
    }
    citizens.open(&known.token, &["residence-permit"]);
    let permit = citizens.channel(&known.token, "residence-permit");
    assert_eq!(permit["documents"][0]["deadlines"][0]["term"], "validity", "theirs has a last day");
}

#[test]
fn pictures_go_after_a_day_and_an_account_that_ends_leaves_no_document() {
    let town = Town::start("wallet-retention");
    let citizens = Citizens(&town);
    let person = named("张伟");
    let known = citizens.real_person(person);
    citizens.open(&known.token, &["resident-id"]);
    let sweep = |town: &Town| {
        let done = town.house.post("/records/jobs/retention", Some(&town.job_token()), &json!({}));
        assert_eq!(done.status, 200, "{}", done.text);
        let done = done.json();
        let mut lines = done["done"].as_array().expect("a list").iter();
        lines.find(|line| line["what"] == "photos_of_documents").expect("a rule")["rows"].clone()
    };
    assert_eq!(sweep(&town), 0);
    let town = town.later(25 * 3600);
    assert_eq!(sweep(&town), 1);
    let citizens = Citizens(&town);
    let token = citizens.back(person);
    citizens.pass(&token, "step-up");
    town.registry_faults(&json!({ "fault": "down" }));
    let card = citizens.documents(&token, "resident-id").json();
    assert_eq!((&card["complete"], &card["stale"]), (&json!(true), &json!(true)));
    assert_eq!(field(&card["documents"][0], "photo"), &Value::Null, "it is gone, the rest is not");
    assert_eq!(field(&card["documents"][0], "id_number"), &json!(person.id_number));
    town.registry_faults(&json!({}));
    let card = citizens.documents(&token, "resident-id").json();
    assert!(field(&card["documents"][0], "photo").is_string(), "it comes with the next answer");

    let gone = town.house.send("DELETE", "/records/me", Some(&token), "");
    assert_eq!(gone.status, 200, "{}", gone.text);
    assert!(gone.text.contains("wallet"));
    let left = "SELECT COUNT(*) FROM channels WHERE closed_at IS NULL OR documents_sealed IS NOT NULL OR photos_sealed IS NOT NULL";
    assert_eq!(town.count(left), 0);
    town.house.get("/wallet/channels", Some(&token)).is_problem(401, "unauthorized");
}

#[test]
fn a_name_a_number_and_a_phone_open_no_channel_until_their_person_was_seen() {
    let town = Town::start("wallet-two-items");
    let citizens = Citizens(&town);
    let person = named("张伟");
    let citizen = citizens.with_real_name(person);
    let two = json!({ "phone": citizens.code(phone(person), "prove"), "name": person.name, "id_number": person.id_number });
    let proven = town.house.post("/real-person/two-items", Some(&citizen.token), &two);
    assert_eq!(proven.json()["standing"], "real-person", "{}", proven.text);
    let open =
        || town.house.post("/wallet/channels", Some(&citizen.token), &json!({ "kind": "resident-id" }));
    open().is_problem(403, "stronger-proof-needed");
    town.house.get("/wallet/channels", Some(&citizen.token)).is_problem(403, "stronger-proof-needed");
    assert_eq!(citizens.activate(&citizen.token, &citizens.window_code(person), None).status, 200);
    assert_eq!(open().status, 201);
}
