//! Citizens of the town: people of the sandbox's population with a phone in their hand.

use crate::town::PASSWORD;
use crate::{Answer, Town};
use serde_json::{Value, json};
use zerotrip_sandbox::people::{self, Person, Residence};

/// What citizens do.
pub struct Citizens<'a>(pub &'a Town);

/// A logged-in citizen.
pub struct Citizen {
    /// The account.
    pub id: String,
    /// An access token.
    pub token: String,
    /// A refresh token.
    pub refresh: String,
}

/// A grown-up of this class with a phone and nothing unusual; another for each `number`.
pub fn somebody(residence: Residence, number: usize) -> &'static Person {
    let usual = |person: &&&Person| {
        person.residence == residence && !person.frozen && person.phone.is_some() && person.guardian.is_none()
    };
    let mut found = people::all().iter().collect::<Vec<_>>();
    found.retain(|person| usual(&person));
    found.get(number).unwrap_or_else(|| panic!("no such person: {number}"))
}

/// The phone of `person`.
pub fn phone(person: &Person) -> &str {
    person.phone.as_deref().expect("a phone")
}

impl Citizens<'_> {
    /// Asks for a code and reads it from the phone, as a request wants it.
    pub fn code(&self, phone: &str, purpose: &str) -> Value {
        let asked = json!({ "phone": phone, "purpose": purpose });
        let sent = self.0.house.post("/auth/one-time-codes", None, &asked);
        assert_eq!(sent.status, 202, "{}", sent.text);
        self.typed(phone, &sent)
    }

    /// What the phone's owner types of the code that `sent` speaks of.
    pub fn typed(&self, phone: &str, sent: &Answer) -> Value {
        let messages = self.0.control_of("sms", "GET", &format!("messages?phone={phone}"), &Value::Null);
        let text = messages[0]["text"].as_str().expect("a message");
        let code: String =
            text.chars().skip_while(|c| !c.is_ascii_digit()).take_while(char::is_ascii_digit).collect();
        json!({ "one_time_code": sent.text_of("one_time_code"), "code": code })
    }

    /// Registers a phone.
    pub fn register(&self, phone: &str) -> Citizen {
        let registered = self.try_register(phone, PASSWORD);
        assert_eq!(registered.status, 201, "{}", registered.text);
        Citizen {
            id: registered.text_of("citizen"),
            token: registered.text_of("access_token"),
            refresh: registered.text_of("refresh_token"),
        }
    }

    /// The same, whatever becomes of it.
    pub fn try_register(&self, phone: &str, password: &str) -> Answer {
        let body = json!({
            "phone": self.code(phone, "register"), "password": password,
            "consents": ["account", "real-name", "face"], "client": "测试手机",
        });
        self.0.house.post("/auth/citizens", None, &body)
    }

    /// Gives name and number.
    pub fn real_name(&self, citizen: &Citizen, name: &str, id_number: &str) -> Answer {
        let body = json!({ "name": name, "id_number": id_number });
        self.0.house.post("/auth/citizens/me/real-name", Some(&citizen.token), &body)
    }

    /// An account of `person` whose real name is known.
    pub fn with_real_name(&self, person: &Person) -> Citizen {
        let citizen = self.register(phone(person));
        let checked = self.real_name(&citizen, person.name, &person.id_number);
        assert_eq!(checked.status, 200, "{}", checked.text);
        citizen
    }

    /// Logs in by password.
    pub fn log_in(&self, login: &str, password: &str) -> Answer {
        self.0.house.post("/auth/citizens/sessions", None, &json!({ "login": login, "password": password }))
    }

    /// How the account stands.
    pub fn standing(&self, token: &str) -> String {
        self.0.house.get("/auth/citizens/me", Some(token)).text_of("standing")
    }
}
