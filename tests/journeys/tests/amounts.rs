//! A provider takes another amount than was ordered: of all that is paid for a ticket the authority keeps what was owed,
//! once, or nothing.

use serde_json::{Value, json};
use std::io::Write as _;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};
use zerotrip_journeys::Town;
use zerotrip_journeys::town::{IN_CCB, PHONE, with};

fn id(order: &Value) -> &str {
    order["order"].as_str().expect("an order")
}

/// The payer is at the cashier, and the provider takes `fen`.
fn pay(town: &Town, provider: &str, order: &Value, fen: i64) {
    let name = if provider == "alipay" {
        town.house.fetch("GET", order["cashier"].as_str().expect("an address"), &[], "");
        "alipay"
    } else {
        "wechat"
    };
    town.control_of(name, "POST", &format!("trades/{}/pay", id(order)), &json!({ "total_fen": fen }));
}

fn until_state(town: &Town, code: &str, order: &Value, state: &str) {
    let begun = Instant::now();
    while town.state_of(code, order) != state {
        assert!(begun.elapsed() < Duration::from_secs(20), "not {state} but {}", town.state_of(code, order));
        std::thread::sleep(Duration::from_millis(20));
    }
}

fn status(town: &Town, code: &str, order: &Value) -> Value {
    town.house.get(&format!("/fines/{code}/orders/{}", id(order)), None).json()
}

fn page(town: &Town, code: &str, order: &Value) -> String {
    town.house.browse("GET", &format!("/fines/{code}/orders/{}", id(order)), "").text
}

/// Runs the janitor until no refund waits for its provider.
fn until_refunded(mut town: Town) -> Town {
    for _ in 0..6 {
        let done = town.janitor();
        assert_eq!(done["refunds"]["failed"], 0, "{done}");
        if town.count("SELECT COUNT(*) FROM refunds WHERE state = 'due'") == 0 {
            return town;
        }
        town = town.later(61 * 5);
    }
    panic!("not refunded");
}

/// What the provider has taken for this order, and sent back under each number, in fen.
fn taken(town: &Town, provider: &str, order: &Value) -> (i64, Vec<(String, i64)>) {
    let (name, total, number, amount) = if provider == "alipay" {
        ("alipay", "/total_fen", "/out_request_no", "/amount_fen")
    } else {
        ("wechat", "/order/amount/total", "/order/out_refund_no", "/order/amount/refund")
    };
    let trades = town.control_of(name, "GET", "trades", &Value::Null);
    let is_it = |trade: &&Value| trade["out_trade_no"] == order["order"];
    let trade = trades.as_array().expect("a list").iter().find(is_it).expect("the trade");
    let fen = |value: &Value, at| value.pointer(at).and_then(Value::as_i64).expect("fen");
    let refund = |refund: &Value| {
        let number = refund.pointer(number).and_then(Value::as_str).expect("a number");
        (number.to_owned(), fen(refund, amount))
    };
    let refunds = trade["refunds"].as_array().expect("refunds").iter().map(refund).collect();
    (fen(trade, total), refunds)
}

#[test]
fn less_than_the_amount_settles_nothing_and_goes_back_whole_and_once() {
    for (provider, fen) in [("alipay", 19_999), ("wechat-pay", 1)] {
        let town = Town::start(&format!("less-{provider}"));
        let code = town.code();
        let order = town.order_at(&code, provider, PHONE);
        pay(&town, provider, &order, fen);
        until_state(&town, &code, &order, "underpaid");
        let seen = page(&town, &code, &order);
        assert!(seen.contains("付款金额不足") && seen.contains("返回罚单"), "{seen}");
        assert_eq!(town.look_up(&code)["state"], "due", "the ticket stays payable");
        town.house.get(&format!("/fines/{code}/receipt"), None).is_problem(404, "not-paid");
        // He pays what is owed, at the same provider.
        let again = town.order_at(&code, provider, PHONE);
        assert_ne!(again["order"], order["order"]);
        pay(&town, provider, &again, 20_000);
        until_state(&town, &code, &again, "paid");
        let town = until_refunded(town);
        let number = format!("R{}", id(&order));
        assert_eq!(taken(&town, provider, &order), (fen, vec![(number, fen)]));
        assert_eq!(taken(&town, provider, &again), (20_000, vec![]));
        let told = status(&town, &code, &order);
        assert_eq!(
            (&told["state"], &told["refund"], &told["refund_fen"], &told["amount_fen"]),
            (&json!("underpaid"), &json!("done"), &json!(fen), &json!(fen))
        );
        assert!(page(&town, &code, &order).contains("已原路退回"));
        // What is told again, and of the money that went back, is no news.
        let done = town.janitor();
        assert_eq!((&done["refunds"]["tried"], &done["to_review"]), (&json!(0), &json!(0)), "{done}");
        assert_eq!(town.count("SELECT COUNT(*) FROM payment_inbox"), 0);
    }
}

#[test]
fn more_than_the_amount_settles_and_the_excess_goes_back_and_the_rest_when_the_decision_is_revoked() {
    for provider in ["alipay", "wechat-pay"] {
        let town = Town::start(&format!("more-{provider}"));
        let ticket = town.ticket();
        let code = ticket["code"].as_str().expect("a code").to_owned();
        let order = town.order_at(&code, provider, PHONE);
        pay(&town, provider, &order, 25_000);
        until_state(&town, &code, &order, "paid");
        let receipt = town.house.get(&format!("/fines/{code}/receipt"), None).json();
        assert_eq!((&receipt["total_fen"], &receipt["late_fee_fen"]), (&json!(20_000), &json!(0)));
        // The call whose answer is lost is made again, and happens once.
        town.janitor();
        let told = status(&town, &code, &order);
        assert_eq!((&told["state"], &told["refund_fen"]), (&json!("paid"), &json!(5_000)));
        let town = until_refunded(town);
        let excess = (format!("E{}", id(&order)), 5_000);
        assert_eq!(taken(&town, provider, &order), (25_000, vec![excess.clone()]));
        assert!(page(&town, &code, &order).contains("¥50.00 已原路退回"));
        // The ticket is settled all the same, and its receipt holds.
        assert_eq!(
            (&town.look_up(&code)["state"], &town.look_up(&code)["total_fen"]),
            (&json!("paid"), &json!(20_000))
        );
        let proof = format!("/fines/receipts/{}", receipt["code"].as_str().expect("a code"));
        assert_eq!(town.house.get(&proof, None).status, 200);
        assert_eq!(town.janitor()["refunds"]["tried"], 0);

        let path = format!("/qr/decisions/{}/revocation", ticket["decision"].as_str().expect("an id"));
        assert_eq!(town.house.post(&path, Some(&town.officer()), &json!({"reason": "开错"})).status, 200);
        let town = until_refunded(town);
        let rest = (format!("R{}", id(&order)), 20_000);
        assert_eq!(taken(&town, provider, &order), (25_000, vec![excess, rest]));
        assert_eq!(town.look_up(&code)["state"], "revoked");
        town.house.get(&proof, None).is_problem(410, "receipt-void");
        assert_eq!(town.janitor()["to_review"], 0);
        assert_eq!(town.count("SELECT COUNT(*) FROM payment_inbox"), 0);
    }
}

#[test]
fn a_refund_of_an_excess_whose_answer_is_lost_happens_once() {
    let town = Town::start("excess-lost");
    town.janitor();
    let code = town.code();
    let (one, two) = (town.order(&code), town.order_at(&code, "wechat-pay", PHONE));
    pay(&town, "alipay", &one, 20_001);
    until_state(&town, &code, &one, "paid");
    // Paid twice, and too much at that: all of it goes back, under one number.
    pay(&town, "wechat-pay", &two, 30_000);
    until_state(&town, &code, &two, "surplus");
    let lost = json!({"gateway": "answer-lost", "gateway_calls": 1});
    town.control("POST", "faults", &lost);
    town.control_of("wechat", "POST", "faults", &lost);
    let done = town.janitor();
    assert_eq!((&done["refunds"]["tried"], &done["refunds"]["failed"]), (&json!(2), &json!(2)), "{done}");
    let town = until_refunded(town.killed().later(61));
    assert_eq!(taken(&town, "alipay", &one), (20_001, vec![(format!("E{}", id(&one)), 1)]));
    assert_eq!(taken(&town, "wechat-pay", &two), (30_000, vec![(format!("R{}", id(&two)), 30_000)]));
}

#[test]
fn an_odd_amount_told_many_times_at_once_counts_once_and_another_one_later_is_a_persons() {
    let town = Town::start("odd-at-once");
    for (total, state) in [("250.00", "paid"), ("150.00", "underpaid")] {
        let code = town.code();
        let order = town.order(&code);
        let success = with(town.success(&order), "total_amount", total);
        let body = town.signed(&success);
        std::thread::scope(|scope| {
            let sends: Vec<_> = (0..16).map(|_| scope.spawn(|| town.notify(&body).text)).collect();
            assert!(sends.into_iter().all(|send| send.join().expect("answered") == "success"));
        });
        assert_eq!(town.state_of(&code, &order), state);
        assert_eq!(town.count("SELECT COUNT(*) FROM payment_inbox"), 0);
        // The same transaction with the amount that was ordered: one of the two is not so.
        assert_eq!(
            town.notify(&town.signed(&with(town.success(&order), "notify_id", total))).text,
            "success"
        );
        assert_eq!(town.state_of(&code, &order), state);
        let kept =
            format!("SELECT COUNT(*) FROM payment_inbox WHERE event = '{total}' AND reason = 'wrong-amount'");
        assert_eq!(town.count(&kept), 1);
        sql_forget(&town);
    }
}

fn sql_forget(town: &Town) {
    zerotrip_journeys::sql::execute(&town.house.database(), "DELETE FROM payment_inbox");
}

/// The bank's address with another amount, and the MAC that anybody can make who has seen the counter's public key.
fn altered(town: &Town, cashier: &str, payment: &str) -> String {
    let (gateway, query) = cashier.split_once("V6&").expect("fields");
    let public_key = town.merchant.ccb["public_key"].as_str().expect("a key");
    let mut fields: Vec<(String, String)> = query
        .split('&')
        .map(|field| field.split_once('=').expect("a field"))
        .filter(|(name, _)| *name != "MAC")
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect();
    fields.iter_mut().find(|(name, _)| name == "PAYMENT").expect("an amount").1 = payment.to_owned();
    let mut content = Vec::new();
    for (name, value) in &fields {
        content.push(format!("{name}={}", decoded(value)));
        if name == "TYPE" {
            content.push(format!("PUB={}", &public_key[public_key.len() - 30..]));
        }
    }
    let sent: Vec<String> = fields.iter().map(|(name, value)| format!("{name}={value}")).collect();
    format!("{gateway}V6&{}&MAC={}", sent.join("&"), md5(&content.join("&")))
}

fn decoded(value: &str) -> String {
    let mut parts = value.split('%');
    let mut text = parts.next().unwrap_or("").to_owned();
    for part in parts {
        let byte = u8::from_str_radix(&part[..2], 16).expect("hex");
        text.push(char::from(byte));
        text.push_str(&part[2..]);
    }
    text.replace('+', " ")
}

/// By openssl.
fn md5(text: &str) -> String {
    let mut openssl = Command::new("openssl")
        .args(["dgst", "-md5", "-r"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("openssl runs");
    openssl.stdin.take().expect("piped").write_all(text.as_bytes()).expect("written");
    let output = openssl.wait_with_output().expect("it ended").stdout;
    String::from_utf8(output).expect("hex")[..32].to_owned()
}

#[test]
fn who_alters_the_banks_address_gets_his_money_back_by_hand_and_has_paid_nothing_or_what_he_owes() {
    let town = Town::start("altered");
    for (payment, state, refund_fen, suffix) in
        [("0.01", "underpaid", 1, ""), ("260.00", "paid", 6_000, "-excess")]
    {
        let code = town.code();
        let order = town.order_at(&code, "ccb", IN_CCB);
        let address = altered(&town, order["cashier"].as_str().expect("an address"), payment);
        let cashier = town.house.fetch("GET", &address, &[("user-agent", IN_CCB)], "");
        assert!(cashier.text.contains("/ccb/cashier/"), "the bank takes it: {}", cashier.text);
        town.control_of("ccb", "POST", &format!("trades/{}/pay", id(&order)), &json!({}));
        until_state(&town, &code, &order, state);
        let done = town.janitor();
        assert_eq!((&done["refunds"]["outside"], &done["to_review"]), (&json!(1), &json!(1)), "{done}");
        let administrator = town.administrator();
        let item = town.house.get("/pay/work-items", Some(&administrator)).json()["refunds"][0].clone();
        let refund = format!("{}{suffix}", id(&order));
        assert_eq!(
            (&item["refund"], &item["order"], &item["amount_fen"]),
            (&json!(refund), &order["order"], &json!(refund_fen))
        );
        let path = format!("/pay/refunds/{refund}/closure");
        let reference = json!({"reference": "5W1004-20261125-7"});
        assert_eq!(town.house.post(&path, Some(&administrator), &reference).status, 204);
        assert_eq!(town.janitor()["to_review"], 0);
        let told = status(&town, &code, &order);
        assert_eq!((&told["refund"], &told["refund_fen"]), (&json!("done"), &json!(refund_fen)));
        let ticket = if state == "paid" { "paid" } else { "due" };
        assert_eq!(town.look_up(&code)["state"], ticket);
    }
}
