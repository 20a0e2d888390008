//! The audit trail: linked by any number of linkers at once into one chain, in which every change is found.

use serde_json::{Value, json};
use std::ops::Range;
use zerotrip_journeys::citizens::somebody;
use zerotrip_journeys::{Citizens, Town};
use zerotrip_sandbox::people::Residence;

/// A house whose trail is empty: what was written when its staff came is not counted here.
fn start(name: &str) -> Town {
    let town = Town::start(name);
    town.tamper("DELETE FROM audit_lines");
    town
}

/// One line for the real-name check of each of these people.
fn busy(town: &Town, people: Range<usize>) {
    let citizens = Citizens(town);
    for number in people {
        citizens.with_real_name(somebody(Residence::Local, number));
    }
}

fn verification(town: &Town) -> Value {
    let answer = town.house.get("/records/audit/verification", Some(&town.administrator()));
    assert_eq!(answer.status, 200, "{}", answer.text);
    answer.json()
}

fn faults(town: &Town) -> Vec<(Option<i64>, String)> {
    let faults = verification(town)["faults"].as_array().expect("a list").clone();
    let fault = |fault: &Value| (fault["batch"].as_i64(), fault["what"].as_str().expect("text").to_owned());
    faults.iter().map(fault).collect()
}

/// Runs the job until nothing is left, and gives how many lines were linked.
fn link(town: &Town) -> u64 {
    let mut lines = 0;
    loop {
        let done = town.job("audit");
        lines += done["lines"].as_u64().expect("a number");
        if done["more"] == false {
            return lines;
        }
    }
}

#[test]
fn only_a_scheduler_links_and_only_an_administrator_verifies_and_reads() {
    let town = start("audit-authority");
    let (root, officer) = (town.administrator(), town.officer());
    let citizen = Citizens(&town).register("13800138000");
    for token in [&root, &officer, &citizen.token] {
        for job in ["audit", "retention"] {
            let path = format!("/records/jobs/{job}");
            town.house.post(&path, Some(token), &json!({})).is_problem(401, "unauthorized");
        }
    }
    for path in ["verification", "heads", &format!("lines?subject={}", citizen.id)] {
        let path = format!("/records/audit/{path}");
        town.house.get(&path, None).is_problem(401, "unauthorized");
        town.house.get(&path, Some(&officer)).is_problem(403, "forbidden");
        town.house.get(&path, Some(&citizen.token)).is_problem(403, "forbidden");
    }
    for (path, parameters) in [
        ("verification", "after=x"),
        ("lines", "subject=x"),
        ("lines", &format!("subject={}&before=x", citizen.id)),
    ] {
        let path = format!("/records/audit/{path}?{parameters}");
        town.house.get(&path, Some(&root)).is_problem(400, "invalid-request");
    }
}

#[test]
fn lines_are_linked_when_they_are_a_minute_old_and_the_rest_is_said() {
    let town = start("audit-link");
    busy(&town, 0..3);
    assert_eq!(link(&town), 0, "younger than a minute");
    let before = verification(&town);
    assert_eq!(
        (&before["sound"], &before["links"], &before["head"]),
        (&json!(true), &json!(0), &Value::Null)
    );
    assert_eq!(before["unlinked"]["lines"], 3);
    let town = town.later(61);
    assert_eq!(link(&town), 3);
    let after = verification(&town);
    assert_eq!((&after["sound"], &after["lines"], &after["next"]), (&json!(true), &json!(3), &Value::Null));
    assert_eq!(after["unlinked"], json!({ "lines": 0, "oldest_at": null }));

    // The head of a day is logged when the first link of another is made.
    busy(&town, 3..4);
    let town = town.later(24 * 3600);
    assert_eq!(link(&town), 1);
    let heads = town.house.get("/records/audit/heads", Some(&town.administrator())).json();
    let heads = heads["heads"].as_array().expect("a list").clone();
    let batches: Vec<_> = heads.iter().map(|head| head["batch"].as_i64().expect("a number")).collect();
    assert_eq!(batches, [2, 1]);
    let logged = format!(": 1 {}", heads[1]["link"].as_str().expect("a link"));
    assert!(town.house.log().lines().any(|line| line.contains("audit head of") && line.ends_with(&logged)));
}

#[test]
fn linkers_at_once_make_one_chain() {
    let town = start("audit-linkers");
    busy(&town, 0..16);
    let town = town.later(61);
    // As if linkers had been killed: claims that all of them take up at once.
    for claim in 1..7 {
        town.tamper(&format!(
            "UPDATE audit_lines SET batch = -{claim} WHERE batch IS NULL AND id IN \
             (SELECT id FROM audit_lines WHERE batch IS NULL ORDER BY id LIMIT 2)"
        ));
    }
    let token = town.job_token();
    let linked: u64 = std::thread::scope(|scope| {
        let run = || town.house.post("/records/jobs/audit", Some(&token), &json!({}));
        let all: Vec<_> = (0..8).map(|_| scope.spawn(run)).collect();
        let answers = all.into_iter().map(|one| one.join().expect("answered"));
        answers
            .filter(|answer| answer.status == 200)
            .map(|answer| answer.json()["lines"].as_u64().expect("a number"))
            .sum()
    });
    assert_eq!(linked + link(&town), 16);
    assert_eq!(faults(&town), []);
    assert_eq!(
        town.count(
            "SELECT COUNT(*) FROM audit_lines WHERE batch < 0 OR batch IS NULL AND kind = 'real-name-matched'"
        ),
        0
    );
    assert_eq!(town.count("SELECT CAST(SUM(lines) AS BIGINT) FROM audit_links"), 16);
}

#[test]
fn a_linker_that_was_killed_anywhere_leaves_a_trail_that_verifies_and_goes_on() {
    let town = start("audit-killed");
    busy(&town, 0..4);
    let town = town.later(61);
    // Killed after the claim.
    town.tamper("UPDATE audit_lines SET batch = -77 WHERE id = (SELECT MIN(id) FROM audit_lines)");
    assert_eq!(faults(&town), []);
    assert_eq!(link(&town), 4);
    assert_eq!(faults(&town), []);
    assert_eq!(town.count("SELECT COUNT(*) FROM audit_links"), 2);
    // Killed after the link: its lines still have the number of the claim, beside claims of others.
    busy(&town, 4..6);
    let town = town.later(62);
    town.tamper("UPDATE audit_lines SET batch = -99 WHERE batch = 2");
    town.tamper("UPDATE audit_lines SET batch = -98 WHERE batch IS NULL AND id = (SELECT MIN(id) FROM audit_lines WHERE batch IS NULL)");
    assert_eq!(faults(&town), []);
    assert_eq!(link(&town), 2);
    assert_eq!(faults(&town), []);
    assert_eq!(town.count("SELECT COUNT(*) FROM audit_lines WHERE batch = 2"), 3);
    assert_eq!(town.count("SELECT CAST(SUM(lines) AS BIGINT) FROM audit_links"), 6);
}

#[test]
fn every_change_of_the_trail_is_found_where_it_was_made() {
    let town = start("audit-changed");
    busy(&town, 0..4);
    let town = town.later(61);
    assert_eq!(link(&town), 4);
    busy(&town, 4..8);
    let town = town.later(122);
    assert_eq!(link(&town), 4);
    busy(&town, 8..10);
    assert_eq!(faults(&town), []);
    let one = |batch: i64| town.text(&format!("SELECT MIN(id) FROM audit_lines WHERE batch = {batch}"));
    let (first, second) = (one(1), one(2));
    let edited = |batch: Option<i64>| vec![(batch, "edited".to_owned())];
    for (column, value) in [
        ("actor", format!("'{second}'")),
        ("subject", format!("'{second}'")),
        ("device", format!("'{second}'")),
        ("kind", "'account-released'".to_owned()),
        ("detail", "'{}'".to_owned()),
        ("at", "at - 1".to_owned()),
        ("digest", "'AAAA'".to_owned()),
        ("digest", format!("(SELECT x.digest FROM audit_lines x WHERE x.id = '{second}')")),
    ] {
        town.tamper(&format!("CREATE TABLE kept AS SELECT * FROM audit_lines WHERE id = '{first}'"));
        town.tamper(&format!("UPDATE audit_lines SET {column} = {value} WHERE id = '{first}'"));
        assert_eq!(faults(&town), edited(Some(1)), "{column}");
        let back = format!(
            "UPDATE audit_lines SET {column} = (SELECT k.{column} FROM kept k) WHERE id = '{first}'; DROP TABLE kept"
        );
        town.tamper(&back);
    }
    assert_eq!(faults(&town), []);

    // A line that nobody has linked yet is held by its own digest.
    town.tamper(
        "UPDATE audit_lines SET kind = 'x' WHERE batch IS NULL AND kind = 'real-name-matched' AND id = \
        (SELECT MIN(id) FROM audit_lines WHERE batch IS NULL AND kind = 'real-name-matched')",
    );
    assert_eq!(faults(&town), edited(None));
    town.tamper("UPDATE audit_lines SET kind = 'real-name-matched' WHERE kind = 'x'");

    // Erasing before its time is no retention, and hides no change.
    for change in ["detail = '', erased_at = at", "erased_at = at", "erased_at = at, kind = 'x', actor = 'y'"]
    {
        town.tamper(&format!("CREATE TABLE kept AS SELECT * FROM audit_lines WHERE id = '{first}'"));
        town.tamper(&format!("UPDATE audit_lines SET {change} WHERE id = '{first}'"));
        assert_eq!(faults(&town), edited(Some(1)), "{change}");
        let back = format!(
            "UPDATE audit_lines SET erased_at = NULL, detail = (SELECT k.detail FROM kept k), kind = (SELECT k.kind FROM kept k), \
             actor = (SELECT k.actor FROM kept k) WHERE id = '{first}'; DROP TABLE kept"
        );
        town.tamper(&back);
    }
    assert_eq!(faults(&town), []);
    // Lines of two batches exchanged, one removed, one put in, one hidden in a batch that never was.
    town.tamper(&format!("UPDATE audit_lines SET batch = 3 - batch WHERE id IN ('{first}', '{second}')"));
    assert_eq!(faults(&town), [(Some(1), "exchanged".to_owned()), (Some(2), "exchanged".to_owned())]);
    town.tamper(&format!("UPDATE audit_lines SET batch = 3 - batch WHERE id IN ('{first}', '{second}')"));
    town.tamper(&format!("UPDATE audit_lines SET batch = 99 WHERE id = '{second}'"));
    assert_eq!(faults(&town), [(Some(2), "removed".to_owned()), (Some(99), "no-link".to_owned())]);
    town.tamper(&format!("UPDATE audit_lines SET batch = 1 WHERE id = '{second}'"));
    assert_eq!(faults(&town), [(Some(1), "inserted".to_owned()), (Some(2), "removed".to_owned())]);
    town.tamper(&format!("DELETE FROM audit_lines WHERE id = '{second}'"));
    assert_eq!(faults(&town), [(Some(2), "removed".to_owned())]);
}

#[test]
fn a_link_that_is_changed_or_gone_is_found() {
    let mut town = start("audit-links");
    for day in 1..4 {
        busy(&town, day..day + 1);
        town = town.later(61);
        assert_eq!(link(&town), 1);
    }
    town.tamper(
        "UPDATE audit_links SET link = (SELECT x.link FROM audit_links x WHERE x.batch = 3) WHERE batch = 2",
    );
    assert_eq!(faults(&town), [(Some(2), "exchanged".to_owned()), (Some(3), "exchanged".to_owned())]);
    town.tamper("DELETE FROM audit_links WHERE batch = 2");
    let found = faults(&town);
    assert!(found.contains(&(Some(2), "link-missing".to_owned())), "{found:?}");
    // Without its lines as well, nothing follows it.
    town.tamper("DELETE FROM audit_lines WHERE batch = 2");
    let found = faults(&town);
    assert_eq!(found, [(Some(2), "link-missing".to_owned()), (Some(3), "exchanged".to_owned())]);
}
