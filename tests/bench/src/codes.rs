//! Identity codes at the bench: minted, redeemed, and both in turn. Citizens, documents, venues and codes are made here, with the
//! house's own keys.

use crate::cases::{Stage, call};
use crate::citizens::{LIFE_MS, broken, id_number, insert, now_ms};
use crate::load::{Call, Calls};
use anyhow::{Context, Result};
use http::Method;
use serde_json::{Value, json};
use std::rc::Rc;
use zerotrip_journeys::{Engine, House};
use zerotrip_signing::identity_code::{self, Content};
use zerotrip_signing::ring::Ring;
use zerotrip_signing::session::{self, Claims, Purpose};
use zerotrip_signing::{index, ring, sealing};

/// Citizens of one house, each with a code of the own: a person has one outstanding.
const CITIZENS: usize = 6_000;
/// A venue redeems so many in a minute and no more.
const CODES_OF_VENUE: usize = 200;
/// As large as a document's picture is.
const PHOTO: usize = 12_000;

/// `POST /qr/identity-codes`: session, person, consent, document, trial, signature, picture, one durable write.
pub fn mint(engine: Engine) -> Result<Stage> {
    let house = Rc::new(house(engine, "bench-mint")?);
    let (base, held) = (house.base.clone(), house.clone());
    let calls = Calls::once(CITIZENS, move |n| mint_call(&house, n));
    Ok(Stage { base, calls, held: Box::new(held) })
}

/// `POST /scan/redemptions` of a hotel, picture of the person included: four looks into the database, one durable write.
pub fn redeem(engine: Engine) -> Result<Stage> {
    let house = Rc::new(house(engine, "bench-redeem")?);
    let keys = keys(&house)?;
    let rows = (0..CITIZENS).map(|n| {
        let (now, typed) = (now_ms(), index::index(&keys.index, "identity_codes.typed", &format!("{n}")));
        format!(
            "INSERT INTO identity_codes (id, holder, minted_by, session, scenario, documents, policy, typed_index, issued_at, \
             expires_at, typed_until) VALUES ('{n:032x}', '{n:032x}', '{n:032x}', '{n:032x}', 'hotel', 1, 'hotel@2025-04', \
             '{typed}', {now}, {now}, {now});"
        )
    });
    insert(&house, rows);
    let codes = Ring::parse("identity_code_keys", &house.variable("identity_code_keys")).map_err(broken)?;
    let (base, held) = (house.base.clone(), house.clone());
    let calls = Calls::once(CITIZENS, move |n| {
        let issued_at_s = u32::try_from(now_ms() / 1000)?;
        let id = (n as u128).to_be_bytes();
        let content = Content { scenario: 1, documents: 1, id, issued_at_s, expires_at_s: issued_at_s + 60 };
        let code = identity_code::mint(&codes, &content).map_err(broken)?;
        redeem_call(&house, n, &code)
    });
    Ok(Stage { base, calls, held: Box::new(held) })
}

/// One after the other, as citizen and desk do.
pub fn mint_and_redeem(engine: Engine) -> Result<Stage> {
    let house = Rc::new(house(engine, "bench-loop")?);
    let (base, held, desk) = (house.base.clone(), house.clone(), house.clone());
    let calls = Calls::in_turn(
        CITIZENS,
        move |n| mint_call(&house, n),
        move |n, minted| {
            let minted: Value = serde_json::from_slice(minted)?;
            redeem_call(&desk, n, minted["code"].as_str().context("no code")?)
        },
    );
    Ok(Stage { base, calls, held: Box::new(held) })
}

fn mint_call(house: &House, n: usize) -> Result<Call> {
    let body = json!({ "scenario": "hotel", "documents": ["resident-id"] }).to_string();
    call(Method::POST, "/qr/identity-codes", Some(&token(house, n as u128, None)?), body)
}

fn redeem_call(house: &House, n: usize, code: &str) -> Result<Call> {
    let body = json!({ "code": code, "attempt": format!("attempt-{n:08}") }).to_string();
    let desk = (n / CODES_OF_VENUE) as u128;
    call(Method::POST, "/scan/redemptions", Some(&token(house, desk, Some(desk))?), body)
}

struct Keys {
    sealing: Ring,
    index: [u8; 32],
}

fn keys(house: &House) -> Result<Keys> {
    Ok(Keys {
        sealing: Ring::parse("sealing_keys", &house.variable("sealing_keys")).map_err(broken)?,
        index: ring::single("index_key", &house.variable("index_key")).map_err(broken)?,
    })
}

/// A house with citizens who have shown their face a moment ago and whose cards are looked up, and with venues and their scanners.
fn house(engine: Engine, name: &str) -> Result<House> {
    let house = House::start_on(name, engine);
    let keys = keys(&house)?;
    let card = json!([{ "name": "欧阳晓燕", "sex": "female", "ethnicity": "满", "birth_date": "1949-12-31",
        "address": "北京市朝阳区示例路1号", "id_number": "11010519491231002X", "valid_from": "2016-01-05", "valid_to": "long-term",
        "authority": "北京市公安局", "status": "normal" }]);
    let photo = json!([format!("data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAA{}", "A".repeat(PHOTO))]);
    let (now, until) = (now_ms(), now_ms() + LIFE_MS);
    let seal = |context: String, text: &str, n: usize, nonce: u8| {
        let mut bytes = [nonce; 12];
        bytes[..8].copy_from_slice(&(n as u64).to_be_bytes());
        sealing::seal(&keys.sealing, &context, text.as_bytes(), bytes, now).map_err(broken)
    };
    let citizens = (0..CITIZENS).map(|n| {
        let id = format!("{n:032x}");
        Ok(format!(
            "INSERT INTO citizens (id, standing, name_sealed, id_number_sealed, residence, created_at) \
             VALUES ('{id}', 'real-person', '{}', '{}', 'local', 0); \
             INSERT INTO citizen_sessions (id, citizen, how, client, face_at, created_at, refreshed_at, expires_at) \
             VALUES ('{id}', '{id}', 'password', '', {until}, 0, 0, {until}); \
             INSERT INTO consents (id, citizen, purpose, version, given_at) VALUES ('{id}', '{id}', 'identity-codes', 'bench', 0); \
             INSERT INTO channels (holder, kind, opened_at, opened_by, proven_at, opening, documents_sealed, photos_sealed, as_of) \
             VALUES ('{id}', 'resident-id', 0, '{id}', 0, '{id}', '{}', '{}', {now});",
            seal(format!("citizens.name/{id}"), "演示", n, 1)?,
            seal(format!("citizens.id_number/{id}"), &id_number(n), n, 2)?,
            seal(format!("channels.documents/{id}/resident-id"), &card.to_string(), n, 3)?,
            seal(format!("channels.photos/{id}/resident-id"), &photo.to_string(), n, 4)?,
        ))
    });
    insert(&house, citizens.collect::<Result<Vec<_>>>()?.into_iter());
    let venues = (0..=CITIZENS / CODES_OF_VENUE).map(|n| {
        let id = format!("{n:032x}");
        format!(
            "INSERT INTO venues (id, credit_code, scenario, name, name_key, address, agency, enrolled_at, enrolled_by) \
             VALUES ('{id}', '{n}', 'hotel', '示例', '示例', '', '220102', 0, ''); \
             INSERT INTO principals (id, role, login, name_sealed, agency, password, invitation, created_at) \
             VALUES ('{id}', 'venue-staff', '{id}', '', '{id}', '', '{id}', 0); \
             INSERT INTO devices (id, kind, label, agency, enrolled_at, enrolled_by) VALUES ('{id}', 'scanner', '', '{id}', 0, ''); \
             INSERT INTO sessions (id, principal, device, role, generation, created_at, expires_at) \
             VALUES ('{id}', '{id}', '{id}', 'venue-staff', 0, 0, {until});"
        )
    });
    insert(&house, venues);
    Ok(house)
}

/// An access token of a citizen, or of staff on a scanner.
fn token(house: &House, id: u128, device: Option<u128>) -> Result<String> {
    let ring = Ring::parse("session_keys", &house.variable("session_keys")).map_err(broken)?;
    let claims = Claims {
        session: id.to_be_bytes(),
        principal: id.to_be_bytes(),
        device: device.unwrap_or(0).to_be_bytes(),
        role: if device.is_some() { 2 } else { 0 },
        level: 2,
        face_at_ms: now_ms(),
        generation: 0,
        issued_at_ms: now_ms(),
        expires_at_ms: now_ms() + LIFE_MS,
    };
    session::issue(&ring, Purpose::Access, &claims).map_err(broken)
}
