//! A ticket is paid at Alipay: once, whatever arrives, however often, in whatever order, and whoever is killed meanwhile.

use serde_json::{Value, json};
use std::io::{ErrorKind, Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;
use zerotrip_journeys::Town;
use zerotrip_journeys::picture::read_svg;
use zerotrip_journeys::sql::Lock;
use zerotrip_journeys::town::with;

const DAY_S: i64 = 86_400;

fn receipt(town: &Town, code: &str) -> Value {
    let receipt = town.house.get(&format!("/fines/{code}/receipt"), None);
    assert_eq!(receipt.status, 200, "{}", receipt.text);
    receipt.json()
}

/// Nothing is paid, and nothing was taken for a payment.
fn unpaid(town: &Town, code: &str, order: &Value) {
    assert_eq!(town.state_of(code, order), "pending");
    assert_eq!(town.look_up(code)["state"], "due");
    town.house.get(&format!("/fines/{code}/receipt"), None).is_problem(404, "not-paid");
}

#[test]
fn from_the_printed_code_to_the_receipt_in_a_browser() {
    let town = Town::start("whole-way");
    let ticket = town.ticket();
    let code = ticket["code"].as_str().expect("a code");
    // The button of the page.
    let ordered = town.house.browse("POST", &format!("/fines/{code}/orders"), "provider=alipay");
    assert_eq!(ordered.status, 303, "{}", ordered.text);
    assert!(ordered.location.starts_with(&format!("{}/gateway.do?", town.alipay)));
    let cashier = town.house.fetch("GET", &ordered.location, &[], "");
    assert!(cashier.text.contains("¥ 200.00"), "{}", cashier.text);
    // Pressing it again leads to the same order; so does a client.
    let order = town.order(code);
    assert_eq!(town.count("SELECT COUNT(*) FROM orders"), 1);
    assert_eq!((&order["amount_fen"], order["order"].as_str().map(str::len)), (&json!(20000), Some(28)));

    let back = town.pay(&order);
    let path = back.strip_prefix(&town.house.base).expect("to us");
    let returned = town.house.browse("GET", path, "");
    assert_eq!(returned.status, 303, "{}", returned.text);
    town.until_paid(code, &order);
    let page = town.house.browse("GET", &returned.location, "");
    assert!(page.text.contains("已缴款") && !page.text.contains("http-equiv"));

    town.until_delivered();
    let trade = town.control("GET", "trades", &Value::Null)[0].clone();
    let receipt = receipt(&town, code);
    assert_eq!(receipt["payment"]["transaction"], trade["trade_no"]);
    assert_eq!(receipt["payment"]["order"], order["order"]);
    assert_eq!(receipt["payment"]["paid_at"].as_i64(), trade["paid_ms"].as_i64().map(|ms| ms / 1000 * 1000));
    assert_eq!((&receipt["total_fen"], &receipt["late_fee_fen"]), (&json!(20000), &json!(0)));
    let page = town.house.browse("GET", &format!("/fines/{code}/receipt"), "").text;
    assert!(page.contains("缴款凭证") && page.contains("¥200.00") && !page.contains("张三丰"));
    let seen = town.look_up(code);
    assert_eq!((&seen["state"], &seen["providers"]), (&json!("paid"), &json!([])));
    town.try_order(code).is_problem(409, "already-paid");
    assert_eq!(town.count("SELECT COUNT(*) FROM payment_inbox"), 0);
}

#[test]
fn three_per_cent_a_day_until_the_fine_has_doubled() {
    let mut town = Town::start("late");
    let codes: Vec<String> = (0..5).map(|_| town.code()).collect();
    let due = town.look_up(&codes[0])["due"].clone();
    let mut passed = 0;
    // Days after the decision, late days, late fee in fen: 行政处罚法 art. 72, worked out by hand.
    for ((days, late, fee), code) in
        [(15, 0, 0), (16, 1, 600), (48, 33, 19_800), (49, 34, 20_000), (75, 60, 20_000)]
            .into_iter()
            .zip(&codes)
    {
        town = town.later((days - passed) * DAY_S);
        passed = days;
        let seen = town.look_up(code);
        let state = if late == 0 { "due" } else { "overdue" };
        assert_eq!(
            (&seen["state"], &seen["late_days"], &seen["late_fee_fen"], &seen["total_fen"], &seen["due"]),
            (&json!(state), &json!(late), &json!(fee), &json!(20_000 + fee), &due),
        );
        let order = town.order(code);
        assert_eq!(order["amount_fen"], json!(20_000 + fee));
        town.pay(&order);
        town.until_paid(code, &order);
        let receipt = receipt(&town, code);
        assert_eq!((&receipt["late_fee_fen"], &receipt["total_fen"]), (&json!(fee), &json!(20_000 + fee)));
    }
    // What was paid stays what was paid.
    assert_eq!(town.look_up(&codes[1])["total_fen"], json!(20_600));
}

#[test]
fn notifications_repeated_and_out_of_order_pay_once() {
    let town = Town::start("repeated-notifications");
    town.faults(&json!({"duplicate_notifications": 3}));
    let code = town.code();
    let order = town.order(&code);
    let success = town.success(&order);
    // Before the payer pays, the news that he has not.
    let waiting = town.signed(&with(success.clone(), "trade_status", "WAIT_BUYER_PAY"));
    assert_eq!(
        (town.notify(&waiting).text.as_str(), town.state_of(&code, &order).as_str()),
        ("success", "pending")
    );
    town.pay(&order);
    town.until_paid(&code, &order);
    town.until_delivered();
    let first = receipt(&town, &code);
    // The same transaction told again, sixteen times at once.
    let trade =
        town.control("GET", "trades", &Value::Null)[0]["trade_no"].as_str().expect("a number").to_owned();
    let again = town.signed(&with(success.clone(), "trade_no", &trade));
    let answers: Vec<String> = std::thread::scope(|scope| {
        let sends: Vec<_> = (0..16).map(|_| scope.spawn(|| town.notify(&again).text)).collect();
        sends.into_iter().map(|s| s.join().expect("answered")).collect()
    });
    assert!(answers.iter().all(|text| text == "success"), "{answers:?}");
    // Late news of what was before, and of the end of the trade's life.
    for status in ["WAIT_BUYER_PAY", "TRADE_FINISHED", "TRADE_CLOSED"] {
        let fields = with(with(success.clone(), "trade_no", &trade), "trade_status", status);
        assert_eq!(town.notify(&town.signed(&fields)).text, "success", "{status}");
    }
    assert_eq!(receipt(&town, &code), first);
    assert_eq!(town.count("SELECT COUNT(*) FROM orders WHERE state = 'paid'"), 1);
    assert_eq!(town.count("SELECT COUNT(*) FROM payment_inbox"), 0);
}

#[test]
fn what_alipay_did_not_sign_changes_nothing() {
    let town = Town::start("forged");
    let code = town.code();
    let order = town.order(&code);
    let genuine = town.signed(&town.success(&order));
    let dearer = town.signed(&with(town.success(&order), "total_amount", "0.01"));
    let sign =
        |body: &str| body.split('&').find(|part| part.starts_with("sign=")).expect("a signature").to_owned();
    let swapped = genuine.replace(&sign(&genuine), &sign(&dearer));
    let unsigned: Vec<&str> = genuine.split('&').filter(|part| !part.starts_with("sign=")).collect();
    for (what, body) in [
        ("truncated", genuine[..genuine.len() - 40].to_owned()),
        ("amount changed", genuine.replace("200.00", "200.01")),
        ("another's signature", swapped),
        ("no signature", unsigned.join("&")),
        ("SHA-1", genuine.replace("sign_type=RSA2", "sign_type=RSA")),
        ("a field twice", format!("{genuine}&trade_status=TRADE_SUCCESS")),
        ("a field more", format!("{genuine}&x=1")),
        ("a broken escape", format!("{genuine}%")),
        ("nothing", String::new()),
        ("JSON", json!({"trade_status": "TRADE_SUCCESS"}).to_string()),
    ] {
        let answer = town.notify(&body);
        assert_eq!((answer.status, answer.text.contains("success")), (400, false), "{what}");
        answer.is_problem(400, "signature-refused");
    }
    town.notify(&"x".repeat(70_000)).is_problem(413, "body-too-large");
    let elsewhere = zerotrip_journeys::town::merchant();
    let foreign = zerotrip_sandbox_sign(&elsewhere.theirs, &town.success(&order));
    town.notify(&foreign).is_problem(400, "signature-refused");
    town.house.get("/pay/alipay/return?out_trade_no=1", None).is_problem(400, "signature-refused");
    unpaid(&town, &code, &order);
    assert_eq!(town.count("SELECT COUNT(*) FROM payment_inbox"), 0);
    // And the genuine one is still good.
    assert_eq!(town.notify(&genuine).text, "success");
    assert_eq!(town.state_of(&code, &order), "paid");
}

fn zerotrip_sandbox_sign(config: &Value, fields: &[(String, String)]) -> String {
    use zerotrip_sandbox::alipay::{PrivateKey, sign_notification};
    let key = config["alipay"]["private_key"].as_str().expect("a key");
    sign_notification(fields, &PrivateKey::from_base64(key).expect("a key"))
}

#[test]
fn what_alipay_signed_but_does_not_fit_is_kept_and_acknowledged_and_pays_nothing() {
    let town = Town::start("set-aside");
    let code = town.code();
    let order = town.order(&code);
    let success = town.success(&order);
    let wrong = [
        ("wrong-app", "app_id", "2021000000009999"),
        ("wrong-seller", "seller_id", "2088000000009999"),
        ("wrong-amount", "total_amount", "0.00"),
        ("wrong-amount", "total_amount", "200.001"),
        ("unknown-order", "out_trade_no", "20261124ffffffffffffffffffff"),
        ("unknown-status", "trade_status", "TRADE_PENDING"),
        ("unexpected-refund", "refund_fee", "50.00"),
    ];
    for (number, (reason, name, value)) in wrong.into_iter().enumerate() {
        let fields = with(with(success.clone(), name, value), "notify_id", &format!("odd-{number}"));
        let body = town.signed(&fields);
        for _ in 0..2 {
            assert_eq!(town.notify(&body).text, "success", "{reason}");
        }
        let kept = town.count(&format!(
            "SELECT COUNT(*) FROM payment_inbox WHERE event = 'odd-{number}' AND reason = '{reason}'"
        ));
        assert_eq!(kept, 1, "{reason}");
        unpaid(&town, &code, &order);
    }
    assert_eq!(town.count("SELECT COUNT(*) FROM payment_inbox"), 7);
    assert_eq!(town.janitor()["to_review"], 7);
    assert!(town.house.log().contains("ALARM alipay report set aside: wrong-amount"));
    // An amount written another way is the same amount.
    assert_eq!(town.notify(&town.signed(&with(success, "total_amount", "200.0"))).text, "success");
    assert_eq!(town.state_of(&code, &order), "paid");
}

#[test]
fn one_transaction_pays_one_order_and_one_order_is_paid_by_one_transaction() {
    let town = Town::start("other-transaction");
    let (first, second) = (town.code(), town.code());
    let (order, other) = (town.order(&first), town.order(&second));
    let fields = town.success(&order);
    let transaction = fields.iter().find(|(name, _)| name == "trade_no").expect("a number").1.clone();
    assert_eq!(town.notify(&town.signed(&fields)).text, "success");
    let stolen = with(town.success(&other), "trade_no", &transaction);
    assert_eq!(town.notify(&town.signed(&stolen)).text, "success");
    unpaid(&town, &second, &other);
    let twice = with(with(fields, "trade_no", "2026112422001999999999"), "notify_id", "n-2");
    assert_eq!(town.notify(&town.signed(&twice)).text, "success");
    assert_eq!(receipt(&town, &first)["payment"]["transaction"], json!(transaction));
    let kept = "SELECT COUNT(*) FROM payment_inbox WHERE reason = 'other-transaction'";
    assert_eq!(town.count(kept), 2);
}

#[test]
fn a_store_that_fails_means_no_acknowledgement_and_the_next_delivery_pays_once() {
    let town = Town::start("store-fails");
    let code = town.code();
    let order = town.order(&code);
    town.faults(&json!({"hold_notifications": true}));
    town.pay(&order);
    {
        // Somebody else writes, longer than anybody waits.
        let lock = Lock::take(&town.house.database());
        let body = town.signed(&town.success(&order));
        let refused = town.notify(&body);
        refused.is_problem(503, "unavailable");
        assert!(!refused.text.contains("success"));
        lock.give_back();
    }
    unpaid(&town, &code, &order);
    town.faults(&json!({}));
    town.until_paid(&code, &order);
    town.until_delivered();
    assert_eq!(town.count("SELECT COUNT(*) FROM orders WHERE state = 'paid'"), 1);
    assert_eq!(town.count("SELECT COUNT(*) FROM payment_inbox"), 0);
}

#[test]
fn kill_9_between_notification_and_answer_loses_nothing_and_pays_once() {
    let mut town = Town::start("kill-9");
    for delay_us in [0, 500, 1_000, 2_000, 4_000, 8_000, 16_000] {
        let code = town.code();
        let order = town.order(&code);
        town.faults(&json!({"hold_notifications": true}));
        town.pay(&order);
        town.control("POST", "deliver", &Value::Null);
        std::thread::sleep(Duration::from_micros(delay_us));
        town = town.killed();
        // Whatever the first delivery met, the provider sends again until it reads `success`.
        town.faults(&json!({}));
        town.control("POST", "deliver", &Value::Null);
        town.until_paid(&code, &order);
        town.until_delivered();
        let id = order["order"].as_str().expect("an order");
        let trades = town.control("GET", "trades", &Value::Null);
        let trade = trades.as_array().expect("a list").iter().find(|t| t["out_trade_no"] == id).expect("it");
        assert_eq!(receipt(&town, &code)["payment"]["transaction"], trade["trade_no"], "after {delay_us} µs");
    }
    assert_eq!(town.count("SELECT COUNT(*) FROM orders WHERE state = 'paid'"), 7);
    assert_eq!(town.count("SELECT COUNT(*) FROM payment_inbox"), 0);
}

#[test]
fn a_killed_house_with_a_notification_in_hand_has_neither_half_a_payment_nor_an_acknowledgement() {
    let town = Town::start("kill-in-hand");
    let code = town.code();
    let order = town.order(&code);
    let body = town.signed(&town.success(&order));
    let lock = Lock::take(&town.house.database());
    // Connected to the house that is killed, however late that one reads.
    let address = town.house.base.trim_start_matches("http://").to_owned();
    let mut sent = TcpStream::connect(&address).expect("connected");
    let head = format!(
        "POST /pay/alipay/notifications HTTP/1.1\r\nhost: {address}\r\n\
         content-type: application/x-www-form-urlencoded\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    sent.write_all((head + body.as_str()).as_bytes()).expect("sent");
    // The settlement waits for the lock when the kill comes.
    std::thread::sleep(Duration::from_millis(500));
    let town = town.killed();
    let mut answer = Vec::new();
    if let Err(ended) = sent.read_to_end(&mut answer) {
        assert_eq!(ended.kind(), ErrorKind::ConnectionReset);
    }
    assert_eq!(answer, b"", "no answer was given");
    lock.give_back();
    unpaid(&town, &code, &order);
    assert_eq!(town.notify(&body).text, "success");
    assert_eq!(town.state_of(&code, &order), "paid");
}

#[test]
fn a_lost_notification_is_found_by_asking() {
    let town = Town::start("lost");
    town.faults(&json!({"drop_notifications": 1}));
    let code = town.code();
    let order = town.order(&code);
    town.pay(&order);
    assert_eq!(town.janitor()["checked"], 0, "not due yet");
    let town = town.later(31);
    let job = town.job_token();
    for (token, status) in [(None, 401), (Some("forged"), 401)] {
        assert_eq!(town.house.post("/pay/jobs/janitor", token, &json!({})).status, status);
    }
    town.house
        .post("/pay/jobs/janitor", Some(&town.administrator()), &json!({}))
        .is_problem(401, "unauthorized");
    // Four at once: one of them gets the order.
    let checked: i64 = std::thread::scope(|scope| {
        let run = || town.house.post("/pay/jobs/janitor", Some(&job), &json!({})).json()["checked"].as_i64();
        let runs: Vec<_> = (0..4).map(|_| scope.spawn(run)).collect();
        runs.into_iter().map(|r| r.join().expect("answered").expect("a count")).sum()
    });
    assert_eq!(checked, 1);
    assert_eq!(town.state_of(&code, &order), "paid");
    let trade = town.control("GET", "trades", &Value::Null)[0].clone();
    assert_eq!(receipt(&town, &code)["payment"]["transaction"], trade["trade_no"]);
    // The notification that was lost turns up after all.
    let late = with(town.success(&order), "trade_no", trade["trade_no"].as_str().expect("a number"));
    assert_eq!(town.notify(&town.signed(&late)).text, "success");
    assert_eq!(town.count("SELECT COUNT(*) FROM payment_inbox"), 0);
}

#[test]
fn the_way_back_from_the_cashier_asks_alipay_and_believes_no_browser() {
    let town = Town::start("way-back");
    town.faults(&json!({"hold_notifications": true}));
    let code = town.code();
    let order = town.order(&code);
    let back = town.pay(&order);
    let path = back.strip_prefix(&town.house.base).expect("to us").to_owned();
    // A gateway that does not answer, or not with Alipay's signature, proves nothing.
    for fault in ["unavailable", "bad-signature"] {
        town.faults(&json!({"hold_notifications": true, "gateway": fault, "gateway_calls": 1}));
        assert_eq!(town.house.browse("GET", &path, "").status, 303);
        assert_eq!(town.state_of(&code, &order), "pending", "{fault}");
    }
    let page = town.house.browse(
        "GET",
        &format!("/fines/{code}/orders/{}", order["order"].as_str().expect("it")),
        "",
    );
    assert!(page.text.contains("http-equiv=\"refresh\""), "it asks again by itself");
    town.house.get(&path.replace("200.00", "100.00"), None).is_problem(400, "signature-refused");
    assert_eq!(town.house.browse("GET", &path, "").status, 303);
    assert_eq!(town.state_of(&code, &order), "paid");
}

#[test]
fn an_order_ends_with_its_day_and_the_next_one_has_the_new_amount() {
    let town = Town::start("day-ends");
    let (opened, unopened) = (town.code(), town.code());
    let (first, second) = (town.order(&opened), town.order(&unopened));
    town.house.fetch("GET", first["cashier"].as_str().expect("an address"), &[], "");
    let town = town.later(20 * DAY_S);
    // Alipay itself reports the end of a trade that was opened; of the other it knows nothing.
    let done = town.janitor();
    assert!(done["closed"].as_i64() >= Some(1) && done["failed"] == 0, "{done}");
    assert_eq!(town.state_of(&opened, &first), "closed");
    assert_eq!(town.state_of(&unopened, &second), "closed");
    let late = town.look_up(&opened);
    let next = town.order(&opened);
    assert_eq!(next["amount_fen"], late["total_fen"]);
    assert_ne!(next["order"], first["order"]);
    // Money that comes for a closed order all the same is not lost.
    assert_eq!(town.notify(&town.signed(&town.success(&second))).text, "success");
    assert_eq!(town.state_of(&unopened, &second), "paid");
}

#[test]
fn a_gateway_that_is_down_delays_the_janitor_and_decides_nothing() {
    let town = Town::start("gateway-down");
    town.faults(&json!({"drop_notifications": 1}));
    let code = town.code();
    let order = town.order(&code);
    town.pay(&order);
    let town = town.later(31);
    town.faults(&json!({"gateway": "unavailable", "gateway_calls": 1}));
    let done = town.janitor();
    assert_eq!((&done["checked"], &done["failed"]), (&json!(1), &json!(1)));
    assert_eq!(town.state_of(&code, &order), "pending");
    let town = town.later(61);
    town.faults(&json!({"gateway": "bad-signature", "gateway_calls": 1}));
    assert_eq!(town.janitor()["failed"], 1);
    assert_eq!(town.state_of(&code, &order), "pending");
    let town = town.later(301);
    assert_eq!(town.janitor()["settled"], 1);
    assert_eq!(town.state_of(&code, &order), "paid");
}

#[test]
fn an_order_needs_a_provider_and_there_is_one_for_all_who_press_at_once() {
    let town = Town::start("orders");
    let code = town.code();
    let path = format!("/fines/{code}/orders");
    for body in [json!({"provider": "cash"}), json!({}), json!({"provider": "alipay", "amount_fen": 1})] {
        town.house.post(&path, None, &body).is_problem(400, "invalid-request");
    }
    let page = town.house.browse("POST", &path, "provider=cash");
    assert_eq!((page.status, page.content_type.as_str()), (400, "text/html; charset=utf-8"));
    assert_eq!(town.count("SELECT COUNT(*) FROM orders"), 0);
    let orders: std::collections::HashSet<String> = std::thread::scope(|scope| {
        let press = || town.order(&code)["order"].as_str().expect("an order").to_owned();
        let presses: Vec<_> = (0..16).map(|_| scope.spawn(press)).collect();
        presses.into_iter().map(|p| p.join().expect("answered")).collect()
    });
    assert_eq!(orders.len(), 1);
    let order = orders.iter().next().expect("one");
    // An order is shown only beside its own ticket.
    let other = town.code();
    town.house.get(&format!("/fines/{other}/orders/{order}"), None).is_problem(404, "not-found");
}

#[test]
fn a_receipt_proves_itself_and_a_made_up_one_is_found_out() {
    let town = Town::start("receipt");
    let (code, other) = (town.code(), town.code());
    let order = town.order(&code);
    assert_eq!(town.notify(&town.signed(&town.success(&order))).text, "success");
    let held = receipt(&town, &code);
    let proof = held["code"].as_str().expect("a code");
    assert_eq!(held["verify"], json!(format!("{}/fines/receipts/{proof}", town.house.base)));
    // What the paper's QR code says leads to what we say, the same but for nothing.
    let page = town.house.browse("GET", &format!("/fines/{code}/receipt"), "").text;
    let picture = page.find("<svg").and_then(|from| page[from..].split_inclusive("</svg>").next());
    assert_eq!(json!(read_svg(picture.expect("a picture")).0), held["verify"]);
    let verified = town.house.get(&format!("/fines/receipts/{proof}"), None);
    assert_eq!((verified.status, verified.json()), (200, held.clone()));
    let typed =
        proof.to_lowercase().chars().collect::<Vec<_>>().chunks(4).map(String::from_iter).collect::<Vec<_>>();
    assert_eq!(town.house.get(&format!("/fines/receipts/{}", typed.join("-")), None).json(), held);
    let page = town.house.browse("GET", &format!("/fines/receipts/{proof}"), "").text;
    assert!(page.contains("凭证真实有效") && page.contains("¥200.00") && !page.contains("张三丰"), "{page}");
    // Made up, changed, cut, of the other key, a ticket's code: refused without a look into the database.
    let changed = if proof.ends_with('0') { '1' } else { '0' };
    let short = &proof[..31];
    for bad in [
        format!("{short}{changed}"),
        short.to_owned(),
        format!("{proof}0"),
        "0".repeat(32),
        code.clone(),
        other,
    ] {
        town.house.get(&format!("/fines/receipts/{bad}"), None).is_problem(404, "unknown-receipt");
    }
    town.house
        .post(&format!("/fines/receipts/{proof}"), None, &json!({}))
        .is_problem(405, "method-not-allowed");
}
