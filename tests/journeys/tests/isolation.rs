//! One password hash keeps an instance and a thread busy for a long time: whoever asks for something else does not stand
//! behind it.

use serde_json::json;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicUsize, Ordering};
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

/// How long each of many look-ups took while so many people log in again and again, and how long each of these took: three
/// of each person at least.
fn look_ups(house: &House, path: &str, token: Option<&str>, people: usize) -> [Vec<Duration>; 2] {
    let bearer = token.map(|token| format!("Bearer {token}"));
    let headers: Vec<(&str, &str)> = bearer.iter().map(|bearer| ("authorization", bearer.as_str())).collect();
    let (url, done, hashes) = (format!("{}{path}", house.base), AtomicBool::new(false), AtomicUsize::new(0));
    let again = || {
        let mut took = Vec::new();
        while !done.load(Ordering::Relaxed) {
            took.push(log_in(house));
            hashes.fetch_add(1, Ordering::Relaxed);
        }
        took
    };
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..people).map(|_| scope.spawn(again)).collect();
        let (mut took, begun) = (Vec::new(), Instant::now());
        let enough = || hashes.load(Ordering::Relaxed) >= 3 * people;
        while begun.elapsed() < SPAN || (begun.elapsed() < 20 * SPAN && !enough()) {
            let sent = Instant::now();
            assert_eq!(house.fetch("GET", &url, &headers, "").status, 200);
            took.push(sent.elapsed());
            std::thread::sleep(Duration::from_millis(2));
        }
        done.store(true, Ordering::Relaxed);
        let hashed = threads.into_iter().flat_map(|one| one.join().expect("answered"));
        [took, hashed.collect()].map(|mut took| {
            took.sort_unstable();
            took
        })
    })
}

fn share(sorted: &[Duration], share: f64) -> Duration {
    sorted[((sorted.len() - 1) as f64 * share) as usize]
}

#[test]
fn nobody_stands_behind_the_hash_of_somebody_elses_password() {
    let town = Town::start("isolation");
    let token = town.administrator();
    let path = format!("/fines/{}", town.code());
    // Four are more than a small machine has cores.
    for people in [1, 4] {
        for (path, token) in [("/auth/sessions/current", Some(token.as_str())), (path.as_str(), None)] {
            // The best of three: other programs may run beside it.
            let stood_free = (0..3).any(|_| {
                let [took, hashed] = look_ups(&town.house, path, token, people);
                let [p50, p90, p99] = [0.5, 0.9, 0.99].map(|at| share(&took, at));
                let hash = share(&hashed, 0.5);
                println!("{path}, {people} at once: {p50:?}, {p90:?}, {p99:?}; a log-in: {hash:?}");
                assert!(hashed.len() >= 3 * people, "there was too little to stand behind");
                // Behind a hash it would be a hash's time or more.
                p90 < hash / 2
            });
            assert!(stood_free, "{path}, {people} at once");
        }
    }
}

#[test]
fn who_sends_a_password_slowly_is_given_up() {
    let town = Town::start("slow-body");
    let address = town.house.base.trim_start_matches("http://").to_owned();
    let mut slow = TcpStream::connect(&address).expect("connected");
    let head = format!(
        "POST /auth/citizens/sessions HTTP/1.1\r\nhost: {address}\r\ncontent-type: application/json\r\n\
         content-length: 200\r\nconnection: close\r\n\r\n{{\"login\":"
    );
    slow.write_all(head.as_bytes()).expect("sent");
    let sent = Instant::now();
    let mut answer = String::new();
    slow.set_read_timeout(Some(SPAN * 10)).expect("set");
    slow.read_to_string(&mut answer).expect("an answer");
    assert!(answer.starts_with("HTTP/1.1 408 ") && answer.contains("body-too-slow"), "{answer}");
    assert!(sent.elapsed() > Duration::from_secs(4), "{:?}", sent.elapsed());
}
