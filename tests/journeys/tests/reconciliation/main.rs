//! Each provider's bill of a day is compared with our books. What agrees is reconciled; what does not waits for its end: the
//! provider's word, another bill, or a person.

mod books;
mod brought;
mod fetching;

use serde_json::{Value, json};
use std::time::{Duration, Instant};
use zerotrip_journeys::town::{IN_CCB, PHONE};
use zerotrip_journeys::{Answer, Town, sql};

const PROVIDERS: [&str; 3] = ["wechat-pay", "alipay", "ccb"];
/// Those that a call gives a bill.
const FETCHED: [&str; 2] = ["wechat-pay", "alipay"];
const DAY_MS: u64 = 86_400_000;
const HOUR_MS: u64 = 3_600_000;

fn id(order: &Value) -> &str {
    order["order"].as_str().expect("an order")
}

fn name(provider: &str) -> &str {
    if provider == "wechat-pay" { "wechat" } else { provider }
}

fn faults(town: &Town, provider: &str, faults: &Value) {
    town.control_of(name(provider), "POST", "faults", faults);
}

/// The next payment is told to nobody, ever.
fn lose_callback(town: &Town, provider: &str) {
    let lost = if provider == "ccb" { "drop_callbacks" } else { "drop_notifications" };
    faults(town, provider, &json!({ lost: 1 }));
}

/// As if the last run had been killed before its last statement: the day is compared anew.
fn as_if_cut_off(town: &Town) {
    sql::execute(&town.house.database(), "UPDATE statements SET compared_at = NULL");
}

/// The same fault under each provider's name for it.
fn bill_fault(town: &Town, provider: &str, what: &str) {
    let fault = match (provider, what) {
        (_, "none") => json!({}),
        ("wechat-pay", _) => json!({ format!("bill_{what}"): true }),
        _ => json!({ format!("bill_{what}s"): 1 }),
    };
    faults(town, provider, &fault);
}

fn order(town: &Town, provider: &str) -> (String, Value) {
    let code = town.code();
    let order = town.order_at(&code, provider, if provider == "ccb" { IN_CCB } else { PHONE });
    (code, order)
}

/// The order is paid at its provider.
fn pay(town: &Town, provider: &str, order: &Value) {
    let agent = if provider == "ccb" { IN_CCB } else { PHONE };
    if provider != "wechat-pay" {
        town.house.fetch("GET", order["cashier"].as_str().expect("it"), &[("user-agent", agent)], "");
    }
    let body = if provider == "ccb" { json!({}) } else { Value::Null };
    town.control_of(name(provider), "POST", &format!("trades/{}/pay", id(order)), &body);
}

fn until_state(town: &Town, (code, order): &(String, Value), state: &str) {
    let begun = Instant::now();
    while town.state_of(code, order) != state {
        assert!(begun.elapsed() < Duration::from_secs(20), "not {state} but {}", town.state_of(code, order));
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// A ticket that is paid at `provider`, and known to be.
fn paid(town: &Town, provider: &str) -> (String, Value) {
    let ordered = order(town, provider);
    pay(town, provider, &ordered.1);
    until_state(town, &ordered, "paid");
    ordered
}

/// yyyy-MM-dd in China.
fn date(ms: u64) -> String {
    zerotrip_sandbox::clock::stamp(i64::try_from(ms).expect("in range"))[..10].to_owned()
}

/// So late on the next day in China that every bill is there.
fn next_day(town: Town) -> Town {
    at_hour(town, 11)
}

/// So many hours after the coming midnight in China.
fn at_hour(town: Town, hour: u64) -> Town {
    let now = town.now_ms();
    let day_began = (now + 8 * HOUR_MS) / DAY_MS * DAY_MS - 8 * HOUR_MS;
    let seconds = (day_began + DAY_MS + hour * HOUR_MS - now) / 1000 + 1;
    town.later(i64::try_from(seconds).expect("in range"))
}

/// One run of the job.
fn run(town: &Town) -> Value {
    let done = town.house.post("/bills/jobs/reconciliation", Some(&town.job_token()), &json!({}));
    assert_eq!(done.status, 200, "{}", done.text);
    done.json()
}

/// The bank's file of a day, as an administrator downloads it.
fn bank_file(town: &Town, day: &str) -> Vec<u8> {
    let url = format!("{}/control/ccb/bill?date={day}", town.alipay);
    town.house.fetch_file(&url)
}

fn upload(town: &Town, day: &str, file: &[u8]) -> Answer {
    town.house.send_file(&format!("/bills/ccb/statements?day={day}"), Some(&town.administrator()), file)
}

/// The bill of yesterday is compared, by whatever way there is.
fn reconcile(town: &Town, provider: &str) {
    if provider == "ccb" {
        let day = date(town.now_ms() - DAY_MS);
        let uploaded = upload(town, &day, &bank_file(town, &day));
        assert_eq!(uploaded.status, 200, "{}", uploaded.text);
    } else {
        run(town);
    }
}

fn differences(town: &Town) -> Vec<Value> {
    let items = town.house.get("/pay/work-items", Some(&town.administrator())).json();
    items["differences"].as_array().expect("a list").clone()
}

/// Reason and order of each open difference, sorted.
fn open(town: &Town) -> Vec<(String, String)> {
    let text = |value: &Value| value.as_str().expect("text").to_owned();
    let mut open: Vec<_> =
        differences(town).iter().map(|found| (text(&found["reason"]), text(&found["order"]))).collect();
    open.sort();
    open
}

fn statement(town: &Town, provider: &str) -> Value {
    let all = town.house.get("/bills/statements", Some(&town.administrator())).json();
    let mut of =
        all["statements"].as_array().expect("a list").iter().filter(|one| one["provider"] == provider);
    let newest = of.next().unwrap_or_else(|| panic!("no statement of {provider}: {all}"));
    newest.clone()
}

fn reconciled(town: &Town, order: &Value) -> bool {
    town.count(&format!(
        "SELECT COUNT(DISTINCT order_no) FROM reconciled WHERE kind = 'payment' AND order_no = '{}'",
        id(order)
    )) == 1
}
