//! The ring of keys changes while codes are minted and redeemed.

use super::good;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::time::{Duration, Instant};
use zerotrip_domain::day::stamp;
use zerotrip_journeys::codes::Desk;
use zerotrip_journeys::{Citizens, House, Town, sql};

/// A ring as `identity_code_keys` holds it: one key for each of these spans, in Unix seconds.
fn ring(spans: &[(u64, Option<u64>)]) -> String {
    let at = |seconds: u64| format!("{}+08:00", stamp(seconds * 1000).replace(' ', "T"));
    let keys = spans.iter().enumerate().map(|(kid, (from, to))| {
        let fresh: Value =
            serde_json::from_str(&zerotrip_signing::fresh::ring().expect("randomness")).expect("JSON");
        let mut key = json!({ "kid": kid + 1, "key": fresh["keys"][0]["key"], "not_before": at(*from) });
        if let Some(to) = to {
            key["retire"] = json!(at(*to));
        }
        key
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

#[test]
fn keys_change_again_and_again_under_full_load_and_nothing_fails() {
    let town = Town::start("redemptions-rotation");
    let citizens: Vec<String> = {
        let citizens = Citizens(&town);
        let named = ["张伟", "李娜", "何俊杰", "孙丽"];
        named.iter().map(|name| citizens.with_documents(name, &["resident-id"]).token).collect()
    };
    let desks: Vec<Desk> = (0..4).map(|_| town.scanners(&town.venue("hotel"), 1).remove(0)).collect();
    // Five keys, each in use for two seconds and retired at the instant at which the next one starts.
    let start = town.now_ms() / 1000;
    let rotations = 5;
    let mut spans: Vec<(u64, Option<u64>)> = vec![(start - 1000, Some(start + 6))];
    spans.extend((0..rotations).map(|n| (start + 6 + n * 2, Some(start + 8 + n * 2))));
    spans.push((start + 6 + rotations * 2, None));
    with_ring(&town.house, &ring(&spans));
    let town = town.killed();
    let until = Duration::from_secs(20);
    let begun = Instant::now();
    let kids: BTreeSet<u8> = std::thread::scope(|scope| {
        let workers: Vec<_> = citizens
            .iter()
            .zip(&desks)
            .map(|(token, desk)| {
                let town = &town;
                scope.spawn(move || {
                    let (citizens, mut kids, mut loops) = (Citizens(town), BTreeSet::new(), 0);
                    while kids.len() < 7 && begun.elapsed() < until {
                        let minted = citizens.mint(token, "hotel", &["resident-id"]);
                        kids.insert(kid(minted["code"].as_str().expect("a code")));
                        good(town.scan(desk, &minted));
                        loops += 1;
                        if loops % 10 == 0 {
                            // So many honest codes in a minute are none.
                            let reset = format!(
                                "UPDATE identity_codes SET issued_at = issued_at - 60000, ended_at = ended_at - 60000 \
                                 WHERE at_venue = '{}'",
                                desk.venue
                            );
                            sql::execute(&town.house.database(), &reset);
                        }
                    }
                    kids
                })
            })
            .collect();
        workers.into_iter().flat_map(|worker| worker.join().expect("nothing has failed")).collect()
    });
    assert!(kids.len() >= 6, "{kids:?}: the keys have not changed");
    println!("codes of {} keys were minted and redeemed under load", kids.len());
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
    let mut next: Value = serde_json::from_str(&ring(&[(now_s, None)])).expect("JSON");
    next["keys"][0]["kid"] = json!(200);
    both["keys"].as_array_mut().expect("keys").push(next["keys"][0].clone());
    with_ring(&town.house, &both.to_string());
    let town = town.killed();
    good(town.scan(&desk, &minted));
    // Without the key there is no knowing whose it was.
    let minted = Citizens(&town).mint(&citizen.token, "hotel", &["resident-id"]);
    assert_eq!(kid(minted["code"].as_str().expect("a code")), 200);
    with_ring(&town.house, &ring(&[(now_s - 1000, None)]));
    let town = town.killed();
    town.scan(&desk, &minted).is_problem(422, "code-unknown-key");
    let minted = Citizens(&town).mint(&citizen.token, "hotel", &["resident-id"]);
    good(town.scan(&desk, &minted));
}
