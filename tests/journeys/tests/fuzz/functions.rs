//! Parsers inside of functions, over HTTP: none answers that it is its own fault, and whatever comes changes nothing that it may not.

use crate::Target;
use serde_json::{Value, json};
use std::cell::{Cell, RefCell};
use std::rc::Rc;
use zerotrip_journeys::Town;
use zerotrip_journeys::citizens::{phone, somebody};
use zerotrip_journeys::records::old_account;
use zerotrip_journeys::town::IN_WECHAT;
use zerotrip_sandbox::people::Residence;
use zerotrip_sandbox::wechat::CallbackKey;

/// Stands for the order that waits for its payment.
const ORDER: &str = "@ORDER@";

pub fn targets() -> Vec<Target> {
    let town = Rc::new(Town::start("fuzz"));
    vec![import_line(&town), redemption(&town), transaction(&town), refund(&town)]
}

/// A line is taken, known or refused, each one once.
fn import_line(town: &Rc<Town>) -> Target {
    let person = somebody(Residence::Local, 0);
    let hashes = [
        None,
        Some("$2b$04$abcdefghijklmnopqrstuuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"),
        Some("sha256$salt$0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"),
    ];
    let lines = hashes.map(|hash| old_account("old-1", person, phone(person), hash).to_string().into_bytes());
    let (town, token) = (town.clone(), RefCell::new(town.administrator()));
    Target::new("line of an import", lines.to_vec(), move |bytes| {
        let send = || town.house.send_file("/records/imports", Some(&token.borrow()), bytes);
        let mut answer = send();
        if answer.status == 401 {
            // A token lives for ten minutes.
            token.replace(town.administrator());
            answer = send();
        }
        let done = answer.json();
        let count = |name: &str| done[name].as_u64().unwrap_or(u64::MAX);
        let refused = done["refused"].as_array().map_or(usize::MAX, Vec::len);
        let lines = bytes.split(|byte| *byte == b'\n').filter(|line| !line.trim_ascii().is_empty()).count();
        answer.status == 200 && count("taken") + count("known") + refused as u64 == lines as u64
    })
}

/// Before anybody is asked who it is, it is read.
fn redemption(town: &Rc<Town>) -> Target {
    let seeds = [
        json!({ "code": "ZT1:6BFOXN", "attempt": "scanner-1-1" }),
        json!({ "typed": "K7MZ-8X3R", "attempt": "scanner-1-1", "question": { "plate": "吉A12345" } }),
        json!({ "typed": "k7mz8x3r", "attempt": "scanner-1-1", "question": { "address": "长春市南关区示例街2号" } }),
    ];
    let seeds = seeds.map(|seed| seed.to_string().into_bytes()).to_vec();
    let town = town.clone();
    Target::new("redemption", seeds, move |bytes| {
        matches!(town.house.send_file("/scan/redemptions", None, bytes).status, 400 | 401 | 413)
    })
}

/// What WeChat Pay has signed is kept, whatever it says, and pays what was ordered or nothing.
fn transaction(town: &Rc<Town>) -> Target {
    let ordered = |town: &Town| town.order_at(&town.code(), "wechat-pay", IN_WECHAT);
    let order = RefCell::new(ordered(town));
    let mut seed = town.wechat_success(&order.borrow());
    seed["out_trade_no"] = json!(ORDER);
    seed["transaction_id"] = json!(format!("42-{ORDER}"));
    let (town, sent) = (town.clone(), Cell::new(0));
    Target::text("transaction", &[&seed.to_string()], move |text| {
        let id = order.borrow()["order"].as_str().expect("an order").to_owned();
        let Some(told) = json_of(&text.replace(ORDER, &id)) else { return true };
        let kept = notified(&town, "transaction", &told, &sent);
        let paid =
            town.count(&format!("SELECT COUNT(*) FROM orders WHERE id = '{id}' AND state = 'paid'")) == 1;
        if paid {
            order.replace(ordered(&town));
        }
        let own = &town.merchant.wechat_pay;
        let fits = told["out_trade_no"] == id
            && told["amount"]["total"] == 20_000
            && told["appid"] == own["app_id"]
            && told["mchid"] == own["mch_id"]
            && ["SUCCESS", "REFUND"].iter().any(|state| told["trade_state"] == *state);
        kept && (!paid || fits)
    })
}

/// Of a refund that nobody has asked for nothing follows but a line for a person.
fn refund(town: &Rc<Town>) -> Target {
    let seed = json!({
        "mchid": town.merchant.wechat_pay["mch_id"], "transaction_id": "4200000000202611240000000001",
        "out_trade_no": "202611240000000000001", "refund_id": "50000000382026112400000000001",
        "out_refund_no": "202611240000000000001r1", "refund_status": "SUCCESS",
        "success_time": "2026-11-24T10:00:00+08:00", "user_received_account": "支付用户零钱",
        "amount": { "total": 20600, "refund": 600, "payer_total": 20600, "payer_refund": 600 },
    });
    let (town, sent) = (town.clone(), Cell::new(0));
    Target::text("refund", &[&seed.to_string()], move |text| {
        let Some(told) = json_of(text) else { return true };
        notified(&town, "refund", &told, &sent)
            && town.count("SELECT COUNT(*) FROM refunds WHERE state = 'done'") == 0
    })
}

/// The provider seals JSON.
fn json_of(text: &str) -> Option<Value> {
    serde_json::from_str(text).ok()
}

/// Whether it was kept: anything but 204 would be sent again and again.
fn notified(town: &Town, kind: &str, told: &Value, sent: &Cell<u64>) -> bool {
    sent.set(sent.get() + 1);
    let id = format!("{kind}-{}", sent.get());
    town.notify_wechat(&id, kind, told, CallbackKey::PublicKey, 0).status == 204
}
