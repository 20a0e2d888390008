//! PostgreSQL is restarted under the house: what was acknowledged stays, what was not is sent again and happens once.

use serde_json::Value;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use zerotrip_journeys::{Answer, Engine, Town};

const PATIENCE: Duration = Duration::from_secs(60);

/// What a terminal or a provider does: the same request until it is answered otherwise than with 503.
fn insist(mut send: impl FnMut() -> Answer, refusals: &mut usize) -> Answer {
    let begun = Instant::now();
    loop {
        let answer = send();
        if answer.status != 503 {
            return answer;
        }
        answer.is_problem(503, "unavailable");
        assert_eq!(answer.retry_after, "2");
        assert!(begun.elapsed() < PATIENCE, "still refused: {}", answer.text);
        *refusals += 1;
        std::thread::sleep(Duration::from_millis(50));
    }
}

#[test]
fn a_restarted_server_loses_no_decision_and_no_payment_and_doubles_none() {
    let mut town = Town::start_on("restart", Engine::Postgres);
    let officer = town.officer();
    let stop = AtomicBool::new(false);
    let mut server = town.house.take_postgres().expect("it runs on PostgreSQL");
    let (issued, refusals): (Vec<(Value, String)>, usize) = std::thread::scope(|scope| {
        let work = || {
            let (mut done, mut refusals) = (Vec::new(), 0);
            while !stop.load(Ordering::Relaxed) {
                let decision = town.decision();
                let ticket =
                    insist(|| town.house.post("/qr/decisions", Some(&officer), &decision), &mut refusals);
                assert!([200, 201].contains(&ticket.status), "{}", ticket.text);
                let code = ticket.text_of("code");
                let order = insist(|| town.try_order(&code), &mut refusals).json();
                let body = town.signed(&town.success(&order));
                let paid = insist(|| town.notify(&body), &mut refusals);
                assert_eq!((paid.status, paid.text.as_str()), (200, "success"));
                let seen = insist(|| town.house.get(&format!("/fines/{code}"), None), &mut refusals);
                assert_eq!(seen.text_of("state"), "paid");
                done.push((decision, code));
            }
            (done, refusals)
        };
        let workers: Vec<_> = (0..4).map(|_| scope.spawn(work)).collect();
        for _ in 0..3 {
            std::thread::sleep(Duration::from_secs(1));
            server.down();
            std::thread::sleep(Duration::from_millis(300));
            server.up();
        }
        std::thread::sleep(Duration::from_secs(1));
        stop.store(true, Ordering::Relaxed);
        let results = workers.into_iter().map(|w| w.join().expect("a worker"));
        results.fold((Vec::new(), 0), |(mut all, count), (done, refusals)| {
            all.extend(done);
            (all, count + refusals)
        })
    });
    town.house.give_postgres(server);
    assert!(
        issued.len() > 12 && refusals > 0,
        "{} issued, {refusals} refusals: nothing was proven",
        issued.len()
    );
    let count = |sql: &str| usize::try_from(town.count(sql)).expect("a count");
    assert_eq!(count("SELECT COUNT(*) FROM decisions"), issued.len());
    assert_eq!(count("SELECT COUNT(*) FROM orders WHERE state = 'paid'"), issued.len());
    assert_eq!(count("SELECT COUNT(*) FROM orders"), issued.len());
    assert_eq!(count("SELECT COUNT(*) FROM payment_inbox"), 0);
    let codes: std::collections::HashSet<&String> = issued.iter().map(|(_, code)| code).collect();
    assert_eq!(codes.len(), issued.len());
    println!(
        "{} decisions issued and paid over three restarts, {refusals} requests refused meanwhile",
        issued.len()
    );
}
