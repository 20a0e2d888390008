//! One password hash keeps an instance and a thread busy for a long time: whoever asks for something else does not stand
//! behind it.

use serde_json::json;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::{Duration, Instant};
use zerotrip_journeys::{House, Town};

const SPAN: Duration = Duration::from_secs(3);

/// One try to log in, from an address and with a name of its own, so that no limit stands before the hash.
fn log_in(house: &House) -> Duration {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    let from = format!("10.0.{}.{}", number / 250, number % 250);
    let body = json!({ "login": format!("139{number:08}"), "password": "a wrong password, quite long" });
    let began = Instant::now();
    let url = format!("{}/auth/citizens/sessions", house.base);
    let answer = house.fetch("POST", &url, &[("x-forwarded-for", &from)], &body.to_string());
    assert_eq!(answer.status, 401, "{}", answer.text);
    began.elapsed()
}

/// How long each of many look-ups took, in ascending order, while so many people log in again and again.
fn look_ups(house: &House, path: &str, token: Option<&str>, people: usize) -> Vec<Duration> {
    let bearer = token.map(|token| format!("Bearer {token}"));
    let headers: Vec<(&str, &str)> = bearer.iter().map(|bearer| ("authorization", bearer.as_str())).collect();
    let (url, done, hashes) = (format!("{}{path}", house.base), AtomicBool::new(false), AtomicU32::new(0));
    let mut took = std::thread::scope(|scope| {
        for _ in 0..people {
            scope.spawn(|| {
                while !done.load(Ordering::Relaxed) {
                    log_in(house);
                    hashes.fetch_add(1, Ordering::Relaxed);
                }
            });
        }
        let (mut took, begun) = (Vec::new(), Instant::now());
        while begun.elapsed() < SPAN {
            let sent = Instant::now();
            assert_eq!(house.fetch("GET", &url, &headers, "").status, 200);
            took.push(sent.elapsed());
            std::thread::sleep(Duration::from_millis(2));
        }
        done.store(true, Ordering::Relaxed);
        took
    });
    assert!(hashes.into_inner() as usize >= 3 * people, "there was too little to stand behind");
    took.sort_unstable();
    took
}

fn share(sorted: &[Duration], share: f64) -> Duration {
    sorted[((sorted.len() - 1) as f64 * share) as usize]
}

#[test]
fn nobody_stands_behind_the_hash_of_somebody_elses_password() {
    let town = Town::start("isolation");
    let (house, token) = (&town.house, town.administrator());
    let path = format!("/fines/{}", town.code());
    let mut alone: Vec<Duration> = (0..11).map(|_| log_in(house)).collect();
    alone.sort_unstable();
    let hash = share(&alone, 0.5);
    let look_ups = [("/auth/sessions/current", Some(token.as_str())), (path.as_str(), None)]
        .map(|(path, token)| [0, 1, 4].map(|people| look_ups(house, path, token, people)));
    for (what, took) in ["in the same function", "in another"].into_iter().zip(look_ups) {
        let told = || {
            let of = |took: &Vec<Duration>| [0.5, 0.9, 0.99].map(|at| share(took, at));
            format!(
                "{what}: p50, p90, p99 with 0, 1, 4 at once: {:?}; a log-in: {hash:?}",
                took.each_ref().map(of)
            )
        };
        println!("{}", told());
        let [_, one, four] = &took;
        assert!(share(one, 0.9) < hash / 2, "{}", told());
        // More than there are cores on a small machine.
        assert!(share(four, 0.5) < hash / 2, "{}", told());
    }
}
