//! Every yuan too much goes back, whichever provider took it, once.

mod by_hand;
mod not_made;

use serde_json::{Value, json};
use std::time::{Duration, Instant};
use zerotrip_journeys::Town;
use zerotrip_journeys::town::{IN_CCB, PHONE};

fn id(order: &Value) -> &str {
    order["order"].as_str().expect("an order")
}

/// The order is paid at its provider, by whatever its cashier is.
fn pay(town: &Town, provider: &str, order: &Value) {
    match provider {
        "alipay" => drop(town.pay(order)),
        "ccb" => {
            town.house.fetch("GET", order["cashier"].as_str().expect("it"), &[("user-agent", IN_CCB)], "");
            town.control_of("ccb", "POST", &format!("trades/{}/pay", id(order)), &json!({}));
        }
        _ => drop(town.control_of("wechat", "POST", &format!("trades/{}/pay", id(order)), &Value::Null)),
    }
}

fn order(town: &Town, code: &str, provider: &str) -> Value {
    town.order_at(code, provider, if provider == "ccb" { IN_CCB } else { PHONE })
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

fn refund_of(town: &Town, code: &str, order: &Value) -> Value {
    town.house.get(&format!("/fines/{code}/orders/{}", id(order)), None).json()["refund"].clone()
}

fn until_refunded(town: Town, code: &str, order: &Value) -> Town {
    let mut town = town;
    for _ in 0..4 {
        let done = town.janitor();
        assert_eq!(done["refunds"]["failed"], 0, "{done}");
        if refund_of(&town, code, order) == "done" {
            return town;
        }
        // Accepted and under way there: its next try is a minute away.
        town = town.later(61 * 5);
    }
    panic!("not refunded: {}", refund_of(&town, code, order));
}

/// What the provider has sent back of this order, in fen.
fn sent_back(town: &Town, provider: &str, order: &Value) -> i64 {
    let (provider, amount) =
        if provider == "alipay" { (provider, "/amount_fen") } else { ("wechat", "/order/amount/refund") };
    let trades = town.control_of(provider, "GET", "trades", &Value::Null);
    let trade =
        trades.as_array().expect("a list").iter().find(|trade| {
            [&trade["out_trade_no"], &trade["order"]["out_trade_no"]].contains(&&order["order"])
        });
    let refunds = trade.expect("the trade")["refunds"].as_array().expect("refunds").clone();
    refunds.iter().map(|refund| refund.pointer(amount).and_then(Value::as_i64).expect("fen")).sum()
}

#[test]
fn a_ticket_paid_at_two_providers_is_settled_by_the_first_and_the_second_is_sent_back() {
    for (first, second) in [("wechat-pay", "alipay"), ("alipay", "wechat-pay")] {
        let town = Town::start(&format!("twice-{first}"));
        let code = town.code();
        // Two people, two phones, the same paper.
        let (one, two) = (order(&town, &code, first), order(&town, &code, second));
        pay(&town, first, &one);
        until_state(&town, &code, &one, "paid");
        pay(&town, second, &two);
        until_state(&town, &code, &two, "surplus");
        let page = town.house.browse("GET", &format!("/fines/{code}/orders/{}", id(&two)), "").text;
        assert!(page.contains("原路退回"), "{page}");
        let town = until_refunded(town, &code, &two);
        assert_eq!(sent_back(&town, second, &two), 20_000);
        assert_eq!(refund_of(&town, &code, &one), Value::Null);
        let receipt = town.house.get(&format!("/fines/{code}/receipt"), None).json();
        assert_eq!(receipt["payment"]["order"], one["order"], "the first settlement stands");
        // What is done is not done again, and what the provider tells of it is no news.
        for _ in 0..2 {
            let done = town.janitor();
            assert_eq!((&done["refunds"]["tried"], &done["to_review"]), (&json!(0), &json!(0)), "{done}");
        }
        assert_eq!(sent_back(&town, second, &two), 20_000);
        assert_eq!(town.count("SELECT COUNT(*) FROM payment_inbox"), 0);
    }
}

#[test]
fn two_payments_at_the_same_instant_settle_one_and_send_the_other_back() {
    let town = Town::start("same-instant");
    for _ in 0..20 {
        let code = town.code();
        let (one, two) = (order(&town, &code, "alipay"), order(&town, &code, "ccb"));
        let body = town.signed(&town.success(&one));
        let fields = town.ccb_success(&two);
        std::thread::scope(|scope| {
            let alipay = scope.spawn(|| town.notify(&body));
            let ccb = scope.spawn(|| town.notify_ccb(&fields));
            assert_eq!(alipay.join().expect("answered").text, "success");
            assert_eq!(ccb.join().expect("answered").text, "success");
        });
        let mut states = [town.state_of(&code, &one), town.state_of(&code, &two)];
        states.sort();
        assert_eq!(states, ["paid", "surplus"]);
    }
    assert_eq!(town.count("SELECT COUNT(*) FROM payment_inbox"), 0);
}

#[test]
fn what_was_paid_for_a_revoked_decision_goes_back_before_and_after() {
    let town = Town::start("revoked");
    let revoke = |town: &Town, ticket: &Value| {
        let path = format!("/qr/decisions/{}/revocation", ticket["decision"].as_str().expect("an id"));
        let revoked = town.house.post(&path, Some(&town.officer()), &json!({"reason": "开错"}));
        assert_eq!(revoked.status, 200, "{}", revoked.text);
    };
    let (before, after) = (town.ticket(), town.ticket());
    let code = |ticket: &Value| ticket["code"].as_str().expect("a code").to_owned();
    // Revoked with the payer at the cashier already.
    let late = order(&town, &code(&before), "wechat-pay");
    revoke(&town, &before);
    pay(&town, "wechat-pay", &late);
    until_state(&town, &code(&before), &late, "paid");
    // Revoked when it was paid.
    let paid = order(&town, &code(&after), "alipay");
    pay(&town, "alipay", &paid);
    until_state(&town, &code(&after), &paid, "paid");
    revoke(&town, &after);
    assert_eq!(town.look_up(&code(&after))["state"], "paid", "until the money is back");
    let receipt = town.house.get(&format!("/fines/{}/receipt", code(&after)), None).json();
    let proof = format!("/fines/receipts/{}", receipt["code"].as_str().expect("a code"));
    assert_eq!(town.house.get(&proof, None).status, 200);
    let town = until_refunded(town, &code(&before), &late);
    let town = until_refunded(town, &code(&after), &paid);
    assert_eq!(sent_back(&town, "wechat-pay", &late), 20_000);
    assert_eq!(sent_back(&town, "alipay", &paid), 20_000);
    town.house.get(&proof, None).is_problem(410, "receipt-void");
    for ticket in [&before, &after] {
        assert_eq!(town.look_up(&code(ticket))["state"], "revoked");
        town.try_order(&code(ticket)).is_problem(409, "decision-revoked");
    }
    assert_eq!(town.janitor()["to_review"], 0);
}

#[test]
fn a_refund_whose_answer_is_lost_is_asked_for_again_and_happens_once() {
    let town = Town::start("refund-lost");
    // Fetches the certificates, so that the call that is lost below is the refund.
    town.janitor();
    let code = town.code();
    let (one, two, three) =
        (order(&town, &code, "ccb"), order(&town, &code, "alipay"), order(&town, &code, "wechat-pay"));
    pay(&town, "ccb", &one);
    until_state(&town, &code, &one, "paid");
    pay(&town, "alipay", &two);
    pay(&town, "wechat-pay", &three);
    until_state(&town, &code, &two, "surplus");
    until_state(&town, &code, &three, "surplus");
    let lost = json!({"gateway": "answer-lost", "gateway_calls": 1});
    town.control("POST", "faults", &lost);
    town.control_of("wechat", "POST", "faults", &lost);
    let done = town.janitor();
    assert_eq!((&done["refunds"]["tried"], &done["refunds"]["failed"]), (&json!(2), &json!(2)), "{done}");
    let town = until_refunded(town.later(61), &code, &two);
    let town = until_refunded(town, &code, &three);
    assert_eq!((sent_back(&town, "alipay", &two), sent_back(&town, "wechat-pay", &three)), (20_000, 20_000));
    assert_eq!(town.count("SELECT COUNT(*) FROM payment_inbox"), 0);
}
