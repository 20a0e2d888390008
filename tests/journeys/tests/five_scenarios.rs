//! Five journeys, one for each kind of place: a citizen registers, proves the face, opens channels and shows a code; the venue redeems
//! it, writes down what the law wants besides, and the citizen reads who was told what.

use serde_json::{Value, json};
use std::sync::atomic::{AtomicU64, Ordering};
use zerotrip_journeys::citizens::Citizen;
use zerotrip_journeys::town::AGENCY;
use zerotrip_journeys::venues::Venue;
use zerotrip_journeys::{Answer, Citizens, Town};
use zerotrip_sandbox::people;

/// A scanner's key of an attempt that nobody has made yet.
fn attempt() -> String {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    format!("scanner-1-{}", NEXT.fetch_add(1, Ordering::Relaxed))
}

/// From the first code by SMS to the face check, the consent and the channels of these documents.
fn real_person(town: &Town, name: &str, scenario: &str, documents: &[&str]) -> Citizen {
    let person = people::all().iter().find(|person| person.name == name).expect("on the roll");
    let citizen = Citizens(town).real_person(person);
    let post = |path: &str, body: &Value| town.house.post(path, Some(&citizen.token), body);
    let wanted = json!({ "scenario": scenario, "documents": documents });
    post("/qr/identity-codes", &wanted).is_problem(403, "consent-needed");
    let agreed = post("/auth/citizens/me/consents", &json!({ "purpose": "identity-codes" }));
    assert_eq!(agreed.status, 204, "{}", agreed.text);
    for kind in documents {
        let opened = post("/wallet/channels", &json!({ "kind": kind }));
        assert_eq!(opened.status, 201, "{kind}: {}", opened.text);
    }
    citizen
}

/// A place, and somebody who comes in.
struct Scene<'a> {
    town: &'a Town,
    scenario: &'static str,
    venue: Venue,
    staff: String,
    citizen: Citizen,
}

impl<'a> Scene<'a> {
    fn open(town: &'a Town, scenario: &'static str, who: &str, documents: &[&str]) -> Self {
        let venue = town.staffed_venue(scenario, &format!("示例{scenario}"), AGENCY);
        let citizen = real_person(town, who, scenario, documents);
        let staff = venue.staff(town);
        Self { town, scenario, venue, staff, citizen }
    }

    /// A code that is good at the venue alone, which the citizen has scanned from its poster.
    fn mint(&self, documents: &[&str]) -> Value {
        let poster = format!("{}/scan/venues/{}", self.town.house.variable("public_url"), self.venue.id);
        let body = json!({ "scenario": self.scenario, "documents": documents, "venue": poster });
        let minted = self.town.house.post("/qr/identity-codes", Some(&self.citizen.token), &body);
        assert_eq!(minted.status, 201, "{}", minted.text);
        minted.json()
    }

    fn redeem(&self, code: &Value, question: Option<Value>) -> Answer {
        let mut body = json!({ "code": code["code"], "attempt": attempt() });
        if let Some(question) = question {
            body["question"] = question;
        }
        self.town.house.post("/scan/redemptions", Some(&self.staff), &body)
    }

    /// Shows a code and gives the id of the register's entry.
    fn shown(&self, documents: &[&str], question: Option<Value>) -> String {
        let redeemed = self.redeem(&self.mint(documents), question);
        assert_eq!(redeemed.status, 201, "{}", redeemed.text);
        redeemed.text_of("redemption")
    }

    /// Writes down everything that is due, and what comes later; nothing is missing then.
    fn complete(&self, entry: &str, values: &[(&str, Value)]) {
        let path = format!("/scan/entries/{entry}");
        let open = self.town.house.get(&path, Some(&self.staff));
        assert_eq!(open.status, 200, "{}", open.text);
        let open = open.json();
        let wanted = open["missing"]
            .as_array()
            .expect("a list")
            .iter()
            .chain(open["later"].as_array().expect("a list"));
        let wanted: Vec<&str> = wanted.map(|one| one["name"].as_str().expect("a name")).collect();
        assert_eq!(wanted, values.iter().map(|(name, _)| *name).collect::<Vec<_>>());
        for (name, value) in values {
            assert_eq!(self.town.add(&self.staff, entry, name, value).status, 201, "{name}");
        }
        let done = self.town.house.get(&path, Some(&self.staff)).json();
        assert_eq!([&done["missing"], &done["later"]], [&json!([]), &json!([])]);
        for (line, (name, value)) in done["additions"].as_array().expect("a list").iter().zip(values) {
            assert_eq!((line["name"].as_str(), &line["value"]), (Some(*name), value));
        }
    }

    /// The ledger's newest line: where, what became of it, and the names of what was told.
    fn ledger(&self, result: &str, fields: &[&str]) {
        let ledger = self.town.house.get("/wallet/disclosures", Some(&self.citizen.token)).json();
        let line = &ledger["disclosures"][0];
        assert_eq!(
            (line["result"].as_str(), line["scenario"].as_str()),
            (Some(result), Some(self.scenario)),
            "{line}"
        );
        assert_eq!(line["venue"], format!("示例{}", self.scenario));
        let told = line["fields"]
            .as_array()
            .expect("a list")
            .iter()
            .map(|field| field["name"].as_str().expect("a name"));
        assert_eq!(told.collect::<Vec<_>>(), fields);
        let told = ledger.to_string();
        assert!(!told.contains("吉A0006X") && !told.contains("99130120040901"), "names only: {told}");
    }
}

#[test]
fn a_guest_checks_in_at_a_hotel_and_leaves() {
    let town = Town::start("five-hotel");
    let scene = Scene::open(&town, "hotel", "何俊杰", &["resident-id"]);
    let now = town.now_ms();
    let code = scene.mint(&["resident-id"]);
    let elsewhere = town.staffed_venue("hotel", "别家饭店", AGENCY);
    let body = json!({ "code": code["code"], "attempt": attempt() });
    town.house.post("/scan/redemptions", Some(&elsewhere.staff(&town)), &body).is_problem(409, "other-venue");
    let entry = scene.redeem(&code, None).text_of("redemption");
    scene.complete(
        &entry,
        &[
            ("room", json!("801")),
            ("arrival", json!(now)),
            ("planned_departure", json!(now + 86_400_000)),
            ("face_matches", json!(true)),
            ("departure", json!(now + 80_000_000)),
        ],
    );
    let fields =
        ["name", "sex", "ethnicity", "birth_date", "document_kind", "document_number", "address", "photo"];
    scene.ledger("redeemed", &fields);
    let listed = town.house.get("/scan/entries", Some(&scene.staff)).json();
    assert_eq!(
        (&listed["entries"][0]["entry"], &listed["entries"][0]["name"]),
        (&json!(entry), &json!("何**"))
    );
    town.house
        .get(&format!("/scan/entries/{entry}"), Some(&elsewhere.staff(&town)))
        .is_problem(404, "not-found");
}

#[test]
fn an_adult_sits_down_in_an_internet_cafe_and_a_minor_does_not() {
    let town = Town::start("five-cafe");
    let scene = Scene::open(&town, "internet-cafe", "何俊杰", &["resident-id"]);
    let now = town.now_ms();
    let entry = scene.shown(&["resident-id"], None);
    let values = [
        ("seat", json!("A12")),
        ("terminal", json!("PC-12")),
        ("on", json!(now)),
        ("off", json!(now + 7_200_000)),
    ];
    scene.complete(&entry, &values);
    scene.ledger("redeemed", &["name", "document_kind", "document_number", "adult"]);

    let minor = real_person(&town, "朱婷婷", "internet-cafe", &["resident-id"]);
    let body = json!({ "scenario": "internet-cafe", "documents": ["resident-id"] });
    town.house.post("/qr/identity-codes", Some(&minor.token), &body).is_problem(403, "minor");
}

#[test]
fn a_car_is_left_for_repair_and_collected() {
    let town = Town::start("five-repair");
    let both = ["resident-id", "vehicle-licence"];
    let scene = Scene::open(&town, "vehicle-repair", "何俊杰", &both);
    let now = town.now_ms();
    let entry = scene.shown(&both, None);
    scene.complete(
        &entry,
        &[
            ("work", json!("更换前保险杠")),
            ("damaged_parts", json!("前保险杠左侧")),
            ("brought_in", json!(now)),
            ("collected_by", json!("何俊杰")),
            ("collected", json!(now + 86_400_000)),
        ],
    );
    let fields =
        ["name", "document_number", "plate", "vehicle_type", "engine_number", "vin", "model", "owner"];
    scene.ledger("redeemed", &fields);
    // The police find it by the plate.
    let by = json!({ "reason": "交通事故逃逸案", "by": { "plate": "吉A0006X" } });
    let found = town.house.post("/scan/searches", Some(&town.officer()), &by).json();
    assert_eq!(found["entries"][0]["entry"]["entry"], json!(entry), "{found}");
}

#[test]
fn a_locksmith_learns_whether_the_door_is_the_customers() {
    let town = Town::start("five-locksmith");
    let scene = Scene::open(&town, "locksmith", "何俊杰", &["resident-id"]);
    let code = scene.mint(&["resident-id"]);
    scene.redeem(&code, None).is_problem(400, "nothing-asked");
    let asked = json!({ "address": "长春市南关区别人家街99号1单元101室" });
    let redeemed = scene.redeem(&code, Some(asked)).json();
    assert_eq!(redeemed["disclosed"][2]["value"], false, "{redeemed}");
    scene.complete(
        redeemed["redemption"].as_str().expect("an id"),
        &[
            ("address", json!("长春市南关区别人家街99号1单元101室")),
            ("lock_kind", json!("C级锁芯")),
            ("reason", json!("非本人住址，未开锁")),
            ("witness", json!("物业李师傅")),
            ("worker", json!("王师傅")),
        ],
    );
    scene.ledger("redeemed", &["name", "document_number", "address_matches"]);
}

#[test]
fn a_residence_permit_is_looked_at_and_nothing_is_kept() {
    let town = Town::start("five-permit");
    let scene = Scene::open(&town, "residence-permit-status", "何俊杰", &["residence-permit"]);
    let entry = scene.shown(&["residence-permit"], None);
    town.house.get(&format!("/scan/entries/{entry}"), Some(&scene.staff)).is_problem(404, "not-found");
    assert_eq!(town.house.get("/scan/entries", Some(&scene.staff)).json()["entries"], json!([]));
    scene.ledger("redeemed", &["status", "issued", "next_endorsement", "authority"]);
}
