//! Citizens at the bench. Their accounts, sessions and tokens are made here, with the house's own keys.

use crate::cases::{Stage, call, call_with};
use crate::load::Calls;
use anyhow::{Result, anyhow, ensure};
use http::Method;
use serde_json::{Value, json};
use std::fmt::Display;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::rc::Rc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};
use zerotrip_journeys::{Engine, House, sql, town};
use zerotrip_signing::session::{self, Claims, Purpose};
use zerotrip_signing::{index, password, ring, sealing};

/// Log-ins of all measurements: more than two cores hash meanwhile.
const LOG_INS: usize = 2_400;
const REAL_NAMES: usize = 9_000;
const JSON: (&str, &str) = ("content-type", "application/json");
/// Tokens outlive the run.
pub const LIFE_MS: u64 = 3_600_000;

/// `POST /auth/citizens/sessions`: two limits, one failure counted, one hash, one session.
pub fn log_in(engine: Engine) -> Result<Stage> {
    let house = House::start_on("bench-log-in", engine);
    let key = ring::single("index_key", &house.variable("index_key")).map_err(broken)?;
    let hash = password::hash(town::PASSWORD, [7; 16]).map_err(broken)?;
    let phone = |n: usize| format!("138{n:08}");
    insert(
        &house,
        (0..LOG_INS).map(|n| {
            let phone = index::index(&key, "citizens.phone", &phone(n));
            format!(
                "INSERT INTO citizens (id, standing, phone_index, password, created_at) \
             VALUES ('{n:032x}', 'registered', '{phone}', '{hash}', 0);"
            )
        }),
    );
    let calls = Calls::once(LOG_INS, move |n| {
        let body = json!({ "login": phone(n), "password": town::PASSWORD }).to_string();
        // One address has so many log-ins and no more.
        let from = format!("10.0.{}.{}", n / 250, n % 250);
        call_with(Method::POST, "/auth/citizens/sessions", &[JSON, ("x-forwarded-for", &from)], body)
    });
    Ok(Stage { base: house.base.clone(), calls, held: Box::new(house) })
}

/// `GET /auth/sessions/current` of a citizen: token check, and one look at session and account.
pub fn session(engine: Engine) -> Result<Stage> {
    let house = House::start_on("bench-citizen", engine);
    insert(&house, account(0).into_iter());
    let token = token(&house, 0)?;
    let calls = Calls::again(call(Method::GET, "/auth/sessions/current", Some(&token), "")?);
    Ok(Stage { base: house.base.clone(), calls, held: Box::new(house) })
}

/// `POST /auth/citizens/me/real-name`, with a platform that answers at once: all the time is our own.
pub fn real_name(engine: Engine) -> Result<Stage> {
    let house = Rc::new(House::start_at("bench-real-name", &town::merchant(), &platform()?, engine));
    insert(&house, (0..REAL_NAMES).flat_map(account));
    let (base, held) = (house.base.clone(), house.clone());
    let calls = Calls::once(REAL_NAMES, move |n| {
        let body = json!({ "name": "演示", "id_number": id_number(n) }).to_string();
        call(Method::POST, "/auth/citizens/me/real-name", Some(&token(&house, n)?), body)
    });
    Ok(Stage { base, calls, held: Box::new(held) })
}

/// `GET /wallet/channels` with seven documents in the cache: session, holder, nine sealed fields, seven documents read and judged.
pub fn wallet(engine: Engine) -> Result<Stage> {
    let house = House::start_on("bench-wallet", engine);
    let ring = ring::Ring::parse("sealing_keys", &house.variable("sealing_keys")).map_err(broken)?;
    let (id, number, now) = (format!("{:032x}", 0), id_number(0), now_ms());
    let mut sealed = 0_u8;
    let mut seal = |context: String, text: String| {
        sealed += 1;
        sealing::seal(&ring, &context, text.as_bytes(), [sealed; 12], now).map_err(broken)
    };
    let mut statements = account(0).to_vec();
    statements.push(format!(
        "UPDATE citizens SET standing = 'real-person', residence = 'elsewhere', name_sealed = '{}', id_number_sealed = '{}';",
        seal(format!("citizens.name/{id}"), "演示".to_owned())?,
        seal(format!("citizens.id_number/{id}"), number.clone())?,
    ));
    for (kind, document) in documents(&number) {
        let sealed = seal(format!("channels.documents/{id}/{kind}"), json!([document]).to_string())?;
        statements.push(format!(
            "INSERT INTO channels (holder, kind, opened_at, opened_by, proven_at, opening, documents_sealed, as_of) \
             VALUES ('{id}', '{kind}', 0, '{id}', 0, '{id}', '{sealed}', {now});"
        ));
    }
    insert(&house, statements.into_iter());
    let token = token(&house, 0)?;
    let seen = house.get("/wallet/channels", Some(&token)).json();
    let open = seen["channels"]
        .as_array()
        .map_or(0, |all| all.iter().filter(|one| one["documents"] != json!([])).count());
    ensure!(open == 7, "not seven documents: {seen}");
    let calls = Calls::again(call(Method::GET, "/wallet/channels", Some(&token), "")?);
    Ok(Stage { base: house.base.clone(), calls, held: Box::new(house) })
}

/// One of each kind, as the wallet caches it.
fn documents(number: &str) -> [(&'static str, Value); 7] {
    let born = format!("{}-{}-{}", &number[6..10], &number[10..12], &number[12..14]);
    let with = |fields: Value, own: Value| {
        let mut document = fields;
        let both = document.as_object_mut().zip(own.as_object());
        both.into_iter().for_each(|(all, own)| all.extend(own.clone()));
        document["status"] = json!("normal");
        document
    };
    let card = json!({ "name": "演示", "sex": "male", "ethnicity": "汉", "birth_date": born, "address": "演示路1号",
        "id_number": number, "authority": "演示公安局" });
    let permit = json!({ "name": "演示", "latin_name": "YAN, SHI", "valid_from": "2024-05-10", "valid_to": "2034-05-09",
        "endorsements": ["HKG G 2 2026-05-10/2034-05-09"] });
    [
        ("resident-id", with(card.clone(), json!({ "valid_from": "2020-05-10", "valid_to": "2040-05-10" }))),
        (
            "residence-permit",
            with(card, json!({ "issued": "2024-03-10", "endorsed": ["2025-03-01", "2026-02-20"] })),
        ),
        (
            "driving-licence",
            with(
                json!({}),
                json!({ "name": "演示", "sex": "male", "nationality": "中国", "address": "演示路1号",
            "id_number": number, "first_issued": "2011-06-01", "classes": ["C1", "D"], "valid_to": "2037-06-01",
            "file_number": "220100123456", "points": "3" }),
            ),
        ),
        (
            "vehicle-licence",
            with(
                json!({}),
                json!({ "plate": "吉A12345", "vehicle_type": "小型轿车", "owner": "演示",
            "address": "演示路1号", "use": "非营运", "model": "示例牌SL7180", "vin": "LSVNV2187E2100001", "engine_number": "A12B34567",
            "registered": "2017-03-15", "issued": "2017-03-16", "inspection_to": "2027-03-31", "seats": "5" }),
            ),
        ),
        (
            "passport",
            with(
                json!({}),
                json!({ "number": "EA1234567", "name": "演示", "sex": "male", "birth_date": born,
            "birth_place": "北京", "issued": "2024-05-10", "valid_to": "2034-05-09", "authority": "国家移民管理局" }),
            ),
        ),
        ("hk-macau-permit", with(permit.clone(), json!({ "number": "CD1234567" }))),
        ("taiwan-permit", with(permit, json!({ "number": "L12345678", "endorsements": [] }))),
    ]
}

/// Passwords that one core hashes in a second natively.
pub fn native_hashes() -> Result<f64> {
    let (begin, mut hashed) = (Instant::now(), 0);
    while begin.elapsed() < Duration::from_secs(2) {
        password::hash(town::PASSWORD, [hashed; 16]).map_err(broken)?;
        hashed += 1;
    }
    Ok(f64::from(hashed) / begin.elapsed().as_secs_f64())
}

/// A registered citizen who is logged in and has agreed to the real-name check.
fn account(n: usize) -> [String; 3] {
    let expires = now_ms() + LIFE_MS;
    [
        format!("INSERT INTO citizens (id, standing, created_at) VALUES ('{n:032x}', 'registered', 0);"),
        format!(
            "INSERT INTO citizen_sessions (id, citizen, how, client, created_at, refreshed_at, expires_at) \
             VALUES ('{n:032x}', '{n:032x}', 'password', '', 0, 0, {expires});"
        ),
        format!(
            "INSERT INTO consents (id, citizen, purpose, version, given_at) \
             VALUES ('{n:032x}', '{n:032x}', 'real-name', 'bench', 0);"
        ),
    ]
}

/// In pieces: SQLite copies the rest of a text at each of its statements.
pub fn insert(house: &House, statements: impl Iterator<Item = String>) {
    let all: Vec<String> = statements.collect();
    for piece in all.chunks(50) {
        sql::execute(&house.database(), &format!("BEGIN;{}COMMIT;", piece.concat()));
    }
}

/// An access token of the `n`th.
fn token(house: &House, n: usize) -> Result<String> {
    let ring = ring::Ring::parse("session_keys", &house.variable("session_keys")).map_err(broken)?;
    let id = (n as u128).to_be_bytes();
    let claims = Claims {
        session: id,
        principal: id,
        device: [0; 16],
        role: 0,
        level: 0,
        face_at_ms: 0,
        generation: 0,
        issued_at_ms: now_ms(),
        expires_at_ms: now_ms() + LIFE_MS,
    };
    session::issue(&ring, Purpose::Access, &claims).map_err(broken)
}

/// Another for each `n`, with its check character (GB 11643-1999).
pub fn id_number(n: usize) -> String {
    let body = format!("110105{:04}{:02}{:02}001", 1950 + n / 336, 1 + n / 28 % 12, 1 + n % 28);
    let weights = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
    let sum: u32 = body.bytes().zip(weights).map(|(digit, weight)| u32::from(digit - b'0') * weight).sum();
    format!("{body}{}", char::from(b"10X98765432"[sum as usize % 11]))
}

pub fn now_ms() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).expect("past 1970");
    u64::try_from(since.as_millis()).expect("in range")
}

/// A trusted-identity platform to whom everybody is a match. It ends with the process.
fn platform() -> Result<String> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let origin = format!("http://{}", listener.local_addr()?);
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            std::thread::spawn(move || match_all(stream));
        }
    });
    Ok(origin)
}

fn match_all(stream: TcpStream) -> std::io::Result<()> {
    let said = json!({ "result": "match", "residence": "local", "serial": "0" }).to_string();
    let length = said.len();
    let answer = format!(
        "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\r\n{said}"
    );
    stream.set_nodelay(true)?;
    let (mut requests, mut answers) = (BufReader::new(stream.try_clone()?), stream);
    loop {
        let (mut length, mut line) = (0, String::new());
        while requests.read_line(&mut line)? > 0 && line != "\r\n" {
            let lower = line.to_ascii_lowercase();
            if let Some(value) = lower.strip_prefix("content-length:") {
                length = value.trim().parse().unwrap_or(0);
            }
            line.clear();
        }
        if line.is_empty() {
            return Ok(());
        }
        requests.read_exact(&mut vec![0; length])?;
        answers.write_all(answer.as_bytes())?;
    }
}

pub fn broken(fault: impl Display) -> anyhow::Error {
    anyhow!("{fault}")
}
