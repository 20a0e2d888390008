//! Nobody misses a day: the list, the calendar, and one text message for each rung, whatever happens on the way.

use serde_json::{Value, json};
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};
use zerotrip_domain::Day;
use zerotrip_journeys::citizens::Citizen;
use zerotrip_journeys::wallet::named;
use zerotrip_journeys::{Citizens, Town};
use zerotrip_sandbox::people::Person;

/// 王芳's driving licence ends in six days, which is on the rung of 7.
const DRIVER: &str = "王芳";

/// Whose licence ends soon, with its channel open and the consent to be reminded.
fn driver(town: &Town) -> (&'static Person, Citizen) {
    let (citizens, person) = (Citizens(town), named(DRIVER));
    let known = citizens.real_person(person);
    citizens.open(&known.token, &["driving-licence"]);
    citizens.agree(&known.token, "reminders");
    (person, known)
}

fn today(town: &Town) -> Day {
    Day::at(town.now_ms())
}

/// What another implementation reads in a calendar file.
fn calendar(file: &str) -> Value {
    let here = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/node/calendar"));
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("calendar");
    std::fs::create_dir_all(&folder).expect("a folder");
    for name in ["package.json", "package-lock.json", "calendar.mjs"] {
        std::fs::copy(here.join(name), folder.join(name)).expect("copied");
    }
    let lock = std::fs::read(here.join("package-lock.json")).expect("the lock");
    // Written last, so that it stands for a whole installation.
    let done = folder.join("installed-lock.json");
    if !std::fs::read(&done).is_ok_and(|installed| installed == lock) {
        let npm = Command::new("npm")
            .args([
                "ci",
                "--omit-lockfile-registry-resolved=true",
                "--ignore-scripts",
                "--no-audit",
                "--no-fund",
            ])
            .args(["--prefer-offline", "--fetch-retries", "5"])
            .current_dir(&folder)
            .output()
            .expect("this test needs `npm` in the path");
        assert!(npm.status.success(), "{}", String::from_utf8_lossy(&npm.stderr));
        std::fs::write(done, lock).expect("written");
    }
    let mut node = Command::new("node")
        .arg("calendar.mjs")
        .current_dir(&folder)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("this test needs `node` in the path");
    node.stdin.take().expect("piped").write_all(file.as_bytes()).expect("told");
    let read = node.wait_with_output().expect("it ends");
    assert!(read.status.success(), "not a calendar: {file}");
    serde_json::from_slice(&read.stdout).expect("JSON")
}

#[test]
fn what_is_to_be_done_is_told_as_the_rule_of_the_day_has_it() {
    let town = Town::start("reminders-rules");
    let citizens = Citizens(&town);
    let person = named("张伟");
    let (today, known) = (today(&town), citizens.real_person(person));
    let last = today.plus_months(1).month_end();
    let told = |years: i32| {
        // A small private car of that age, and a card of somebody born so long ago that the next has no last day.
        let registered = last.plus_months(-12 * years).to_string();
        let car = json!({ "vehicle_type": "小型轿车", "use": "非营运", "seats": "5", "registered": registered,
            "issued": registered, "inspection_to": last.to_string() });
        town.registry_says(person, "vehicle-licence", &car);
        citizens.open(&known.token, &["vehicle-licence"]);
        let list = town.house.get("/wallet/reminders", Some(&known.token)).json();
        let list = list["reminders"].as_array().expect("a list").clone();
        let one = list.into_iter().find(|one| one["deadline"]["term"] == "inspection").expect("listed");
        assert_eq!(
            town.house.send("DELETE", "/wallet/channels/vehicle-licence", Some(&known.token), "").status,
            204
        );
        one["told_zh"].as_str().expect("text").to_owned()
    };
    // The easing of 2022: tested in the 6th and 10th year, and asked for online before and between.
    for (years, tested) in [(2, false), (4, false), (6, true), (8, false), (10, true), (11, true)] {
        assert_eq!(!told(years).contains("免上线检测"), tested, "{years}");
    }
}

#[test]
fn the_list_has_the_most_urgent_first_and_the_calendar_is_read_by_another_program() {
    let town = Town::start("reminders-list");
    let citizens = Citizens(&town);
    let person = named("孙丽");
    town.house.get("/wallet/reminders", None).is_problem(401, "unauthorized");
    let known = citizens.real_person(person);
    let empty = town.house.get("/wallet/reminders", Some(&known.token)).json();
    assert_eq!(empty["reminders"], json!([]));
    citizens.open(&known.token, &["passport", "hk-macau-permit", "resident-id", "driving-licence"]);
    let list = town.house.get("/wallet/reminders", Some(&known.token));
    assert!(!list.text.contains(person.name) && !list.text.contains(&person.id_number), "{}", list.text);
    let list = list.json();
    let list = list["reminders"].as_array().expect("a list");
    let line = |one: &Value| {
        (
            one["kind"].clone(),
            one["deadline"]["term"].clone(),
            one["deadline"]["days_left"].clone(),
            one["deadline"]["rung"].clone(),
        )
    };
    // By the sandbox's own list: licence 20 days ago, permit and endorsement in 25 days, passport in 170; the endorsement
    // that is over and the one that is used up are none.
    let told: Vec<_> = list.iter().take(4).map(line).collect();
    let expected =
        |kind: &str, term: &str, left: i64, rung: Value| (json!(kind), json!(term), json!(left), rung);
    assert_eq!(told[0], expected("driving-licence", "validity", -20, Value::Null));
    assert!(told[1..3].contains(&expected("hk-macau-permit", "validity", 25, json!(30))), "{told:?}");
    assert!(
        told[1..3].contains(&expected("hk-macau-permit", "travel-endorsement", 25, json!(30))),
        "{told:?}"
    );
    assert_eq!(told[3], expected("passport", "validity", 170, json!(180)));
    let passport = list.iter().find(|one| one["kind"] == "passport").expect("listed");
    assert_eq!(passport["next_on"], today(&town).plus(170 - 90).to_string());

    let file = town.house.get("/wallet/reminders.ics", Some(&known.token));
    assert_eq!((file.status, &file.content_type[..]), (200, "text/calendar; charset=utf-8"));
    for secret in [person.name, &person.id_number, "SUN, LI"] {
        assert!(!file.text.contains(secret), "{secret}");
    }
    assert!(
        file.text.ends_with("END:VCALENDAR\r\n") && !file.text.replace("\r\n", "").contains(['\r', '\n'])
    );
    assert!(file.text.split("\r\n").all(|line| line.len() <= 75), "folded at 75 octets");
    let read = calendar(&file.text);
    assert_eq!(read["version"], "2.0");
    let events = read["events"].as_array().expect("a list");
    assert_eq!(events.len(), list.len());
    let event = events.iter().find(|event| event["summary"] == "护照：有效期届满").expect("the passport's");
    let last = today(&town).plus(170);
    assert_eq!((&event["start"], &event["all_day"]), (&json!(last.to_string()), &json!(true)));
    assert_eq!(event["end"], last.plus(1).to_string());
    assert_eq!(event["description"], passport["told_zh"]);
    let alarms: Vec<_> =
        event["alarms"].as_array().expect("a list").iter().map(|alarm| alarm["at"].clone()).collect();
    let expected = [180, 90, 30, 7, 0].map(|days| json!(format!("{}T09:00:00", last.minus(days))));
    assert_eq!(alarms, expected);
    let uid = |event: &Value| event["uid"].as_str().expect("a UID").to_owned();
    let mut uids: Vec<_> = events.iter().map(uid).collect();
    uids.sort();
    uids.dedup();
    assert_eq!(uids.len(), events.len(), "each has its own");
    // Downloaded again it is the same file, so that a calendar does not show things twice.
    assert_eq!(town.house.get("/wallet/reminders.ics", Some(&known.token)).text, file.text);
    // Somebody else's passport is another event.
    let other = citizens.real_person(named("张伟"));
    citizens.open(&other.token, &["passport"]);
    let others = calendar(&town.house.get("/wallet/reminders.ics", Some(&other.token)).text);
    assert!(!uids.contains(&uid(&others["events"][0])));
}

#[test]
fn a_lost_document_has_no_day_to_be_reminded_of() {
    let town = Town::start("reminders-lost").at_hour(10);
    let citizens = Citizens(&town);
    let known = citizens.real_person(named("欧阳晓燕"));
    citizens.open(&known.token, &["driving-licence", "passport"]);
    let list = town.house.get("/wallet/reminders", Some(&known.token)).json();
    let kinds: Vec<_> =
        list["reminders"].as_array().expect("a list").iter().map(|one| &one["kind"]).collect();
    assert_eq!(kinds, ["passport"], "the licence is lost, and is replaced, not renewed");
}

#[test]
fn one_message_a_rung_to_whoever_agreed_and_nobody_at_night() {
    let town = Town::start("reminders-job").at_hour(10);
    let citizens = Citizens(&town);
    town.house
        .post("/wallet/jobs/reminders", Some(&town.administrator()), &json!({}))
        .is_problem(401, "unauthorized");
    let person = named(DRIVER);
    let known = citizens.real_person(person);
    citizens.open(&known.token, &["driving-licence"]);
    assert_eq!(town.remind()["looked_at"], 1);
    assert_eq!(town.reminders_of(person), [] as [String; 0], "nobody has agreed");

    let town = town.later(24 * 3600 - 3600);
    let citizens = Citizens(&town);
    let token = citizens.back(person);
    citizens.agree(&token, "reminders");
    let town = town.at_hour(3);
    assert_eq!(town.remind()["quiet"], true);
    let town = town.at_hour(10);
    let done = town.remind();
    assert_eq!(
        (&done["sent"], &done["put_off"], &done["more"]),
        (&json!(1), &json!(0), &json!(false)),
        "{done}"
    );
    let messages = town.reminders_of(person);
    assert_eq!(messages.len(), 1);
    let last = today(&town).plus(6).to_string();
    assert!(messages[0].contains("机动车驾驶证") && messages[0].contains(&last), "{}", messages[0]);
    for secret in [person.name, &person.id_number, &person.id_number[14..], "http"] {
        assert!(!messages[0].contains(secret), "{secret}");
    }
    assert_eq!(town.remind()["looked_at"], 0, "nothing is due");
    // Looked at again however often, it is sent once.
    town.tamper("UPDATE channels SET look_at = 0");
    let again = town.remind();
    assert_eq!((&again["looked_at"], &again["sent"]), (&json!(1), &json!(0)));
    // The licence is renewed, and ends another day: that is another message.
    town.tamper("UPDATE channels SET look_at = 0, as_of = 1");
    town.registry_says(person, "driving-licence", &json!({ "valid_to": today(&town).plus(80).to_string() }));
    assert_eq!(town.remind()["sent"], 1);
    assert_eq!(town.reminders_of(person).len(), 2);
    // Taken back, the consent is no more.
    let token = Citizens(&town).back(person);
    assert_eq!(
        town.house.send("DELETE", "/auth/citizens/me/consents/reminders", Some(&token), "").status,
        204
    );
    town.tamper("UPDATE channels SET look_at = 0, as_of = 1");
    town.registry_says(person, "driving-licence", &json!({ "valid_to": today(&town).plus(5).to_string() }));
    assert_eq!(town.remind()["sent"], 0);
    assert_eq!(town.reminders_of(person).len(), 2);
}

#[test]
fn eight_runs_at_once_send_each_message_once() {
    let town = Town::start("reminders-race").at_hour(10);
    let citizens = Citizens(&town);
    let people = [named(DRIVER), named("孙丽"), named("杨磊")];
    let mut expected = 0;
    for person in people {
        let known = citizens.real_person(person);
        citizens.open(&known.token, &["driving-licence", "passport", "resident-id", "hk-macau-permit"]);
        citizens.agree(&known.token, "reminders");
        let list = town.house.get("/wallet/reminders", Some(&known.token)).json();
        let on_a_rung = list["reminders"].as_array().expect("a list").iter();
        expected += on_a_rung.filter(|one| one["deadline"]["rung"].is_u64()).count();
    }
    assert!(expected >= 5, "{expected}");
    let token = town.job_token();
    let run = || {
        let done = town.house.post("/wallet/jobs/reminders", Some(&token), &json!({}));
        assert_eq!(done.status, 200, "{}", done.text);
        done.json()["looked_at"].as_u64().expect("a number")
    };
    let looked_at: u64 = std::thread::scope(|scope| {
        let runs: Vec<_> = (0..8).map(|_| scope.spawn(run)).collect();
        runs.into_iter().map(|run| run.join().expect("done")).sum()
    });
    assert_eq!(looked_at, 12, "each channel is looked at by one");
    // The same again as if all leases had ended at once.
    town.tamper("UPDATE channels SET look_at = 0");
    std::thread::scope(|scope| (0..8).for_each(|_| drop(scope.spawn(run))));
    let sent: usize = people.iter().map(|person| town.reminders_of(person).len()).sum();
    assert_eq!(sent, expected);
    assert_eq!(
        town.count("SELECT COUNT(*) FROM reminders WHERE sent_at IS NOT NULL"),
        i64::try_from(expected).expect("few")
    );
}

#[test]
fn a_run_killed_while_it_sends_is_taken_up_and_nobody_hears_twice() {
    let town = Town::start("reminders-kill").at_hour(10);
    let (person, _) = driver(&town);
    // The gateway takes it, and nobody is there any more to hear so.
    town.control_of("sms", "POST", "faults", &json!({ "fault": "answer-lost" }));
    let (url, bearer) =
        (format!("{}/wallet/jobs/reminders", town.house.base), format!("Bearer {}", town.job_token()));
    std::thread::scope(|scope| {
        let run = || town.house.try_fetch("POST", &url, &[("authorization", bearer.as_str())], "{}").is_ok();
        let run = scope.spawn(run);
        let begun = Instant::now();
        while town.reminders_of(person).is_empty() {
            assert!(begun.elapsed() < Duration::from_secs(20), "nothing is sent");
            std::thread::sleep(Duration::from_millis(20));
        }
        let killed = Command::new("kill").args(["-9", &town.house.pid().to_string()]).status();
        assert!(killed.expect("kill runs").success());
        assert!(!run.join().expect("it ends"), "the run was cut off");
    });
    let town = town.killed();
    assert_eq!(town.count("SELECT COUNT(*) FROM reminders WHERE sent_at IS NULL"), 1);
    assert_eq!(town.remind()["looked_at"], 0, "its lease has not ended");
    let town = town.later(3 * 60);
    assert_eq!(town.remind()["sent"], 1, "it is not known whether it was");
    assert_eq!(town.count("SELECT COUNT(*) FROM reminders WHERE sent_at IS NULL"), 0);
    assert_eq!(town.reminders_of(person).len(), 1, "the gateway took the same message once");
}

#[test]
fn while_the_gateway_or_the_registry_is_down_reminders_wait_and_are_not_lost() {
    let town = Town::start("reminders-down").at_hour(10);
    let (person, _) = driver(&town);
    town.control_of("sms", "POST", "faults", &json!({ "fault": "down" }));
    let done = town.remind();
    assert_eq!((&done["sent"], &done["put_off"]), (&json!(0), &json!(1)), "{done}");
    assert_eq!(town.remind()["looked_at"], 0, "not at once");
    // The next day the registry is down too: what it said yesterday is good enough.
    let town = town.later(24 * 3600);
    town.registry_faults(&json!({ "fault": "down" }));
    let done = town.remind();
    assert_eq!((&done["sent"], &done["put_off"]), (&json!(1), &json!(1)), "{done}");
    assert_eq!(town.reminders_of(person).len(), 1);
    // Four days later it is not, for another rung.
    let town = town.later(6 * 24 * 3600);
    town.registry_faults(&json!({ "fault": "down" }));
    let done = town.remind();
    assert_eq!((&done["sent"], &done["put_off"]), (&json!(0), &json!(1)), "{done}");
}

#[test]
fn a_guardian_is_reminded_of_a_childs_document() {
    let town = Town::start("reminders-child").at_hour(10);
    let citizens = Citizens(&town);
    let (guardian, child) = (named("张伟"), named("张小宝"));
    let own = citizens.real_person(guardian);
    let id = citizens.enter_child(&own, child, &[]);
    citizens.confirm_child(&id);
    // In the child's name, whose guardian he is.
    let consents = format!("/auth/citizens/me/consents?child={id}");
    let agree = |token: &str| town.house.post(&consents, Some(token), &json!({ "purpose": "reminders" }));
    agree(&citizens.real_person(named("李娜")).token).is_problem(404, "not-found");
    assert_eq!(agree(&own.token).status, 204);
    town.registry_says(child, "passport", &json!({ "valid_to": today(&town).plus(29).to_string() }));
    let body = json!({ "kind": "passport", "child": id });
    assert_eq!(town.house.post("/wallet/channels", Some(&own.token), &body).status, 201);
    assert_eq!(town.remind()["sent"], 1);
    let messages = town.reminders_of(guardian);
    assert!(
        messages[0].contains("您监护的未成年人的护照") && !messages[0].contains(child.name),
        "{messages:?}"
    );
    let list = town.house.get(&format!("/wallet/reminders?child={id}"), Some(&own.token)).json();
    assert_eq!(list["reminders"][0]["deadline"]["rung"], 30);
    let withdraw = format!("/auth/citizens/me/consents/reminders?child={id}");
    let withdraw = || town.house.send("DELETE", &withdraw, Some(&own.token), "");
    assert_eq!(withdraw().status, 204);
    withdraw().is_problem(404, "not-found");
}
