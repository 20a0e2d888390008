//! WeChat Pay has accepted a refund and does not make it: the payer's card is gone, or the account had too little for a week.
//! It becomes a person's, whether WeChat Pay tells it or is asked, and no fen goes back twice or is reported as gone back.

use super::{id, order, pay, refund_of, sent_back, until, until_state};
use serde_json::{Value, json};
use zerotrip_journeys::Town;

const ALARM: &str = "ALARM a refund to be made by hand";

fn wechat(town: &Town, method: &str, path: &str, body: &Value) -> Value {
    town.control_of("wechat", method, path, body)
}

fn notifications(town: &Town) -> Vec<Value> {
    wechat(town, "GET", "notifications", &Value::Null).as_array().expect("a list").clone()
}

/// What WeChat Pay says of a refund once it has ended, under its word for that.
fn notification(town: &Town, subject: &str) -> Option<Value> {
    notifications(town).into_iter().find(|one| one["subject"] == subject)
}

/// Sends it once more, and waits for our answer.
fn resend(town: &Town, notification: &Value) {
    let path = format!("notifications/{}/resend", notification["id"].as_str().expect("an id"));
    let attempts = |town: &Town| {
        let same = |one: &Value| one["id"] == notification["id"];
        let now = notifications(town).into_iter().find(same).expect("it");
        now["attempts"].as_array().expect("attempts").clone()
    };
    let before = attempts(town).len();
    wechat(town, "POST", &path, &Value::Null);
    until("it is sent", || attempts(town).len() > before);
    assert_eq!(attempts(town).last().expect("one")["status"], 204);
}

fn items(town: &Town) -> Vec<Value> {
    let items = town.house.get("/pay/work-items", Some(&town.administrator())).json();
    items["refunds"].as_array().expect("a list").clone()
}

fn alarms(town: &Town, order: &Value) -> usize {
    town.house.log().matches(&format!("{ALARM}: order {}", id(order))).count()
}

fn reports(town: &Town) -> Vec<Value> {
    assert_eq!(town.house.post("/pay/jobs/reports", Some(&town.job_token()), &json!({})).status, 200);
    let taken = town.control_of("treasury", "GET", "reports", &Value::Null);
    taken.as_array().expect("a list").iter().map(|one| one["report"]["kind"].clone()).collect()
}

/// Compares the providers' bills, and gives what does not agree.
fn differences(town: &Town) -> Value {
    let done = town.house.post("/bills/jobs/reconciliation", Some(&town.job_token()), &json!({}));
    assert_eq!(done.status, 200, "{}", done.text);
    town.house.get("/pay/work-items", Some(&town.administrator())).json()["differences"].clone()
}

/// What the authority has, by our books: all that was paid, without what went back.
fn kept(town: &Town) -> i64 {
    town.count(
        "SELECT CAST((SELECT COALESCE(SUM(amount_fen), 0) FROM orders WHERE state IN ('paid', 'surplus', 'underpaid')) \
         - (SELECT COALESCE(SUM(amount_fen), 0) FROM refunds WHERE state = 'done') AS BIGINT)",
    )
}

#[test]
fn a_refund_to_a_card_that_is_gone_is_told_and_becomes_a_persons_and_the_platform_makes_it_after_all() {
    let town = Town::start("card-gone");
    let code = town.code();
    let (one, two) = (order(&town, &code, "alipay"), order(&town, &code, "wechat-pay"));
    pay(&town, "alipay", &one);
    until_state(&town, &code, &one, "paid");
    pay(&town, "wechat-pay", &two);
    until_state(&town, &code, &two, "surplus");
    wechat(&town, "POST", "faults", &json!({"refunds_end": "abnormal", "duplicate_notifications": 4}));
    let done = town.janitor()["refunds"].clone();
    assert_eq!((&done["tried"], &done["outside"]), (&json!(1), &json!(0)), "{done}");
    assert_eq!((refund_of(&town, &code, &two), items(&town)), (json!("due"), vec![]));

    // WeChat Pay tells it, five times at once, and we say no word of being surprised.
    until("it is a person's", || refund_of(&town, &code, &two) == "outside");
    let told = || notification(&town, "refund-abnormal").filter(|one| one["state"] == "delivered");
    until("it is told", || told().is_some());
    let told = told().expect("it");
    let statuses: Vec<&Value> =
        told["attempts"].as_array().expect("attempts").iter().map(|one| &one["status"]).collect();
    assert_eq!(statuses, [204; 5].map(Value::from).iter().collect::<Vec<_>>());
    assert_eq!(alarms(&town, &two), 1);
    let item = items(&town)[0].clone();
    assert_eq!(
        (&item["refund"], &item["provider"], &item["number"], &item["amount_fen"], &item["state"]),
        (
            &two["order"],
            &json!("wechat-pay"),
            &json!(format!("R{}", id(&two))),
            &json!(20_000),
            &json!("outside")
        )
    );
    let page = town.house.browse("GET", &format!("/fines/{code}/orders/{}", id(&two)), "").text;
    assert!(page.contains("¥200.00 由工作人员办理退回"), "{page}");
    // No job asks for it any more, not hours or days later.
    let mut town = town;
    for seconds in [61, 5 * 3600, 3 * 86_400] {
        town = town.later(seconds);
        let done = town.janitor();
        assert_eq!((&done["refunds"]["tried"], &done["to_review"]), (&json!(0), &json!(1)), "{done}");
        assert_eq!(differences(&town), json!([]));
    }
    assert_eq!(kept(&town), 40_000, "nothing has gone back");

    // Whoever sees to it does so on WeChat Pay's merchant platform, which says that it is made: no need to close it here.
    wechat(&town, "POST", &format!("refunds/R{}/see-to", id(&two)), &Value::Null);
    until("it is done", || refund_of(&town, &code, &two) == "done");
    let trade = wechat(&town, "GET", &format!("trades/{}", id(&two)), &Value::Null);
    let number = trade["refunds"][0]["refund_id"].as_str().expect("a number").to_owned();
    let done = format!("SELECT COUNT(*) FROM refunds WHERE state = 'done' AND reference = '{number}'");
    assert_eq!((town.count(&done), sent_back(&town, "wechat-pay", &two)), (1, 20_000));
    // That it was abnormal is told once more, after its end: no news, and nobody is called again.
    resend(&town, &told);
    assert_eq!((refund_of(&town, &code, &two), alarms(&town, &two)), (json!("done"), 1));
    assert_eq!((town.janitor()["to_review"].clone(), kept(&town)), (json!(0), 20_000));
    assert_eq!(town.look_up(&code)["state"], "paid");
    // The bill has it on the day on which it was accepted, and nothing is missing from that on which it was made.
    let town = town.later(2 * 86_400);
    assert_eq!(differences(&town), json!([]));
    let found = "SELECT COUNT(*) FROM reconciled WHERE provider = 'wechat-pay' AND kind = 'refund'";
    assert_eq!(town.count(found), 1);
    assert_eq!(town.count("SELECT COUNT(*) FROM payment_inbox"), 0);
}

#[test]
fn a_refund_that_wechat_pay_closes_is_found_by_asking_and_no_reversal_is_reported_before_a_person_has_made_it()
 {
    let town = Town::start("refund-closed");
    let ticket = town.ticket();
    let code = ticket["code"].as_str().expect("a code").to_owned();
    let order = order(&town, &code, "wechat-pay");
    pay(&town, "wechat-pay", &order);
    until_state(&town, &code, &order, "paid");
    assert_eq!(reports(&town), ["settlement"]);
    let path = format!("/qr/decisions/{}/revocation", ticket["decision"].as_str().expect("an id"));
    assert_eq!(town.house.post(&path, Some(&town.officer()), &json!({"reason": "开错"})).status, 200);
    // Nobody is told how it ends.
    wechat(&town, "POST", "faults", &json!({"refunds_end": "closed", "drop_notifications": 1}));
    assert_eq!(town.janitor()["refunds"]["tried"], 1);
    assert_eq!(refund_of(&town, &code, &order), "due");

    let mut town = town.later(61);
    let done = town.janitor();
    assert_eq!((&done["refunds"]["outside"], &done["to_review"]), (&json!(1), &json!(1)), "{done}");
    assert_eq!(notification(&town, "refund-closed").expect("it")["state"], "dropped");
    assert_eq!((refund_of(&town, &code, &order), alarms(&town, &order)), (json!("outside"), 1));
    for seconds in [5 * 3600, 3 * 86_400] {
        town = town.later(seconds);
        assert_eq!(town.janitor()["refunds"]["tried"], 0);
    }
    assert_eq!((reports(&town), kept(&town)), (vec![json!("settlement")], 20_000));
    assert_eq!(town.look_up(&code)["state"], "paid", "until the money is back");
    // The notification turns up after all: it is known.
    resend(&town, &notification(&town, "refund-closed").expect("it"));
    assert_eq!((items(&town).len(), alarms(&town, &order)), (1, 1));

    let path = format!("/pay/refunds/{}/closure", id(&order));
    let by_transfer = json!({"reference": "CCB-20261126-0017"});
    for _ in 0..2 {
        assert_eq!(town.house.post(&path, Some(&town.administrator()), &by_transfer).status, 204);
    }
    assert_eq!((refund_of(&town, &code, &order), items(&town)), (json!("done"), vec![]));
    assert_eq!((reports(&town), kept(&town)), (vec![json!("settlement"), json!("reversal")], 0));
    assert_eq!(town.look_up(&code)["state"], "revoked");
    // It turns up once more when it is long over.
    resend(&town, &notification(&town, "refund-closed").expect("it"));
    assert_eq!((refund_of(&town, &code, &order), alarms(&town, &order)), (json!("done"), 1));
    assert_eq!((town.janitor()["to_review"].clone(), reports(&town).len()), (json!(0), 2));
    assert_eq!(town.count("SELECT COUNT(*) FROM payment_inbox"), 0);
}
