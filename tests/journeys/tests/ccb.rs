//! A ticket is paid at China Construction Bank, however its counter is set, and only on the bank's own word.

use serde_json::{Value, json};
use std::time::{Duration, Instant};
use zerotrip_journeys::Town;
use zerotrip_journeys::picture::read_svg;
use zerotrip_journeys::town::{DESKTOP, IN_CCB, PHONE, with};

fn control(town: &Town, method: &str, path: &str, body: &Value) -> Value {
    town.control_of("ccb", method, path, body)
}

/// An order whose cashier was opened: from then on the bank knows it.
fn order(town: &Town, code: &str) -> Value {
    let order = town.order_at(code, "ccb", IN_CCB);
    let cashier = order["cashier"].as_str().expect("an address");
    assert_eq!(town.house.fetch("GET", cashier, &[("user-agent", IN_CCB)], "").status, 200);
    order
}

fn id(order: &Value) -> &str {
    order["order"].as_str().expect("an order")
}

/// The payer opens the bank's page and presses its button. Gives where the browser is sent to.
fn pay(town: &Town, order: &Value, agent: &str) -> String {
    let cashier = order["cashier"].as_str().expect("an address");
    let page = town.house.fetch("GET", cashier, &[("user-agent", agent)], "");
    let button = page.text.split("action=\"").nth(1).and_then(|rest| rest.split('"').next());
    let button = button.unwrap_or_else(|| panic!("no cashier: {}", page.text));
    let form = [("user-agent", agent), ("content-type", "application/x-www-form-urlencoded")];
    let paid = town.house.fetch("POST", &format!("{}{button}", town.alipay), &form, "channel=page");
    assert_eq!(paid.status, 303, "{}", paid.text);
    paid.location
}

fn until_paid(town: &Town, code: &str, order: &Value) {
    let begun = Instant::now();
    while town.state_of(code, order) != "paid" {
        assert!(
            begun.elapsed() < Duration::from_secs(20),
            "{}",
            control(town, "GET", "callbacks", &Value::Null)
        );
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// One field changed in its place.
fn changed(fields: &[(String, String)], name: &str, value: &str) -> Vec<(String, String)> {
    let change = |(key, old): &(String, String)| {
        (key.clone(), if key == name { value.to_owned() } else { old.clone() })
    };
    fields.iter().map(change).collect()
}

#[test]
fn in_the_banks_app_from_the_ticket_to_the_receipt() {
    let town = Town::start("ccb-whole-way");
    let code = town.code();
    let headers = [
        ("user-agent", IN_CCB),
        ("accept", "text/html"),
        ("content-type", "application/x-www-form-urlencoded"),
    ];
    let page = town.house.send_with("POST", &format!("/fines/{code}/orders"), &headers, "provider=ccb");
    assert_eq!(page.status, 303, "{}", page.text);
    let order = order(&town, &code);
    assert_eq!(town.count("SELECT COUNT(*) FROM orders"), 1);
    let back = pay(&town, &order, IN_CCB);
    // The page callback is signed, and no proof; it leads to the order's page.
    let path = back.strip_prefix(&town.house.base).expect("to us");
    assert!(path.starts_with("/pay/return?") && !path.contains("ACC_TYPE"), "{path}");
    assert_eq!(town.house.browse("GET", path, "").status, 303);
    until_paid(&town, &code, &order);
    let receipt = town.house.get(&format!("/fines/{code}/receipt"), None).json();
    assert_eq!((&receipt["payment"]["provider"], &receipt["total_fen"]), (&json!("ccb"), &json!(20_000)));
    assert_eq!(receipt["payment"]["order"], order["order"]);
    assert_eq!(town.count("SELECT COUNT(*) FROM payment_inbox"), 0);
}

#[test]
fn on_a_desktop_the_banks_code_is_shown() {
    let town = Town::start("ccb-code");
    let code = town.code();
    let order = town.order_at(&code, "ccb", DESKTOP);
    let text = order["qr"].as_str().expect("a code").to_owned();
    assert!(text.starts_with(&format!("{}/ccb/cashier/", town.alipay)), "{text}");
    let headers = [
        ("user-agent", DESKTOP),
        ("accept", "text/html"),
        ("content-type", "application/x-www-form-urlencoded"),
    ];
    let page = town.house.send_with("POST", &format!("/fines/{code}/orders"), &headers, "provider=ccb").text;
    let picture = page.find("<svg").and_then(|from| page[from..].split_inclusive("</svg>").next());
    assert_eq!(read_svg(picture.expect("a picture")).0, text);
    // The gateway is away, or answers nonsense: nothing is half done, and the same request works later.
    let other = town.code();
    for fault in ["unavailable", "answer-lost"] {
        control(&town, "POST", "faults", &json!({"gateway": fault, "gateway_calls": 1}));
        town.try_order_at(&other, "ccb", DESKTOP).is_problem(503, "unavailable");
    }
    town.order_at(&other, "ccb", DESKTOP);
    control(&town, "POST", &format!("trades/{}/pay", id(&order)), &json!({"acc_type": "WX"}));
    until_paid(&town, &code, &order);
}

#[test]
fn however_the_counter_is_set_its_callback_settles() {
    let town = Town::start("ccb-counter");
    let tail = json!(["TYPE", "ACCDATE", "USRMSG", "INSTALLNUM", "USRINFO", "DISCOUNT", "OPENID"]);
    for settings in [
        json!({"delivery": "post-form"}),
        json!({"delivery": "post-query", "returned": []}),
        json!({"delivery": "get", "notation": "short"}),
        json!({"delivery": "post-form", "returned": tail, "tail": "2021"}),
        json!({"delivery": "get", "returned": ["ACCDATE", "USRMSG", "INSTALLNUM", "USRINFO"], "tail": "2017"}),
    ] {
        town.counter(&settings);
        let code = town.code();
        let order = order(&town, &code);
        control(&town, "POST", &format!("trades/{}/pay", id(&order)), &json!({}));
        until_paid(&town, &code, &order);
        let callbacks = control(&town, "GET", "callbacks", &Value::Null);
        let last = callbacks.as_array().expect("a list").last().expect("one").clone();
        // Whoever paid is named in it, under the bank's own cipher: not even that is kept.
        let text = last["text"].as_str().expect("its text");
        for name in ["USRMSG", "USRINFO"] {
            if let Some(value) = text.split('&').find_map(|field| field.strip_prefix(&format!("{name}="))) {
                assert!(value.len() > 8, "{text}");
                assert!(!String::from_utf8_lossy(&town.house.stored()).contains(value), "{settings}");
                assert!(!town.house.log().contains(value));
            }
        }
    }
    assert_eq!(town.count("SELECT COUNT(*) FROM payment_inbox"), 0);
}

#[test]
fn what_the_bank_did_not_sign_changes_nothing() {
    let town = Town::start("ccb-forged");
    let code = town.code();
    let order = order(&town, &code);
    let fields = town.ccb_success(&order);
    let genuine = zerotrip_sandbox::ccb::sign_callback(&fields, zerotrip_journeys::town::ccb_key());
    let form = ("content-type", "application/x-www-form-urlencoded");
    let send = |body: &str| town.house.send_with("POST", "/pay/ccb/notifications", &[form], body);
    let (start, sign) = genuine.rsplit_once("SIGN=").expect("a signature");
    let mut flipped = sign.to_owned();
    flipped.replace_range(0..1, if sign.starts_with('0') { "1" } else { "0" });
    for (what, body) in [
        ("nothing", String::new()),
        ("truncated", genuine[..genuine.len() - 2].to_owned()),
        ("another signature", format!("{start}SIGN={flipped}")),
        ("no signature", start.trim_end_matches('&').to_owned()),
        ("another amount", genuine.replace("PAYMENT=200.00", "PAYMENT=0.01")),
        ("another order", genuine.replace(id(&order), &"1".repeat(28))),
        ("success made of failure", genuine.replace("SUCCESS=Y", "SUCCESS=N")),
        ("a field twice", genuine.replace("SUCCESS=Y", "SUCCESS=N&SUCCESS=Y")),
        ("a field that holds another", genuine.replace("REMARK1=", "REMARK1=%26x%3D1")),
        ("a broken escape", genuine.replace("REMARK2=", "REMARK2=%")),
        (
            "a MAC of ours",
            order["cashier"].as_str().expect("an address").split_once("V6&").expect("fields").1.to_owned(),
        ),
    ] {
        let answer = send(&body);
        assert_eq!(answer.status, 400, "{what}: {}", answer.text);
        answer.is_problem(400, "signature-refused");
        town.house
            .get(&format!("/pay/ccb/notifications?{}", body.replace(' ', "%20")), None)
            .is_problem(400, "signature-refused");
    }
    let stranger = zerotrip_sandbox::ccb::sign_callback(&fields, &zerotrip_sandbox::ccb::fresh_key());
    send(&stranger).is_problem(400, "signature-refused");
    assert_eq!(town.state_of(&code, &order), "pending");
    assert_eq!(town.count("SELECT COUNT(*) FROM payment_inbox"), 0);
    assert_eq!(send(&genuine).text, "success");
    assert_eq!(town.state_of(&code, &order), "paid");
}

#[test]
fn what_the_bank_signed_but_does_not_fit_pays_nothing() {
    let town = Town::start("ccb-set-aside");
    let code = town.code();
    let order = order(&town, &code);
    let right = town.ccb_success(&order);
    for (reason, name, value) in [
        ("wrong-seller", "POSID", "999999999"),
        ("wrong-seller", "BRANCHID", "999999999"),
        ("wrong-amount", "PAYMENT", "0.00"),
        ("wrong-amount", "CURCODE", "14"),
        ("unknown-order", "ORDERID", "20261124ffffffffffffffffffff"),
        ("unknown-status", "SUCCESS", "P"),
    ] {
        let before = town.count("SELECT COUNT(*) FROM payment_inbox");
        for _ in 0..2 {
            assert_eq!(town.notify_ccb(&changed(&right, name, value)).text, "success", "{name}");
        }
        let kept = town.count(&format!("SELECT COUNT(*) FROM payment_inbox WHERE reason = '{reason}'"));
        assert!(kept >= 1, "{reason}");
        assert_eq!(town.count("SELECT COUNT(*) FROM payment_inbox"), before + 1, "{name}: kept once");
        assert_eq!(town.state_of(&code, &order), "pending", "{name}");
    }
    // A payment that failed is authentic, and the payer may try again.
    assert_eq!(town.notify_ccb(&changed(&right, "SUCCESS", "N")).text, "success");
    assert_eq!(town.state_of(&code, &order), "pending");
    // The page's callback, sent to the server's address: the bank knows of no payment.
    let page: Vec<_> = right.iter().filter(|(name, _)| name != "ACC_TYPE").cloned().collect();
    assert_eq!(town.notify_ccb(&page).text, "success");
    assert_eq!(town.state_of(&code, &order), "pending");
    // Amounts are signed as they are written and compared as what they are.
    assert_eq!(town.notify_ccb(&changed(&right, "PAYMENT", "200.0")).text, "success");
    assert_eq!(town.state_of(&code, &order), "paid");
    for _ in 0..3 {
        assert_eq!(town.notify_ccb(&right).text, "success");
    }
    assert_eq!(town.count("SELECT COUNT(*) FROM orders WHERE state = 'paid'"), 1);
}

#[test]
fn above_the_limit_the_bank_is_asked_before_its_md5_signature_is_believed() {
    let town = Town::start("ccb-limit");
    let code = town.code();
    let town = town.later(20 * 86_400);
    let order = order(&town, &code);
    // 200 yuan and the late fee of five days: above the 200 yuan of the setting.
    assert_eq!(order["amount_fen"], 23_000);
    // Rightly signed, and nothing was paid.
    assert_eq!(town.notify_ccb(&town.ccb_success(&order)).text, "success");
    assert_eq!(town.state_of(&code, &order), "pending");
    // While the bank does not answer, or not as the bank, nothing is believed or acknowledged.
    for fault in ["unavailable", "bad-signature"] {
        control(
            &town,
            "POST",
            "faults",
            &json!({"gateway": fault, "gateway_calls": 1, "hold_callbacks": true}),
        );
        town.notify_ccb(&town.ccb_success(&order)).is_problem(503, "unavailable");
    }
    control(&town, "POST", "faults", &json!({"hold_callbacks": true}));
    control(&town, "POST", &format!("trades/{}/pay", id(&order)), &json!({}));
    assert_eq!(town.notify_ccb(&town.ccb_success(&order)).text, "success");
    assert_eq!(town.state_of(&code, &order), "paid");
    // Of an order that nobody would ask about again it is kept for a person.
    let stranger = changed(&town.ccb_success(&order), "ORDERID", "20261124ffffffffffffffffffff");
    assert_eq!(town.notify_ccb(&stranger).text, "success");
    assert_eq!(town.count("SELECT COUNT(*) FROM payment_inbox WHERE reason = 'unconfirmed'"), 1);
}

#[test]
fn a_payment_that_the_bank_holds_as_pending_keeps_its_order_open() {
    let town = Town::start("ccb-pending");
    control(&town, "POST", "faults", &json!({"drop_callbacks": 1}));
    let code = town.code();
    let order = order(&town, &code);
    // A failed payment is none; the payer may try again.
    control(&town, "POST", &format!("trades/{}/fail", id(&order)), &json!({}));
    let town = town.later(31);
    assert_eq!(town.janitor()["failed"], 0);
    assert_eq!(town.state_of(&code, &order), "pending");
    control(&town, "POST", "faults", &json!({"drop_callbacks": 1}));
    control(&town, "POST", &format!("trades/{}/pay", id(&order)), &json!({}));
    let town = town.later(5 * 86_400);
    assert_eq!(town.janitor()["settled"], 1);
    assert_eq!(town.state_of(&code, &order), "paid");
}

#[test]
fn a_lost_callback_is_found_by_asking_today_and_after_the_banks_day() {
    let town = Town::start("ccb-lost");
    control(&town, "POST", "faults", &json!({"drop_callbacks": 3}));
    let codes: Vec<String> = (0..3).map(|_| town.code()).collect();
    let orders: Vec<Value> = codes.iter().map(|code| order(&town, code)).collect();
    for order in &orders[..2] {
        control(&town, "POST", &format!("trades/{}/pay", id(order)), &json!({}));
    }
    let town = town.later(31);
    assert_eq!(town.janitor()["settled"], 2);
    assert_eq!(town.state_of(&codes[0], &orders[0]), "paid");
    assert_eq!(town.state_of(&codes[2], &orders[2]), "pending");
    control(&town, "POST", "faults", &json!({"drop_callbacks": 1}));
    control(&town, "POST", &format!("trades/{}/pay", id(&orders[2])), &json!({}));
    // The day after it stands among the settled ones. An order that nobody paid is given up some days after its end: the
    // bank has no call that would close it, and may hold a payment for a while.
    let unpaid = town.code();
    let never = town.order_at(&unpaid, "ccb", PHONE);
    let town = town.later(86_400);
    let done = town.janitor();
    assert_eq!(
        (&done["settled"], &done["closed"], &done["failed"]),
        (&json!(1), &json!(0), &json!(0)),
        "{done}"
    );
    assert_eq!(town.state_of(&codes[2], &orders[2]), "paid");
    // It was paid in its day, whenever we learnt of it.
    let receipt = town.house.get(&format!("/fines/{}/receipt", codes[2]), None).json();
    let ends = town.house.get(&format!("/fines/{}/orders/{}", codes[2], id(&orders[2])), None).json();
    assert!(receipt["payment"]["paid_at"].as_i64() < ends["expires_at"].as_i64(), "{receipt} {ends}");
    assert_eq!(town.state_of(&unpaid, &never), "pending");
    let town = town.later(4 * 86_400);
    assert_eq!(town.janitor()["closed"], 1);
    assert_eq!(town.state_of(&unpaid, &never), "closed");
    assert_eq!(town.count("SELECT COUNT(*) FROM payment_inbox"), 0);
    // Late news of what is known.
    let late = with(town.ccb_success(&orders[2]), "ACCDATE", "20261125");
    assert_eq!(town.notify_ccb(&late).text, "success");
}
