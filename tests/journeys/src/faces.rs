//! Citizens in front of a camera, at a window, and accounts from the old days.

use crate::citizens::Citizen;
use crate::{Answer, Citizens, House, Town, sql};
use base64::prelude::{BASE64_URL_SAFE_NO_PAD, Engine as _};
use serde_json::{Value, json};
use zerotrip_sandbox::people::Person;
use zerotrip_signing::{index, password, ring, sealing};

/// What a token says of level and face, by the published layout of its bytes.
pub fn level_and_face_at(token: &str) -> (u8, u64) {
    let bytes = BASE64_URL_SAFE_NO_PAD.decode(token).expect("base64url");
    (bytes[4], u64::from_be_bytes(bytes[57..65].try_into().expect("8 bytes")))
}

impl Citizens<'_> {
    /// Begins a face check.
    pub fn begin(&self, token: &str, purpose: &str) -> Answer {
        self.0.house.post("/real-person/face-checks", Some(token), &json!({ "purpose": purpose }))
    }

    /// The same for somebody's first account.
    pub fn begin_for(&self, token: &str, purpose: &str, person: &Person) -> Answer {
        let body = json!({ "purpose": purpose, "name": person.name, "id_number": person.id_number });
        self.0.house.post("/real-person/face-checks", Some(token), &body)
    }

    /// Says who wants to log in by face.
    pub fn log_in_by_face(&self, name: &str, id_number: &str) -> Answer {
        let body = json!({ "name": name, "id_number": id_number, "consents": ["face"], "client": "自助机" });
        self.0.house.post("/real-person/sessions", None, &body)
    }

    /// The provider's view of a check.
    pub fn at_provider(&self, opened: &Answer) -> Value {
        let check = opened.text_of("face_check");
        let all = self.0.control("GET", "faces", &Value::Null);
        let found = all.as_array().expect("a list").iter().find(|face| face["outer_order_no"] == check);
        found.unwrap_or_else(|| panic!("{check} is not known: {all}")).clone()
    }

    /// What happens in front of the camera: `pass`, `fail`, `attack`, `abandon` or `expire`.
    pub fn act(&self, opened: &Answer, act: &str) {
        let certify_id = self.at_provider(opened)["certify_id"].as_str().expect("an id").to_owned();
        self.0.control("POST", &format!("faces/{certify_id}"), &json!({ "act": act }));
    }

    /// Asks what became of it.
    pub fn result(&self, token: &str, opened: &Answer) -> Answer {
        self.ask(token, opened, &json!({}))
    }

    /// The same, with the word that nobody stands before the camera any more.
    pub fn finished(&self, token: &str, opened: &Answer) -> Answer {
        self.ask(token, opened, &json!({ "finished": true }))
    }

    fn ask(&self, token: &str, opened: &Answer, question: &Value) -> Answer {
        let path = format!("/real-person/face-checks/{}/result", opened.text_of("face_check"));
        self.0.house.post(&path, Some(token), question)
    }

    /// Asks for the tokens of a log-in by face.
    pub fn enter(&self, opened: &Answer) -> Answer {
        let path = format!("/real-person/sessions/{}/result", opened.text_of("face_check"));
        self.0.house.post(&path, None, &json!({ "secret": opened.text_of("secret"), "finished": true }))
    }

    /// A face check from its beginning to its end.
    pub fn pass(&self, token: &str, purpose: &str) -> Answer {
        let opened = self.begin(token, purpose);
        assert_eq!(opened.status, 201, "{}", opened.text);
        self.act(&opened, "pass");
        self.result(token, &opened)
    }

    /// A real person.
    pub fn real_person(&self, person: &Person) -> Citizen {
        let citizen = self.with_real_name(person);
        let passed = self.pass(&citizen.token, "real-person");
        assert_eq!(passed.json(), json!({ "result": "passed", "standing": "real-person" }));
        citizen
    }

    /// A code that an officer gives at a window.
    pub fn window_code(&self, person: &Person) -> String {
        let issued = self.try_window_code(&self.0.officer(), person, true);
        assert_eq!(issued.status, 201, "{}", issued.text);
        issued.text_of("code")
    }

    /// The same by whomever, whatever becomes of it.
    pub fn try_window_code(&self, token: &str, person: &Person, checked: bool) -> Answer {
        let body = json!({ "name": person.name, "id_number": person.id_number, "document_checked": checked });
        self.0.house.post("/real-person/activation-codes", Some(token), &body)
    }

    /// Types a window's code.
    pub fn activate(&self, token: &str, code: &str, purpose: Option<&str>) -> Answer {
        let body = json!({ "code": code, "purpose": purpose });
        self.0.house.post("/real-person/activations", Some(token), &body)
    }

    /// The next pair of tokens.
    pub fn refresh(&self, token: &str) -> Answer {
        self.0.house.post("/auth/sessions/refresh", None, &json!({ "refresh_token": token }))
    }
}

/// An account from the old days: real name only, phone and password as they were.
pub fn imported(town: &Town, person: &Person, phone: &str, id: &str) {
    let hash = password::hash(crate::town::PASSWORD, [7; 16]).expect("a hash");
    let sealed = seal(town, id, "phone", phone);
    let index = blind_index(town, "citizens.phone", phone);
    let sql = format!(
        "INSERT INTO citizens (id, standing, phone_sealed, phone_index, password, created_at) \
         VALUES ('{id}', 'proof-due', '{sealed}', '{index}', '{hash}', 1)"
    );
    sql::execute(&town.house.database(), &sql);
    name(town, person, id);
}

/// Gives the account its person, as if it had come by it in some way or other.
pub fn name(town: &Town, person: &Person, id: &str) {
    let sql = format!(
        "UPDATE citizens SET name_sealed = '{}', id_number_sealed = '{}', id_index = '{}', residence = 'local' \
         WHERE id = '{id}'",
        seal(town, id, "name", person.name),
        seal(town, id, "id_number", &person.id_number),
        blind_index(town, "citizens.id_number", &person.id_number),
    );
    sql::execute(&town.house.database(), &sql);
}

fn seal(town: &Town, id: &str, field: &str, text: &str) -> String {
    sealed(town, &format!("citizens.{field}/{id}"), text)
}

/// A field as the functions seal it.
pub fn sealed(town: &Town, context: &str, text: &str) -> String {
    let keys = ring::Ring::parse("sealing_keys", &variable(&town.house, "sealing_keys")).expect("a ring");
    sealing::seal(&keys, context, text.as_bytes(), nonce(), town.now_ms()).expect("sealed")
}

/// The blind index of a field.
pub fn blind_index(town: &Town, field: &str, value: &str) -> String {
    let key = ring::single("index_key", &variable(&town.house, "index_key")).expect("a key");
    index::index(&key, field, value)
}

fn nonce() -> [u8; 12] {
    use std::sync::atomic::{AtomicU64, Ordering};
    static NEXT: AtomicU64 = AtomicU64::new(1);
    let mut nonce = [0; 12];
    nonce[4..].copy_from_slice(&NEXT.fetch_add(1, Ordering::Relaxed).to_be_bytes());
    nonce
}

/// A variable of the house, as its file has it.
fn variable(house: &House, name: &str) -> String {
    let text = std::fs::read_to_string(house.folder.join("variables.toml")).expect("variables");
    let line = text.lines().find_map(|line| line.strip_prefix(&format!("{name} = '")));
    line.and_then(|line| line.strip_suffix('\'')).unwrap_or_else(|| panic!("no {name}")).to_owned()
}
