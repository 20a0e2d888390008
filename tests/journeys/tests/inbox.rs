//! What a provider signed and did not fit is read, decided again once its cause is repaired, or closed by a person.

use serde_json::{Value, json};
use std::time::Duration;
use zerotrip_journeys::town::{IN_CCB, PHONE, with};
use zerotrip_journeys::{Answer, Town, sql};
use zerotrip_sandbox::wechat::CallbackKey;

const NOTE: &str = "已与支付宝核对，款项由财务退回王五";

fn id(order: &Value) -> &str {
    order["order"].as_str().expect("an order")
}

fn reports(town: &Town) -> Vec<Value> {
    let items = town.house.get("/pay/work-items", Some(&town.administrator())).json();
    items["reports"].as_array().expect("a list").clone()
}

/// The only report that waits.
fn report(town: &Town) -> String {
    let all = reports(town);
    assert_eq!(all.len(), 1, "{all:?}");
    all[0]["report"].as_str().expect("a name").to_owned()
}

fn path(report: &str) -> String {
    format!("/pay/work-items/reports/{report}")
}

fn read(town: &Town, report: &str) -> Value {
    let read = town.house.get(&path(report), Some(&town.administrator()));
    assert_eq!(read.status, 200, "{}", read.text);
    read.json()
}

fn replay(town: &Town, report: &str) -> Answer {
    town.house.post(&format!("{}/replay", path(report)), Some(&town.administrator()), &json!({}))
}

fn close(town: &Town, report: &str, note: &str) -> Answer {
    let body = json!({ "note": note });
    town.house.post(&format!("{}/closure", path(report)), Some(&town.administrator()), &body)
}

/// The order is lost, as by a restore of an old backup, and found again.
fn rename(town: &Town, from: &str, to: &str) {
    let change = format!("UPDATE orders SET id = '{to}' WHERE id = '{from}'");
    sql::execute(&town.house.database(), &change);
}

/// The success of `order` as its provider tells it.
fn tell(town: &Town, provider: &str, order: &Value) {
    let status = match provider {
        "alipay" => town.notify(&town.signed(&town.success(order))).status,
        "ccb" => town.notify_ccb(&town.ccb_success(order)).status,
        _ => {
            let key = CallbackKey::PublicKey;
            let event = format!("EV-{}", id(order));
            town.notify_wechat(&event, "transaction", &town.wechat_success(order), key, 0).status
        }
    };
    assert!([200, 204].contains(&status), "{provider}: {status}");
}

#[test]
fn a_report_of_an_order_that_was_lost_settles_it_once_it_is_found_whoever_asks_at_the_same_time() {
    for provider in ["alipay", "wechat-pay", "ccb"] {
        let town = Town::start(&format!("found-{provider}"));
        let code = town.code();
        let order = town.order_at(&code, provider, if provider == "ccb" { IN_CCB } else { PHONE });
        rename(&town, id(&order), "lost");
        tell(&town, provider, &order);
        let name = report(&town);
        let item = read(&town, &name);
        assert_eq!(
            (&item["provider"], &item["reason"], &item["order"], &item["closed"]),
            (&json!(provider), &json!("unknown-order"), &order["order"], &Value::Null)
        );
        assert!(item["evidence"].as_str().is_some_and(|text| text.contains(id(&order))), "{item}");
        // Not repaired yet: it stays.
        let still = replay(&town, &name).json();
        assert_eq!((&still["outcome"], &still["report"]), (&json!("set-aside"), &json!(name)));
        assert_eq!((report(&town), town.janitor()["to_review"].clone()), (name.clone(), json!(1)));

        rename(&town, "lost", id(&order));
        let token = town.administrator();
        let url = format!("{}/replay", path(&name));
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| tell(&town, provider, &order));
            }
            let again = || town.house.post(&url, Some(&token), &json!({}));
            let replays: Vec<_> = (0..4).map(|_| scope.spawn(again)).collect();
            for again in replays {
                let again = again.join().expect("answered");
                assert_eq!(again.status, 200, "{}", again.text);
                assert!(
                    ["settled", "unchanged"].contains(&again.text_of("outcome").as_str()),
                    "{}",
                    again.text
                );
                assert_eq!(again.json()["report"], Value::Null);
            }
        });
        assert_eq!(town.state_of(&code, &order), "paid", "{provider}");
        assert_eq!((reports(&town), town.janitor()["to_review"].clone()), (vec![], json!(0)));
        let closed = read(&town, &name)["closed"].clone();
        assert!(["settled", "unchanged"].contains(&closed["outcome"].as_str().expect("text")), "{closed}");
        assert_eq!(replay(&town, &name).json()["outcome"], closed["outcome"]);
        assert_eq!(town.count("SELECT COUNT(*) FROM payment_inbox"), 1, "it stays in the database");
        assert_eq!(town.count("SELECT COUNT(*) FROM orders WHERE state = 'paid'"), 1);
    }
}

#[test]
fn a_report_for_another_merchant_settles_once_the_setting_is_put_right_and_says_meanwhile_what_is_still_wrong()
 {
    let mut town = Town::start("setting");
    let code = town.code();
    let order = town.order(&code);
    let (app, seller) = ("2021000000009999", "2088000000009999");
    let fields = with(with(town.success(&order), "app_id", app), "seller_id", seller);
    assert_eq!(town.notify(&town.signed(&fields)).text, "success");
    let first = report(&town);
    assert!(first.starts_with("alipay.wrong-app."), "{first}");
    let correct = |town: Town, member: &str, value: &str| {
        let file = town.house.folder.join("variables.toml");
        let text = std::fs::read_to_string(&file).expect("the variables");
        let old = town.merchant.ours[member].as_str().expect("text").to_owned();
        std::fs::write(&file, text.replace(&format!("\"{old}\""), &format!("\"{value}\""))).expect("written");
        town.killed()
    };
    town = correct(town, "app_id", app);
    let moved = replay(&town, &first).json();
    let second = report(&town);
    assert_eq!((&moved["outcome"], &moved["report"]), (&json!("set-aside"), &json!(second)));
    assert!(second.starts_with("alipay.wrong-seller."), "{second}");
    assert_eq!(read(&town, &first)["closed"]["outcome"], "set-aside");
    assert_eq!(town.state_of(&code, &order), "pending");
    town = correct(town, "seller_id", seller);
    assert_eq!(replay(&town, &second).json()["outcome"], "settled");
    assert_eq!((town.state_of(&code, &order).as_str(), reports(&town)), ("paid", vec![]));
    let receipt = town.house.get(&format!("/fines/{code}/receipt"), None).json();
    assert_eq!(
        receipt["payment"]["transaction"],
        json!(fields.iter().find(|(n, _)| n == "trade_no").expect("it").1)
    );
}

#[test]
fn kill_9_while_it_is_decided_again_leaves_it_open_or_settled_and_never_lost() {
    let mut town = Town::start("replay-killed");
    for delay_us in [0, 2_000, 5_000, 10_000, 20_000, 40_000] {
        let code = town.code();
        let order = town.order(&code);
        rename(&town, id(&order), "lost");
        tell(&town, "alipay", &order);
        let name = report(&town);
        rename(&town, "lost", id(&order));
        let (token, url) = (town.administrator(), format!("{}{}/replay", town.house.base, path(&name)));
        let base = town.house.base.clone();
        town = std::thread::scope(|scope| {
            scope.spawn(|| {
                let bearer = format!("Bearer {token}");
                // It may be killed before it answers.
                drop(ureq::post(&url).header("authorization", &bearer).send("{}"));
            });
            std::thread::sleep(Duration::from_micros(delay_us));
            town.killed()
        });
        assert_eq!(town.house.base, base);
        let paid = town.state_of(&code, &order) == "paid";
        assert!(paid || reports(&town).len() == 1, "after {delay_us} µs");
        assert_eq!(replay(&town, &name).status, 200);
        assert_eq!((town.state_of(&code, &order).as_str(), reports(&town)), ("paid", vec![]));
    }
    assert_eq!(town.count("SELECT COUNT(*) FROM orders WHERE state = 'paid'"), 6);
}

#[test]
fn what_a_person_has_closed_stays_closed_with_who_and_why() {
    let town = Town::start("closed");
    let order = town.order(&town.code());
    let odd = with(town.success(&order), "out_trade_no", "20261124ffffffffffffffffffff");
    assert_eq!(town.notify(&town.signed(&odd)).text, "success");
    let name = report(&town);
    for bad in ["", " ", &"字".repeat(501)] {
        close(&town, &name, bad).is_problem(400, "invalid-request");
    }
    assert_eq!(report(&town), name);
    for _ in 0..2 {
        assert_eq!(close(&town, &name, NOTE).status, 204);
    }
    close(&town, &name, "另一处理").is_problem(409, "report-closed");
    let closed = read(&town, &name)["closed"].clone();
    assert_eq!((&closed["outcome"], &closed["note"]), (&json!("noted"), &json!(NOTE)));
    assert_eq!(closed["by"].as_str().map(str::len), Some(32));
    assert_eq!(town.trail("payment-report-closed"), 1);
    // Neither deciding again nor the same delivery opens it.
    assert_eq!(replay(&town, &name).json(), json!({"outcome": "noted", "report": null}));
    assert_eq!(town.notify(&town.signed(&odd)).text, "success");
    assert_eq!((reports(&town), town.janitor()["to_review"].clone()), (vec![], json!(0)));
    let stored = town.house.stored();
    assert!(!stored.windows(NOTE.len()).any(|window| window == NOTE.as_bytes()), "it is sealed");
    assert!(!town.house.log().contains(NOTE));
    close(&town, &name, "另一处理").is_problem(409, "report-closed");
}

#[test]
fn what_providers_have_signed_goes_after_three_years_but_not_what_waits_for_a_person() {
    let town = Town::start("inbox-kept");
    let order = town.order(&town.code());
    let odd = |number: &str| with(town.success(&order), "out_trade_no", number);
    for number in ["20261124ffffffffffffffffffff", "20261124eeeeeeeeeeeeeeeeeeee"] {
        assert_eq!(town.notify(&town.signed(&with(odd(number), "notify_id", number))).text, "success");
    }
    assert_eq!(town.notify(&town.signed(&town.success(&order))).text, "success");
    assert_eq!(close(&town, reports(&town)[0]["report"].as_str().expect("a name"), NOTE).status, 204);
    let kept = |town: &Town| {
        ["orders", "payment_inbox"].map(|table| {
            town.count(&format!("SELECT COUNT(*) FROM {table} WHERE evidence_sealed IS NOT NULL"))
        })
    };
    let town = town.later(3 * 365 * 86_400 - 3_600);
    town.job("retention");
    assert_eq!(kept(&town), [1, 2]);
    let town = town.later(7_200);
    town.job("retention");
    assert_eq!(kept(&town), [0, 1]);
    let books =
        "SELECT COUNT(*) FROM orders WHERE state = 'paid' AND amount_fen > 0 AND transaction_no IS NOT NULL";
    assert_eq!(town.count(books), 1, "what the books need stays");
}

#[test]
fn only_an_administrator_reads_and_decides_and_only_what_there_is() {
    let town = Town::start("inbox-who");
    let order = town.order(&town.code());
    let odd = with(town.success(&order), "out_trade_no", "20261124ffffffffffffffffffff");
    assert_eq!(town.notify(&town.signed(&odd)).text, "success");
    let name = report(&town);
    let note = json!({ "note": NOTE });
    for (method, path) in
        [("GET", path(&name)), ("POST", path(&name) + "/replay"), ("POST", path(&name) + "/closure")]
    {
        for token in [None, Some("forged"), Some(town.job_token().as_str())] {
            town.house.send(method, &path, token, &note.to_string()).is_problem(401, "unauthorized");
        }
        town.house.send(method, &path, Some(&town.officer()), &note.to_string()).is_problem(403, "forbidden");
        town.house.send("DELETE", &path, None, "").is_problem(405, "method-not-allowed");
    }
    for unknown in
        ["x", "alipay.unknown-order.", "alipay.unknown-order.zz", "alipay.unknown-order.6", "alipay..61.61"]
    {
        town.house.get(&path(unknown), Some(&town.administrator())).is_problem(404, "not-found");
        replay(&town, unknown).is_problem(404, "not-found");
        close(&town, unknown, NOTE).is_problem(404, "not-found");
    }
    assert_eq!(report(&town), name);
    // Nothing of it was kept, as by an earlier version: a person has to look elsewhere.
    sql::execute(&town.house.database(), "UPDATE payment_inbox SET evidence_sealed = NULL");
    assert_eq!(read(&town, &name)["evidence"], Value::Null);
    replay(&town, &name).is_problem(409, "evidence-missing");
    assert_eq!(report(&town), name);
    assert_eq!(close(&town, &name, NOTE).status, 204);
}

#[test]
fn what_only_the_provider_can_clear_up_stays_until_it_has() {
    let town = Town::start("clear-up");
    town.janitor();
    // The bank's word for more than its signature is trusted with, and nothing of it at the bank.
    let code = town.code();
    let order = town.order_at(&code, "ccb", IN_CCB);
    town.control_of("ccb", "POST", "faults", &json!({"hold_callbacks": true}));
    sql::execute(&town.house.database(), "UPDATE orders SET state = 'closed', amount_fen = 30000");
    let fields = with(town.ccb_success(&order), "PAYMENT", "300.00");
    assert_eq!(town.notify_ccb(&reordered(fields)).text, "success");
    let name = report(&town);
    assert!(name.starts_with("ccb.unconfirmed."), "{name}");
    assert_eq!(replay(&town, &name).json(), json!({"outcome": "set-aside", "report": name}));
    // The janitor would ask about one that waits.
    sql::execute(&town.house.database(), "UPDATE orders SET state = 'pending'");
    assert_eq!(replay(&town, &name).json(), json!({"outcome": "waiting", "report": name}));
    assert_eq!(report(&town), name);
    sql::execute(&town.house.database(), "UPDATE orders SET state = 'closed', amount_fen = 20000");
    town.house.fetch("GET", order["cashier"].as_str().expect("it"), &[("user-agent", IN_CCB)], "");
    town.control_of("ccb", "POST", &format!("trades/{}/pay", id(&order)), &json!({}));
    assert_eq!(replay(&town, &name).json(), json!({"outcome": "settled", "report": null}));
    assert_eq!((town.state_of(&code, &order).as_str(), reports(&town)), ("paid", vec![]));

    // A refund that somebody made on the merchant platform, and what nobody can read.
    let key = CallbackKey::PublicKey;
    let refund = json!({
        "mchid": town.merchant.wechat_pay["mch_id"], "out_trade_no": "20261124ffffffffffffffffffff",
        "out_refund_no": "by-hand", "refund_id": "50300", "refund_status": "SUCCESS",
        "amount": { "total": 1, "refund": 1, "payer_total": 1, "payer_refund": 1 },
    });
    for (event, kind, resource, reason) in [
        ("EV-1", "refund", refund, "unexpected-refund"),
        ("EV-2", "complaint", json!({"complaint_id": "1"}), "unreadable"),
    ] {
        assert_eq!(town.notify_wechat(event, kind, &resource, key, 0).status, 204);
        let name = report(&town);
        assert!(name.starts_with(&format!("wechat-pay.{reason}.")), "{name}");
        assert_eq!(replay(&town, &name).json(), json!({"outcome": "set-aside", "report": name}));
        assert_eq!(close(&town, &name, NOTE).status, 204);
    }
}

/// In the order that the bank signs.
fn reordered(mut fields: Vec<(String, String)>) -> Vec<(String, String)> {
    let place = |name: &str| ["POSID", "BRANCHID", "ORDERID", "PAYMENT"].iter().position(|n| *n == name);
    fields.sort_by_key(|(name, _)| place(name).unwrap_or(9));
    fields
}
