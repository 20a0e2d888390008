//! Any number of scanners at one code: one succeeds.

use serde_json::{Value, json};
use std::sync::Barrier;
use std::time::{Duration, Instant};
use zerotrip_journeys::codes::{Desk, attempt};
use zerotrip_journeys::{Citizens, Town, sql};

/// An access token lives twice as long.
const HALF_A_TOKEN: Duration = Duration::from_secs(5 * 60);

/// Rounds of the race; `ZEROTRIP_RACES` makes it longer.
fn races() -> usize {
    std::env::var("ZEROTRIP_RACES").map_or(200, |many| many.parse().expect("a number"))
}

/// Status and text of what each desk is told that scans `code` in the same instant as the others.
fn at_once(base: &str, desks: &[(Desk, ureq::Agent)], code: &Value) -> Vec<(u16, String)> {
    let start = Barrier::new(desks.len());
    let scan = |(desk, agent): &(Desk, ureq::Agent)| -> Result<(u16, String), ureq::Error> {
        let body = json!({ "code": code, "attempt": attempt() }).to_string();
        let redemption = agent
            .post(format!("{base}/scan/redemptions"))
            .header("authorization", &format!("Bearer {}", desk.token));
        start.wait();
        let mut answer = redemption.send(&body)?;
        Ok((answer.status().as_u16(), answer.body_mut().read_to_string()?))
    };
    std::thread::scope(|scope| {
        let scans: Vec<_> = desks.iter().map(|desk| scope.spawn(|| scan(desk))).collect();
        scans.into_iter().map(|one| one.join().expect("no panic").expect("an answer")).collect()
    })
}

#[test]
fn of_64_scanners_at_the_same_instant_one_succeeds_and_the_others_learn_when() {
    const SCANNERS: usize = 64;
    let town = Town::start("redemptions-race");
    let citizens = Citizens(&town);
    let mut citizen = citizens.with_documents("张伟", &["resident-id"]);
    // All but two at the desks of one venue.
    let mut desks = town.scanners(&town.venue("hotel"), SCANNERS - 2);
    desks.extend(town.scanners(&town.venue("hotel"), 2));
    let agent =
        || -> ureq::Agent { ureq::Agent::config_builder().http_status_as_error(false).build().into() };
    let desks: Vec<_> = desks.into_iter().map(|desk| (desk, agent())).collect();
    let begun = Instant::now();
    let mut renewed = begun;
    for round in 0..races() {
        // The limits of an honest citizen and of honest scanners are not what is tried here.
        if round % 4 == 0 {
            let reset = "UPDATE identity_codes SET issued_at = issued_at - 60000, ended_at = ended_at - 60000 \
                         WHERE ended_at IS NOT NULL; DELETE FROM rate_limits WHERE key LIKE 'refused-codes/%'";
            sql::execute(&town.house.database(), reset);
        }
        if renewed.elapsed() > HALF_A_TOKEN {
            let refresh = json!({ "refresh_token": citizen.refresh });
            let tokens = town.house.post("/auth/sessions/refresh", None, &refresh);
            (citizen.token, citizen.refresh) =
                (tokens.text_of("access_token"), tokens.text_of("refresh_token"));
            renewed = Instant::now();
        }
        let minted = citizens.mint(&citizen.token, "hotel", &["resident-id"]);
        let answers = at_once(&town.house.base, &desks, &minted["code"]);
        let won = answers.iter().filter(|(status, _)| *status == 201).count();
        assert_eq!(won, 1, "successes in round {round}: {answers:?}");
        for (status, text) in answers.iter().filter(|(status, _)| *status != 201) {
            let told = text.contains("problem:code-used") && text.contains("It was used at 20");
            assert!(*status == 409 && told, "{status}: {text}");
        }
    }
    let rows = town.count("SELECT COUNT(*) FROM identity_codes WHERE ended_how = 'redeemed'");
    assert_eq!(usize::try_from(rows).expect("a count"), races());
    println!("{} codes, each at {SCANNERS} scanners at once, in {:?}", races(), begun.elapsed());
}
