//! Each settlement, and the money of it that went back, is reported to the traffic police and to the treasury: once by their
//! own key, whatever fails on the way, and what the treasury adds up is what the ledger keeps.

use serde_json::{Value, json};
use std::time::Duration;
use zerotrip_journeys::town::merchant;
use zerotrip_journeys::{Answer, Town};

const OFFICES: [&str; 2] = ["police", "treasury"];
const NOTE: &str = "已电话告知国库李主任";

fn id(order: &Value) -> &str {
    order["order"].as_str().expect("an order")
}

/// A ticket that is paid.
fn paid(town: &Town) -> (Value, Value) {
    let ticket = town.ticket();
    let order = town.order(ticket["code"].as_str().expect("a code"));
    assert_eq!(town.notify(&town.signed(&town.success(&order))).text, "success");
    (ticket, order)
}

fn revoke(town: &Town, ticket: &Value) {
    let path = format!("/qr/decisions/{}/revocation", ticket["decision"].as_str().expect("an id"));
    assert_eq!(town.house.post(&path, Some(&town.officer()), &json!({"reason": "开错"})).status, 200);
}

fn job(town: &Town) -> Value {
    let done = town.house.post("/pay/jobs/reports", Some(&town.job_token()), &json!({}));
    assert_eq!(done.status, 200, "{}", done.text);
    done.json()["recipients"].clone()
}

fn faults(town: &Town, office: &str, faults: &Value) {
    town.control_of(office, "POST", "faults", faults);
}

fn taken(town: &Town, office: &str) -> Vec<Value> {
    town.control_of(office, "GET", "reports", &Value::Null).as_array().expect("a list").clone()
}

fn keys(town: &Town, office: &str) -> Vec<String> {
    taken(town, office).iter().map(|entry| entry["key"].as_str().expect("a key").to_owned()).collect()
}

/// What an office adds up, in fen.
fn sum(town: &Town, office: &str) -> i64 {
    let signed = |entry: &Value| {
        let fen = entry["report"]["total_fen"].as_i64().expect("fen");
        if entry["report"]["kind"] == "reversal" { -fen } else { fen }
    };
    taken(town, office).iter().map(signed).sum()
}

/// What the ledger keeps: all that was paid, without what went back.
fn ledger(town: &Town) -> i64 {
    town.count(
        "SELECT CAST((SELECT COALESCE(SUM(amount_fen), 0) FROM orders WHERE state IN ('paid', 'surplus', 'underpaid')) \
         - (SELECT COALESCE(SUM(amount_fen), 0) FROM refunds WHERE state = 'done') AS BIGINT)",
    )
}

fn retry(town: &Town, recipient: &str, kind: &str, order: &str) -> Answer {
    let path = format!("/pay/settlement-reports/{recipient}/{kind}/{order}/retry");
    town.house.post(&path, Some(&town.administrator()), &json!({}))
}

fn close(town: &Town, recipient: &str, kind: &str, order: &str, note: &str) -> Answer {
    let path = format!("/pay/settlement-reports/{recipient}/{kind}/{order}/closure");
    town.house.post(&path, Some(&town.administrator()), &json!({ "note": note }))
}

fn untold(town: &Town) -> Vec<Value> {
    let items = town.house.get("/pay/work-items", Some(&town.administrator())).json();
    items["settlement_reports"].as_array().expect("a list").clone()
}

/// Runs the job, a while later each time, until nothing is due.
fn until_told(mut town: Town) -> Town {
    for _ in 0..12 {
        job(&town);
        if town.count("SELECT COUNT(*) FROM settlement_reports WHERE state = 'due'") == 0 {
            return town;
        }
        town = town.later(3_601);
    }
    panic!("not told");
}

#[test]
fn each_settlement_reaches_both_once_through_outages_and_kills_and_what_the_treasury_adds_up_is_the_ledger() {
    let mut town = Town::start("told-once");
    let tickets: Vec<_> = (0..12).map(|_| paid(&town)).collect();
    // Down, broken, and an answer that is lost when the report is already theirs.
    for (police, treasury) in [
        (json!({"gateway": "unavailable", "gateway_calls": 1}), json!({"status": 500, "gateway_calls": 1})),
        (json!({"status": 429, "gateway_calls": 1}), json!({"gateway": "answer-lost", "gateway_calls": 1})),
        (json!({"gateway": "answer-lost", "gateway_calls": 1}), json!({"status": 401, "gateway_calls": 1})),
    ] {
        faults(&town, "police", &police);
        faults(&town, "treasury", &treasury);
        for recipient in job(&town).as_array().expect("a list") {
            assert_eq!(
                (&recipient["failed"], &recipient["refused"]),
                (&json!(true), &json!(0)),
                "{recipient}"
            );
        }
    }
    // Killed again and again with a report in hand.
    let token = town.job_token();
    for delay_ms in [1, 5, 10, 20, 40] {
        let url = format!("{}/pay/jobs/reports", town.house.base);
        for office in OFFICES {
            faults(&town, office, &json!({"slow_ms": 4}));
        }
        town = std::thread::scope(|scope| {
            scope.spawn(|| {
                let bearer = format!("Bearer {token}");
                // It may be killed before it answers.
                drop(ureq::post(&url).header("authorization", &bearer).send("{}"));
            });
            std::thread::sleep(Duration::from_millis(delay_ms));
            town.killed()
        });
    }
    let town = until_told(town);
    let expected: Vec<String> = {
        let mut orders: Vec<String> = tickets.iter().map(|(_, order)| id(order).to_owned()).collect();
        orders.sort();
        orders
    };
    for office in OFFICES {
        let mut told = keys(&town, office);
        told.sort();
        assert_eq!(told, expected, "{office}");
        assert_eq!(sum(&town, office), ledger(&town), "{office}");
        let first = &taken(&town, office)[0]["report"];
        assert_eq!(
            (&first["kind"], &first["total_fen"], &first["provider"]),
            (&json!("settlement"), &json!(20_000), &json!("alipay"))
        );
        // They have the decision: nobody is named.
        let all = Value::from(taken(&town, office)).to_string();
        for personal in ["张", "11010519491231002X", "A12345", "13812345678"] {
            assert!(!all.contains(personal), "{personal} in {all}");
        }
    }
    assert!(job(&town).as_array().expect("a list").iter().all(|told| told["done"] == 0));
    assert_eq!((untold(&town), town.count("SELECT COUNT(*) FROM settlement_reports")), (vec![], 24));
}

#[test]
fn jobs_at_once_send_each_report_once() {
    let town = Town::start("told-at-once");
    let orders: Vec<_> = (0..8).map(|_| paid(&town).1).collect();
    let token = town.job_token();
    while town.count("SELECT COUNT(*) FROM settlement_reports WHERE state = 'done'") < 16 {
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    assert_eq!(town.house.post("/pay/jobs/reports", Some(&token), &json!({})).status, 200);
                });
            }
        });
    }
    for office in OFFICES {
        let all = taken(&town, office);
        assert_eq!(all.len(), orders.len());
        assert!(all.iter().all(|entry| entry["sent"] == 1), "{all:?}");
    }
}

#[test]
fn money_that_went_back_is_reported_after_its_settlement_and_no_more_than_was_settled_ever_is() {
    let town = Town::start("reversed");
    let ticket = town.ticket();
    let code = ticket["code"].as_str().expect("a code").to_owned();
    // Too little, then too much, then once more: one fine is settled.
    let pay = |fen: i64| {
        let order = town.order(&code);
        town.house.fetch("GET", order["cashier"].as_str().expect("an address"), &[], "");
        town.control("POST", &format!("trades/{}/pay", id(&order)), &json!({ "total_fen": fen }));
        town.until_delivered();
        order
    };
    pay(100);
    let settled = pay(26_000);
    assert_eq!(town.look_up(&code)["state"], "paid");
    // The treasury does not take it, and so hears nothing of the reversal.
    faults(&town, "treasury", &json!({"status": 400, "gateway_calls": 1}));
    job(&town);
    revoke(&town, &ticket);
    for _ in 0..2 {
        assert_eq!(town.janitor()["refunds"]["failed"], 0);
    }
    job(&town);
    let order = id(&settled);
    assert_eq!(keys(&town, "police"), [order.to_owned(), format!("{order}-reversal")]);
    let reversal = taken(&town, "police")[1]["report"].clone();
    assert_eq!((&reversal["total_fen"], reversal["reversed_at"].is_i64()), (&json!(20_000), true));
    assert_eq!((keys(&town, "treasury"), sum(&town, "police"), ledger(&town)), (vec![], 0, 0));
    let items = untold(&town);
    assert_eq!(items.len(), 1, "{items:?}");
    assert_eq!(
        (&items[0]["recipient"], &items[0]["kind"], &items[0]["order"], &items[0]["status"]),
        (&json!("treasury"), &json!("settlement"), &settled["order"], &json!(400))
    );
    assert_eq!(town.janitor()["to_review"], 1);
    assert!(town.house.log().contains("ALARM treasury refuses the settlement"));
    // Repaired there.
    assert_eq!(retry(&town, "treasury", "settlement", order).status, 204);
    job(&town);
    assert_eq!(keys(&town, "treasury"), keys(&town, "police"));
    assert_eq!((untold(&town), town.janitor()["to_review"].clone()), (vec![], json!(0)));
}

#[test]
fn what_a_recipient_will_never_take_is_closed_by_hand_and_only_by_an_administrator() {
    let town = Town::start("told-by-hand");
    let (ticket, order) = paid(&town);
    let order = id(&order);
    job(&town);
    let (other, second) = paid(&town);
    drop(other);
    faults(&town, "treasury", &json!({"status": 422, "gateway_calls": 1}));
    let told = job(&town);
    assert_eq!((&told[0]["done"], &told[1]["refused"]), (&json!(1), &json!(1)), "{told}");
    let second = id(&second);
    let path = format!("/pay/settlement-reports/treasury/settlement/{second}");
    for action in ["retry", "closure"] {
        let path = format!("{path}/{action}");
        let body = json!({ "note": NOTE });
        town.house.post(&path, None, &body).is_problem(401, "unauthorized");
        town.house.post(&path, Some(&town.job_token()), &body).is_problem(401, "unauthorized");
        town.house.post(&path, Some(&town.officer()), &body).is_problem(403, "forbidden");
        town.house.get(&path, None).is_problem(405, "method-not-allowed");
    }
    town.house.post("/pay/jobs/reports", None, &json!({})).is_problem(401, "unauthorized");
    town.house
        .post("/pay/jobs/reports", Some(&town.administrator()), &json!({}))
        .is_problem(401, "unauthorized");
    for (recipient, kind, name) in [
        ("nobody", "settlement", second),
        ("treasury", "gift", second),
        ("treasury", "reversal", second),
        ("treasury", "settlement", "x"),
    ] {
        retry(&town, recipient, kind, name).is_problem(404, "not-found");
        close(&town, recipient, kind, name, NOTE).is_problem(404, "not-found");
    }
    // What was taken is nobody's to close.
    retry(&town, "treasury", "settlement", order).is_problem(409, "report-not-open");
    close(&town, "treasury", "settlement", order, NOTE).is_problem(409, "report-not-open");
    for bad in ["", &"字".repeat(501)] {
        close(&town, "treasury", "settlement", second, bad).is_problem(400, "invalid-request");
    }
    assert_eq!(untold(&town).len(), 1);
    for _ in 0..2 {
        assert_eq!(close(&town, "treasury", "settlement", second, NOTE).status, 204);
    }
    close(&town, "treasury", "settlement", second, "另一处理").is_problem(409, "report-not-open");
    assert_eq!((untold(&town), town.janitor()["to_review"].clone()), (vec![], json!(0)));
    assert!(job(&town).as_array().expect("a list").iter().all(|told| told["done"] == 0));
    assert_eq!(town.trail("settlement-report-closed"), 1);
    let stored = town.house.stored();
    assert!(!stored.windows(NOTE.len()).any(|window| window == NOTE.as_bytes()), "it is sealed");
    drop(ticket);
}

#[test]
fn who_is_told_only_later_is_told_of_what_was_settled_before() {
    let mut merchant = merchant();
    merchant.authorities = Some("https://unset.invalid".to_owned());
    let town = Town::start_with("told-later", merchant);
    let before: Vec<_> = (0..3).map(|_| paid(&town).1).collect();
    assert_eq!(job(&town), json!([]));
    assert_eq!(town.count("SELECT COUNT(*) FROM settlement_reports"), 0, "nothing is kept for nobody");
    let town = town.later(40 * 86_400);
    let file = town.house.folder.join("variables.toml");
    let text = std::fs::read_to_string(&file).expect("the variables");
    let line = |name: &str| format!("{name} = 'https://unset.invalid'");
    let set = text.replace(&line("treasury_origin"), &format!("treasury_origin = '{}'", town.alipay));
    assert_ne!(set, text);
    std::fs::write(&file, set).expect("written");
    let town = town.killed();
    let after = paid(&town).1;
    let told = job(&town);
    assert_eq!(told, json!([{"recipient": "treasury", "done": 4, "refused": 0, "failed": false}]));
    let mut expected: Vec<String> = before.iter().chain([&after]).map(|order| id(order).to_owned()).collect();
    let mut told = keys(&town, "treasury");
    expected.sort();
    told.sort();
    assert_eq!((told, keys(&town, "police")), (expected, vec![]));
}
