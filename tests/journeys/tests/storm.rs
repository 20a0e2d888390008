//! A storm of callbacks: every ticket is paid exactly once and every fen is accounted for, though each callback comes
//! several times, in any order, from many senders at once, some are forged, the jobs run all the while, and the house is killed
//! again and again.
//!
//! `ZEROTRIP_STORM=20000` makes it longer, `ZEROTRIP_SEED=…` makes the choices of a run again.

use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};
use zerotrip_journeys::Town;
use zerotrip_journeys::town::{IN_CCB, PHONE, with};
use zerotrip_sandbox::wechat::CallbackKey;

const TICKETS: usize = 2_000;
/// Of a hundred tickets, so many are paid at two providers.
const TWICE_PERCENT: usize = 5;
/// Of a hundred tickets, so many are paid with more than was ordered, and as many with less and then in full.
const ODD_PERCENT: usize = 3;
/// Of a hundred deliveries, so many are forged.
const FORGED_PERCENT: usize = 5;
const KILLS: usize = 10;
const SENDERS: usize = 8;
const PROVIDERS: [&str; 3] = ["alipay", "wechat-pay", "ccb"];
/// How long after the last kill everything has to be acknowledged.
const PATIENCE: Duration = Duration::from_secs(120);
/// How long all of it may take, for each [`TICKETS`].
const WHOLE: Duration = Duration::from_secs(180);
/// What a scheduler calls.
const JOBS: [&str; 2] = ["/pay/jobs/janitor", "/pay/jobs/reports"];

/// One request to the house.
#[derive(Clone)]
struct Delivery {
    path: &'static str,
    /// What is signed, if it comes in the address.
    query: String,
    /// GET, else POST.
    get: bool,
    headers: Vec<(String, String)>,
    body: String,
    /// By whom and how, for people.
    way: &'static str,
    forged: bool,
}

fn id(order: &Value) -> &str {
    order["order"].as_str().expect("an order")
}

/// The payer pays `order` at its provider, with what it says. Gives the provider's own word of it.
fn pay(town: &Town, provider: &str, order: &Value) -> Value {
    let (name, agent) = match provider {
        "alipay" => ("alipay", PHONE),
        "ccb" => ("ccb", IN_CCB),
        _ => ("wechat", PHONE),
    };
    if provider != "wechat-pay" {
        let cashier = order["cashier"].as_str().expect("an address");
        town.house.fetch("GET", cashier, &[("user-agent", agent)], "");
    }
    // At the bank it would take an altered address.
    let body = if provider == "ccb" { json!({}) } else { json!({"total_fen": order["amount_fen"]}) };
    town.control_of(name, "POST", &format!("trades/{}/pay", id(order)), &body)
}

/// What the provider would send, signed by it: WeChat Pay under either key, the bank in each way that a counter may be set to.
fn callback(
    town: &Town,
    random: &mut fastrand::Rng,
    provider: &str,
    order: &Value,
    trade: &Value,
) -> Delivery {
    let (mut get, mut query) = (false, String::new());
    let (way, path, headers, body) = match provider {
        "alipay" => {
            let number = trade["trade_no"].as_str().expect("a number");
            let fields = with(town.success(order), "trade_no", number);
            ("alipay", "/pay/alipay/notifications", form(), town.signed(&fields))
        }
        "ccb" => {
            let key = zerotrip_journeys::town::ccb_key();
            let text = zerotrip_sandbox::ccb::sign_callback(&town.ccb_success(order), key);
            let path = "/pay/ccb/notifications";
            match random.usize(..3) {
                0 => ("ccb form", path, form(), text),
                way => {
                    (get, query) = (way == 1, text);
                    (if get { "ccb GET" } else { "ccb query" }, path, Vec::new(), String::new())
                }
            }
        }
        _ => {
            let mut resource = town.wechat_success(order);
            resource["transaction_id"] = trade["payment"]["transaction_id"].clone();
            let (way, key) = if random.bool() {
                ("wechat-pay public key", CallbackKey::PublicKey)
            } else {
                ("wechat-pay certificate", CallbackKey::Certificate)
            };
            let made = town.wechat_callback(&format!("EV-{}", id(order)), "transaction", &resource, key, 0);
            let mut headers: Vec<(String, String)> =
                made.headers.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
            headers.push(("content-type".to_owned(), "application/json".to_owned()));
            (way, "/pay/wechat-pay/notifications", headers, made.body)
        }
    };
    Delivery { path, query, get, headers, body, way, forged: false }
}

fn form() -> Vec<(String, String)> {
    vec![("content-type".to_owned(), "application/x-www-form-urlencoded".to_owned())]
}

/// The same with one byte of what is signed changed.
fn forge(random: &mut fastrand::Rng, genuine: &Delivery) -> Delivery {
    let signed = if genuine.query.is_empty() { &genuine.body } else { &genuine.query };
    let mut bytes = signed.clone().into_bytes();
    // Digits stand in amounts, numbers and signatures alike, and stay digits: the text remains well-formed.
    let digits: Vec<usize> = (0..bytes.len()).filter(|at| bytes[*at].is_ascii_digit()).collect();
    let at = digits[random.usize(..digits.len())];
    bytes[at] = b'0' + (bytes[at] - b'0' + 1) % 10;
    let text = String::from_utf8(bytes).expect("text");
    let forged = Delivery { forged: true, ..genuine.clone() };
    if genuine.query.is_empty() {
        Delivery { body: text, ..forged }
    } else {
        Delivery { query: text, ..forged }
    }
}

/// Sends until it is answered by a living house.
fn deliver(base: &str, agent: &ureq::Agent, delivery: &Delivery) -> (u16, String) {
    let begun = Instant::now();
    let mark = if delivery.query.is_empty() { "" } else { "?" };
    let url = format!("{base}{}{mark}{}", delivery.path, delivery.query);
    loop {
        let sent = if delivery.get {
            agent.get(&url).call()
        } else {
            let mut request = agent.post(&url);
            for (name, value) in &delivery.headers {
                request = request.header(name, value);
            }
            request.send(&delivery.body)
        };
        if let Ok(mut answer) = sent
            && answer.status().as_u16() < 500
            && let Ok(text) = answer.body_mut().read_to_string()
        {
            return (answer.status().as_u16(), text);
        }
        assert!(begun.elapsed() < PATIENCE, "never answered");
        std::thread::sleep(Duration::from_millis(50));
    }
}

fn patient() -> ureq::Agent {
    let timeout = Some(Duration::from_secs(20));
    ureq::Agent::config_builder().http_status_as_error(false).timeout_global(timeout).build().into()
}

/// Ends the jobs, also when a test fails.
struct Ends<'a>(&'a AtomicBool);

impl Drop for Ends<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// Calls a job again and again until `over`; gives how often it was done. What a kill cuts off is no answer.
fn keep_running(base: &str, job: &str, token: &str, over: &AtomicBool) -> usize {
    let (agent, mut done) = (patient(), 0);
    while !over.load(Ordering::Relaxed) {
        let asked = agent.post(format!("{base}{job}")).header("authorization", format!("Bearer {token}"));
        if let Ok(mut answer) = asked.send("{}")
            && let Ok(text) = answer.body_mut().read_to_string()
        {
            // Or else the store is busy, which is said.
            assert!([200, 503].contains(&answer.status().as_u16()), "{job}: {text}");
            done += usize::from(answer.status() == 200);
        }
        std::thread::sleep(Duration::from_millis(200));
    }
    done
}

/// Does `work` on every number below `count`, by several threads.
fn in_parallel<T: Send>(count: usize, work: impl Fn(usize) -> T + Sync) -> Vec<T> {
    let (next, done) = (AtomicUsize::new(0), Mutex::new(Vec::with_capacity(count)));
    std::thread::scope(|scope| {
        for _ in 0..SENDERS {
            scope.spawn(|| {
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    if number >= count {
                        return;
                    }
                    let result = work(number);
                    done.lock().expect("nobody panicked").push((number, result));
                }
            });
        }
    });
    let mut done = done.into_inner().expect("nobody panicked");
    done.sort_by_key(|(number, _)| *number);
    done.into_iter().map(|(_, result)| result).collect()
}

#[test]
fn every_ticket_is_paid_once_and_every_fen_is_accounted_for() {
    let tickets: usize =
        std::env::var("ZEROTRIP_STORM").map_or(TICKETS, |text| text.parse().expect("a number"));
    let seed = std::env::var("ZEROTRIP_SEED")
        .map_or_else(|_| fastrand::u64(..), |text| text.parse().expect("a number"));
    println!("seed {seed}");
    let mut random = fastrand::Rng::with_seed(seed);
    let mut town = Town::start("storm");
    town.janitor();
    // The sandbox keeps the books and tells nobody; the storm is made here.
    town.faults(&json!({"hold_notifications": true}));
    town.control_of("wechat", "POST", "faults", &json!({"hold_notifications": true}));
    town.control_of("ccb", "POST", "faults", &json!({"hold_callbacks": true}));
    let officer = town.officer();

    let whole = Instant::now();
    let (twice, odd) = (tickets * TWICE_PERCENT / 100, tickets * ODD_PERCENT / 100);
    let (more, less) = (twice..twice + odd, twice + odd..twice + 2 * odd);
    let paid: Vec<Vec<Delivery>> = in_parallel(tickets, |number| {
        let issued = town.house.post("/qr/decisions", Some(&officer), &town.decision());
        assert_eq!(issued.status, 201, "{}", issued.text);
        let code = issued.text_of("code");
        let providers = if number < twice || less.contains(&number) { 2 } else { 1 };
        let is_odd = more.contains(&number) || less.contains(&number);
        let from = if is_odd { &PROVIDERS[..2] } else { &PROVIDERS[..] };
        let odd = i64::try_from(1 + number % 19_000).expect("in range");
        // Both orders are made before either is paid.
        let orders: Vec<(&str, Value)> = (0..providers)
            .map(|n| (n, from[(number + n) % from.len()]))
            .map(|(n, provider)| {
                let agent = if provider == "ccb" { IN_CCB } else { PHONE };
                let mut order = town.order_at(&code, provider, agent);
                if more.contains(&number) {
                    order["amount_fen"] = json!(20_000 + odd);
                } else if less.contains(&number) && n == 0 {
                    order["amount_fen"] = json!(odd);
                }
                (provider, order)
            })
            .collect();
        // Whichever thread has it, by the seed.
        let mut random = fastrand::Rng::with_seed(seed.wrapping_add(1 + number as u64));
        let callbacks = orders.iter().map(|(provider, order)| {
            let trade = pay(&town, provider, order);
            callback(&town, &mut random, provider, order, &trade)
        });
        callbacks.collect()
    });
    let paying = whole.elapsed();
    let orders: usize = paid.iter().map(Vec::len).sum();

    let paid: Vec<&Delivery> = paid.iter().flatten().collect();
    let mut storm: Vec<Delivery> = Vec::new();
    for genuine in &paid {
        let times = random.usize(1..=5);
        storm.extend(std::iter::repeat_n((*genuine).clone(), times));
    }
    // So many that they are this share of all, their own included.
    let forged = (storm.len() * FORGED_PERCENT).div_ceil(100 - FORGED_PERCENT);
    for _ in 0..forged {
        let of = random.usize(..paid.len());
        storm.push(forge(&mut random, paid[of]));
    }
    random.shuffle(&mut storm);
    let forged = storm.iter().filter(|delivery| delivery.forged).count();
    assert!(forged * 100 >= storm.len() * FORGED_PERCENT, "{forged} of {}", storm.len());
    let mut ways = BTreeMap::new();
    storm.iter().for_each(|delivery| *ways.entry(delivery.way).or_insert(0) += 1);
    assert_eq!(ways.len(), 6, "{ways:?}");

    let begun = Instant::now();
    let (next, base) = (AtomicUsize::new(0), town.house.base.clone());
    let (token, over) = (town.job_token(), AtomicBool::new(false));
    let (mut town, jobs) = std::thread::scope(|scope| {
        let ends = Ends(&over);
        let (base, token, over) = (&base, &token, &over);
        let jobs = JOBS.map(|job| scope.spawn(move || keep_running(base, job, token, over)));
        let senders: Vec<_> = (0..SENDERS)
            .map(|_| {
                scope.spawn(|| {
                    let agent = patient();
                    while let Some(delivery) = storm.get(next.fetch_add(1, Ordering::Relaxed)) {
                        let (status, text) = deliver(base, &agent, delivery);
                        let taken = matches!((status, text.as_str()), (200, "success") | (204, ""));
                        assert_eq!(taken, !delivery.forged, "{} {status} {text}", delivery.way);
                    }
                })
            })
            .collect();
        // Killed at about each eleventh of the way.
        for kill in 1..=KILLS {
            let mark = storm.len() * kill / (KILLS + 1);
            while next.load(Ordering::Relaxed) < mark && !senders.iter().all(|s| s.is_finished()) {
                std::thread::sleep(Duration::from_millis(2));
            }
            town = town.killed();
        }
        let sent: Vec<_> = senders.into_iter().map(|sender| sender.join()).collect();
        drop(ends);
        assert!(sent.iter().all(Result::is_ok), "every delivery is answered as it should");
        (town, jobs.map(|job| job.join().expect("a job answers as it should")))
    });
    println!(
        "{tickets} tickets, {orders} payments made in {paying:?}; {} deliveries, {forged} of them forged, in {ways:?} ways, over \
         {KILLS} kills and {jobs:?} runs of the jobs in {:?}",
        storm.len(),
        begun.elapsed()
    );

    let count = |town: &Town, sql: &str| usize::try_from(town.count(sql)).expect("a count");
    assert_eq!(count(&town, "SELECT COUNT(*) FROM orders WHERE state = 'paid'"), tickets);
    assert_eq!(count(&town, "SELECT COUNT(DISTINCT decision) FROM orders WHERE state = 'paid'"), tickets);
    assert_eq!(count(&town, "SELECT COUNT(*) FROM orders WHERE state = 'surplus'"), twice);
    assert_eq!(count(&town, "SELECT COUNT(*) FROM orders WHERE state = 'underpaid'"), odd);
    assert_eq!(count(&town, "SELECT COUNT(*) FROM orders"), orders);
    assert_eq!(count(&town, "SELECT COUNT(*) FROM payment_inbox"), 0);
    // Though each run of a job was cut off sooner or later, they have got on meanwhile.
    for begun in ["refunds WHERE tries > 0", "settlement_reports WHERE tries > 0"] {
        assert!(count(&town, &format!("SELECT COUNT(*) FROM {begun}")) > 0, "{begun}");
    }

    // What was paid too much goes back, or waits for the person who makes it.
    let open = "SELECT COUNT(*) FROM refunds WHERE state = 'due'";
    let back = twice + 2 * odd;
    for _ in 0..20 {
        let done = town.janitor();
        assert_eq!(done["refunds"]["failed"], 0, "{done}");
        if count(&town, "SELECT COUNT(*) FROM refunds") == back && town.count(open) == 0 {
            break;
        }
        if done["refunds"]["tried"].as_u64() < Some(100) {
            town = town.later(301);
        }
    }
    assert_eq!((count(&town, "SELECT COUNT(*) FROM refunds"), town.count(open)), (back, 0));

    let ours = |provider: &str, what: &str| {
        let (sql, state) = match what {
            "money" => (
                "SELECT CAST(COALESCE(SUM(amount_fen), 0) AS BIGINT) FROM orders WHERE provider = ",
                "state IN ('paid', 'surplus', 'underpaid')",
            ),
            "refunded" => (
                "SELECT CAST(COALESCE(SUM(amount_fen), 0) AS BIGINT) FROM refunds WHERE provider = ",
                "state = 'done'",
            ),
            _ => (
                "SELECT CAST(COALESCE(SUM(amount_fen), 0) AS BIGINT) FROM refunds WHERE provider = ",
                "state = 'outside'",
            ),
        };
        town.count(&format!("{sql}'{provider}' AND {state}"))
    };
    let sum = |name: &str, amount: &str, rows: &str| -> (i64, i64) {
        let trades = town.control_of(name, "GET", "trades", &Value::Null);
        let trades = trades.as_array().expect("a list").clone();
        let fen = |value: &Value, at: &str| {
            value.pointer(at).and_then(Value::as_i64).unwrap_or_else(|| panic!("{at} of {value}"))
        };
        let refunds = trades.iter().flat_map(|trade| trade["refunds"].as_array().expect("refunds").clone());
        (trades.iter().map(|trade| fen(trade, amount)).sum(), refunds.map(|refund| fen(&refund, rows)).sum())
    };
    let (alipay, wechat, ccb) = (
        sum("alipay", "/total_fen", "/amount_fen"),
        sum("wechat", "/order/amount/total", "/order/amount/refund"),
        sum("ccb", "/payment_fen", "/amount_fen"),
    );
    for (provider, (money, refunded)) in [("alipay", alipay), ("wechat-pay", wechat), ("ccb", ccb)] {
        assert_eq!((ours(provider, "money"), ours(provider, "refunded")), (money, refunded), "{provider}");
    }
    assert_eq!(ours("alipay", "outside") + ours("wechat-pay", "outside"), 0);
    let everything: i64 = [alipay, wechat, ccb].iter().map(|(money, refunded)| money - refunded).sum();
    let kept = everything - ours("ccb", "outside");
    assert_eq!(
        kept,
        i64::try_from(tickets).expect("a count") * 20_000,
        "what the treasury keeps is one fine a ticket"
    );
    // What it was told meanwhile is so: each order once, and settled; and what we hold for told it was.
    let reports = town.control_of("treasury", "GET", "reports", &Value::Null);
    let reports = reports.as_array().expect("a list");
    let told: BTreeSet<&str> =
        reports.iter().map(|entry| entry["report"]["order"].as_str().expect("an order")).collect();
    assert!(!told.is_empty() && told.len() == reports.len(), "{} of {}", told.len(), reports.len());
    let ids: Vec<String> = told.iter().map(|id| format!("'{id}'")).collect();
    let settled = format!("SELECT COUNT(*) FROM orders WHERE state = 'paid' AND id IN ({})", ids.join(", "));
    assert_eq!(count(&town, &settled), told.len());
    let sent = "SELECT COUNT(*) FROM settlement_reports WHERE recipient = 'treasury' AND state = 'done'";
    assert!(count(&town, sent) <= told.len());

    let log = town.house.log();
    for personal in
        ["张三丰", "11010519491231002X", "13812345678", "A12345", "o-somebody-who-paid", "南关区某街"]
    {
        assert!(!log.contains(personal), "{personal} in the log");
    }
    let limit = WHOLE * u32::try_from(tickets.div_ceil(TICKETS)).expect("in range");
    assert!(whole.elapsed() < limit, "{:?}", whole.elapsed());
}
