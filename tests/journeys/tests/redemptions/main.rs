//! A venue redeems a code: what it is told in each of the five scenarios, when it is told nothing and why, and that of any number of
//! scanners one succeeds.

mod keys;
mod race;

use serde_json::{Value, json};
use zerotrip_domain::day::stamp;
use zerotrip_journeys::codes::{attempt, told};
use zerotrip_journeys::wallet::named;
use zerotrip_journeys::{Answer, Citizens, Town, sql};
use zerotrip_signing::identity_code::{self, Content};
use zerotrip_signing::ring::Ring;

const DAY_S: i64 = 24 * 3600;

/// What the registry has of somebody's document, by its control: the first of several.
fn at_registry(town: &Town, name: &str, kind: &str) -> Value {
    let all = town.control_of("registry", "GET", "documents", &Value::Null);
    let number = &named(name).id_number;
    let mut all = all.as_array().expect("a list").iter();
    let found = all.find(|held| held["holder"] == *number && held["kind"] == kind);
    found.unwrap_or_else(|| panic!("{name} has no {kind}"))["document"].clone()
}

fn names(redeemed: &Value) -> Vec<String> {
    told(redeemed).into_iter().map(|(name, _)| name).collect()
}

fn value(redeemed: &Value, name: &str) -> Value {
    let found = told(redeemed).into_iter().find(|(told, _)| told == name);
    found.unwrap_or_else(|| panic!("no {name} in {redeemed}")).1
}

fn adds(redeemed: &Value) -> Vec<&str> {
    redeemed["adds"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|add| add["name"].as_str().expect("a name"))
        .collect()
}

fn good(answer: Answer) -> Value {
    assert_eq!(answer.status, 201, "{}", answer.text);
    answer.json()
}

#[test]
fn each_of_the_five_scenarios_is_told_what_its_rule_needs_and_nothing_else() {
    let town = Town::start("redemptions-five");
    let citizens = Citizens(&town);
    let citizen = citizens.with_documents("何俊杰", &["resident-id", "residence-permit", "vehicle-licence"]);
    let (card, car) =
        (at_registry(&town, "何俊杰", "resident-id"), at_registry(&town, "何俊杰", "vehicle-licence"));
    let permit = at_registry(&town, "何俊杰", "residence-permit");
    let mint = |scenario: &str, documents: &[&str]| citizens.mint(&citizen.token, scenario, documents);

    let minted = mint("hotel", &["resident-id"]);
    let hotel = good(town.scan(&town.desk("hotel"), &minted));
    assert_eq!(hotel["redemption"], minted["id"]);
    assert_eq!(hotel["policy"], "hotel@2025-04");
    let fields =
        ["name", "sex", "ethnicity", "birth_date", "document_kind", "document_number", "address", "photo"];
    assert_eq!(names(&hotel), fields);
    for field in ["name", "sex", "ethnicity", "birth_date", "address"] {
        assert_eq!(value(&hotel, field), card[field], "{field}");
    }
    assert_eq!(value(&hotel, "document_number"), card["id_number"]);
    assert!(value(&hotel, "photo").as_str().is_some_and(|photo| photo.starts_with("data:image/")), "{hotel}");
    assert_eq!(adds(&hotel), ["room", "arrival", "planned_departure", "face_matches", "departure"]);
    let kept = hotel["kept_until"].as_u64().expect("kept") - town.now_ms();
    assert!((3 * 365 * 86_400_000..3 * 366 * 86_400_000).contains(&kept), "{hotel}");

    let cafe = good(town.scan(&town.desk("internet-cafe"), &mint("internet-cafe", &["resident-id"])));
    assert_eq!(names(&cafe), ["name", "document_kind", "document_number", "adult"]);
    assert_eq!(value(&cafe, "adult"), true);

    let minted = mint("vehicle-repair", &["resident-id", "vehicle-licence"]);
    let repair = good(town.scan(&town.desk("vehicle-repair"), &minted));
    let fields =
        ["name", "document_number", "plate", "vehicle_type", "engine_number", "vin", "model", "owner"];
    assert_eq!(names(&repair), fields);
    for field in ["plate", "vehicle_type", "engine_number", "vin", "model", "owner"] {
        assert_eq!(value(&repair, field), car[field], "{field}");
    }

    let locksmith = town.desk("locksmith");
    let ask = |documents: &[&str], question: Value| {
        let minted = mint("locksmith", documents);
        town.redeem(
            &locksmith,
            &json!({ "code": minted["code"], "attempt": attempt(), "question": question }),
        )
    };
    let home = good(ask(&["resident-id"], json!({ "address": card["address"] })));
    assert_eq!(names(&home), ["name", "document_number", "address_matches"]);
    assert_eq!(value(&home, "address_matches"), true);
    assert!(!home.to_string().contains(card["address"].as_str().expect("text")), "{home}");
    let elsewhere = good(ask(&["resident-id"], json!({ "address": "长春市南关区别人家街99号1单元" })));
    assert_eq!(value(&elsewhere, "address_matches"), false);
    let own_car = good(ask(&["resident-id", "vehicle-licence"], json!({ "plate": car["plate"] })));
    assert_eq!(names(&own_car), ["name", "document_number", "vehicle_matches"]);
    assert_eq!(value(&own_car, "vehicle_matches"), true);

    let hall = town.desk("residence-permit-status");
    let status = good(town.scan(&hall, &mint("residence-permit-status", &["residence-permit"])));
    assert_eq!(names(&status), ["status", "issued", "next_endorsement", "authority"]);
    assert_eq!(value(&status, "issued"), permit["issued"]);
    assert_eq!((adds(&status).len(), &status["kept_until"]), (0, &Value::Null));

    // The ledger has names, the register's entries are sealed, and of the permit there is none.
    let stored = town.house.stored();
    for personal in [&card["name"], &card["id_number"], &card["address"], &car["vin"]] {
        let personal = personal.as_str().expect("text").as_bytes();
        assert!(!stored.windows(personal.len()).any(|bytes| bytes == personal), "a plain field is stored");
    }
    assert_eq!(town.count("SELECT COUNT(*) FROM identity_codes WHERE entry_sealed IS NOT NULL"), 6);
    let log = town.house.log();
    assert!(!log.contains("何俊杰") && !log.contains("ZT1:"), "{log}");
}

#[test]
fn a_code_that_is_not_what_it_must_be_is_refused_each_in_its_own_way() {
    let town = Town::start("redemptions-refused");
    let citizens = Citizens(&town);
    let citizen = citizens.with_documents("张伟", &["resident-id"]);
    let (desk, cafe) = (town.desk("hotel"), town.desk("internet-cafe"));
    let minted = citizens.mint(&citizen.token, "hotel", &["resident-id"]);
    let code = minted["code"].as_str().expect("a code");
    let scan = |code: &str| town.redeem(&desk, &json!({ "code": code, "attempt": attempt() }));

    // Who may.
    let body = json!({ "code": code, "attempt": attempt() });
    town.house.post("/scan/redemptions", None, &body).is_problem(401, "unauthorized");
    town.house.post("/scan/redemptions", Some(&town.officer()), &body).is_problem(403, "forbidden");
    town.house.post("/scan/redemptions", Some(&citizen.token), &body).is_problem(403, "forbidden");
    let nowhere = town.desk_of(&"0".repeat(32));
    town.redeem(&nowhere, &body).is_problem(403, "venue-revoked");

    // What is no code.
    for malformed in
        [&code[..92], &code[1..], &code.replace("ZT1:", "ZT2:"), &code.to_lowercase(), "", &"A".repeat(2_000)]
    {
        scan(malformed).is_problem(400, "code-malformed");
    }
    for odd in [
        json!({ "attempt": attempt() }),
        json!({ "code": code, "typed": minted["typed"], "attempt": attempt() }),
        json!({ "code": code, "attempt": "1" }),
        json!({ "code": code }),
        json!({ "code": [code], "attempt": attempt() }),
        json!({ "code": code, "attempt": attempt(), "more": 1 }),
    ] {
        town.redeem(&desk, &odd).is_problem(400, "invalid-request");
    }
    town.redeem(&desk, &json!({ "code": code, "attempt": attempt(), "question": { "plate": "吉A12345" } }))
        .is_problem(400, "not-to-be-asked");
    scan(&"A".repeat(5_000)).is_problem(413, "body-too-large");
    let send = |body: &str| town.house.send("POST", "/scan/redemptions", Some(&desk.token), body);
    send(&"[".repeat(4_000)).is_problem(400, "invalid-request");
    let packed =
        [("authorization", format!("Bearer {}", desk.token)), ("content-encoding", "gzip".to_owned())];
    let packed: Vec<(&str, &str)> = packed.iter().map(|(name, value)| (*name, value.as_str())).collect();
    // 10 MB of nothing, as gzip has it: nothing here unpacks what comes.
    let bomb = format!("\u{1f}\u{8b}\u{8}\0\0\0\0\0\0\u{3}{}", "\0".repeat(2_000));
    town.house.send_with("POST", "/scan/redemptions", &packed, &bomb).is_problem(400, "invalid-request");

    // What only looks like one.
    let forge = |ring: &Ring, change: &dyn Fn(&mut Content)| {
        let now_s = u32::try_from(town.now_ms() / 1000).expect("in range");
        let mut content =
            Content { scenario: 1, documents: 1, id: [9; 16], issued_at_s: now_s, expires_at_s: now_s + 60 };
        change(&mut content);
        identity_code::mint(ring, &content).expect("minted")
    };
    let parse = |text: &str| Ring::parse("identity_code_keys", text).expect("a ring");
    let ours = parse(&town.house.variable("identity_code_keys"));
    let theirs = zerotrip_signing::fresh::ring().expect("randomness");
    scan(&forge(&parse(&theirs), &|_| {})).is_problem(422, "code-forged");
    let unknown = theirs.replace("\"kid\":1,", "\"kid\":77,");
    assert_ne!(unknown, theirs);
    scan(&forge(&parse(&unknown), &|_| {})).is_problem(422, "code-unknown-key");
    scan(&forge(&ours, &|_| {})).is_problem(404, "code-unknown");
    // Authentic, but nobody has minted it: its row is missing in whatever scenario and at whatever time.
    scan(&forge(&ours, &|content| content.scenario = 2)).is_problem(404, "code-unknown");
    assert_eq!(town.count("SELECT COUNT(*) FROM refused_scans"), 0, "nobody is named");

    // Elsewhere: its citizen learns of it.
    town.scan(&cafe, &minted).is_problem(409, "other-scenario");
    assert_eq!(town.refusals(), "other-scenario");
    let bound = json!({ "scenario": "hotel", "documents": ["resident-id"], "venue": desk.venue });
    let bound = citizens.try_mint(&citizen.token, &bound).json();
    town.scan(&town.desk("hotel"), &bound).is_problem(409, "other-venue");
    // A newer one has taken the place of the first; then it is used, and shown again.
    scan(code).is_problem(410, "code-superseded");
    let used_at = good(town.scan(&desk, &bound))["redeemed_at"].as_u64().expect("a time");
    let again = town.scan(&desk, &bound);
    again.is_problem(409, "code-used");
    assert!(again.text.contains(&stamp(used_at)) && again.text.contains("by your venue"), "{}", again.text);
    let elsewhere = town.scan(&town.desk("hotel"), &bound);
    elsewhere.is_problem(409, "code-used");
    assert!(elsewhere.text.contains(&stamp(used_at)), "{}", elsewhere.text);
    assert!(!elsewhere.text.contains("venue") && !elsewhere.text.contains(&desk.venue), "{}", elsewhere.text);
    let cancelled = citizens.mint(&citizen.token, "hotel", &["resident-id"]);
    citizens.cancel(&citizen.token, &cancelled);
    town.scan(&town.desk("hotel"), &cancelled).is_problem(410, "code-cancelled");
    let rows = town.count("SELECT COUNT(*) FROM refused_scans");
    assert_eq!(rows, 5, "all but the second scan of a desk that had it");

    // What has changed since it was minted.
    let at_another = |why: &str, status: u16, change: &dyn Fn()| {
        let minted = citizens.mint(&citizen.token, "hotel", &["resident-id"]);
        change();
        town.scan(&town.desk("hotel"), &minted).is_problem(status, why);
        assert_eq!(town.refusals(), why);
    };
    let age = "UPDATE channels SET as_of = as_of - 600000";
    at_another("document-not-in-order", 409, &|| {
        town.registry_says(named("张伟"), "resident-id", &json!({ "status": "lost" }));
        sql::execute(&town.house.database(), age);
        assert_eq!(citizens.documents(&citizen.token, "resident-id").status, 200);
    });
    town.registry_says(named("张伟"), "resident-id", &json!({}));
    sql::execute(&town.house.database(), age);
    assert_eq!(citizens.documents(&citizen.token, "resident-id").status, 200);
    at_another("documents-old", 409, &|| {
        sql::execute(&town.house.database(), "UPDATE channels SET as_of = as_of - 86400000");
    });
    sql::execute(&town.house.database(), "UPDATE channels SET as_of = as_of + 86400000");
    at_another("channel-closed", 409, &|| {
        let closed = town.house.send("DELETE", "/wallet/channels/resident-id", Some(&citizen.token), "");
        assert_eq!(closed.status, 204, "{}", closed.text);
    });
    citizens.open(&citizen.token, &["resident-id"]);
    at_another("code-withdrawn", 410, &|| {
        let path = "/auth/citizens/me/consents/identity-codes";
        assert_eq!(town.house.send("DELETE", path, Some(&citizen.token), "").status, 204);
    });
    citizens.agree(&citizen.token, "identity-codes");
    at_another("code-withdrawn", 410, &|| {
        assert_eq!(town.house.send("DELETE", "/auth/sessions/current", Some(&citizen.token), "").status, 204);
    });
}

#[test]
fn a_minor_is_refused_at_an_internet_cafe_though_there_is_a_code() {
    let town = Town::start("redemptions-minor");
    let citizens = Citizens(&town);
    let citizen = citizens.with_documents("朱婷婷", &["resident-id"]);
    let (cafe, hotel) = (town.desk("internet-cafe"), town.desk("hotel"));
    let minted = citizens.mint(&citizen.token, "hotel", &["resident-id"]);
    // As if it had been minted by an older version of the rule, which did not look.
    let id = minted["id"].as_str().expect("an id");
    let sql = format!(
        "UPDATE identity_codes SET scenario = 'internet-cafe', policy = 'internet-cafe@2025-04' WHERE id = '{id}'"
    );
    sql::execute(&town.house.database(), &sql);
    let typed = json!({ "typed": minted["typed"], "attempt": attempt() });
    town.redeem(&cafe, &typed).is_problem(403, "minor");
    assert_eq!(town.refusals(), "minor");
    assert_eq!(citizens.outcome(&citizen.token, &minted)["state"], "outstanding", "nothing is used up");
    let minted = citizens.mint(&citizen.token, "hotel", &["resident-id"]);
    let redeemed = good(town.scan(&hotel, &minted));
    assert!(adds(&redeemed).contains(&"guardian_contact"), "{redeemed}");
}

#[test]
fn after_sixty_seconds_a_screenshot_is_worth_nothing_and_the_typed_code_lives_for_five_minutes() {
    let town = Town::start("redemptions-late");
    let citizens = Citizens(&town);
    let citizen = citizens.with_documents("张伟", &["resident-id"]);
    let desk = town.desk("hotel");
    let first = citizens.mint(&citizen.token, "hotel", &["resident-id"]);
    let town = town.later(61);
    town.scan(&desk, &first).is_problem(410, "code-expired");
    assert_eq!(town.refusals(), "code-expired", "its citizen learns that somebody shows a picture of it");
    // Read out over the telephone, in small letters.
    let typed = first["typed"].as_str().expect("a code").to_lowercase().replace('-', " ");
    let redeemed = good(town.redeem(&desk, &json!({ "typed": typed, "attempt": attempt() })));
    assert_eq!(redeemed["redemption"], first["id"]);
    let second = Citizens(&town).mint(&citizen.token, "hotel", &["resident-id"]);
    let town = town.later(301);
    town.redeem(&desk, &json!({ "typed": second["typed"], "attempt": attempt() }))
        .is_problem(410, "code-expired");
    for odd in ["", "K7MZ", "K7MZ-8X3", "OOOO-OOOO", "K7MZ-8X3R-K7MZ-8X3R-K7MZ-8X3R-K7MZ-8X3R"] {
        town.redeem(&desk, &json!({ "typed": odd, "attempt": attempt() })).is_problem(400, "code-malformed");
    }
}

#[test]
fn an_answer_that_was_lost_is_given_again_to_the_same_attempt_alone() {
    let town = Town::start("redemptions-again");
    let citizens = Citizens(&town);
    let citizen = citizens.with_documents("何俊杰", &["resident-id", "residence-permit"]);
    let desks = [town.desk("hotel"), town.desk("residence-permit-status")];
    let minted = [("hotel", "resident-id"), ("residence-permit-status", "residence-permit")];
    let mut answers = Vec::new();
    for (desk, (scenario, kind)) in desks.iter().zip(minted) {
        let minted = citizens.mint(&citizen.token, scenario, &[kind]);
        let body = json!({ "code": minted["code"], "attempt": attempt() });
        let first = good(town.redeem(desk, &body));
        let again = town.redeem(desk, &body);
        assert_eq!((again.status, again.json()), (200, first.clone()), "{scenario}");
        // Another attempt, or the same on another scanner.
        town.redeem(desk, &json!({ "code": minted["code"], "attempt": attempt() }))
            .is_problem(409, "code-used");
        town.redeem(&town.desk_of(&desk.venue), &body).is_problem(409, "code-used");
        answers.push((body, first));
    }
    // The network was down for longer than a code lives.
    let town = town.later(90);
    let bodies: Vec<Value> = answers.iter().map(|(body, _)| body.clone()).collect();
    for (desk, (body, first)) in desks.iter().zip(answers) {
        let again = town.redeem(desk, &body);
        assert_eq!((again.status, again.json()), (200, first));
    }
    // After that the register is where it stands.
    for desk in &desks {
        let sql = format!(
            "UPDATE identity_codes SET ended_at = ended_at - 600000 WHERE at_venue = '{}'",
            desk.venue
        );
        sql::execute(&town.house.database(), &sql);
    }
    for (desk, body) in desks.iter().zip(bodies) {
        town.redeem(desk, &body).is_problem(410, "code-expired");
    }
}

#[test]
fn whoever_tries_codes_waits_and_so_does_a_venue_that_collects_people() {
    let town = Town::start("redemptions-throttle");
    let citizens = Citizens(&town);
    let citizen = citizens.with_documents("张伟", &["resident-id"]);
    let venue = town.venue("hotel");
    let desks = town.scanners(&venue, 3);
    let forged = |n: usize| {
        let ring = zerotrip_signing::fresh::ring().expect("randomness");
        let ring = Ring::parse("identity_code_keys", &ring).expect("a ring");
        let now_s = u32::try_from(town.now_ms() / 1000).expect("in range");
        let content = Content {
            scenario: 1,
            documents: 1,
            id: [n as u8; 16],
            issued_at_s: now_s,
            expires_at_s: now_s + 60,
        };
        identity_code::mint(&ring, &content).expect("minted")
    };
    for n in 0..20 {
        let answer = town.redeem(&desks[0], &json!({ "code": forged(n), "attempt": attempt() }));
        answer.is_problem(422, "code-forged");
    }
    let minted = citizens.mint(&citizen.token, "hotel", &["resident-id"]);
    let waits = town.scan(&desks[0], &minted);
    waits.is_problem(429, "too-many-requests");
    assert!(
        waits.retry_after.parse::<u32>().is_ok_and(|seconds| (1..=30).contains(&seconds)),
        "{}",
        waits.retry_after
    );
    // A scanner beside it goes on.
    good(town.scan(&desks[1], &minted));

    // Typed characters are tried ten times at once, whoever types.
    let tried: Vec<u16> = (0..12)
        .map(|_| town.redeem(&desks[2], &json!({ "typed": "K7MZ-8X3R", "attempt": attempt() })).status)
        .collect();
    assert_eq!(tried, [&[404; 10][..], &[429; 2]].concat());

    // 300 in a minute.
    let full = format!(
        "INSERT INTO identity_codes (id, holder, minted_by, session, scenario, documents, policy, typed_index, issued_at, \
         expires_at, typed_until, ended_how, ended_at, at_venue) \
         WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 299) \
         SELECT 'full-' || i, '', '', '', 'hotel', 1, '', 'full-' || i, 0, 0, 0, 'redeemed', {}, '{venue}' FROM n",
        town.now_ms()
    );
    sql::execute(&town.house.database(), &full);
    let minted = citizens.mint(&citizen.token, "hotel", &["resident-id"]);
    town.scan(&desks[1], &minted).is_problem(429, "too-many-requests");
    good(town.scan(&town.desk("hotel"), &minted));

    // A venue that is revoked is told nothing more.
    let revoked = json!({ "reason": "collects people" });
    let desk = town.desk("hotel");
    let path = format!("/scan/venues/{}", desk.venue);
    let answer = town.house.send("DELETE", &path, Some(&town.administrator()), &revoked.to_string());
    assert_eq!(answer.status, 204, "{}", answer.text);
    let minted = citizens.mint(&citizen.token, "hotel", &["resident-id"]);
    let refused = town.scan(&desk, &minted);
    assert!([401, 403].contains(&refused.status), "{}", refused.text);
}

#[test]
fn what_nobody_redeemed_is_gone_after_a_day() {
    let town = Town::start("redemptions-swept");
    let citizens = Citizens(&town);
    let citizen = citizens.with_documents("张伟", &["resident-id"]);
    let mint = || citizens.mint(&citizen.token, "hotel", &["resident-id"]);
    mint();
    citizens.cancel(&citizen.token, &mint());
    good(town.scan(&town.desk("hotel"), &mint()));
    let sweep = |town: &Town| {
        let swept = town.house.post("/records/jobs/retention", Some(&town.job_token()), &json!({}));
        assert_eq!(swept.status, 200, "{}", swept.text);
        town.count("SELECT COUNT(*) FROM identity_codes")
    };
    assert_eq!(sweep(&town), 3);
    let town = town.later(DAY_S + 400);
    assert_eq!(sweep(&town), 1, "the register's entry stays");
}
