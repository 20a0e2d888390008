//! What no provider's interface sends back, or its provider refuses for hours, an administrator sends back, and nobody else does.

use super::{id, order, pay, refund_of, sent_back, until_refunded, until_state};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use zerotrip_journeys::town::{AGENCY, PASSWORD};
use zerotrip_journeys::{Answer, Town, sql};
use zerotrip_sandbox::wechat::CallbackKey;

const REFERENCE: &str = "5W1004-20261125-1";
/// Long enough for a call of a job to be over, in seconds.
const LEASE: i64 = 61;
/// More than one run of the job.
const MANY: u64 = 1_000;

fn take_over(town: &Town, order: &Value, token: &str) -> Answer {
    town.house.post(&format!("/pay/refunds/{}/take-over", id(order)), Some(token), &json!({}))
}

fn close(town: &Town, order: &Value, token: &str) -> Answer {
    let path = format!("/pay/refunds/{}/closure", id(order));
    town.house.post(&path, Some(token), &json!({"reference": REFERENCE}))
}

fn items(town: &Town) -> Vec<Value> {
    let items = town.house.get("/pay/work-items", Some(&town.administrator())).json();
    items["refunds"].as_array().expect("a list").clone()
}

/// Another administrator is there.
fn hire_a_colleague(town: &Town) {
    let body = json!({"role": "administrator", "agency": AGENCY});
    let code = town.house.post("/auth/invitations", Some(&town.administrator()), &body).text_of("code");
    let body = json!({"code": code, "login": "wei", "password": PASSWORD, "name": "魏主任"});
    assert_eq!(town.house.post("/auth/activations", None, &body).status, 201);
}

/// A session of that one.
fn colleague(town: &Town) -> String {
    let body = json!({"login": "wei", "password": PASSWORD});
    town.house.post("/auth/sessions", None, &body).text_of("access_token")
}

/// A ticket that was paid twice: its code, and the second order, at `provider`.
fn paid_twice(town: &Town, provider: &str) -> (String, Value) {
    let code = town.code();
    let (one, two) = (order(town, &code, "ccb"), order(town, &code, provider));
    pay(town, "ccb", &one);
    until_state(town, &code, &one, "paid");
    pay(town, provider, &two);
    until_state(town, &code, &two, "surplus");
    (code, two)
}

/// What the next calls for a refund meet at Alipay.
fn alipay_meets(town: &Town, fault: &str) {
    let methods = "alipay.trade.refund";
    town.faults(&json!({"gateway": fault, "gateway_calls": MANY, "gateway_methods": methods}));
}

/// How many it has met.
fn calls_met(town: &Town) -> u64 {
    MANY - town.control("GET", "faults", &Value::Null)["gateway_calls"].as_u64().expect("a count")
}

/// Alipay refuses to send anything back until a person has to look.
fn refused_for_hours(mut town: Town) -> Town {
    alipay_meets(&town, "unavailable");
    town.janitor();
    for minutes in [1, 5, 15, 60, 240] {
        assert_eq!(items(&town), Vec::<Value>::new(), "it is the job's alone");
        town = town.later(minutes * 60 + 1);
        alipay_meets(&town, "unavailable");
        let done = town.janitor()["refunds"].clone();
        assert!(done["tried"] != 0 && done["tried"] == done["failed"], "{done}");
    }
    town
}

#[test]
fn the_banks_money_goes_back_by_hand_and_an_administrator_says_that_it_has() {
    let town = Town::start("outside");
    let code = town.code();
    let (one, two) = (order(&town, &code, "alipay"), order(&town, &code, "ccb"));
    pay(&town, "alipay", &one);
    until_state(&town, &code, &one, "paid");
    pay(&town, "ccb", &two);
    until_state(&town, &code, &two, "surplus");
    let done = town.janitor();
    assert_eq!((&done["refunds"]["outside"], &done["to_review"]), (&json!(1), &json!(1)), "{done}");
    assert!(town.house.log().contains("ALARM a refund to be made by hand"));
    assert_eq!(refund_of(&town, &code, &two), "outside");
    let page = town.house.browse("GET", &format!("/fines/{code}/orders/{}", id(&two)), "").text;
    assert!(page.contains("¥200.00 由工作人员办理退回"), "{page}");
    let administrator = town.administrator();
    let items = town.house.get("/pay/work-items", Some(&administrator)).json();
    assert_eq!(
        (&items["refunds"][0]["order"], &items["refunds"][0]["amount_fen"], &items["refunds"][0]["cause"]),
        (&two["order"], &json!(20_000), &json!("paid-twice"))
    );
    // As the finance office opens it.
    town.house.get("/pay/refunds.csv", Some(&town.officer())).is_problem(403, "forbidden");
    let table = town.house.get("/pay/refunds.csv", Some(&administrator));
    assert_eq!((table.status, table.content_type.as_str()), (200, "text/csv; charset=utf-8"));
    let lines: Vec<&str> = table.text.split("\r\n").collect();
    assert_eq!(lines[0], "\u{feff}渠道,商户订单号,退款编号,退款金额（元）,原因,产生日期,状态");
    let order = id(&two);
    assert!(lines[1].starts_with(&format!("ccb,{order},R{order},200.00,paid-twice,20")), "{}", lines[1]);
    assert_eq!((lines[1].ends_with(",outside"), lines[2..].to_vec()), (true, vec![""]));
    let path = format!("/pay/refunds/{}/closure", id(&two));
    let reference = json!({"reference": REFERENCE});
    town.house.post(&path, None, &reference).is_problem(401, "unauthorized");
    town.house.post(&path, Some(&town.officer()), &reference).is_problem(403, "forbidden");
    for bad in [
        json!({}),
        json!({"reference": ""}),
        json!({"reference": "张三"}),
        json!({"reference": "x".repeat(65)}),
    ] {
        town.house.post(&path, Some(&administrator), &bad).is_problem(400, "invalid-request");
    }
    let unknown = "/pay/refunds/20261124ffffffffffffffffffff/closure";
    town.house.post(unknown, Some(&administrator), &reference).is_problem(404, "not-found");
    for _ in 0..2 {
        assert_eq!(town.house.post(&path, Some(&administrator), &reference).status, 204);
    }
    // Nobody asks the bank for it: who says that it is made has taken it over by that.
    let taken_over = "SELECT COUNT(*) FROM refund_take_overs t JOIN refunds r ON r.order_id = t.refund WHERE r.closed_by = t.person";
    assert_eq!(town.count(taken_over), 1);
    let other = json!({"reference": "another"});
    town.house.post(&path, Some(&administrator), &other).is_problem(409, "refund-not-open");
    assert_eq!(refund_of(&town, &code, &two), "done");
    assert_eq!(town.janitor()["to_review"], 0);
    // Both acts stand in the trail, under the decision whose money it was.
    assert_eq!((town.trail("refund-taken-over"), town.trail("refund-closed")), (1, 1));
    let decision = town.text(&format!("SELECT decision FROM orders WHERE id = '{}'", id(&two)));
    let lines =
        town.house.get(&format!("/records/audit/lines?subject={decision}"), Some(&administrator)).json();
    let lines = lines["lines"].as_array().expect("a list").clone();
    assert!(lines.iter().any(|line| line["kind"] == "refund-taken-over"), "{lines:?}");
    let closed = lines.iter().find(|line| line["kind"] == "refund-closed").expect("a line");
    let detail: Value = serde_json::from_str(closed["detail"].as_str().expect("text")).expect("JSON");
    assert_eq!(detail, json!({ "refund": id(&two), "amount_fen": "20000", "reference": REFERENCE }));
}

#[test]
fn what_its_provider_refuses_for_hours_is_taken_over_before_it_is_made_by_hand() {
    let town = Town::start("taken-over");
    let (code, order) = paid_twice(&town, "alipay");
    alipay_meets(&town, "unavailable");
    town.janitor();
    // While it is the job's there is nothing to take.
    take_over(&town, &order, &town.administrator()).is_problem(409, "refund-not-open");
    close(&town, &order, &town.administrator()).is_problem(409, "refund-not-open");
    let town = refused_for_hours(town);
    let item = items(&town)[0].clone();
    assert_eq!(
        (&item["refund"], &item["state"], &item["number"], &item["taken_over"]),
        (&order["order"], &json!("due"), &json!(format!("R{}", id(&order))), &Value::Null)
    );
    hire_a_colleague(&town);
    let (root, wei) = (town.administrator(), colleague(&town));
    close(&town, &order, &root).is_problem(409, "refund-not-taken-over");
    // The job has asked just now, and may not have its answer yet.
    let refused = take_over(&town, &order, &root);
    refused.is_problem(409, "refund-under-way");
    assert_eq!(refused.retry_after, "60");
    let path = format!("/pay/refunds/{}/take-over", id(&order));
    town.house.post(&path, None, &json!({})).is_problem(401, "unauthorized");
    town.house.post(&path, Some(&town.officer()), &json!({})).is_problem(403, "forbidden");
    town.house.post(&path, Some(&town.job_token()), &json!({})).is_problem(401, "unauthorized");
    town.house.get(&path, Some(&root)).is_problem(405, "method-not-allowed");
    let unknown = json!({"order": "20261124ffffffffffffffffffff"});
    take_over(&town, &unknown, &root).is_problem(404, "not-found");
    assert_eq!(refund_of(&town, &code, &order), "due");

    let town = town.later(LEASE);
    // No administrator has a device of his own yet: as if this one had.
    let on_a_device = "UPDATE sessions SET device = (SELECT id FROM devices) WHERE role = 'administrator'";
    sql::execute(&town.house.database(), on_a_device);
    for _ in 0..2 {
        assert_eq!(take_over(&town, &order, &root).status, 204);
    }
    take_over(&town, &order, &wei).is_problem(409, "refund-taken-over");
    assert_eq!(refund_of(&town, &code, &order), "outside");
    let item = items(&town)[0].clone();
    let who = "SELECT COUNT(*) FROM principals WHERE login = 'root' AND id";
    let (by, on) = (&item["taken_over"]["by"], &item["taken_over"]["device"]);
    assert_eq!(town.count(&format!("{who} = '{}'", by.as_str().expect("an id"))), 1);
    let device = format!("SELECT COUNT(*) FROM devices WHERE id = '{}'", on.as_str().expect("an id"));
    assert_eq!((&item["state"], town.count(&device)), (&json!("outside"), 1));

    // Alipay is well again, and is not asked any more, not even days later.
    let town = town.later(5 * 3600);
    alipay_meets(&town, "unavailable");
    assert_eq!(town.janitor()["refunds"]["tried"], 0);
    let town = town.later(3 * 86_400);
    assert_eq!(town.janitor()["refunds"]["tried"], 0);
    assert_eq!(sent_back(&town, "alipay", &order), 0);
    // Whoever has it may be ill by the time that the money is back.
    let (root, wei) = (town.administrator(), colleague(&town));
    for _ in 0..2 {
        assert_eq!(close(&town, &order, &wei).status, 204);
    }
    for token in [&root, &wei] {
        take_over(&town, &order, token).is_problem(409, "refund-not-open");
    }
    assert_eq!(refund_of(&town, &code, &order), "done");
    let both = "SELECT COUNT(*) FROM refunds r JOIN refund_take_overs t ON t.refund = r.order_id WHERE r.closed_by <> t.person";
    assert_eq!((town.count(both), &town.janitor()["to_review"]), (1, &json!(0)));
}

#[test]
fn a_refund_is_made_by_its_provider_or_taken_over_whoever_comes_at_the_same_instant() {
    const REFUNDS: usize = 8;
    let town = Town::start("take-over-race");
    let orders: Vec<Value> = (0..REFUNDS).map(|_| paid_twice(&town, "alipay").1).collect();
    let town = refused_for_hours(town).later(240 * 60 + 1);
    // Alipay does what it is asked, and nobody hears its answer.
    alipay_meets(&town, "answer-lost");
    let (root, job) = (town.administrator(), town.job_token());
    let answers: Vec<u16> = std::thread::scope(|scope| {
        let (town, root, job) = (&town, &root, &job);
        let all: Vec<_> = orders
            .iter()
            .flat_map(|order| {
                let run = || town.house.post("/pay/jobs/janitor", Some(job), &json!({})).status;
                [scope.spawn(move || take_over(town, order, root).status), scope.spawn(run)]
            })
            .collect();
        all.into_iter().map(|one| one.join().expect("answered")).collect()
    });
    let mut taken_over = BTreeMap::new();
    for (order, both) in orders.iter().zip(answers.chunks(2)) {
        assert_eq!(both[1], 200, "the job runs");
        assert!([204, 409].contains(&both[0]), "{}", both[0]);
        taken_over.insert(id(order), both[0] == 204);
    }
    let made = |town: &Town| -> BTreeMap<&str, bool> {
        orders.iter().map(|order| (id(order), sent_back(town, "alipay", order) > 0)).collect()
    };
    let by_alipay: BTreeMap<&str, bool> = taken_over.iter().map(|(id, taken)| (*id, !taken)).collect();
    assert_eq!(made(&town), by_alipay, "each is the one or the other");
    let asked = by_alipay.values().filter(|asked| **asked).count();
    assert_eq!(calls_met(&town), asked as u64, "Alipay was asked once for each that nobody had taken over");
    // Hours later it has still not been asked for the others, and the answer for its own arrives.
    let mut town = town.later(5 * 3600);
    town.janitor();
    assert_eq!(made(&town), by_alipay);
    let left = items(&town);
    assert_eq!(left.len(), REFUNDS - asked, "{left:?}");
    assert!(left.iter().all(|item| taken_over[item["order"].as_str().expect("an order")]));
    // Whoever makes them says so, and that is all.
    let root = town.administrator();
    for order in orders.iter().filter(|order| taken_over[id(order)]) {
        assert_eq!(close(&town, order, &root).status, 204);
    }
    town = town.later(5 * 3600);
    assert_eq!(town.janitor()["to_review"], 0);
    assert_eq!(town.count("SELECT COUNT(*) FROM refunds WHERE state = 'done'"), REFUNDS as i64);
}

#[test]
fn a_take_over_that_was_cut_off_has_ended_the_jobs_part_and_is_anybodys() {
    let town = Town::start("cut-off");
    let (_, order) = paid_twice(&town, "alipay");
    alipay_meets(&town, "unavailable");
    assert_eq!(town.janitor()["refunds"]["failed"], 1);
    // As kill -9 leaves it between the two statements of a take-over.
    sql::execute(&town.house.database(), "UPDATE refunds SET state = 'outside', tries = 6");
    assert_eq!(
        (&items(&town)[0]["state"], &items(&town)[0]["taken_over"]),
        (&json!("outside"), &Value::Null)
    );
    let town = town.later(5 * 3600);
    assert_eq!((&town.janitor()["refunds"]["tried"], sent_back(&town, "alipay", &order)), (&json!(0), 0));
    hire_a_colleague(&town);
    let answers =
        [town.administrator(), colleague(&town)].map(|token| take_over(&town, &order, &token).status);
    assert_eq!(answers, [204, 409], "the first who says so");
    assert_eq!(close(&town, &order, &town.administrator()).status, 204);
}

#[test]
fn what_its_provider_has_accepted_is_not_taken_over() {
    let town = Town::start("accepted");
    let (code, order) = paid_twice(&town, "wechat-pay");
    // WeChat Pay is done in two seconds, and does not say so before it starts anew.
    town.control_of("wechat", "POST", "faults", &json!({"hold_notifications": true}));
    assert_eq!(town.janitor()["refunds"]["tried"], 1);
    // As if WeChat Pay had said for hours that it is under way.
    let hours = "UPDATE refunds SET tries = 6, next_try_at = next_try_at - 60000";
    sql::execute(&town.house.database(), hours);
    let item = items(&town)[0].clone();
    let number = item["accepted_as"].as_str().unwrap_or_else(|| panic!("no number in {item}")).to_owned();
    let refused = take_over(&town, &order, &town.administrator());
    refused.is_problem(409, "refund-under-way");
    assert_eq!(refused.retry_after, "", "asking again in a minute is no use");
    let town = until_refunded(town.later(LEASE), &code, &order);
    let done = format!("SELECT COUNT(*) FROM refunds WHERE state = 'done' AND reference = '{number}'");
    assert_eq!((town.count(&done), sent_back(&town, "wechat-pay", &order)), (1, 20_000));
}

#[test]
fn what_went_back_by_hand_and_by_its_provider_as_well_is_an_alarm_and_a_work_item() {
    let town = Town::start("back-twice");
    let (_, order) = paid_twice(&town, "wechat-pay");
    // As if it had been taken over after hours in which WeChat Pay did not answer, though it had heard.
    town.control_of("wechat", "POST", "faults", &json!({"gateway": "unavailable", "gateway_calls": MANY}));
    town.janitor();
    sql::execute(&town.house.database(), "UPDATE refunds SET tries = 6, next_try_at = 0");
    let root = town.administrator();
    assert_eq!(take_over(&town, &order, &root).status, 204);
    assert_eq!(close(&town, &order, &root).status, 204);
    let told = |refund_id: &str| {
        let said = json!({
            "mchid": town.merchant.wechat_pay["mch_id"], "out_trade_no": id(&order),
            "out_refund_no": format!("R{}", id(&order)), "refund_id": refund_id, "refund_status": "SUCCESS",
            "amount": {"total": 20_000, "refund": 20_000, "payer_total": 20_000, "payer_refund": 20_000},
        });
        let answer =
            town.notify_wechat(&format!("EV-{refund_id}"), "refund", &said, CallbackKey::PublicKey, 0);
        assert_eq!(answer.status, 204, "{}", answer.text);
        town.janitor()["to_review"].as_i64().expect("a count")
    };
    // Somebody looked there, and closed it with WeChat Pay's own number: no news.
    assert_eq!(told(REFERENCE), 0);
    for _ in 0..2 {
        assert_eq!(told("50300000000000000000000000001"), 1);
    }
    assert!(town.house.log().contains("ALARM a refund was made by hand and by its provider"));
    assert_eq!(town.count("SELECT COUNT(*) FROM payment_inbox WHERE reason = 'unexpected-refund'"), 1);
}
