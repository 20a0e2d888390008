//! More people than can stand before the provider's camera, for load that keeps to the limits of honest people.

use crate::codes::{Desk, fresh_number};
use crate::faces::sealed;
use crate::{Town, sql};
use serde_json::json;
use std::fmt::Write as _;
use zerotrip_signing::ring::Ring;
use zerotrip_signing::session::{self, Claims, Purpose};

/// Each of them is called so.
pub const NAME: &str = "欧阳晓燕";
/// And has this number, the example of GB 11643-1999.
pub const ID_NUMBER: &str = "11010519491231002X";
/// Longer than a test.
const LIFE_MS: u64 = 3_600_000;

/// So many citizens who have shown their face a moment ago and have their card in the wallet, written into the database with the
/// house's own keys. Gives their tokens.
pub fn citizens(town: &Town, many: usize) -> Vec<String> {
    let ring = Ring::parse("session_keys", &town.house.variable("session_keys")).expect("a ring");
    let card = json!([{ "name": NAME, "sex": "female", "ethnicity": "满", "birth_date": "1949-12-31",
        "address": "北京市朝阳区示例路1号", "id_number": ID_NUMBER, "valid_from": "2016-01-05", "valid_to": "long-term",
        "authority": "北京市公安局", "status": "normal" }]);
    let photo = json!(["data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAA"]);
    let (now, until) = (town.now_ms(), town.now_ms() + LIFE_MS);
    let mut rows = String::new();
    let tokens = (0..many).map(|_| {
        let number = u128::from(fresh_number()) | 0xc1 << 120;
        let id = format!("{number:032x}");
        let seal = |field: &str, text: &str| sealed(town, &format!("{field}/{id}"), text);
        let of_card = |field: &str, text: &str| sealed(town, &format!("{field}/{id}/resident-id"), text);
        write!(
            rows,
            "INSERT INTO citizens (id, standing, name_sealed, id_number_sealed, residence, created_at) \
             VALUES ('{id}', 'real-person', '{}', '{}', 'local', 0); \
             INSERT INTO citizen_sessions (id, citizen, how, client, face_at, created_at, refreshed_at, expires_at) \
             VALUES ('{id}', '{id}', 'password', '', {now}, 0, 0, {until}); \
             INSERT INTO consents (id, citizen, purpose, version, given_at) VALUES ('{id}', '{id}', 'identity-codes', '1', 0); \
             INSERT INTO channels (holder, kind, opened_at, opened_by, proven_at, opening, documents_sealed, photos_sealed, \
             as_of) VALUES ('{id}', 'resident-id', 0, '{id}', 0, '{id}', '{}', '{}', {now});",
            seal("citizens.name", NAME),
            seal("citizens.id_number", ID_NUMBER),
            of_card("channels.documents", &card.to_string()),
            of_card("channels.photos", &photo.to_string()),
        )
        .expect("text");
        let claims = Claims {
            session: number.to_be_bytes(),
            principal: number.to_be_bytes(),
            device: [0; 16],
            role: 0,
            level: 2,
            face_at_ms: now,
            generation: 0,
            issued_at_ms: now,
            expires_at_ms: until,
        };
        session::issue(&ring, Purpose::Access, &claims).expect("a token")
    });
    let tokens = tokens.collect();
    sql::execute(&town.house.database(), &rows);
    tokens
}

/// A scanner in each of so many hotels.
pub fn hotels(town: &Town, many: usize) -> Vec<Desk> {
    let mut rows = String::new();
    let ids: Vec<String> = (0..many).map(|_| format!("{:032x}", fresh_number() | 0x407e1 << 40)).collect();
    for id in &ids {
        write!(
            rows,
            "INSERT INTO venues (id, credit_code, scenario, name, name_key, address, agency, enrolled_at, enrolled_by) \
             VALUES ('{id}', '{id}', 'hotel', '示例', '示例', '', '220102', 0, '');"
        )
        .expect("text");
    }
    sql::execute(&town.house.database(), &rows);
    ids.iter().map(|id| town.scanners(id, 1).remove(0)).collect()
}
