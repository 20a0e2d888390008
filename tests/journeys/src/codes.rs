//! Identity codes of the town's citizens, and the desks at which they are shown.

use crate::citizens::Citizen;
use crate::town::PASSWORD;
use crate::wallet::named;
use crate::{Answer, Citizens, Town, sql};
use serde_json::{Value, json};
use std::fmt::Write as _;
use std::sync::atomic::{AtomicU64, Ordering};
use zerotrip_signing::ring::Ring;
use zerotrip_signing::session::{self, Claims, Purpose};

/// One desk of a venue: staff logged in on a scanner.
pub struct Desk {
    /// The venue's id.
    pub venue: String,
    /// Access token.
    pub token: String,
}

/// A number of this run that nobody has yet.
pub fn fresh_number() -> u64 {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    NEXT.fetch_add(1, Ordering::Relaxed)
}

/// An attempt of a scanner that nobody has made yet.
pub fn attempt() -> String {
    format!("scanner-1-{}", fresh_number())
}

impl Town {
    /// A venue of this scenario.
    pub fn venue(&self, scenario: &str) -> String {
        let number = fresh_number();
        let body = json!({ "credit_code": "91350100M000100Y43", "scenario": scenario, "name": format!("示例场所{number}"),
            "address": format!("长春市南关区示例街{number}号"), "agency": "220102" });
        let enrolled = self.house.post("/scan/venues", Some(&self.administrator()), &body);
        assert_eq!(enrolled.status, 201, "{}", enrolled.text);
        enrolled.text_of("venue")
    }

    /// A desk of a venue of its own.
    pub fn desk(&self, scenario: &str) -> Desk {
        self.desk_of(&self.venue(scenario))
    }

    /// Another desk of this venue.
    pub fn desk_of(&self, venue: &str) -> Desk {
        let administrator = self.administrator();
        let invited = json!({ "role": "venue-staff", "agency": venue });
        let invited = self.house.post("/auth/invitations", Some(&administrator), &invited);
        let login = format!("staff-{}", fresh_number());
        let body =
            json!({ "code": invited.text_of("code"), "login": login, "password": PASSWORD, "name": "前台" });
        assert_eq!(self.house.post("/auth/activations", None, &body).status, 201);
        let scanner = json!({ "kind": "scanner", "label": "S-1", "agency": venue });
        let scanner = self.house.post("/auth/devices", Some(&administrator), &scanner).text_of("token");
        self.log_in_at(venue, &login, &scanner)
    }

    fn log_in_at(&self, venue: &str, login: &str, scanner: &str) -> Desk {
        let body = json!({ "login": login, "password": PASSWORD, "device_token": scanner });
        let session = self.house.post("/auth/sessions", None, &body);
        assert_eq!(session.status, 201, "{}", session.text);
        Desk { venue: venue.to_owned(), token: session.text_of("access_token") }
    }

    /// So many scanners of a venue, enrolled behind the service's back with its own keys: their people's passwords would take
    /// their time.
    pub fn scanners(&self, venue: &str, many: usize) -> Vec<Desk> {
        let ring = Ring::parse("session_keys", &self.house.variable("session_keys")).expect("a ring");
        let (now, until) = (self.now_ms(), self.now_ms() + 3_600_000);
        let mut rows = String::new();
        let desks = (0..many).map(|_| {
            let id = fresh_number() | 0xde5c << 48;
            let text = format!("{id:032x}");
            write!(
                rows,
                "INSERT INTO principals (id, role, login, name_sealed, agency, password, invitation, created_at) \
                 VALUES ('{text}', 'venue-staff', '{text}', '', '{venue}', '', '{text}', 0); \
                 INSERT INTO devices (id, kind, label, agency, enrolled_at, enrolled_by) \
                 VALUES ('{text}', 'scanner', '', '{venue}', 0, ''); \
                 INSERT INTO sessions (id, principal, device, role, generation, created_at, expires_at) \
                 VALUES ('{text}', '{text}', '{text}', 'venue-staff', 0, 0, {until});"
            )
            .expect("text");
            let id = u128::from(id).to_be_bytes();
            let claims = Claims {
                session: id,
                principal: id,
                device: id,
                role: 2,
                level: 0,
                face_at_ms: 0,
                generation: 0,
                issued_at_ms: now,
                expires_at_ms: until,
            };
            let token = session::issue(&ring, Purpose::Access, &claims).expect("a token");
            Desk { venue: venue.to_owned(), token }
        });
        let desks = desks.collect();
        sql::execute(&self.house.database(), &rows);
        desks
    }

    /// What a scanner sends.
    pub fn redeem(&self, desk: &Desk, body: &Value) -> Answer {
        self.house.post("/scan/redemptions", Some(&desk.token), body)
    }

    /// A picture scanned, for the first time.
    pub fn scan(&self, desk: &Desk, minted: &Value) -> Answer {
        self.redeem(desk, &json!({ "code": minted["code"], "attempt": attempt() }))
    }

    /// Why scans disclosed nothing, as the rows say it, the newest first.
    pub fn refusals(&self) -> String {
        let sql = "SELECT COALESCE(MAX(whys), '') FROM (SELECT why AS whys, at FROM refused_scans ORDER BY at DESC, id LIMIT 1) last";
        sql::text(&self.house.database(), sql)
    }
}

impl Citizens<'_> {
    /// A real person who has agreed to codes, with these channels open.
    pub fn with_documents(&self, name: &str, kinds: &[&str]) -> Citizen {
        let citizen = self.real_person(named(name));
        self.agree(&citizen.token, "identity-codes");
        self.open(&citizen.token, kinds);
        citizen
    }

    /// A code, whatever becomes of it.
    pub fn try_mint(&self, token: &str, body: &Value) -> Answer {
        self.0.house.post("/qr/identity-codes", Some(token), body)
    }

    /// A code for this scenario.
    pub fn mint(&self, token: &str, scenario: &str, documents: &[&str]) -> Value {
        let minted = self.try_mint(token, &json!({ "scenario": scenario, "documents": documents }));
        assert_eq!(minted.status, 201, "{}", minted.text);
        minted.json()
    }

    /// What became of it.
    pub fn outcome(&self, token: &str, minted: &Value) -> Value {
        let path = format!("/qr/identity-codes/{}", minted["id"].as_str().expect("an id"));
        let outcome = self.0.house.get(&path, Some(token));
        assert_eq!(outcome.status, 200, "{}", outcome.text);
        outcome.json()
    }

    /// Its citizen takes it back.
    pub fn cancel(&self, token: &str, minted: &Value) -> Answer {
        let path = format!("/qr/identity-codes/{}", minted["id"].as_str().expect("an id"));
        self.0.house.send("DELETE", &path, Some(token), "")
    }
}

/// What a venue was told, by name.
pub fn told(redeemed: &Value) -> Vec<(String, Value)> {
    let items = redeemed["disclosed"].as_array().unwrap_or_else(|| panic!("nothing told: {redeemed}"));
    items
        .iter()
        .map(|item| (item["name"].as_str().expect("a name").to_owned(), item["value"].clone()))
        .collect()
}
