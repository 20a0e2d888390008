//! A ticket is paid at WeChat Pay in each of its three ways, and what WeChat Pay did not sign just now changes nothing.

use serde_json::{Value, json};
use std::time::{Duration, Instant};
use zerotrip_journeys::town::{DESKTOP, IN_WECHAT, PHONE};
use zerotrip_journeys::{Answer, Town, sql};
use zerotrip_sandbox::wechat::CallbackKey::{self, Certificate, PublicKey};

const PROVIDER: &str = "wechat-pay";

fn control(town: &Town, method: &str, path: &str, body: &Value) -> Value {
    town.control_of("wechat", method, path, body)
}

fn notify(town: &Town, id: &str, resource: &Value, by: CallbackKey) -> Answer {
    town.notify_wechat(id, "transaction", resource, by, 0)
}

fn until(what: &str, mut done: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !done() {
        assert!(begun.elapsed() < Duration::from_secs(20), "{what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

fn paid(town: &Town, code: &str, order: &Value) -> Value {
    until("it is paid", || town.state_of(code, order) == "paid");
    town.house.get(&format!("/fines/{code}/receipt"), None).json()
}

fn trade(town: &Town, order: &Value) -> Value {
    control(town, "GET", &format!("trades/{}", order["order"].as_str().expect("an order")), &Value::Null)
}

#[test]
fn each_app_is_offered_what_it_can_open_and_nothing_else() {
    let town = Town::start("wechat-offers");
    let code = town.code();
    let offered = |agent: &str| {
        let seen = town.house.send_with("GET", &format!("/fines/{code}"), &[("user-agent", agent)], "");
        seen.json()["providers"].clone()
    };
    assert_eq!(offered(IN_WECHAT), json!(["wechat-pay"]));
    assert_eq!(offered("Mozilla/5.0 (Linux; Android 14) AlipayClient/10.6 Mobile"), json!(["alipay"]));
    assert_eq!(offered("Mozilla/5.0 (Linux; Android 14) CCBClient/6.0 Mobile"), json!(["ccb"]));
    for browser in [PHONE, DESKTOP] {
        assert_eq!(offered(browser), json!(["wechat-pay", "alipay", "ccb"]));
    }
    let page = town.house.browse("GET", &format!("/f/{code}"), "").text;
    for button in ["微信支付缴款 ¥200.00", "支付宝缴款 ¥200.00", "建设银行缴款 ¥200.00"] {
        assert!(page.contains(button), "{button}");
    }
    town.try_order_at(&code, "alipay", IN_WECHAT).is_problem(400, "invalid-request");
    assert_eq!(town.count("SELECT COUNT(*) FROM orders"), 0);
}

#[test]
fn in_a_phones_browser_the_payer_goes_to_wechat_and_comes_back_to_the_receipt() {
    let town = Town::start("wechat-h5");
    let code = town.code();
    let order = town.order_at(&code, PROVIDER, PHONE);
    // Pressed again, it is the same order.
    assert_eq!(town.order_at(&code, PROVIDER, PHONE)["order"], order["order"]);
    let cashier = order["cashier"].as_str().expect("an address");
    // The button of the page, which tells WeChat our origin, as it insists on, and never the ticket's code.
    let headers = [
        ("user-agent", PHONE),
        ("accept", "text/html"),
        ("content-type", "application/x-www-form-urlencoded"),
    ];
    let button =
        town.house.send_with("POST", &format!("/fines/{code}/orders"), &headers, "provider=wechat-pay");
    assert_eq!((button.status, button.referrer_policy.as_str()), (303, "strict-origin"));
    let ticket = town.house.browse("GET", &format!("/f/{code}"), "");
    assert_eq!(ticket.referrer_policy, "strict-origin");
    let from = format!("{}/", town.house.base);
    let page = town.house.fetch("GET", cashier, &[("user-agent", PHONE), ("referer", &from)], "");
    assert!(page.text.contains("200.00"), "{}", page.text);
    let back = town.house.fetch("POST", cashier, &[("user-agent", PHONE)], "");
    assert_eq!(back.status, 303, "{}", back.text);
    let path = back.location.strip_prefix(&town.house.base).expect("to us");
    let shown = town.house.browse("GET", path, "");
    assert_eq!(shown.status, 303);
    let receipt = paid(&town, &code, &order);
    let trade = trade(&town, &order);
    assert_eq!(receipt["payment"]["transaction"], trade["payment"]["transaction_id"]);
    assert_eq!(receipt["payment"]["provider"], PROVIDER);
    let at = trade["payment"]["at_ms"].as_i64().expect("a time");
    assert_eq!(receipt["payment"]["paid_at"], json!(at / 1000 * 1000));
    let page = town.house.browse("GET", &format!("/fines/{code}/receipt"), "").text;
    assert!(page.contains("微信支付"), "{page}");
}

#[test]
fn on_a_desktop_the_payer_scans_a_code_from_the_screen() {
    let town = Town::start("wechat-native");
    let code = town.code();
    let headers = [
        ("user-agent", DESKTOP),
        ("accept", "text/html"),
        ("content-type", "application/x-www-form-urlencoded"),
    ];
    let page =
        town.house.send_with("POST", &format!("/fines/{code}/orders"), &headers, "provider=wechat-pay");
    assert_eq!(page.status, 200, "{}", page.text);
    let order = town.order_at(&code, PROVIDER, DESKTOP);
    assert_eq!(town.count("SELECT COUNT(*) FROM orders"), 1);
    let text = order["qr"].as_str().expect("a code");
    assert!(text.starts_with("weixin://wxpay/bizpayurl?pr="), "{text}");
    // What a phone reads off the page is that code.
    let picture = page.text.find("<svg").and_then(|from| page.text[from..].split_inclusive("</svg>").next());
    assert_eq!(zerotrip_journeys::picture::read_svg(picture.expect("a picture")).0, text);
    let body = json!({ "code_url": text }).to_string();
    let url = format!("{}/wechat/native/pay", town.alipay);
    assert_eq!(town.house.fetch("POST", &url, &[("content-type", "application/json")], &body).status, 200);
    paid(&town, &code, &order);
}

#[test]
fn inside_wechat_the_payer_is_known_by_openid_and_pays_by_the_bridge() {
    let town = Town::start("wechat-jsapi");
    let code = town.code();
    let order = town.order_at(&code, PROVIDER, IN_WECHAT);
    let start = order["cashier"].as_str().and_then(|at| at.strip_prefix(&town.house.base)).expect("to us");
    let away = town.house.send_with("GET", start, &[("user-agent", IN_WECHAT)], "");
    assert_eq!(away.status, 303);
    let cookie = away.set_cookie.split(';').next().expect("a cookie").to_owned();
    assert!(
        away.set_cookie.contains("HttpOnly") && away.set_cookie.contains("SameSite=Lax"),
        "{}",
        away.set_cookie
    );
    assert!(!away.location.contains(town.merchant.wechat_pay["app_secret"].as_str().expect("a secret")));
    let back = town.house.fetch("GET", away.location.split('#').next().expect("an address"), &[], "");
    assert!([302, 303].contains(&back.status), "{} {}", back.status, back.text);
    let path = back.location.strip_prefix(&town.house.base).expect("to us").to_owned();
    // In another browser the same address is worth nothing, nor with another state.
    town.house.send_with("GET", &path, &[("user-agent", IN_WECHAT)], "").is_problem(400, "invalid-request");
    let other = path.replace("state=", "state=x");
    town.house.send_with("GET", &other, &[("cookie", &cookie)], "").is_problem(400, "invalid-request");

    let page = town.house.send_with("GET", &path, &[("cookie", &cookie), ("user-agent", IN_WECHAT)], "");
    assert_eq!((page.status, page.content_type.as_str()), (200, "text/html; charset=utf-8"), "{}", page.text);
    let nonce =
        page.policy.split("'nonce-").nth(1).and_then(|rest| rest.split('\'').next()).expect("a nonce");
    assert!(page.text.contains(&format!("<script nonce=\"{nonce}\">")), "{}", page.text);
    let call =
        page.text.split("data-call=\"").nth(1).and_then(|rest| rest.split('"').next()).expect("a call");
    let call = call.replace("&quot;", "\"").replace("&amp;", "&");
    let url = format!("{}/wechat/jsapi/pay", town.alipay);
    let done = town.house.fetch("POST", &url, &[("content-type", "application/json")], &call);
    assert!(done.text.contains("get_brand_wcpay_request:ok"), "{}", done.text);
    paid(&town, &code, &order);
    town.house.send_with("GET", &path, &[("cookie", &cookie)], "").is_problem(409, "already-paid");
    // Who paid is not ours to keep, but as the provider's evidence, sealed.
    let openid = trade(&town, &order)["payment"]["openid"].as_str().expect("somebody").to_owned();
    assert!(!String::from_utf8_lossy(&town.house.stored()).contains(&openid));
    assert!(!town.house.log().contains(&openid));
}

#[test]
fn another_way_to_pay_ends_the_order_before_and_only_one_can_be_paid() {
    let town = Town::start("wechat-other-way");
    let code = town.code();
    let first = town.order_at(&code, PROVIDER, PHONE);
    let second = town.order_at(&code, PROVIDER, DESKTOP);
    assert_ne!(first["order"], second["order"]);
    assert_eq!(town.state_of(&code, &first), "closed");
    assert_eq!(trade(&town, &first)["trade_state"], "CLOSED");
    // The first is paid in the moment in which the second is asked for.
    let other = town.code();
    let first = town.order_at(&other, PROVIDER, PHONE);
    control(&town, "POST", "faults", &json!({"hold_notifications": true}));
    control(&town, "POST", &format!("trades/{}/pay", first["order"].as_str().expect("it")), &Value::Null);
    town.try_order_at(&other, PROVIDER, DESKTOP).is_problem(409, "payment-under-way");
    control(&town, "POST", "faults", &json!({}));
    paid(&town, &other, &first);
}

#[test]
fn what_wechat_pay_did_not_sign_just_now_changes_nothing() {
    let town = Town::start("wechat-forged");
    let code = town.code();
    let order = town.order_at(&code, PROVIDER, PHONE);
    let resource = town.wechat_success(&order);
    for by in [PublicKey, Certificate] {
        // Half a minute more than the five, for its way: meanwhile the time that it names comes nearer.
        for seconds in [-301, 330, -86_400] {
            let stale = town.notify_wechat("stale", "transaction", &resource, by, seconds);
            stale.is_problem(400, "signature-refused");
        }
    }
    let right = town.wechat_callback("forged", "transaction", &resource, PublicKey, 0);
    let headers: Vec<(&str, &str)> =
        right.headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let send = |headers: &[(&str, &str)], body: &str| {
        let mut all = headers.to_vec();
        all.push(("content-type", "application/json"));
        town.house.send_with("POST", "/pay/wechat-pay/notifications", &all, body)
    };
    for (name, value) in [
        ("Wechatpay-Signature", "WECHATPAY/SIGNTEST/AAAA"),
        ("Wechatpay-Signature", ""),
        ("Wechatpay-Signature", "!"),
        ("Wechatpay-Serial", "PUB_KEY_ID_0000000000000000000000000000"),
        ("Wechatpay-Serial", "5157F09EFDC096DE15EBE81A47057A7200000000"),
        ("Wechatpay-Nonce", "another"),
        ("Wechatpay-Timestamp", "yesterday"),
        ("Wechatpay-Signature-Type", "WECHATPAY2-SM2-WITH-SM3"),
    ] {
        let mut changed: Vec<(&str, &str)> =
            headers.iter().copied().filter(|(other, _)| !other.eq_ignore_ascii_case(name)).collect();
        changed.push((name, value));
        send(&changed, &right.body).is_problem(400, "signature-refused");
    }
    for missing in 0..headers.len() {
        let mut less = headers.clone();
        let (name, _) = less.remove(missing);
        if !name.eq_ignore_ascii_case("wechatpay-signature-type")
            && name.to_ascii_lowercase().starts_with("wechatpay-")
        {
            send(&less, &right.body).is_problem(400, "signature-refused");
        }
    }
    for body in [format!("{} ", right.body), right.body[..right.body.len() / 2].to_owned(), String::new()] {
        send(&headers, &body).is_problem(400, "signature-refused");
    }
    send(&headers, &"x".repeat(70_000)).is_problem(413, "body-too-large");
    assert_eq!(town.state_of(&code, &order), "pending");
    assert_eq!(town.count("SELECT COUNT(*) FROM payment_inbox"), 0);
    // And the genuine one is still good.
    assert_eq!(send(&headers, &right.body).status, 204);
    assert_eq!(town.state_of(&code, &order), "paid");
}

#[test]
fn certificates_are_fetched_before_they_are_needed_and_when_a_new_one_appears() {
    let town = Town::start("wechat-certificates");
    let (first, second) = (town.code(), town.code());
    let order = town.order_at(&first, PROVIDER, PHONE);
    // Nobody has fetched any: refused, and fetched; sent again it is known. Who invents public keys makes us fetch nothing.
    let mut invented = town.wechat_callback("c-0", "transaction", &town.wechat_success(&order), PublicKey, 0);
    for (name, value) in &mut invented.headers {
        if name.eq_ignore_ascii_case("wechatpay-serial") {
            *value = "PUB_KEY_ID_9".to_owned();
        }
    }
    town.send_wechat(&invented).is_problem(400, "signature-refused");
    assert_eq!(town.count("SELECT COUNT(*) FROM provider_certificates"), 0);
    notify(&town, "c-1", &town.wechat_success(&order), Certificate).is_problem(400, "signature-refused");
    assert_eq!(notify(&town, "c-1", &town.wechat_success(&order), Certificate).status, 204);
    assert_eq!(town.state_of(&first, &order), "paid");
    // As they came: nothing of them can be read in the database.
    assert_eq!(town.count("SELECT COUNT(*) FROM provider_certificates WHERE body LIKE '%ciphertext%'"), 1);
    assert_eq!(town.count("SELECT COUNT(*) FROM provider_certificates WHERE body LIKE '%BEGIN CERT%'"), 0);
    // The platform's other mode is live at the same time.
    let order = town.order_at(&second, PROVIDER, PHONE);
    assert_eq!(notify(&town, "c-2", &town.wechat_success(&order), PublicKey).status, 204);
    assert_eq!(town.state_of(&second, &order), "paid");
    let town = Town::start("wechat-certificates-job");
    town.janitor();
    assert_eq!(town.count("SELECT COUNT(*) FROM provider_certificates WHERE body <> ''"), 1);
    assert!(town.house.log().contains("fetched the certificates of wechat-pay"));
}

#[test]
fn probes_are_refused_and_the_right_ones_pay_once_under_either_key() {
    let town = Town::start("wechat-probes");
    town.janitor();
    let faults =
        json!({"probe_notifications": 3, "duplicate_notifications": 2, "callback_key": "alternating"});
    control(&town, "POST", "faults", &faults);
    let codes: Vec<String> = (0..3).map(|_| town.code()).collect();
    let orders: Vec<Value> = codes.iter().map(|code| town.order_at(code, PROVIDER, PHONE)).collect();
    for order in &orders {
        control(&town, "POST", &format!("trades/{}/pay", order["order"].as_str().expect("it")), &Value::Null);
    }
    for (code, order) in codes.iter().zip(&orders) {
        paid(&town, code, order);
    }
    let delivered = || {
        let all = control(&town, "GET", "notifications", &Value::Null);
        all.as_array().expect("a list").iter().all(|n| n["state"] == "delivered").then_some(all)
    };
    until("all are delivered", || delivered().is_some());
    let attempts: Vec<Value> = delivered()
        .iter()
        .flat_map(|all| all.as_array().expect("a list").clone())
        .flat_map(|n| n["attempts"].as_array().expect("attempts").clone())
        .collect();
    let probes: Vec<&Value> = attempts.iter().filter(|a| a["probe"] == true).collect();
    assert!(!probes.is_empty() && probes.iter().all(|a| a["status"] == 400), "{attempts:?}");
    assert_eq!(town.count("SELECT COUNT(*) FROM orders WHERE state = 'paid'"), 3);
    assert_eq!(town.count("SELECT COUNT(*) FROM payment_inbox"), 0);
}

/// Half of the trials are answers: `WECHATPAY/SIGNTEST/` instead of a signature.
#[test]
fn an_answer_that_tries_us_is_not_believed_and_costs_nobody_the_order() {
    let town = Town::start("wechat-answer-probes");
    town.janitor();
    let tried = |fault: &str, calls: u32| {
        control(
            &town,
            "POST",
            "faults",
            &json!({ "gateway": fault, "gateway_calls": calls, "hold_notifications": true }),
        )
    };
    for fault in ["signature-probe", "bad-signature"] {
        let code = town.code();
        tried(fault, 1);
        let order = town.order_at(&code, PROVIDER, PHONE);
        // The janitor's question and the closing of an order are tried as well.
        let number = order["order"].as_str().expect("it").to_owned();
        control(&town, "POST", &format!("trades/{number}/pay"), &Value::Null);
        sql::execute(&town.house.database(), "UPDATE orders SET next_check_at = 0 WHERE state = 'pending'");
        tried(fault, 1);
        town.janitor();
        assert_eq!(town.state_of(&code, &order), "paid", "{fault}");
        // Twice in a row is no trial.
        tried(fault, 2);
        town.try_order_at(&town.code(), PROVIDER, PHONE).is_problem(503, "unavailable");
    }
}

#[test]
fn what_wechat_pay_signed_but_does_not_fit_is_kept_and_pays_nothing() {
    let town = Town::start("wechat-set-aside");
    let code = town.code();
    let order = town.order_at(&code, PROVIDER, PHONE);
    let with = |pointer: &str, value: Value| {
        let mut resource = town.wechat_success(&order);
        *resource.pointer_mut(pointer).expect("a member") = value;
        resource
    };
    for (number, (reason, resource)) in [
        ("wrong-app", with("/appid", json!("wx0000000000000000"))),
        ("wrong-seller", with("/mchid", json!("1900000000"))),
        ("wrong-amount", with("/amount/total", json!(0))),
        ("wrong-amount", with("/amount/currency", json!("USD"))),
        ("wrong-amount", with("/amount/total", json!(-1))),
        ("unknown-order", with("/out_trade_no", json!("20261124ffffffffffffffffffff"))),
        ("unknown-status", with("/trade_state", json!("WHO_KNOWS"))),
        ("unexpected-refund", with("/trade_state", json!("REFUND"))),
        ("unreadable", with("/amount", json!("two hundred"))),
    ]
    .into_iter()
    .enumerate()
    {
        let id = format!("odd-{number}");
        for _ in 0..2 {
            assert_eq!(notify(&town, &id, &resource, PublicKey).status, 204, "{reason}");
        }
        let kept = format!("SELECT COUNT(*) FROM payment_inbox WHERE event = '{id}' AND reason = '{reason}'");
        assert_eq!(town.count(&kept), 1, "{reason}");
        assert_eq!(town.state_of(&code, &order), "pending", "{reason}");
    }
    for state in ["NOTPAY", "USERPAYING", "ACCEPT"] {
        assert_eq!(notify(&town, state, &with("/trade_state", json!(state)), PublicKey).status, 204);
        assert_eq!(town.state_of(&code, &order), "pending");
    }
    assert_eq!(town.janitor()["to_review"], 9);
    let items = town.house.get("/pay/work-items", Some(&town.administrator())).json();
    assert_eq!(items["reports"].as_array().map(Vec::len), Some(9));
    town.house.get("/pay/work-items", Some(&town.officer())).is_problem(403, "forbidden");
    town.house.get("/pay/work-items", None).is_problem(401, "unauthorized");
    let unknown = town.notify_wechat("new-kind", "complaint", &town.wechat_success(&order), PublicKey, 0);
    assert_eq!((unknown.status, town.janitor()["to_review"].clone()), (204, json!(10)));
    // A coupon that pays a part of it is the provider's affair.
    let coupon = with("/amount/payer_total", json!(19_000));
    assert_eq!(notify(&town, "right", &coupon, PublicKey).status, 204);
    assert_eq!(town.state_of(&code, &order), "paid");
}

#[test]
fn a_lost_notification_is_found_by_asking_and_an_order_ends_with_its_day() {
    let town = Town::start("wechat-lost");
    control(&town, "POST", "faults", &json!({"drop_notifications": 1}));
    let (code, unpaid) = (town.code(), town.code());
    let (order, other) = (town.order_at(&code, PROVIDER, PHONE), town.order_at(&unpaid, PROVIDER, PHONE));
    control(&town, "POST", &format!("trades/{}/pay", order["order"].as_str().expect("it")), &Value::Null);
    let town = town.later(31);
    // Answers that are not WeChat Pay's decide nothing.
    control(&town, "POST", "faults", &json!({"gateway": "bad-signature", "gateway_calls": 3}));
    let done = town.janitor();
    assert_eq!((&done["checked"], &done["failed"]), (&json!(2), &json!(2)), "{done}");
    let town = town.later(61);
    control(&town, "POST", "faults", &json!({}));
    assert_eq!(town.janitor()["settled"], 1);
    paid(&town, &code, &order);
    assert_eq!(town.state_of(&unpaid, &other), "pending");
    let town = town.later(86_400);
    town.janitor();
    assert_eq!(town.state_of(&unpaid, &other), "closed");
    assert_eq!(trade(&town, &other)["trade_state"], "CLOSED");
}

#[test]
fn what_is_paid_or_revoked_meanwhile_is_not_opened_for_payment_in_a_tab_left_open() {
    let town = Town::start("wechat-left-open");
    let ticket = town.ticket();
    let code = ticket["code"].as_str().expect("a code");
    let left = town.order_at(code, PROVIDER, IN_WECHAT);
    let path =
        left["cashier"].as_str().and_then(|at| at.strip_prefix(&town.house.base)).expect("to us").to_owned();
    let elsewhere = town.order(code);
    assert_eq!(town.notify(&town.signed(&town.success(&elsewhere))).text, "success");
    town.house.get(&path, None).is_problem(409, "already-paid");
    let ticket = town.ticket();
    let code = ticket["code"].as_str().expect("a code");
    let left = town.order_at(code, PROVIDER, IN_WECHAT);
    let path =
        left["cashier"].as_str().and_then(|at| at.strip_prefix(&town.house.base)).expect("to us").to_owned();
    let revocation = format!("/qr/decisions/{}/revocation", ticket["decision"].as_str().expect("an id"));
    assert_eq!(town.house.post(&revocation, Some(&town.officer()), &json!({"reason": "开错"})).status, 200);
    town.house.get(&path, None).is_problem(409, "decision-revoked");
    // Nor after its day.
    let code = town.code();
    let left = town.order_at(&code, PROVIDER, IN_WECHAT);
    let path =
        left["cashier"].as_str().and_then(|at| at.strip_prefix(&town.house.base)).expect("to us").to_owned();
    let town = town.later(86_400);
    town.house.get(&path, None).is_problem(404, "not-found");
}

#[test]
fn a_merchant_without_certificates_is_one_of_the_public_key_mode() {
    let mut merchant = zerotrip_journeys::town::merchant();
    merchant.theirs["wechat_pay"]["certificates"] = json!([]);
    let town = Town::start_with("wechat-no-certificates", merchant);
    for _ in 0..2 {
        let done = town.janitor();
        assert_eq!(done["failed"], 0, "{done}");
    }
    let log = town.house.log();
    assert_eq!(log.matches("fetched the certificates").count(), 1, "{log}");
    let code = town.code();
    let order = town.order_at(&code, PROVIDER, PHONE);
    assert_eq!(notify(&town, "p-1", &town.wechat_success(&order), PublicKey).status, 204);
    assert_eq!(town.state_of(&code, &order), "paid");
}
