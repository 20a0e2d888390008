//! Any number of scanners at one code: one succeeds.

use serde_json::json;
use std::sync::Barrier;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Instant;
use zerotrip_journeys::codes::attempt;
use zerotrip_journeys::{Citizens, Town, sql};

/// Rounds of the race; `ZEROTRIP_RACES` makes it longer.
fn races() -> usize {
    std::env::var("ZEROTRIP_RACES").map_or(200, |many| many.parse().expect("a number"))
}

#[test]
fn of_64_scanners_at_the_same_instant_one_succeeds_and_the_others_learn_when() {
    const SCANNERS: usize = 64;
    let town = Town::start("redemptions-race");
    let citizens = Citizens(&town);
    let citizen = citizens.with_documents("张伟", &["resident-id"]);
    // All but two at the desks of one venue.
    let mut desks = town.scanners(&town.venue("hotel"), SCANNERS - 2);
    desks.extend(town.scanners(&town.venue("hotel"), 2));
    let begun = Instant::now();
    let (start, done) = (Barrier::new(SCANNERS + 1), Barrier::new(SCANNERS + 1));
    let code = std::sync::Mutex::new(String::new());
    let (won, over) = (AtomicUsize::new(0), AtomicBool::new(false));
    let agents =
        || -> ureq::Agent { ureq::Agent::config_builder().http_status_as_error(false).build().into() };
    std::thread::scope(|scope| {
        for desk in &desks {
            let (start, done, code, won, over, base) = (&start, &done, &code, &won, &over, &town.house.base);
            scope.spawn(move || {
                let agent = agents();
                loop {
                    start.wait();
                    if over.load(Ordering::Relaxed) {
                        break;
                    }
                    let body =
                        json!({ "code": *code.lock().expect("no panic"), "attempt": attempt() }).to_string();
                    let answer = agent
                        .post(&format!("{base}/scan/redemptions"))
                        .header("authorization", &format!("Bearer {}", desk.token))
                        .send(&body);
                    let mut answer = answer.expect("an answer");
                    let text = answer.body_mut().read_to_string().expect("text");
                    match answer.status().as_u16() {
                        201 => assert_eq!(won.fetch_add(1, Ordering::SeqCst), 0, "two have succeeded"),
                        409 => assert!(
                            text.contains("problem:code-used") && text.contains("It was used at 20"),
                            "{text}"
                        ),
                        other => panic!("{other}: {text}"),
                    }
                    done.wait();
                }
            });
        }
        for round in 0..races() {
            // The limits of an honest citizen and of honest scanners are not what is tried here.
            if round % 4 == 0 {
                let reset = "UPDATE identity_codes SET issued_at = issued_at - 60000, ended_at = ended_at - 60000 \
                             WHERE ended_at IS NOT NULL; DELETE FROM rate_limits WHERE key LIKE 'refused-codes/%'";
                sql::execute(&town.house.database(), reset);
            }
            let minted = citizens.mint(&citizen.token, "hotel", &["resident-id"]);
            *code.lock().expect("no panic") = minted["code"].as_str().expect("a code").to_owned();
            won.store(0, Ordering::SeqCst);
            start.wait();
            done.wait();
            assert_ne!(won.load(Ordering::SeqCst), 0, "nobody has succeeded in round {round}");
        }
        over.store(true, Ordering::Relaxed);
        start.wait();
    });
    let rows = town.count("SELECT COUNT(*) FROM identity_codes WHERE ended_how = 'redeemed'");
    assert_eq!(usize::try_from(rows).expect("a count"), races());
    println!("{} codes, each at {SCANNERS} scanners at once, in {:?}", races(), begun.elapsed());
}
