//! Places that take codes: enrolled, staffed, and with entries in their registers.

use crate::faces::{blind_index, sealed};
use crate::town::PASSWORD;
use crate::{Answer, Town, sql};
use serde_json::{Value, json};
use std::sync::atomic::{AtomicU64, Ordering};
use zerotrip_domain::Day;
use zerotrip_domain::scenario::{Policy, Scenario};

/// Credit codes of the public register, and with right check characters.
pub const CREDIT_CODES: [&str; 4] =
    ["91350100M000100Y43", "91110000600037341L", "91350203MA32AXT97E", "913502000728319549"];

/// A venue with one member of staff and one scanner.
pub struct Venue {
    /// Its id.
    pub id: String,
    /// The scanner's id and token.
    pub scanner: String,
    device_token: String,
    login: String,
}

impl Venue {
    /// A new session of its staff on its scanner.
    pub fn staff(&self, town: &Town) -> String {
        let body = json!({ "login": self.login, "password": PASSWORD, "device_token": self.device_token });
        town.house.post("/auth/sessions", None, &body).text_of("access_token")
    }
}

/// A place to enrol.
pub fn new_venue(scenario: &str, name: &str, agency: &str) -> Value {
    json!({ "credit_code": CREDIT_CODES[0], "scenario": scenario, "name": name, "address": format!("长春市{name}路1号"),
        "agency": agency })
}

impl Town {
    /// Enrols a venue, whatever becomes of it.
    pub fn enrol_venue(&self, venue: &Value) -> Answer {
        self.house.post("/scan/venues", Some(&self.administrator()), venue)
    }

    /// A venue with staff and a scanner.
    pub fn staffed_venue(&self, scenario: &str, name: &str, agency: &str) -> Venue {
        let enrolled = self.enrol_venue(&new_venue(scenario, name, agency));
        assert_eq!(enrolled.status, 201, "{}", enrolled.text);
        self.staffed(&enrolled.text_of("venue"))
    }

    /// Staff and a scanner for the venue of this id.
    pub fn staffed(&self, id: &str) -> Venue {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let login = format!("desk{}", NEXT.fetch_add(1, Ordering::Relaxed));
        let administrator = Some(self.administrator());
        let body = json!({ "role": "venue-staff", "agency": id });
        let invited = self.house.post("/auth/invitations", administrator.as_deref(), &body);
        let body = json!({ "code": invited.text_of("code"), "login": login, "password": PASSWORD, "name": "前台小王" });
        assert_eq!(self.house.post("/auth/activations", None, &body).status, 201);
        let body = json!({ "kind": "scanner", "label": format!("扫码器-{login}"), "agency": id });
        let enrolled = self.house.post("/auth/devices", administrator.as_deref(), &body);
        Venue {
            id: id.to_owned(),
            scanner: enrolled.text_of("device"),
            device_token: enrolled.text_of("token"),
            login,
        }
    }

    /// Adds to an entry.
    pub fn add(&self, staff: &str, entry: &str, name: &str, value: &Value) -> Answer {
        let body = json!({ "name": name, "value": value });
        self.house.post(&format!("/scan/entries/{entry}/additions"), Some(staff), &body)
    }
}

/// A redeemed code as the row has it, made by hand: for registers with a past, and with more than a test can mint.
pub struct Redeemed<'a> {
    pub scenario: Scenario,
    /// What was told, by the items' names.
    pub told: Value,
    /// Minutes ago.
    pub ago_min: u64,
    pub minor: bool,
    pub outside: bool,
    /// `qr` or `typed`.
    pub read_how: &'a str,
}

impl Redeemed<'_> {
    /// A grown-up at a hotel, just now.
    pub fn guest(name: &str, id_number: &str) -> Self {
        Self {
            scenario: Scenario::Hotel,
            told: json!({ "name": name, "sex": "male", "ethnicity": "汉", "birth_date": "1949-12-31",
                "document_kind": "resident-id", "document_number": id_number, "address": "长春市南关区示例街1号" }),
            ago_min: 0,
            minor: false,
            outside: false,
            read_how: "qr",
        }
    }

    /// Writes the row and gives the entry's id.
    pub fn at(&self, town: &Town, venue: &Venue) -> String {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let (id, at) = (format!("{number:032x}"), town.now_ms() - self.ago_min * 60_000);
        let policy = Policy::in_force(self.scenario, Day::at(at));
        let text = |value: Option<String>| value.map_or("NULL".to_owned(), |value| format!("'{value}'"));
        let index = |field: &str, item: &str| {
            text(self.told[item].as_str().map(|value| blind_index(town, field, value)))
        };
        let kept_until = policy.keep().until(Day::at(at)).map(Day::end_ms);
        let context = format!("identity_codes.entry/{id}");
        let entry = kept_until.map(|_| sealed(town, &context, &self.told.to_string()));
        let names: Vec<&str> = self.told.as_object().expect("an object").keys().map(String::as_str).collect();
        sql::execute(
            &town.house.database(),
            &format!(
                "INSERT INTO identity_codes (id, holder, minted_by, session, scenario, documents, policy, typed_index, \
                 issued_at, expires_at, typed_until, ended_how, ended_at, at_venue, at_person, at_device, read_how, attempt, \
                 disclosed, as_of, minor, outside, entry_sealed, kept_until, person_index, plate_index) VALUES ('{id}', \
                 'a{number:031x}', 'a{number:031x}', 'session', '{}', 1, '{}', 'typed-{number}', {at}, {at}, {at}, 'redeemed', \
                 {at}, '{}', (SELECT id FROM principals WHERE login = '{}'), '{}', '{}', 'attempt-{number}', '{}', {at}, {}, {}, \
                 {}, {}, {}, {})",
                self.scenario.name(),
                policy.version(),
                venue.id,
                venue.login,
                venue.scanner,
                self.read_how,
                names.join(","),
                u8::from(self.minor),
                u8::from(self.outside),
                text(entry),
                kept_until.map_or("NULL".to_owned(), |until| until.to_string()),
                index("resident-id", "document_number"),
                index("plate", "plate"),
            ),
        );
        id
    }
}

/// A scan that was refused, just now.
pub fn refuse(town: &Town, venue: &Venue, scenario: &str, why: &str) {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    sql::execute(
        &town.house.database(),
        &format!(
            "INSERT INTO refused_scans (id, code, holder, at, venue, person, device, scenario, why) VALUES \
             ('f{number:031x}', 'c{number:031x}', 'a{number:031x}', {}, '{}', 'b{number:031x}', '{}', '{scenario}', '{why}')",
            town.now_ms(),
            venue.id,
            venue.scanner
        ),
    );
}
