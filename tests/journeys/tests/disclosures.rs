//! The ledger: who was shown what, and who has tried; what a citizen can say about it; and everything to take away.

use serde_json::{Value, json};
use zerotrip_journeys::wallet::{field, named};
use zerotrip_journeys::{Citizens, Town, sql};

/// A venue of this scenario, supervised by this agency.
fn venue(town: &Town, id: u128, scenario: &str, name: &str, agency: &str) {
    let statement = format!(
        "INSERT INTO venues (id, credit_code, scenario, name, name_key, address, agency, enrolled_at, enrolled_by) \
         VALUES ('{id:032x}', '91220101MA0000{id:04}', '{scenario}', '{name}', '', '示例路{id}号', '{agency}', 1, 'x')"
    );
    sql::execute(&town.house.database(), &statement);
}

/// A code of `holder` that was redeemed at `at`.
fn redeemed(town: &Town, id: u128, holder: &str, venue: u128, at: u64, what: (&str, &str, &str)) {
    let (scenario, policy, fields) = what;
    let statement = format!(
        "INSERT INTO identity_codes (id, holder, minted_by, session, scenario, documents, policy, typed_index, issued_at, \
         expires_at, typed_until, ended_how, ended_at, at_venue, at_person, at_device, read_how, attempt, disclosed, as_of) \
         VALUES ('{id:032x}', '{holder}', '{holder}', 's', '{scenario}', 1, '{policy}', 't{id}', {at}, {at}, {at}, 'redeemed', \
         {at}, '{venue:032x}', 'p', 'd', 'qr', 'a', '{fields}', {at})"
    );
    sql::execute(&town.house.database(), &statement);
}

/// A scan of a code that showed nothing.
fn refused(town: &Town, id: u128, code: u128, holder: &str, venue: u128, at: u64, why: &str) {
    let statement = format!(
        "INSERT INTO refused_scans (id, code, holder, at, venue, person, device, scenario, why) \
         VALUES ('{id:032x}', '{code:032x}', '{holder}', {at}, '{venue:032x}', 'p', 'd', 'hotel', '{why}')"
    );
    sql::execute(&town.house.database(), &statement);
}

const HOTEL: (&str, &str, &str) = ("hotel", "hotel@2025-04", "name,sex,document_number,photo");

#[test]
fn the_ledger_names_venue_fields_and_time_the_newest_first_page_by_page() {
    let town = Town::start("ledger");
    let citizens = Citizens(&town);
    let own = citizens.real_person(named("张伟"));
    let other = citizens.real_person(named("李娜"));
    town.house.get("/wallet/disclosures", None).is_problem(401, "unauthorized");
    let empty = town.house.get("/wallet/disclosures", Some(&own.token)).json();
    assert_eq!(empty, json!({ "disclosures": [], "next": null }));
    venue(&town, 1, "hotel", "长春示例宾馆", "220102");
    let now = town.now_ms();
    for n in 0..60_u64 {
        redeemed(&town, 100 + u128::from(n), &own.id, 1, now - 10_000 - n * 10, HOTEL);
    }
    refused(&town, 500, 100, &own.id, 1, now - 5_000, "code-used");
    // At the same moment as another line.
    refused(&town, 501, 7, &own.id, 1, now - 10_000, "other-venue");
    redeemed(&town, 900, &other.id, 1, now, HOTEL);

    let first = town.house.get("/wallet/disclosures", Some(&own.token));
    let page = first.json();
    let lines = page["disclosures"].as_array().expect("a list");
    assert_eq!(lines.len(), 50);
    assert_eq!((&lines[0]["result"], &lines[0]["fields"]), (&json!("code-used"), &json!([])));
    let line = lines.iter().find(|line| line["result"] == "redeemed").expect("one");
    assert_eq!((&line["venue"], &line["scenario_zh"]), (&json!("长春示例宾馆"), &json!("旅馆入住")));
    let names: Vec<_> =
        line["fields"].as_array().expect("a list").iter().map(|field| &field["name"]).collect();
    assert_eq!(names, ["name", "sex", "document_number", "photo"]);
    assert_eq!(
        (&line["fields"][0]["chinese"], &line["fields"][0]["english"]),
        (&json!("姓名"), &json!("name"))
    );
    assert_eq!((&line["staff"], &lines[0]["staff"]), (&json!("p"), &json!("p")));
    assert_eq!((&line["policy"], &line["read"]), (&json!("hotel@2025-04"), &json!("qr")));
    let next = page["next"].as_str().expect("there is more");
    let rest = town.house.get(&format!("/wallet/disclosures?before={next}"), Some(&own.token)).json();
    assert_eq!(rest["next"], Value::Null);
    let rest = rest["disclosures"].as_array().expect("a list");
    let all: Vec<_> = lines.iter().chain(rest).collect();
    assert_eq!(all.len(), 62, "each once, and nobody else's");
    let times: Vec<_> = all.iter().map(|line| line["at"].as_u64().expect("a time")).collect();
    assert!(times.is_sorted_by(|one, next| one >= next));
    town.house.get("/wallet/disclosures?before=x", Some(&own.token)).is_problem(400, "invalid-request");
    assert_eq!(
        town.house.get("/wallet/disclosures", Some(&other.token)).json()["disclosures"]
            .as_array()
            .map(Vec::len),
        Some(1)
    );
    // A child's is its guardian's to read.
    let child = citizens.enter_child(&own, named("张小宝"), &[]);
    redeemed(&town, 901, &child, 1, now, HOTEL);
    let childs = format!("/wallet/disclosures?child={child}");
    town.house.get(&childs, Some(&own.token)).is_problem(403, "not-in-your-care");
    citizens.confirm_child(&child);
    assert_eq!(
        town.house.get(&childs, Some(&own.token)).json()["disclosures"].as_array().map(Vec::len),
        Some(1)
    );
    town.house.get(&childs, Some(&other.token)).is_problem(403, "not-in-your-care");
}

#[test]
fn a_misuse_is_reported_once_read_by_the_venues_police_and_closed_with_a_note() {
    let town = Town::start("misuse");
    let citizens = Citizens(&town);
    let own = citizens.real_person(named("张伟"));
    let other = citizens.real_person(named("李娜"));
    venue(&town, 1, "hotel", "长春示例宾馆", "220102");
    venue(&town, 2, "hotel", "吉林示例宾馆", "220202");
    let now = town.now_ms();
    redeemed(&town, 10, &own.id, 1, now, HOTEL);
    redeemed(&town, 11, &other.id, 2, now, HOTEL);
    // The other venue has tried the same code before.
    refused(&town, 12, 10, &own.id, 2, now - 1, "other-venue");
    let report = |token: &str, code: u128, text: &str| {
        let path = format!("/wallet/disclosures/{code:032x}/misuse");
        town.house.post(&path, Some(token), &json!({ "text": text }))
    };
    let text = "我没有住过这家宾馆";
    report(&own.token, 10, " ").is_problem(400, "invalid-request");
    report(&own.token, 10, &"很".repeat(501)).is_problem(400, "invalid-request");
    report(&own.token, 11, text).is_problem(404, "not-found");
    report(&own.token, 99, text).is_problem(404, "not-found");
    report(&town.officer(), 10, text).is_problem(403, "forbidden");
    assert_eq!(report(&own.token, 10, text).status, 201);
    report(&own.token, 10, text).is_problem(409, "reported-before");
    // What nobody was shown can be reported too.
    assert_eq!(report(&own.token, 12, "有人试过我的码").status, 201);
    assert_eq!(report(&other.token, 11, text).status, 201);
    assert!(!town.house.stored().windows(text.len()).any(|window| window == text.as_bytes()), "it is sealed");
    let ledger = town.house.get("/wallet/disclosures", Some(&own.token)).json();
    assert!(
        ledger["disclosures"]
            .as_array()
            .expect("a list")
            .iter()
            .all(|line| line["misuse"]["closed_at"].is_null())
    );

    let reports = |token: &str| {
        let listed = town.house.get("/wallet/misuse-reports", Some(token));
        assert_eq!(listed.status, 200, "{}", listed.text);
        listed.json()["reports"].as_array().expect("a list").clone()
    };
    town.house.get("/wallet/misuse-reports", Some(&own.token)).is_problem(403, "forbidden");
    let (officer, root) = (town.officer(), town.administrator());
    let listed = reports(&officer);
    assert_eq!(listed.len(), 1, "the other venue is another agency's, whichever code it was");
    assert_eq!((&listed[0]["text"], &listed[0]["venue_name"]), (&json!(text), &json!("长春示例宾馆")));
    assert_eq!(reports(&root).len(), 3);
    assert_eq!(town.count("SELECT COUNT(*) FROM audit_lines WHERE kind = 'misuse-reports-read'"), 2);
    let close = |token: &str, code: u128, note: &str| {
        let path = format!("/wallet/misuse-reports/{code:032x}/closure");
        town.house.post(&path, Some(token), &json!({ "note": note }))
    };
    close(&own.token, 10, "x").is_problem(403, "forbidden");
    close(&officer, 10, "").is_problem(400, "invalid-request");
    close(&officer, 11, "核实").is_problem(404, "not-found");
    close(&officer, 99, "核实").is_problem(404, "not-found");
    assert_eq!(close(&officer, 10, "已现场核查").status, 204);
    close(&officer, 10, "已现场核查").is_problem(409, "closed-before");
    assert_eq!(close(&root, 11, "已转办").status, 204);
    assert_eq!(reports(&root).len(), 1);
    for (kind, lines) in [("misuse-reported", 3), ("misuse-report-closed", 2)] {
        assert_eq!(
            town.count(&format!("SELECT COUNT(*) FROM audit_lines WHERE kind = '{kind}'")),
            lines,
            "{kind}"
        );
    }
    let ledger = town.house.get("/wallet/disclosures", Some(&own.token)).json();
    let line =
        ledger["disclosures"].as_array().expect("a list").iter().find(|line| line["result"] == "redeemed");
    assert!(line.expect("listed")["misuse"]["closed_at"].is_u64());
}

#[test]
fn an_export_of_the_wallet_wants_a_fresh_proof_and_holds_everything() {
    let town = Town::start("wallet-export");
    let citizens = Citizens(&town);
    let person = named("张伟");
    let own = citizens.real_person(person);
    citizens.open(&own.token, &["resident-id", "vehicle-licence", "passport"]);
    assert_eq!(town.house.send("DELETE", "/wallet/channels/passport", Some(&own.token), "").status, 204);
    venue(&town, 1, "hotel", "长春示例宾馆", "220102");
    redeemed(&town, 10, &own.id, 1, town.now_ms(), HOTEL);
    let path = format!("/wallet/disclosures/{:032x}/misuse", 10);
    assert_eq!(town.house.post(&path, Some(&own.token), &json!({ "text": "不是我" })).status, 201);
    let export = town.house.get("/wallet/export", Some(&own.token));
    assert_eq!(export.status, 200, "{}", export.text);
    let export = export.json();
    let channels = export["channels"].as_array().expect("a list");
    assert_eq!(channels.len(), 3);
    let of = |kind: &str| channels.iter().find(|channel| channel["kind"] == kind).expect(kind);
    let card = json!({ "fields": of("resident-id")["documents"][0] });
    assert_eq!(field(&card, "id_number"), &json!(person.id_number));
    assert_eq!(of("vehicle-licence")["documents"].as_array().map(Vec::len), Some(2));
    assert!(of("passport")["closed_at"].is_u64() && of("passport")["documents"] == json!([]));
    assert_eq!(export["disclosures"][0]["venue"], "长春示例宾馆");
    assert_eq!(export["misuse_reports"][0]["text"], "不是我");
    assert_eq!(town.count("SELECT COUNT(*) FROM audit_lines WHERE kind = 'wallet-exported'"), 1);
    let town = town.later(31 * 60);
    let token = Citizens(&town).back(person);
    town.house.get("/wallet/export", Some(&token)).is_problem(403, "fresh-proof-needed");
}
