//! What was ordered before something was recorded is ended, or counts by what was owed when it was paid.

use super::{DAY_S, Paper, TERM, event, in_time, overdue, page, record, recorded_end, seen};
use serde_json::{Value, json};
use std::time::{Duration, Instant};
use zerotrip_journeys::Town;
use zerotrip_journeys::town::{IN_CCB, PHONE, with};

fn id(order: &Value) -> &str {
    order["order"].as_str().expect("an order")
}

fn until_state(town: &Town, paper: &Paper, order: &Value, state: &str) {
    let begun = Instant::now();
    while town.state_of(&paper.code, order) != state {
        assert!(begun.elapsed() < Duration::from_secs(20), "{}", town.state_of(&paper.code, order));
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// The agency learns today that the driver has contested it in time. Gives the event.
fn contested(town: &Town, paper: &Paper) -> String {
    record(town, paper, &event("contest", Some(&paper.late(-5)), None))
}

/// It has never run: a mistake is put right.
fn not_contested(town: &Town, paper: &Paper, contest: &str) {
    recorded_end(town, paper, contest, &paper.late(-6));
}

/// An order at the bank, whose cashier is open.
fn at_the_bank(town: &Town, paper: &Paper) -> Value {
    let order = town.order_at(&paper.code, "ccb", IN_CCB);
    let cashier = order["cashier"].as_str().expect("an address");
    assert_eq!(town.house.fetch("GET", cashier, &[("user-agent", IN_CCB)], "").status, 200);
    order
}

fn pay_at_the_bank(town: &Town, order: &Value) {
    town.control_of("ccb", "POST", &format!("trades/{}/pay", id(order)), &json!({}));
}

/// State, what goes back in fen, and what was paid of it, as the payer reads it.
fn told(town: &Town, paper: &Paper, order: &Value) -> (Value, Value, Value) {
    let told = town.house.get(&format!("/fines/{}/orders/{}", paper.code, id(order)), None).json();
    (told["state"].clone(), told["refund_fen"].clone(), told["amount_fen"].clone())
}

/// Late fee and total, as on the receipt.
fn receipt(town: &Town, paper: &Paper) -> (Value, Value) {
    let receipt = town.house.get(&format!("/fines/{}/receipt", paper.code), None).json();
    (receipt["late_fee_fen"].clone(), receipt["total_fen"].clone())
}

#[test]
fn an_order_made_before_says_what_it_said_and_the_next_one_follows() {
    let town = Town::start("order-before");
    let paper = Paper::new(&town);
    let town = town.later((TERM + 3) * DAY_S);
    let before = town.order(&paper.code);
    assert_eq!(before["amount_fen"], 21_800);
    contested(&town, &paper);
    assert_eq!(seen(&town, &paper), in_time(Some("contest")));
    let path = format!("/fines/{}/orders/{}", paper.code, before["order"].as_str().expect("an order"));
    assert_eq!(town.house.get(&path, None).json()["amount_fen"], 21_800);
    // What the page's button promises is what is ordered, at the same provider as well, and once, whatever is recorded
    // that does not change it.
    let next = town.order(&paper.code);
    assert_eq!((&next["amount_fen"], next["order"] != before["order"]), (&json!(20_000), true));
    record(&town, &paper, &event("suspension", Some(&paper.late(1)), None));
    assert_eq!(town.order(&paper.code)["order"], next["order"]);
    assert_eq!(town.order_at(&paper.code, "wechat-pay", PHONE)["amount_fen"], 20_000);
    // The first cashier is still open, and he pays what it shows him: more than he owes since the next order was made.
    town.pay(&before);
    town.until_paid(&paper.code, &before);
    assert_eq!(receipt(&town, &paper), (json!(0), json!(20_000)));
    assert_eq!(seen(&town, &paper), ("paid".to_owned(), 0, 0, None));
    assert!(!page(&town, &paper).contains("¥18.00"));
    // Whoever pays the other one all the same gets it back.
    town.pay(&next);
    until_state(&town, &paper, &next, "surplus");
    assert_eq!(town.janitor()["refunds"]["done"], 2);
    assert_eq!(told(&town, &paper, &before), (json!("paid"), json!(1_800), json!(21_800)));
    assert_eq!(told(&town, &paper, &next), (json!("surplus"), json!(20_000), json!(20_000)));
}

#[test]
fn an_order_of_another_amount_is_ended_at_its_provider_before_the_next_one_is_made() {
    let town = Town::start("superseded");
    let papers: Vec<Paper> = (0..3).map(|_| Paper::new(&town)).collect();
    let town = town.later((TERM + 3) * DAY_S);
    town.janitor();
    let state = |town: &Town, name: &str, order: &Value| {
        let trades = town.control_of(name, "GET", "trades", &Value::Null);
        let trade = trades.as_array().expect("a list").iter().find(|t| t["out_trade_no"] == order["order"]);
        let trade = trade.expect("the trade");
        let state = trade.get("trade_state").unwrap_or(&trade["status"]);
        state.as_str().expect("a state").to_owned()
    };
    let open = |town: &Town, order: &Value| {
        town.house.fetch("GET", order["cashier"].as_str().expect("an address"), &[], "").text
    };
    // At two providers, both of which can end it; asked once more nothing else happens.
    let paper = &papers[0];
    let (alipay, wechat) = (town.order(&paper.code), town.order_at(&paper.code, "wechat-pay", PHONE));
    open(&town, &alipay);
    contested(&town, paper);
    // While one of them does not answer, nothing is ordered.
    town.control_of("wechat", "POST", "faults", &json!({"gateway": "unavailable", "gateway_calls": 1}));
    town.try_order(&paper.code).is_problem(503, "unavailable");
    assert_eq!(town.count("SELECT COUNT(*) FROM orders"), 2);
    for _ in 0..2 {
        assert_eq!(town.order(&paper.code)["amount_fen"], 20_000);
    }
    assert_eq!(
        (state(&town, "alipay", &alipay), state(&town, "wechat", &wechat)),
        ("TRADE_CLOSED".to_owned(), "CLOSED".to_owned())
    );
    for order in [&alipay, &wechat] {
        assert_eq!(town.state_of(&paper.code, order), "closed");
    }
    assert!(!open(&town, &alipay).contains("action=\""), "the old cashier takes nothing");
    assert_eq!(town.count("SELECT COUNT(*) FROM orders"), 3);

    // Paid a moment ago, and nobody has told us: nothing is ordered, and it settles for the amount that it was made for.
    let paper = &papers[1];
    let before = town.order(&paper.code);
    town.faults(&json!({"drop_notifications": 1}));
    town.pay(&before);
    contested(&town, paper);
    town.try_order(&paper.code).is_problem(409, "payment-under-way");
    assert_eq!(town.janitor()["settled"], 1);
    let receipt = town.house.get(&format!("/fines/{}/receipt", paper.code), None).json();
    assert_eq!((&receipt["payment"]["order"], &receipt["total_fen"]), (&before["order"], &json!(21_800)));
    town.try_order(&paper.code).is_problem(409, "already-paid");

    // The bank has no call for it: it is asked about until its day is over.
    let paper = &papers[2];
    let bank = town.order_at(&paper.code, "ccb", IN_CCB);
    contested(&town, paper);
    assert_eq!(town.order(&paper.code)["amount_fen"], 20_000);
    assert_eq!(town.state_of(&paper.code, &bank), "pending");
}

#[test]
fn what_the_bank_cannot_end_settles_for_what_is_owed_when_it_is_paid_and_the_rest_goes_back() {
    let town = Town::start("superseded-more");
    let (paper, again) = (Paper::new(&town), Paper::new(&town));
    let town = town.later((TERM + 3) * DAY_S);
    let bank = at_the_bank(&town, &paper);
    assert_eq!(bank["amount_fen"], 21_800);
    contested(&town, &paper);
    for _ in 0..3 {
        assert_eq!(town.order(&paper.code)["amount_fen"], 20_000);
    }
    assert_eq!(town.count("SELECT COUNT(*) FROM superseded_orders"), 1, "it is told once");
    pay_at_the_bank(&town, &bank);
    until_state(&town, &paper, &bank, "paid");
    assert_eq!(seen(&town, &paper), ("paid".to_owned(), 0, 0, None));
    assert_eq!(receipt(&town, &paper), (json!(0), json!(20_000)));
    town.janitor();
    assert_eq!(told(&town, &paper, &bank), (json!("paid"), json!(1_800), json!(21_800)));
    let items = town.house.get("/pay/work-items", Some(&town.administrator())).json();
    let item = &items["refunds"][0];
    assert_eq!(
        (&item["refund"], &item["amount_fen"], &item["cause"]),
        (&json!(format!("{}-excess", id(&bank))), &json!(1_800), &json!("overpaid"))
    );
    assert_eq!(town.count("SELECT COUNT(*) FROM payment_inbox"), 0);

    // What it says is owed again by the time that it is paid.
    let bank = at_the_bank(&town, &again);
    let contest = contested(&town, &again);
    assert_eq!(town.order(&again.code)["amount_fen"], 20_000);
    not_contested(&town, &again, &contest);
    assert_eq!(town.order(&again.code)["amount_fen"], 21_800);
    assert_eq!(at_the_bank(&town, &again)["order"], bank["order"]);
    pay_at_the_bank(&town, &bank);
    until_state(&town, &again, &bank, "paid");
    assert_eq!(receipt(&town, &again), (json!(1_800), json!(21_800)));
    town.janitor();
    assert_eq!(told(&town, &again, &bank), (json!("paid"), Value::Null, json!(21_800)));
}

#[test]
fn an_order_of_less_than_is_owed_when_it_is_paid_settles_nothing_and_the_late_fee_runs_on() {
    let town = Town::start("superseded-less");
    let paper = Paper::new(&town);
    let town = town.later((TERM + 3) * DAY_S);
    let contest = contested(&town, &paper);
    let bank = at_the_bank(&town, &paper);
    assert_eq!((&bank["amount_fen"], seen(&town, &paper)), (&json!(20_000), in_time(Some("contest"))));
    not_contested(&town, &paper, &contest);
    let next = town.order(&paper.code);
    assert_eq!(next["amount_fen"], 21_800);
    pay_at_the_bank(&town, &bank);
    until_state(&town, &paper, &bank, "underpaid");
    town.janitor();
    assert_eq!(told(&town, &paper, &bank), (json!("underpaid"), json!(20_000), json!(20_000)));
    // As if it had never been: also tomorrow, when the other order is over as well.
    assert_eq!(seen(&town, &paper), overdue(3, None));
    let town = town.later(DAY_S);
    assert_eq!(seen(&town, &paper), overdue(4, None));
    let order = town.order(&paper.code);
    assert_eq!((&order["amount_fen"], order["order"] != next["order"]), (&json!(22_400), true));
    town.pay(&order);
    town.until_paid(&paper.code, &order);
    assert_eq!(receipt(&town, &paper), (json!(2_400), json!(22_400)));
}

#[test]
fn the_providers_time_says_whether_an_order_was_superseded_when_it_was_paid() {
    let town = Town::start("superseded-when");
    let papers: Vec<Paper> = (0..2).map(|_| Paper::new(&town)).collect();
    let town = town.later((TERM + 3) * DAY_S);
    let stamp = |ms: u64| zerotrip_sandbox::clock::stamp(i64::try_from(ms).expect("in range"));
    for (paper, paid_before) in papers.iter().zip([true, false]) {
        let order = town.order(&paper.code);
        let before = stamp(town.now_ms() - 1_000);
        contested(&town, paper);
        assert_eq!(town.order(&paper.code)["amount_fen"], 20_000);
        // Told after that in any case.
        let paid_at = if paid_before { before } else { stamp(town.now_ms() + 1_000) };
        let success = with(town.success(&order), "gmt_payment", &paid_at);
        assert_eq!(town.notify(&town.signed(&success)).text, "success");
        let late_fee = if paid_before { 1_800 } else { 0 };
        assert_eq!(receipt(&town, paper), (json!(late_fee), json!(20_000 + late_fee)));
        assert_eq!(seen(&town, paper), ("paid".to_owned(), 0, late_fee, None));
    }
    let excess =
        "SELECT COUNT(*) FROM orders WHERE state = 'paid' AND review = 'overpaid' AND amount_fen = 21800";
    assert_eq!(town.count(excess), 1);
}
