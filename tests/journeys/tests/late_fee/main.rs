//! A contest, a suspension and a deferral are recorded by the agency that decided, and the late fee follows.

mod orders;

use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::sync::atomic::{AtomicU64, Ordering};
use zerotrip_journeys::{Answer, Town};

const DAY_S: i64 = 86_400;
/// Days from the decision to the deadline.
const TERM: i64 = 15;
const REASON: &str = "南关区人民政府复议受理通知书";

/// So many days after `day`, by SQLite's calendar.
fn plus(day: &str, days: i64) -> String {
    let calendar = rusqlite::Connection::open_in_memory().expect("a calendar");
    calendar.query_row("SELECT date(?1, ?2)", (day, format!("{days} days")), |row| row.get(0)).expect("a day")
}

/// A decision, as its terminal and as its driver know it.
struct Paper {
    decision: String,
    code: String,
    due: String,
}

impl Paper {
    fn new(town: &Town) -> Self {
        let ticket = town.ticket();
        let text = |name: &str| ticket[name].as_str().unwrap_or_else(|| panic!("no {name}")).to_owned();
        Self { decision: text("decision"), code: text("code"), due: text("due") }
    }

    fn events(&self) -> String {
        format!("/qr/decisions/{}/events", self.decision)
    }

    fn end(&self, event: &str) -> String {
        format!("{}/{event}/end", self.events())
    }

    /// So many days after the deadline.
    fn late(&self, days: i64) -> String {
        plus(&self.due, days)
    }
}

fn request_id() -> String {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    format!("terminal-1-event-{}", NEXT.fetch_add(1, Ordering::Relaxed))
}

fn event(kind: &str, from: Option<&str>, until: Option<&str>) -> Value {
    json!({"request_id": request_id(), "kind": kind, "from": from, "until": until, "reason": REASON})
}

fn end(day: &str) -> Value {
    json!({"request_id": request_id(), "day": day, "reason": "复议决定已送达"})
}

fn post(town: &Town, path: &str, body: &Value) -> Answer {
    town.house.post(path, Some(&town.officer()), body)
}

/// Records it and gives its id.
fn record(town: &Town, paper: &Paper, body: &Value) -> String {
    let recorded = post(town, &paper.events(), body);
    assert_eq!(recorded.status, 201, "{}", recorded.text);
    let events = recorded.json()["events"].as_array().expect("a list").clone();
    events.last().expect("it")["id"].as_str().expect("an id").to_owned()
}

fn recorded_end(town: &Town, paper: &Paper, event: &str, day: &str) -> Value {
    let ended = post(town, &paper.end(event), &end(day));
    assert_eq!(ended.status, 201, "{}", ended.text);
    ended.json()["events"].clone()
}

/// State, late days, late fee in fen, and why it does not run.
fn seen(town: &Town, paper: &Paper) -> (String, i64, i64, Option<String>) {
    let ticket = town.look_up(&paper.code);
    let number = |name: &str| ticket[name].as_i64().unwrap_or_else(|| panic!("no {name} in {ticket}"));
    assert_eq!(number("total_fen"), number("fine_fen") + number("late_fee_fen"));
    (
        ticket["state"].as_str().expect("a state").to_owned(),
        number("late_days"),
        number("late_fee_fen"),
        ticket["late_fee_stopped"].as_str().map(str::to_owned),
    )
}

fn page(town: &Town, paper: &Paper) -> String {
    town.house.browse("GET", &format!("/f/{}", paper.code), "").text
}

fn overdue(days: i64, why: Option<&str>) -> (String, i64, i64, Option<String>) {
    ("overdue".to_owned(), days, days * 600, why.map(str::to_owned))
}

fn in_time(why: Option<&str>) -> (String, i64, i64, Option<String>) {
    ("due".to_owned(), 0, 0, why.map(str::to_owned))
}

#[test]
fn the_late_fee_stands_still_during_a_contest_and_goes_on_after_it() {
    const WORDS: &str = "复议或诉讼期间，加处罚款暂停计算";
    let town = Town::start("contest");
    let paper = Paper::new(&town);
    let town = town.later((TERM + 3) * DAY_S);
    assert_eq!(seen(&town, &paper), overdue(3, None));
    assert!(!page(&town, &paper).contains(WORDS));
    // From tomorrow on, so that today still counts.
    let contest = record(&town, &paper, &event("contest", Some(&paper.late(4)), None));
    assert_eq!(seen(&town, &paper), overdue(3, None));

    let town = town.later(10 * DAY_S);
    assert_eq!(seen(&town, &paper), overdue(3, Some("contest")));
    let shown = page(&town, &paper);
    assert!(shown.contains(WORDS) && shown.contains("¥18.00（计 3 天"), "{shown}");
    assert_eq!(town.order(&paper.code)["amount_fen"], 21_800);
    recorded_end(&town, &paper, &contest, &paper.late(13));

    let town = town.later(2 * DAY_S);
    assert_eq!(seen(&town, &paper), overdue(5, None));
    let shown = page(&town, &paper);
    assert!(!shown.contains(WORDS) && shown.contains("¥30.00（计 5 天"), "{shown}");
    assert_eq!(town.order(&paper.code)["amount_fen"], 23_000);
}

#[test]
fn a_deferral_moves_the_last_day_without_late_fee() {
    let town = Town::start("deferral");
    let paper = Paper::new(&town);
    let town = town.later(10 * DAY_S);
    let moved = paper.late(20);
    record(&town, &paper, &event("deferral", None, Some(&moved)));
    // An earlier day granted later takes nothing away.
    record(&town, &paper, &event("deferral", None, Some(&paper.late(5))));
    assert_eq!(
        (&town.look_up(&paper.code)["due"], seen(&town, &paper)),
        (&json!(moved), in_time(Some("deferral")))
    );
    let words = format!("经批准暂缓缴纳至 {moved}");
    assert!(page(&town, &paper).contains(&words));
    // The paper in the driver's hand says what it said.
    let again = town.house.get(&format!("/qr/decisions/{}", paper.decision), Some(&town.officer()));
    assert_eq!(again.json()["due"], json!(paper.due));

    let town = town.later((TERM + 20 - 10) * DAY_S);
    assert_eq!(seen(&town, &paper), in_time(Some("deferral")));
    assert_eq!(town.order(&paper.code)["amount_fen"], 20_000);
    let town = town.later(2 * DAY_S);
    assert_eq!(seen(&town, &paper), overdue(2, None));
    let shown = page(&town, &paper);
    assert!(shown.contains(&moved) && !shown.contains(&words) && shown.contains("已逾期"), "{shown}");
    assert_eq!(town.order(&paper.code)["amount_fen"], 21_200);
}

#[test]
fn days_in_a_contest_and_a_suspension_count_once_and_a_mistake_is_put_right() {
    let town = Town::start("overlap");
    let paper = Paper::new(&town);
    let (other, town) = (Paper::new(&town), town.later((TERM + 15) * DAY_S));
    let day = |days: i64| paper.late(days);
    // Of fifteen late days five, and three more that the other period does not have.
    let contest = record(&town, &paper, &event("contest", Some(&day(-3)), Some(&day(5))));
    assert_eq!(seen(&town, &paper), overdue(10, None));
    let suspension = record(&town, &paper, &event("suspension", Some(&day(4)), Some(&day(8))));
    assert_eq!(seen(&town, &paper), overdue(7, None));
    // The end that was recorded last counts, and the day before the first says that it never ran.
    recorded_end(&town, &paper, &suspension, &day(9));
    assert_eq!(seen(&town, &paper), overdue(6, None));
    recorded_end(&town, &paper, &suspension, &day(3));
    assert_eq!(seen(&town, &paper), overdue(10, None));
    let events = recorded_end(&town, &paper, &contest, &day(2));
    assert_eq!(seen(&town, &paper), overdue(13, None));
    // The agency reads it with its reasons; nothing of it is lost.
    for (number, (id, kind, from, until)) in
        [(&contest, "contest", day(-3), day(2)), (&suspension, "suspension", day(4), day(3))]
            .into_iter()
            .enumerate()
    {
        let event = &events[number];
        assert_eq!(
            (&event["id"], &event["kind"], &event["from"], &event["until"], &event["reason"]),
            (&json!(id), &json!(kind), &json!(from), &json!(until), &json!(REASON))
        );
        assert_eq!(event["ended"]["reason"], "复议决定已送达");
    }
    assert_eq!(town.count("SELECT COUNT(*) FROM decision_events"), 5);
    // An open suspension that begins today, and a deferral taken back.
    record(&town, &paper, &event("suspension", Some(&day(15)), None));
    assert_eq!(seen(&town, &paper), overdue(12, Some("suspension")));
    assert!(page(&town, &paper).contains("中止执行期间，加处罚款暂停计算"));
    let deferral = record(&town, &paper, &event("deferral", None, Some(&day(60))));
    assert_eq!(seen(&town, &paper), in_time(Some("suspension")));
    recorded_end(&town, &paper, &deferral, &day(0));
    assert_eq!(seen(&town, &paper), overdue(12, Some("suspension")));
    // Of all that the other decision knows nothing.
    assert_eq!(seen(&town, &other), overdue(15, None));
}

#[test]
fn what_is_recorded_twice_over_a_bad_network_is_one() {
    let town = Town::start("recorded-twice");
    let paper = Paper::new(&town);
    let officer = town.officer();
    let at_once = |path: &str, body: &Value| {
        let answers: Vec<(u16, Value)> = std::thread::scope(|scope| {
            let send = || {
                let answer = town.house.post(path, Some(&officer), body);
                (answer.status, answer.json())
            };
            let tries: Vec<_> = (0..8).map(|_| scope.spawn(send)).collect();
            tries.into_iter().map(|t| t.join().expect("answered")).collect()
        });
        assert_eq!(answers.iter().filter(|(status, _)| *status == 201).count(), 1, "{answers:?}");
        assert!(
            answers.iter().all(|(status, ticket)| [200, 201].contains(status) && *ticket == answers[0].1)
        );
        answers[0].1["events"].clone()
    };
    let contest = event("contest", Some(&paper.late(1)), None);
    let events = at_once(&paper.events(), &contest);
    assert_eq!(events.as_array().map(Vec::len), Some(1));
    let path = paper.end(events[0]["id"].as_str().expect("an id"));
    let last = end(&paper.late(3));
    assert_eq!(at_once(&path, &last)[0]["until"], json!(paper.late(3)));
    assert_eq!(town.count("SELECT COUNT(*) FROM decision_events"), 2);

    // The same name for something else.
    let other = Paper::new(&town);
    for (member, value) in [
        ("kind", json!("suspension")),
        ("from", json!(paper.late(2))),
        ("until", json!(paper.late(9))),
        ("reason", json!("另一理由")),
    ] {
        let mut changed = contest.clone();
        changed[member] = value;
        post(&town, &paper.events(), &changed).is_problem(409, "request-id-reused");
    }
    post(&town, &other.events(), &contest).is_problem(409, "request-id-reused");
    let mut changed = last.clone();
    changed["day"] = json!(paper.late(4));
    post(&town, &path, &changed).is_problem(409, "request-id-reused");
    assert_eq!(town.count("SELECT COUNT(*) FROM decision_events"), 2);

    // The terminal has the network back when the ticket is paid already.
    let order = town.order(&paper.code);
    town.pay(&order);
    town.until_paid(&paper.code, &order);
    for (path, body) in [(paper.events(), &contest), (path, &last)] {
        assert_eq!(post(&town, &path, body).status, 200);
    }
}

#[test]
fn many_terminals_at_once_record_twenty_events_and_each_can_still_be_ended() {
    let town = Town::start("many-events");
    let paper = Paper::new(&town);
    let officer = town.officer();
    let all: Vec<Value> =
        (0..24).map(|days| event("contest", Some(&paper.late(days)), Some(&paper.late(days)))).collect();
    let answers: Vec<Answer> = std::thread::scope(|scope| {
        let send = |body| town.house.post(&paper.events(), Some(&officer), body);
        let tries: Vec<_> = all.iter().map(|body| scope.spawn(move || send(body))).collect();
        tries.into_iter().map(|t| t.join().expect("answered")).collect()
    });
    let (recorded, refused): (Vec<&Answer>, Vec<&Answer>) = answers.iter().partition(|a| a.status == 201);
    assert_eq!((recorded.len(), refused.len()), (20, 4));
    refused.into_iter().for_each(|answer| answer.is_problem(409, "too-many-events"));
    let numbers = "SELECT COUNT(*) FROM decision_events WHERE number BETWEEN 0 AND 19";
    assert_eq!(town.count(numbers), 20);
    let ticket = town.house.get(&format!("/qr/decisions/{}", paper.decision), Some(&officer)).json();
    let ids: BTreeSet<&str> = ticket["events"]
        .as_array()
        .expect("a list")
        .iter()
        .filter_map(|event| event["id"].as_str())
        .collect();
    assert_eq!(ids.len(), 20);
    for id in ids {
        recorded_end(&town, &paper, id, &paper.late(30));
    }
    let last = ticket["events"][0]["id"].as_str().expect("an id");
    post(&town, &paper.end(last), &end(&paper.late(31))).is_problem(409, "too-many-events");
}

#[test]
fn what_is_no_event_is_refused_and_nothing_is_stored() {
    let town = Town::start("no-event");
    let paper = Paper::new(&town);
    let path = paper.events();
    let (first, last) = (paper.late(1), paper.late(9));
    let with = |member: &str, value: Value| {
        let mut body = event("contest", Some(&first), Some(&last));
        body[member] = value;
        body
    };
    let without = |member: &str| {
        let mut body = event("contest", Some(&first), Some(&last));
        body.as_object_mut().expect("an object").remove(member);
        body
    };
    for body in [
        with("kind", json!("end")),
        with("kind", json!("pardon")),
        with("from", json!("2026-02-30")),
        with("from", json!("25.11.2026")),
        with("from", json!(1_800_000_000)),
        with("from", Value::Null),
        with("until", json!("")),
        with("until", json!("tomorrow")),
        with("until", json!(paper.late(0))),
        with("reason", json!(" ")),
        with("reason", json!("字".repeat(201))),
        with("request_id", json!("short")),
        with("days", json!(3)),
        without("kind"),
        without("from"),
        without("reason"),
        without("request_id"),
        event("suspension", None, Some(&last)),
        event("deferral", None, None),
        event("deferral", Some(&first), Some(&last)),
        event("deferral", None, Some(&paper.due)),
        event("deferral", None, Some(&paper.late(-1))),
    ] {
        let refused = post(&town, &path, &body);
        refused.is_problem(400, "invalid-request");
        assert!(!refused.text.contains(REASON), "{}", refused.text);
    }
    assert_eq!(town.count("SELECT COUNT(*) FROM decision_events"), 0);

    let contest = record(&town, &paper, &event("contest", Some(&first), None));
    let mut no_reason = end(&last);
    no_reason.as_object_mut().expect("an object").remove("reason");
    for body in [end(&paper.late(-1)), end("2026-13-01"), no_reason, with("reason", json!("x"))] {
        post(&town, &paper.end(&contest), &body).is_problem(400, "invalid-request");
    }
    assert_eq!(town.count("SELECT COUNT(*) FROM decision_events"), 1);
    // What there is not cannot be ended: no such event, another decision's, or an end.
    let other = Paper::new(&town);
    for path in [paper.end("x"), paper.end(&"0".repeat(32)), other.end(&contest)] {
        post(&town, &path, &end(&last)).is_problem(404, "not-found");
    }
    recorded_end(&town, &paper, &contest, &last);
    town.house.get(&path, Some(&town.officer())).is_problem(405, "method-not-allowed");
    town.house.get(&paper.end(&contest), Some(&town.officer())).is_problem(405, "method-not-allowed");
    assert_eq!(town.count("SELECT COUNT(*) FROM decision_events"), 2);
}

#[test]
fn only_the_agency_that_decided_records_and_only_it_reads_why() {
    let town = Town::start("who-records");
    let paper = Paper::new(&town);
    let body = event("contest", Some(&paper.late(1)), None);
    let terminal = town.enrol("T-9", "220199").text_of("token");
    town.hire("far", "220199");
    let far = town.officer_on("far", &terminal);
    let refused = |path: &str, body: &Value| {
        town.house.post(path, None, body).is_problem(401, "unauthorized");
        town.house.post(path, Some("forged"), body).is_problem(401, "unauthorized");
        town.house.post(path, Some(&town.terminal), body).is_problem(401, "unauthorized");
        town.house.post(path, Some(&town.job_token()), body).is_problem(401, "unauthorized");
        town.house.post(path, Some(&town.administrator()), body).is_problem(403, "forbidden");
        town.house.post(path, Some(&far), body).is_problem(404, "not-found");
    };
    refused(&paper.events(), &body);
    refused(&paper.events(), &event("deferral", None, Some(&paper.late(9))));
    post(&town, &format!("/qr/decisions/{}/events", "0".repeat(32)), &body).is_problem(404, "not-found");
    assert_eq!(town.count("SELECT COUNT(*) FROM decision_events"), 0);
    let contest = record(&town, &paper, &body);
    refused(&paper.end(&contest), &end(&paper.late(2)));
    assert_eq!(town.count("SELECT COUNT(*) FROM decision_events"), 1);
    // A colleague on another terminal of the agency does, and the reprint tells him the reason.
    let second = town.enrol("T-2", "220102").text_of("token");
    town.hire("yue", "220102");
    let colleague = town.officer_on("yue", &second);
    let reprint = town.house.get(&format!("/qr/decisions/{}", paper.decision), Some(&colleague));
    assert_eq!(reprint.json()["events"][0]["reason"], REASON);
    let ended = town.house.post(&paper.end(&contest), Some(&colleague), &end(&paper.late(2)));
    assert_eq!(ended.status, 201, "{}", ended.text);
    // Nobody else: neither who has the paper, nor who has the disk, nor who reads the log.
    let told = [town.look_up(&paper.code).to_string(), page(&town, &paper), town.house.log()];
    assert!(told.iter().all(|text| !text.contains(REASON) && !text.contains("复议决定已送达")));
    let stored = town.house.stored();
    let holds = |text: &str| stored.windows(text.len()).any(|window| window == text.as_bytes());
    assert!(holds(&contest) && !holds(REASON) && !holds("复议决定已送达"));
}

#[test]
fn nothing_is_recorded_once_it_is_paid_or_revoked() {
    let town = Town::start("recorded-late");
    let (paid, revoked) = (Paper::new(&town), Paper::new(&town));
    let open = |paper: &Paper| record(&town, paper, &event("contest", Some(&paper.late(1)), None));
    let (of_paid, of_revoked) = (open(&paid), open(&revoked));
    let order = town.order(&paid.code);
    town.pay(&order);
    town.until_paid(&paid.code, &order);
    let revocation = format!("/qr/decisions/{}/revocation", revoked.decision);
    let answer = post(&town, &revocation, &json!({"reason": "开错"}));
    assert_eq!((answer.status, answer.json()["events"].as_array().map(Vec::len)), (200, Some(1)));
    for (paper, contest, name) in
        [(&paid, &of_paid, "already-paid"), (&revoked, &of_revoked, "decision-revoked")]
    {
        for body in [
            event("contest", Some(&paper.late(1)), None),
            event("suspension", Some(&paper.late(1)), None),
            event("deferral", None, Some(&paper.late(9))),
        ] {
            post(&town, &paper.events(), &body).is_problem(409, name);
        }
        post(&town, &paper.end(contest), &end(&paper.late(5))).is_problem(409, name);
    }
    assert_eq!(town.count("SELECT COUNT(*) FROM decision_events"), 2);
    // And a paid or revoked ticket does not tell that something stands still.
    let town = town.later((TERM + 2) * DAY_S);
    for (paper, state) in [(&paid, "paid"), (&revoked, "revoked")] {
        assert_eq!(seen(&town, paper), (state.to_owned(), 0, 0, None));
        assert!(!page(&town, paper).contains("暂停计算"));
    }
}
