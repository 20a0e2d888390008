//! The wallet of the town's citizens, and the registry that knows their documents.

use crate::citizens::{Citizen, phone};
use crate::town::PASSWORD;
use crate::{Answer, Citizens, Town};
use serde_json::{Value, json};
use zerotrip_sandbox::people::{self, Person};

/// The seven, in the wallet's order.
pub const KINDS: [&str; 7] = [
    "resident-id",
    "residence-permit",
    "driving-licence",
    "vehicle-licence",
    "passport",
    "hk-macau-permit",
    "taiwan-permit",
];

const DAY_S: i64 = 86_400;

/// The first of this name.
pub fn named(name: &str) -> &'static Person {
    people::all().iter().find(|person| person.name == name).unwrap_or_else(|| panic!("nobody is {name}"))
}

impl Town {
    /// The same at so many hours after midnight in China, which is later.
    pub fn at_hour(self, hour: i64) -> Self {
        let now_s = i64::try_from(self.now_ms() / 1000).expect("in range");
        let of_day = (now_s + 8 * 3600) % DAY_S;
        self.later((hour * 3600 - of_day).rem_euclid(DAY_S))
    }

    /// What the registry meets, as its control says.
    pub fn registry_faults(&self, faults: &Value) {
        self.control_of("registry", "POST", "faults", faults);
    }

    /// Makes a document otherwise until the sandbox restarts.
    pub fn registry_says(&self, person: &Person, kind: &str, fields: &Value) {
        let path = format!("documents/{}/{kind}", person.id_number);
        self.control_of("registry", "POST", &path, fields);
    }

    /// How often the registry was asked.
    pub fn registry_calls(&self) -> u64 {
        self.control_of("registry", "GET", "calls", &Value::Null)["received"].as_u64().expect("a number")
    }

    /// One run of the job of reminders.
    pub fn remind(&self) -> Value {
        let done = self.house.post("/wallet/jobs/reminders", Some(&self.job_token()), &json!({}));
        assert_eq!(done.status, 200, "{}", done.text);
        done.json()
    }

    /// Reminders that the phone has got, the newest first.
    pub fn reminders_of(&self, person: &Person) -> Vec<String> {
        let path = format!("messages?phone={}", phone(person));
        let all = self.control_of("sms", "GET", &path, &Value::Null);
        let texts = all.as_array().expect("a list").iter().map(|one| one["text"].as_str().expect("a text"));
        texts.filter(|text| text.contains("证照管家")).map(str::to_owned).collect()
    }
}

impl Citizens<'_> {
    /// Opens a channel, whatever becomes of it.
    pub fn try_open(&self, token: &str, kind: &str) -> Answer {
        self.0.house.post("/wallet/channels", Some(token), &json!({ "kind": kind }))
    }

    /// Opens channels.
    pub fn open(&self, token: &str, kinds: &[&str]) {
        for kind in kinds {
            let opened = self.try_open(token, kind);
            assert_eq!(opened.status, 201, "{kind}: {}", opened.text);
        }
    }

    /// The list's line of this kind.
    pub fn channel(&self, token: &str, kind: &str) -> Value {
        let listed = self.0.house.get("/wallet/channels", Some(token));
        assert_eq!(listed.status, 200, "{}", listed.text);
        let listed = listed.json();
        let mut all = listed["channels"].as_array().expect("a list").iter();
        all.find(|channel| channel["kind"] == kind).unwrap_or_else(|| panic!("no {kind}")).clone()
    }

    /// Documents of this kind, whatever becomes of it.
    pub fn documents(&self, token: &str, kind: &str) -> Answer {
        self.0.house.get(&format!("/wallet/documents/{kind}"), Some(token))
    }

    /// Logged in again, hours later.
    pub fn back(&self, person: &Person) -> String {
        self.log_in(phone(person), PASSWORD).text_of("access_token")
    }

    /// Agrees to a purpose.
    pub fn agree(&self, token: &str, purpose: &str) {
        let agreed =
            self.0.house.post("/auth/citizens/me/consents", Some(token), &json!({ "purpose": purpose }));
        assert_eq!(agreed.status, 204, "{}", agreed.text);
    }

    /// Enters a child with these consents besides the necessary ones; gives its id.
    pub fn enter_child(&self, guardian: &Citizen, child: &Person, consents: &[&str]) -> String {
        let consents = [&["account", "real-name"], consents].concat();
        let body = json!({ "name": child.name, "id_number": child.id_number, "relationship": "parent", "consents": consents });
        let entered = self.0.house.post("/records/me/children", Some(&guardian.token), &body);
        assert_eq!(entered.status, 201, "{}", entered.text);
        entered.text_of("child")
    }

    /// A window confirms the guardianship.
    pub fn confirm_child(&self, child: &str) {
        let path = format!("/records/guardianships/{child}/confirmation");
        let body = json!({ "document_checked": true });
        assert_eq!(self.0.house.post(&path, Some(&self.0.officer()), &body).status, 204);
    }
}

/// The field of this name of a shown document.
pub fn field<'a>(document: &'a Value, name: &str) -> &'a Value {
    let mut fields = document["fields"].as_array().expect("fields").iter();
    fields.find(|field| field["name"] == name).map_or(&Value::Null, |field| &field["value"])
}
