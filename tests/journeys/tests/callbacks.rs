//! What a provider tells late, out of order, many times over or under a signature that is not its own, by the providers'
//! own faults: a payment counts once, by the time at which it was made, and nothing else counts.

use serde_json::{Value, json};
use std::time::{Duration, Instant};
use zerotrip_journeys::Town;
use zerotrip_journeys::town::{IN_CCB, PHONE};

const DAY_MS: u64 = 86_400_000;
const HOUR_MS: u64 = 3_600_000;
const HOUR_S: i64 = 3_600;

fn id(order: &Value) -> &str {
    order["order"].as_str().expect("an order")
}

fn control(town: &Town, provider: &str, method: &str, path: &str, body: &Value) -> Value {
    town.control_of(if provider == "ccb" { "ccb" } else { "wechat" }, method, path, body)
}

fn faults(town: &Town, provider: &str, faults: &Value) {
    control(town, provider, "POST", "faults", faults);
}

/// An order of which its provider knows.
fn order(town: &Town, code: &str, provider: &str) -> Value {
    let agent = if provider == "ccb" { IN_CCB } else { PHONE };
    let order = town.order_at(code, provider, agent);
    if provider == "ccb" {
        let cashier = order["cashier"].as_str().expect("an address");
        assert_eq!(town.house.fetch("GET", cashier, &[("user-agent", agent)], "").status, 200);
    }
    order
}

fn pay(town: &Town, provider: &str, order: &Value) {
    control(town, provider, "POST", &format!("trades/{}/pay", id(order)), &json!({}));
}

/// Everything that the provider has told, or is to tell.
fn told(town: &Town, provider: &str) -> Vec<Value> {
    let path = if provider == "ccb" { "callbacks" } else { "notifications" };
    control(town, provider, "GET", path, &Value::Null).as_array().expect("a list").clone()
}

fn attempts(told: &Value) -> &Vec<Value> {
    told["attempts"].as_array().expect("attempts")
}

fn until(what: &str, mut done: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !done() {
        assert!(begun.elapsed() < Duration::from_secs(20), "{what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

fn until_state(town: &Town, code: &str, order: &Value, state: &str) {
    until(state, || town.state_of(code, order) == state);
}

fn until_delivered(town: &Town, provider: &str) -> Vec<Value> {
    until("all is delivered", || told(town, provider).iter().all(|one| one["state"] == "delivered"));
    told(town, provider)
}

/// Half an hour before the midnight in China that ends the day in so many days.
fn at_half_past_eleven(town: Town, days: u64) -> Town {
    let now = town.now_ms();
    let day_began = (now + 8 * HOUR_MS) / DAY_MS * DAY_MS - 8 * HOUR_MS;
    let at = day_began + (days + 1) * DAY_MS - HOUR_MS / 2;
    town.later(i64::try_from((at - now) / 1000).expect("in range"))
}

fn receipt(town: &Town, code: &str) -> Value {
    town.house.get(&format!("/fines/{code}/receipt"), None).json()
}

/// What a ticket was paid with, beside its fine.
fn late_fee(town: &Town, code: &str) -> (Value, Value) {
    let receipt = receipt(town, code);
    (receipt["late_fee_fen"].clone(), receipt["total_fen"].clone())
}

#[test]
fn what_was_paid_before_midnight_and_is_told_after_it_counts_by_the_providers_time() {
    let town = Town::start("told-after-midnight");
    // One that is told first, and one that the janitor finds by asking before it is told.
    let kinds = [("wechat-pay", 1), ("ccb", 1), ("wechat-pay", 3), ("ccb", 3)];
    let codes: Vec<String> = kinds.iter().map(|_| town.code()).collect();
    let town = at_half_past_eleven(town, 18);
    let owed = town.look_up(&codes[0]);
    let (late, total) = (owed["late_fee_fen"].clone(), owed["total_fen"].clone());
    assert!(late.as_i64() > Some(0) && late.as_i64() < Some(20_000), "{owed}");
    let orders: Vec<Value> = kinds
        .iter()
        .zip(&codes)
        .map(|((provider, hours), code)| {
            let order = order(&town, code, provider);
            faults(&town, provider, &json!({"late_ms": hours * HOUR_MS}));
            pay(&town, provider, &order);
            order
        })
        .collect();
    let trade = |town: &Town, order: &Value| {
        control(town, "wechat-pay", "GET", &format!("trades/{}", id(order)), &Value::Null)
    };
    let paid_at = |town: &Town, order: &Value| {
        json!(trade(town, order)["payment"]["at_ms"].as_i64().expect("a time") / 1000 * 1000)
    };

    // Half past twelve: it is another day, on which more would be owed.
    let town = town.later(HOUR_S + 1);
    for place in [0, 1] {
        until_state(&town, &codes[place], &orders[place], "paid");
        assert_eq!(late_fee(&town, &codes[place]), (late.clone(), total.clone()), "{}", kinds[place].0);
    }
    assert_eq!(receipt(&town, &codes[0])["payment"]["paid_at"], paid_at(&town, &orders[0]));
    let unpaid = town.look_up(&codes[2]);
    assert!(unpaid["total_fen"].as_i64() > total.as_i64(), "{unpaid}");
    // The others were asked about, before they are told.
    assert_eq!(town.janitor()["settled"], 2);
    let town = town.later(2 * HOUR_S);
    for provider in ["wechat-pay", "ccb"] {
        assert!(until_delivered(&town, provider).iter().all(|one| attempts(one).len() == 1));
    }
    for place in [2, 3] {
        assert_eq!(late_fee(&town, &codes[place]), (late.clone(), total.clone()), "{}", kinds[place].0);
    }
    assert_eq!(receipt(&town, &codes[2])["payment"]["paid_at"], paid_at(&town, &orders[2]));
    // The bank tells no time of payment: it was at the latest at the end of the order, which is that midnight.
    for place in [1, 3] {
        let paid_at = receipt(&town, &codes[place])["payment"]["paid_at"].as_i64();
        assert!(paid_at < orders[place]["expires_at"].as_i64(), "{place}");
    }
    let done = town.janitor();
    assert_eq!((&done["refunds"]["tried"], &done["to_review"]), (&json!(0), &json!(0)), "{done}");
    assert_eq!(town.count("SELECT COUNT(*) FROM orders WHERE state = 'paid'"), 4);
    assert_eq!(town.count("SELECT COUNT(*) FROM orders"), 4);
}

#[test]
fn a_refund_that_is_told_before_its_payment_and_a_failure_after_its_success_change_nothing() {
    let town = Town::start("out-of-order");
    // At the bank: a first try fails, the second succeeds, and the failure is told last.
    let code = town.code();
    let one = order(&town, &code, "ccb");
    faults(&town, "ccb", &json!({"hold_callbacks": true}));
    control(&town, "ccb", "POST", &format!("trades/{}/fail", id(&one)), &json!({}));
    pay(&town, "ccb", &one);
    faults(&town, "ccb", &json!({"newest_first": true}));
    let all = until_delivered(&town, "ccb");
    let at = |told: &Value| attempts(told)[0]["at_ms"].as_i64().expect("a time");
    assert_eq!(all.len(), 2);
    assert!(at(&all[1]) <= at(&all[0]) && all[0]["text"].as_str().expect("text").contains("SUCCESS=N"));
    assert_eq!(town.state_of(&code, &one), "paid");

    // The same ticket is paid at WeChat Pay too, which tells nothing; asked, it says so, and the money goes back.
    faults(&town, "wechat-pay", &json!({"hold_notifications": true}));
    let two = town.try_order_at(&code, "wechat-pay", PHONE);
    two.is_problem(409, "already-paid");
    let code = town.code();
    let (one, two) = (order(&town, &code, "ccb"), order(&town, &code, "wechat-pay"));
    pay(&town, "ccb", &one);
    until_state(&town, &code, &one, "paid");
    pay(&town, "wechat-pay", &two);
    zerotrip_journeys::sql::execute(&town.house.database(), "UPDATE orders SET next_check_at = 0");
    assert_eq!(town.janitor()["settled"], 1);
    assert_eq!(town.state_of(&code, &two), "surplus");
    assert_eq!(town.janitor()["refunds"]["tried"], 1);
    until("the refund has ended there", || {
        let trade = control(&town, "wechat-pay", "GET", &format!("trades/{}", id(&two)), &Value::Null);
        trade["refunds"][0]["ends_ms"].as_u64().is_some_and(|ends_ms| ends_ms < town.now_ms())
    });
    faults(&town, "wechat-pay", &json!({"newest_first": true}));
    let all = until_delivered(&town, "wechat-pay");
    let subjects: Vec<&Value> = all.iter().map(|one| &one["subject"]).collect();
    assert_eq!(subjects, ["transaction", "refund"]);
    assert!(at(&all[1]) <= at(&all[0]), "{all:?}");
    let seen = town.house.get(&format!("/fines/{code}/orders/{}", id(&two)), None).json();
    assert_eq!((&seen["state"], &seen["refund"]), (&json!("surplus"), &json!("done")));
    assert_eq!(receipt(&town, &code)["payment"]["order"], one["order"]);
    assert_eq!(town.janitor()["to_review"], 0);
}

#[test]
fn thirty_deliveries_at_the_same_instant_settle_once() {
    const COPIES: usize = 30;
    let town = Town::start("duplicates");
    for provider in ["wechat-pay", "ccb"] {
        let code = town.code();
        let order = order(&town, &code, provider);
        faults(
            &town,
            provider,
            &if provider == "ccb" {
                json!({"duplicate_callbacks": COPIES - 1})
            } else {
                json!({"duplicate_notifications": COPIES - 1})
            },
        );
        pay(&town, provider, &order);
        let all = until_delivered(&town, provider);
        let attempts = attempts(&all[0]);
        assert!(
            attempts.len() == COPIES && attempts.iter().all(|one| one["acknowledged"] == true),
            "{all:?}"
        );
        assert_eq!(town.state_of(&code, &order), "paid", "{provider}");
    }
    assert_eq!(town.count("SELECT COUNT(*) FROM orders WHERE state = 'paid'"), 2);
    let done = town.janitor();
    assert_eq!((&done["refunds"]["tried"], &done["to_review"]), (&json!(0), &json!(0)), "{done}");
    // The authorities hear of each once.
    assert_eq!(town.house.post("/pay/jobs/reports", Some(&town.job_token()), &json!({})).status, 200);
    let taken = town.control_of("treasury", "GET", "reports", &Value::Null);
    let of = |report: &Value| (report["report"]["kind"].clone(), report["sent"].clone());
    let taken: Vec<_> = taken.as_array().expect("a list").iter().map(of).collect();
    assert_eq!(taken, vec![(json!("settlement"), json!(1)); 2]);
}

#[test]
fn a_forged_delivery_is_refused_and_said_in_the_log_and_the_payment_is_found_by_asking() {
    let town = Town::start("forged-by-fault");
    let refused = |town: &Town, provider: &str| {
        town.house.log().matches(&format!("refused a notification of {provider}: Refusal::Forged")).count()
    };
    let code = town.code();
    let order_at_bank = order(&town, &code, "ccb");
    faults(&town, "ccb", &json!({"forge_callbacks": 1, "duplicate_callbacks": 2}));
    pay(&town, "ccb", &order_at_bank);
    let sends = |town: &Town| attempts(&told(town, "ccb")[0]).clone();
    until("it is sent", || sends(&town).len() == 3);
    for sent in sends(&town) {
        assert_eq!((&sent["status"], &sent["acknowledged"]), (&json!(400), &json!(false)), "{sent}");
        assert!(sent["body"].as_str().expect("text").contains("signature-refused"), "{sent}");
    }
    assert_eq!((town.state_of(&code, &order_at_bank), refused(&town, "ccb")), ("pending".to_owned(), 3));
    // What was forged pays nothing, also after what was true has paid.
    zerotrip_journeys::sql::execute(&town.house.database(), "UPDATE orders SET next_check_at = 0");
    assert_eq!(town.janitor()["settled"], 1);
    faults(&town, "ccb", &json!({}));
    control(&town, "ccb", "POST", "callbacks/0/resend", &Value::Null);
    until("it is sent again", || sends(&town).len() == 4);
    assert_eq!((refused(&town, "ccb"), town.state_of(&code, &order_at_bank)), (4, "paid".to_owned()));

    // WeChat Pay tries on purpose whether we look.
    let code = town.code();
    let order = order(&town, &code, "wechat-pay");
    faults(&town, "wechat-pay", &json!({"probe_notifications": 1}));
    pay(&town, "wechat-pay", &order);
    until_state(&town, &code, &order, "paid");
    let log = town.house.log();
    assert_eq!(log.matches("refused a notification of wechat-pay:").count(), 1, "{log}");
    assert_eq!(town.count("SELECT COUNT(*) FROM payment_inbox"), 0);
    for personal in ["张三丰", "11010519491231002X", "13812345678", "oSandbox"] {
        assert!(!log.contains(personal), "{personal} in the log");
    }
}
