//! The ring of keys changes while codes are minted and redeemed. A process reads its variables when it starts, on Spin as on our
//! host: a new ring means new processes, one after the other, behind a proxy that knows who answers under which prefix.

use crate::good;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, Instant};
use zerotrip_domain::day::stamp;
use zerotrip_journeys::codes::{Desk, attempt};
use zerotrip_journeys::{Answer, Citizens, House, Town, crowd};

/// One key of a ring as `identity_code_keys` holds it, of 32 random bytes; in Unix seconds.
#[derive(Clone)]
struct Key {
    kid: u8,
    secret: Value,
    from: u64,
    to: Option<u64>,
}

impl Key {
    fn new(kid: u8, from: u64) -> Self {
        let fresh: Value =
            serde_json::from_str(&zerotrip_signing::fresh::ring().expect("randomness")).expect("JSON");
        Self { kid, secret: fresh["keys"][0]["key"].clone(), from, to: None }
    }

    fn retired(self, to: u64) -> Self {
        Self { to: Some(to), ..self }
    }
}

fn ring(keys: &[Key]) -> String {
    let at = |seconds: u64| format!("{}+08:00", stamp(seconds * 1000).replace(' ', "T"));
    let keys = keys.iter().map(|key| {
        let mut text = json!({ "kid": key.kid, "key": key.secret, "not_before": at(key.from) });
        if let Some(to) = key.to {
            text["retire"] = json!(at(to));
        }
        text
    });
    json!({ "keys": keys.collect::<Vec<_>>() }).to_string()
}

fn with_ring(house: &House, ring: &str) {
    let path = house.folder.join("variables.toml");
    let text = std::fs::read_to_string(&path).expect("variables");
    let line = |line: &str| match line.starts_with("identity_code_keys = ") {
        true => format!("identity_code_keys = '{ring}'"),
        false => line.to_owned(),
    };
    std::fs::write(path, text.lines().map(line).collect::<Vec<_>>().join("\n")).expect("written");
}

/// Which key made it: base45's first group.
fn kid(code: &str) -> u8 {
    const ALPHABET: &str = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:";
    let digits = code[4..7].chars().map(|c| ALPHABET.find(c).expect("base45"));
    let value = digits.rev().fold(0, |sum, digit| sum * 45 + digit);
    u8::try_from(value / 256).expect("a byte")
}

/// Who answers under a prefix, as the proxy has it.
struct Served {
    prefix: &'static str,
    process: RwLock<Arc<House>>,
}

impl Served {
    fn start(town: &Town, prefix: &'static str) -> Self {
        Self { prefix, process: RwLock::new(Arc::new(process(town, prefix))) }
    }

    /// A request goes to whoever answers now, and keeps that one busy until it is answered.
    fn post(&self, path: &str, token: &str, body: &Value) -> Answer {
        let process = self.process.read().unwrap_or_else(PoisonError::into_inner).clone();
        process.post(&format!("{}{path}", self.prefix), Some(token), body)
    }

    fn mint(&self, token: &str) -> Value {
        let body = json!({ "scenario": "hotel", "documents": ["resident-id"] });
        good(self.post("/identity-codes", token, &body))
    }

    fn redeem(&self, desk: &Desk, minted: &Value) -> Answer {
        let body = json!({ "code": minted["code"], "attempt": attempt() });
        self.post("/redemptions", &desk.token, &body)
    }

    /// A new process with the variables of today; the old one is told to stop when its requests are done.
    fn replace(&self, town: &Town) {
        let next = Arc::new(process(town, self.prefix));
        let mut old = {
            let mut process = self.process.write().unwrap_or_else(PoisonError::into_inner);
            std::mem::replace(&mut *process, next)
        };
        let begun = Instant::now();
        let mut old = loop {
            match Arc::try_unwrap(old) {
                Ok(idle) => break idle,
                Err(busy) => old = busy,
            }
            assert!(begun.elapsed() < Duration::from_secs(30), "its requests do not end");
            std::thread::sleep(Duration::from_millis(1));
        };
        let told = Command::new("kill").args(["-TERM", &old.pid().to_string()]).status();
        assert!(told.expect("kill runs").success() && old.wait().success());
    }
}

/// Ends the load, also when the operator's part of the test fails.
struct Ends<'a>(&'a AtomicBool);

impl Drop for Ends<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// Another process of the same app on the same database, once it says that it is ready.
fn process(town: &Town, prefix: &str) -> House {
    let manifest = std::path::Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../spin.toml"));
    let house = House::start_in(town.house.folder.clone(), manifest, &[]);
    assert_eq!(house.get(&format!("{prefix}/ready"), None).status, 200);
    house
}

#[test]
fn the_ring_changes_again_and_again_under_full_load_and_not_one_request_fails() {
    const WORKERS: usize = 16;
    /// Codes of one person in a minute are limited, and redemptions of one venue.
    const CITIZENS_OF_WORKER: usize = 80;
    const HOTELS_OF_WORKER: usize = 6;
    let town = Town::start("redemptions-rotation");
    let now_s = || town.now_ms() / 1000;
    let first = Key::new(11, now_s() - 1000);
    with_ring(&town.house, &ring(std::slice::from_ref(&first)));
    let (minting, redeeming) = (Served::start(&town, "/qr"), Served::start(&town, "/scan"));
    // Whoever checks gets a ring before whoever mints: no code comes from a key that no desk knows.
    let change = |keys: &[Key]| {
        with_ring(&town.house, &ring(keys));
        redeeming.replace(&town);
        minting.replace(&town);
    };
    let citizens = crowd::citizens(&town, WORKERS * CITIZENS_OF_WORKER);
    let hotels = crowd::hotels(&town, WORKERS * HOTELS_OF_WORKER);
    let patient = crowd::citizens(&town, 3);
    let desk = &crowd::hotels(&town, 1)[0];
    let stop = AtomicBool::new(false);
    let begun = Instant::now();
    let by_key = std::thread::scope(|scope| {
        let (stop, minting, redeeming) = (&stop, &minting, &redeeming);
        let ends = Ends(stop);
        let workers: Vec<_> = citizens
            .chunks(CITIZENS_OF_WORKER)
            .zip(hotels.chunks(HOTELS_OF_WORKER))
            .map(|(citizens, hotels)| {
                scope.spawn(move || {
                    let mut by_key: BTreeMap<u8, usize> = BTreeMap::new();
                    for (token, desk) in citizens.iter().cycle().zip(hotels.iter().cycle()) {
                        if stop.load(Ordering::Relaxed) {
                            break;
                        }
                        let minted = minting.mint(token);
                        let told = good(redeeming.redeem(desk, &minted));
                        assert_eq!(told["redemption"], minted["id"]);
                        *by_key.entry(kid(minted["code"].as_str().expect("a code"))).or_default() += 1;
                    }
                    by_key
                })
            })
            .collect();
        let load = || std::thread::sleep(Duration::from_secs(2));
        let held = |number: usize, by: u8| {
            let minted = minting.mint(&patient[number]);
            assert_eq!(kid(minted["code"].as_str().expect("a code")), by);
            minted
        };
        load();
        let of_first = held(0, 11);
        let second = Key::new(22, now_s());
        change(&[first.clone(), second.clone()]);
        load();
        let of_second = held(1, 22);
        // The first one is retired now that nobody mints with it, and the third comes into use by itself while all of them serve.
        let third = Key::new(33, now_s() + 6);
        change(&[first.retired(now_s()), second.clone(), third.clone()]);
        good(redeeming.redeem(desk, &of_first));
        while now_s() < third.from {
            std::thread::sleep(Duration::from_millis(100));
        }
        load();
        let of_third = held(2, 33);
        // Of the first one no code is left that has not been shown.
        change(&[second, third]);
        load();
        good(redeeming.redeem(desk, &of_second));
        good(redeeming.redeem(desk, &of_third));
        drop(ends);
        let mut by_key: BTreeMap<u8, usize> = BTreeMap::new();
        for worker in workers {
            for (kid, codes) in worker.join().expect("nothing has failed") {
                *by_key.entry(kid).or_default() += codes;
            }
        }
        by_key
    });
    assert_eq!(by_key.keys().copied().collect::<BTreeSet<_>>(), BTreeSet::from([11, 22, 33]));
    let codes: usize = by_key.values().sum();
    assert!(by_key.values().all(|codes| *codes > 2 * WORKERS), "{by_key:?}: no load");
    let rows = |filter: &str| town.count(&format!("SELECT COUNT(*) FROM identity_codes WHERE {filter}"));
    assert_eq!(usize::try_from(rows("ended_how = 'redeemed'")).expect("a count"), codes + 3);
    assert_eq!(rows("ended_how IS NULL OR ended_how <> 'redeemed'"), 0);
    assert_eq!(town.count("SELECT COUNT(*) FROM refused_scans"), 0);
    println!("codes by key {by_key:?} in {:?}, six processes replaced", begun.elapsed());
}

#[test]
fn a_key_in_use_before_the_desks_have_it_makes_codes_that_wait_for_them() {
    let town = Town::start("redemptions-order");
    let now_s = town.now_ms() / 1000;
    let first = Key::new(11, now_s - 1000);
    with_ring(&town.house, &ring(std::slice::from_ref(&first)));
    let (minting, redeeming) = (Served::start(&town, "/qr"), Served::start(&town, "/scan"));
    let citizen = &crowd::citizens(&town, 1)[0];
    let desk = &crowd::hotels(&town, 1)[0];
    with_ring(&town.house, &ring(&[first, Key::new(22, now_s)]));
    minting.replace(&town);
    let minted = minting.mint(citizen);
    redeeming.redeem(desk, &minted).is_problem(422, "code-unknown-key");
    redeeming.replace(&town);
    good(redeeming.redeem(desk, &minted));
}

#[test]
fn a_code_outlives_a_change_of_keys_and_ends_with_its_key() {
    let town = Town::start("redemptions-keys");
    let citizens = Citizens(&town);
    let citizen = citizens.with_documents("张伟", &["resident-id"]);
    let desk = town.desk("hotel");
    let minted = citizens.mint(&citizen.token, "hotel", &["resident-id"]);
    // The new ring has the old key and a newer one.
    let now_s = town.now_ms() / 1000;
    let mut both: Value = serde_json::from_str(&town.house.variable("identity_code_keys")).expect("JSON");
    let next: Value = serde_json::from_str(&ring(&[Key::new(200, now_s)])).expect("JSON");
    both["keys"].as_array_mut().expect("keys").push(next["keys"][0].clone());
    with_ring(&town.house, &both.to_string());
    let town = town.killed();
    good(town.scan(&desk, &minted));
    // Without the key there is no knowing whose it was.
    let minted = Citizens(&town).mint(&citizen.token, "hotel", &["resident-id"]);
    assert_eq!(kid(minted["code"].as_str().expect("a code")), 200);
    with_ring(&town.house, &ring(&[Key::new(1, now_s - 1000)]));
    let town = town.killed();
    town.scan(&desk, &minted).is_problem(422, "code-unknown-key");
    let minted = Citizens(&town).mint(&citizen.token, "hotel", &["resident-id"]);
    good(town.scan(&desk, &minted));
}
