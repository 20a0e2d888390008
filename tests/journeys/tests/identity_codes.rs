//! A citizen makes a code: what is refused before there is one, what is told before, what the code holds, what became of it.

use serde_json::{Value, json};
use zerotrip_journeys::citizens::phone;
use zerotrip_journeys::codes::told;
use zerotrip_journeys::picture::read_svg;
use zerotrip_journeys::town::PASSWORD;
use zerotrip_journeys::wallet::named;
use zerotrip_journeys::{Answer, Citizens, Town};

const MINUTE_S: i64 = 60;
const CODES: &str = "/qr/identity-codes";

fn hotel(documents: &[&str]) -> Value {
    json!({ "scenario": "hotel", "documents": documents })
}

#[test]
fn nobody_makes_a_code_without_person_consent_channel_and_a_document_in_order() {
    let town = Town::start("codes-refused");
    let citizens = Citizens(&town);
    town.house.post(CODES, None, &hotel(&["resident-id"])).is_problem(401, "unauthorized");
    let mint = |token: &str, body: &Value| citizens.try_mint(token, body);
    mint(&town.officer(), &hotel(&["resident-id"])).is_problem(403, "forbidden");
    let known = citizens.with_real_name(named("张伟"));
    mint(&known.token, &hotel(&["resident-id"])).is_problem(403, "real-person-needed");
    citizens.pass(&known.token, "real-person");
    mint(&known.token, &hotel(&["resident-id"])).is_problem(403, "consent-needed");
    citizens.agree(&known.token, "identity-codes");
    mint(&known.token, &hotel(&["resident-id"])).is_problem(409, "channel-closed");
    citizens.open(&known.token, &["resident-id", "vehicle-licence", "driving-licence"]);

    for odd in [
        json!({ "scenario": "bank", "documents": ["resident-id"] }),
        hotel(&[]),
        hotel(&["fishing-licence"]),
        // The hotel's rule needs no licence.
        hotel(&["resident-id", "driving-licence"]),
        hotel(&["resident-id", "resident-id"]),
        json!({ "scenario": "hotel", "documents": ["resident-id"], "vehicle": "no plate" }),
        json!({ "scenario": "hotel", "documents": ["resident-id"], "child": "somebody" }),
        json!({ "scenario": "hotel", "documents": ["resident-id"], "more": 1 }),
    ] {
        mint(&known.token, &odd).is_problem(400, "invalid-request");
    }
    mint(&known.token, &json!({ "scenario": "vehicle-repair", "documents": ["resident-id"] }))
        .is_problem(409, "document-missing");
    // Two cars.
    let repair = |vehicle: Value| json!({ "scenario": "vehicle-repair", "documents": ["resident-id", "vehicle-licence"], "vehicle": vehicle });
    mint(&known.token, &repair(Value::Null)).is_problem(409, "document-ambiguous");
    mint(&known.token, &repair(json!("京A00001"))).is_problem(409, "document-missing");
    let child = "0".repeat(32);
    mint(&known.token, &json!({ "scenario": "hotel", "documents": ["resident-id"], "child": child }))
        .is_problem(403, "not-in-your-care");

    let lost = citizens.with_documents("赵敏", &["resident-id"]);
    let refused = mint(&lost.token, &hotel(&["resident-id"]));
    refused.is_problem(409, "document-not-in-order");
    assert!(refused.text.contains("lost"), "{}", refused.text);
    let minor = citizens.with_documents("朱婷婷", &["resident-id"]);
    mint(&minor.token, &json!({ "scenario": "internet-cafe", "documents": ["resident-id"] }))
        .is_problem(403, "minor");
    assert_eq!(mint(&minor.token, &hotel(&["resident-id"])).status, 201);

    // Not with a face of half an hour ago.
    let town = town.later(31 * MINUTE_S);
    let citizens = Citizens(&town);
    let token = citizens.refresh(&known.refresh).text_of("access_token");
    citizens.try_mint(&token, &hotel(&["resident-id"])).is_problem(403, "fresh-proof-needed");
    assert_eq!(town.count("SELECT COUNT(*) FROM identity_codes"), 1, "the minor's at the hotel");
}

#[test]
fn documents_of_the_day_before_are_looked_at_first() {
    let town = Town::start("codes-old");
    let citizen = Citizens(&town).with_documents("孙丽", &["resident-id"]);
    assert_eq!(Citizens(&town).try_mint(&citizen.token, &hotel(&["resident-id"])).status, 201);
    // So that nothing expires between the code and the desk, they must be good until the typed code is over.
    let town = town.later((24 * 60 - 4) * MINUTE_S);
    let citizens = Citizens(&town);
    let token = citizens.log_in(phone(named("孙丽")), PASSWORD).text_of("access_token");
    let proven = citizens.pass(&token, "step-up");
    assert_eq!(proven.status, 200, "{}", proven.text);
    citizens.try_mint(&token, &hotel(&["resident-id"])).is_problem(409, "documents-old");
    assert_eq!(town.house.get("/wallet/documents/resident-id", Some(&token)).status, 200);
    assert_eq!(citizens.try_mint(&token, &hotel(&["resident-id"])).status, 201);
}

#[test]
fn before_there_is_a_code_its_citizen_reads_what_it_tells_and_what_not() {
    let town = Town::start("codes-preview");
    let citizens = Citizens(&town);
    let citizen = citizens.with_documents("张伟", &["resident-id", "vehicle-licence"]);
    let preview = |query: &str| town.house.get(&format!("{CODES}/preview?{query}"), Some(&citizen.token));
    let names = |list: &Value| -> Vec<String> {
        let list = list.as_array().expect("a list").iter();
        list.map(|item| item["name"].as_str().expect("a name").to_owned()).collect()
    };
    let cafe = preview("scenario=internet-cafe").json();
    assert_eq!(names(&cafe["discloses"]), ["name", "document_kind", "document_number", "adult"]);
    for kept_back in ["birth_date", "address", "photo", "sex"] {
        assert!(names(&cafe["keeps_back"]).contains(&kept_back.to_owned()), "{cafe}");
    }
    assert!(
        cafe["told"].as_str().is_some_and(|told| told.contains("仅是或否") && told.contains("60日")),
        "{cafe}"
    );
    assert!(cafe["told_in_english"].as_str().is_some_and(|told| told.contains("60 days")), "{cafe}");
    assert_eq!((&cafe["policy"], &cafe["asks"]), (&json!("internet-cafe@2025-04"), &json!(false)));

    let repair = preview("scenario=vehicle-repair").json();
    let fits: Vec<(&Value, &Value)> = repair["documents"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|choice| (&choice["kind"], &choice["first"]))
        .collect();
    let open = json!("open-the-channel");
    assert_eq!(
        fits,
        [
            (&json!("resident-id"), &Value::Null),
            (&json!("residence-permit"), &open),
            (&json!("vehicle-licence"), &Value::Null)
        ]
    );
    assert_eq!(repair["documents"][2]["vehicles"].as_array().map(Vec::len), Some(2), "{repair}");
    assert_eq!(preview("scenario=locksmith").json()["asks"], true);

    let venue = town.venue("hotel");
    let poster = format!("{}/scan/venues/{venue}", town.house.base);
    let poster: String = poster.bytes().map(|byte| format!("%{byte:02X}")).collect();
    for named in [&venue, &poster] {
        let hotel = preview(&format!("scenario=hotel&venue={named}")).json();
        assert_eq!(hotel["venue"]["venue"], *venue, "{hotel}");
        assert!(hotel["venue"]["name"].as_str().is_some_and(|name| name.starts_with("示例场所")), "{hotel}");
    }
    preview(&format!("scenario=locksmith&venue={venue}")).is_problem(409, "other-scenario");
    preview("scenario=hotel&venue=nowhere").is_problem(404, "no-such-venue");
    preview(&format!("scenario=hotel&venue={}", "0".repeat(32))).is_problem(404, "no-such-venue");
    preview("").is_problem(400, "invalid-request");
    town.house.get(&format!("{CODES}/preview?scenario=hotel"), None).is_problem(401, "unauthorized");
}

#[test]
fn a_code_says_nothing_of_its_citizen_and_scans_at_a_glance() {
    let town = Town::start("codes-picture");
    let citizens = Citizens(&town);
    let person = named("张伟");
    let citizen = citizens.with_documents("张伟", &["resident-id"]);
    let minted = citizens.mint(&citizen.token, "hotel", &["resident-id"]);
    let (code, svg) = (minted["code"].as_str().expect("a code"), minted["svg"].as_str().expect("a picture"));
    let (read, version) = read_svg(svg);
    assert_eq!((read.as_str(), version), (code, 5));
    assert!(code.starts_with("ZT1:") && code.len() == 93, "{code}");
    assert!(svg.len() < 7_000, "{} bytes", svg.len());
    println!("identity code: {} characters, version {version}-M, SVG of {} bytes", code.len(), svg.len());
    let typed = minted["typed"].as_str().expect("a typed code");
    assert!(typed.len() == 9 && typed.as_bytes()[4] == b'-', "{typed}");
    let answer = minted.to_string();
    for personal in [person.name, &person.id_number, phone(person)] {
        assert!(!answer.contains(personal), "{personal} in {answer}");
    }
    let now = town.now_ms();
    let at = |name: &str| minted[name].as_u64().expect("a time");
    assert!((now + 50_000..=now + 60_000).contains(&at("expires_at")), "{minted}");
    assert!((now + 290_000..=now + 300_000).contains(&at("typed_until")), "{minted}");
    // What is typed is nowhere as it is, nor whose code it is.
    let stored = town.house.stored();
    let typed = typed.replace('-', "");
    assert!(!stored.windows(typed.len()).any(|bytes| bytes == typed.as_bytes()));
    assert!(!town.house.log().contains("ZT1:"));

    // Each is another, and of one person no more than 20 in a minute.
    let mut all = vec![typed];
    let refused: Answer = loop {
        let again = citizens.try_mint(&citizen.token, &hotel(&["resident-id"]));
        if again.status != 201 {
            break again;
        }
        all.push(again.text_of("typed").replace('-', ""));
        assert!(all.len() < 30);
    };
    refused.is_problem(429, "too-many-requests");
    assert_eq!(refused.retry_after, "60");
    assert_eq!(all.len(), 20);
    all.sort();
    all.dedup();
    assert_eq!(all.len(), 20);
}

#[test]
fn the_screen_that_shows_a_code_learns_what_became_of_it() {
    let town = Town::start("codes-outcome");
    let citizens = Citizens(&town);
    let citizen = citizens.with_documents("张伟", &["resident-id"]);
    let stranger = citizens.with_documents("李娜", &["resident-id"]);
    let desk = town.desk("hotel");
    let state = |minted: &Value| citizens.outcome(&citizen.token, minted)["state"].clone();
    let first = citizens.mint(&citizen.token, "hotel", &["resident-id"]);
    assert_eq!(state(&first), "outstanding");
    let path = format!("{CODES}/{}", first["id"].as_str().expect("an id"));
    for (method, token) in [("GET", &stranger.token), ("DELETE", &stranger.token)] {
        town.house.send(method, &path, Some(token), "").is_problem(404, "not-found");
    }
    town.house.get(&format!("{CODES}/nonsense"), Some(&citizen.token)).is_problem(404, "not-found");
    town.house.send("PUT", &path, Some(&citizen.token), "").is_problem(405, "method-not-allowed");

    let second = citizens.mint(&citizen.token, "hotel", &["resident-id"]);
    assert_eq!((state(&first), state(&second)), (json!("superseded"), json!("outstanding")));
    assert_eq!([0, 0].map(|_| citizens.cancel(&citizen.token, &second).status), [204, 204]);
    assert_eq!(state(&second), "cancelled");

    let third = citizens.mint(&citizen.token, "hotel", &["resident-id"]);
    assert_eq!(town.scan(&desk, &third).status, 201);
    let redeemed = citizens.outcome(&citizen.token, &third);
    assert_eq!(redeemed["state"], "redeemed");
    assert_eq!(redeemed["redeemed"]["read"], "qr", "{redeemed}");
    assert!(redeemed["redeemed"]["venue"].as_str().is_some_and(|name| name.starts_with("示例场所")));
    let names = redeemed["redeemed"]["disclosed"].as_array().expect("a list");
    assert!(names.contains(&json!("photo")) && names.contains(&json!("document_number")), "{redeemed}");
    citizens.cancel(&citizen.token, &third).is_problem(409, "code-used");

    let fourth = citizens.mint(&citizen.token, "hotel", &["resident-id"]);
    let town = town.later(5 * MINUTE_S);
    let outcome = Citizens(&town).outcome(&citizen.token, &fourth);
    assert_eq!(outcome["state"], "expired");
}

#[test]
fn a_guardian_makes_a_code_for_a_child_and_nobody_else_does() {
    let town = Town::start("codes-child");
    let citizens = Citizens(&town);
    let (guardian, child) = (named("张伟"), named("张小宝"));
    let own = citizens.with_documents("张伟", &["resident-id"]);
    let id = citizens.enter_child(&own, child, &[]);
    let body = json!({ "scenario": "hotel", "documents": ["resident-id"], "child": id });
    citizens.try_mint(&own.token, &body).is_problem(403, "not-in-your-care");
    citizens.confirm_child(&id);
    citizens.try_mint(&own.token, &body).is_problem(403, "consent-needed");
    assert_eq!(citizens.enter_child(&own, child, &["identity-codes"]), id);
    citizens.try_mint(&own.token, &body).is_problem(409, "channel-closed");
    let opened =
        town.house.post("/wallet/channels", Some(&own.token), &json!({ "kind": "resident-id", "child": id }));
    assert_eq!(opened.status, 201, "{}", opened.text);
    let stranger = citizens.with_documents("李娜", &["resident-id"]);
    citizens.try_mint(&stranger.token, &body).is_problem(403, "not-in-your-care");

    let minted = citizens.try_mint(&own.token, &body);
    assert_eq!(minted.status, 201, "{}", minted.text);
    // Parent and child stand at the desk with a code each: one outstanding for each person, not for each account.
    let parents = citizens.mint(&own.token, "hotel", &["resident-id"]);
    let desk = town.desk("hotel");
    let redeemed = town.scan(&desk, &minted.json());
    assert_eq!(redeemed.status, 201, "{}", redeemed.text);
    let redeemed = redeemed.json();
    let number = |redeemed: &Value| {
        told(redeemed).into_iter().find(|(name, _)| name == "document_number").map(|(_, value)| value)
    };
    assert_eq!(number(&redeemed), Some(json!(child.id_number)));
    let adds =
        redeemed["adds"].as_array().expect("a list").iter().map(|add| add["name"].as_str().expect("a name"));
    assert!(adds.clone().any(|name| name == "guardian_contact"), "{redeemed}");
    let theirs = town.scan(&desk, &parents);
    assert_eq!(theirs.status, 201, "{}", theirs.text);
    assert_eq!(number(&theirs.json()), Some(json!(guardian.id_number)));
    assert!(!theirs.text.contains("guardian_contact"));
}
