//! Each provider's bill of a day is compared with our books. What agrees is reconciled; what does not waits for its end: the
//! provider's word, another bill, or a person.

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

#[test]
fn a_day_on_which_bill_and_books_agree_is_reconciled_whole() {
    let town = Town::start("recon-clean");
    let mut orders: Vec<(String, Value)> =
        PROVIDERS.iter().flat_map(|provider| [paid(&town, provider), paid(&town, provider)]).collect();
    // One that nobody pays is in no bill.
    order(&town, "alipay");
    let day = date(town.now_ms());
    let town = next_day(town);
    let done = run(&town);
    assert_eq!(
        (&done["compared"], &done["failed"], &done["open"]),
        (&json!(2), &json!(0), &json!(0)),
        "{done}"
    );
    let uploaded = upload(&town, &day, &bank_file(&town, &day)).json();
    assert_eq!(
        (&uploaded["payments"], &uploaded["open"], &uploaded["replaces"]),
        (&json!(2), &json!(0), &json!(0))
    );
    for provider in PROVIDERS {
        let statement = statement(&town, provider);
        assert_eq!((&statement["day"], &statement["uploaded"]), (&json!(day), &json!(provider == "ccb")));
        let sums = (
            &statement["payments"],
            &statement["paid_fen"],
            &statement["refunds"],
            &statement["differences"],
        );
        assert_eq!(sums, (&json!(2), &json!(40_000), &json!(0), &json!(0)), "{statement}");
    }
    assert!(orders.drain(..).all(|(_, order)| reconciled(&town, &order)));
    // What is done is not done again.
    assert_eq!(run(&town)["compared"], 0);
    assert_eq!(town.count("SELECT COUNT(*) FROM statements"), 3);
    town.house.get("/bills/statements", None).is_problem(401, "unauthorized");
    town.house.get("/bills/statements", Some(&town.officer())).is_problem(403, "forbidden");
    town.house
        .post("/bills/jobs/reconciliation", Some(&town.administrator()), &json!({}))
        .is_problem(401, "unauthorized");
}

#[test]
fn an_extra_row_a_missing_one_and_a_wrong_amount_are_each_the_difference_that_they_are() {
    for provider in PROVIDERS {
        let town = Town::start(&format!("recon-differs-{provider}"));
        let paid = [paid(&town, provider), paid(&town, provider), paid(&town, provider)];
        let town = next_day(town);
        for (fault, reason) in
            [("extra_row", "unknown-order"), ("missing_row", "missing"), ("wrong_amount", "wrong-amount")]
        {
            // Each is another bill of the same day, which takes the place of the one before.
            as_if_cut_off(&town);
            bill_fault(&town, provider, fault);
            reconcile(&town, provider);
            let found = differences(&town);
            assert_eq!(found.len(), 1, "{provider} {fault}: {found:?}");
            let found = &found[0];
            assert_eq!((&found["reason"], &found["provider"]), (&json!(reason), &json!(provider)));
            let fen = (&found["billed_fen"], &found["held_fen"]);
            let ours = paid.iter().find(|(_, order)| order["order"] == found["order"]);
            match reason {
                "unknown-order" => assert!(ours.is_none() && found["held_fen"].is_null(), "{found}"),
                "missing" => assert_eq!(fen, (&Value::Null, &json!(20_000))),
                _ => assert_eq!(fen, (&json!(20_001), &json!(20_000))),
            }
            let agreed = paid.iter().filter(|(_, order)| reconciled(&town, order)).count();
            assert_eq!(agreed, if ours.is_some() { 2 } else { 3 }, "{provider} {fault}");
        }
        assert!(town.house.log().contains("differences"));
        assert_eq!(town.janitor()["to_review"], 1);
        bill_fault(&town, provider, "none");
        as_if_cut_off(&town);
        reconcile(&town, provider);
        assert_eq!(open(&town), [], "the right bill closes what the wrong ones opened");
        assert_eq!(statement(&town, provider)["open"], 0);
        assert!(town.count("SELECT COUNT(*) FROM statement_differences WHERE closed_how = 'replaced'") >= 3);
    }
}

#[test]
fn an_order_whose_callback_was_lost_is_asked_about_and_settled_when_the_bill_has_it() {
    for provider in PROVIDERS {
        let town = Town::start(&format!("recon-lost-{provider}"));
        let (pending, closed) = (order(&town, provider), order(&town, provider));
        for lost in [&pending, &closed] {
            lose_callback(&town, provider);
            pay(&town, provider, &lost.1);
        }
        // Whatever made us give it up.
        let give_up = format!("UPDATE orders SET state = 'closed' WHERE id = '{}'", id(&closed.1));
        sql::execute(&town.house.database(), &give_up);
        let town = next_day(town);
        // What a bill says settles nothing by itself.
        reconcile(&town, provider);
        let waits = |order: &Value| ("not-settled".to_owned(), id(order).to_owned());
        let mut waiting = vec![waits(&pending.1), waits(&closed.1)];
        waiting.sort();
        assert_eq!(open(&town), waiting);
        let done = town.janitor();
        assert_eq!(done["billed"], json!({"settled": 2, "failed": 0}), "{done}");
        assert_eq!(open(&town), []);
        for lost in [&pending, &closed] {
            assert_eq!(town.state_of(&lost.0, &lost.1), "paid", "{provider}");
            assert!(reconciled(&town, &lost.1));
        }
        assert_eq!(town.count("SELECT COUNT(*) FROM statement_differences WHERE closed_how = 'settled'"), 2);
        // It was paid on its day, whenever we learnt of it.
        let receipt = town.house.get(&format!("/fines/{}/receipt", pending.0), None).json();
        let at = receipt["payment"]["paid_at"].as_u64().expect("a time");
        assert_eq!(date(at), date(town.now_ms() - DAY_MS), "{provider}");
    }
}

#[test]
fn a_bill_is_asked_for_from_its_hour_on_and_until_it_is_there() {
    let town = Town::start("recon-late");
    let paid = FETCHED.map(|provider| paid(&town, provider));
    let day = date(town.now_ms());
    let mut town = at_hour(town, 8);
    // Alipay's from nine, WeChat Pay's from ten.
    for (later, compared) in [(0, 0), (3600, 1), (1800, 0)] {
        town = town.later(later);
        let done = run(&town);
        assert_eq!((&done["compared"], &done["not_ready"]), (&json!(compared), &json!(0)), "{later} later");
    }
    assert_eq!(statement(&town, "alipay")["day"], json!(day));
    let town = town.later(3600);
    faults(&town, "wechat-pay", &json!({"bill_late": true}));
    let done = run(&town);
    assert_eq!(
        (&done["compared"], &done["not_ready"], &done["open"]),
        (&json!(0), &json!(1), &json!(0)),
        "{done}"
    );
    assert!(!town.house.log().contains("ALARM"));
    // A day later it is still not there, which somebody should know.
    let town = town.later(86_400);
    faults(&town, "wechat-pay", &json!({"bill_late": true}));
    run(&town);
    assert!(town.house.log().contains(&format!("ALARM wechat-pay still has no bill of {day}")));
    faults(&town, "wechat-pay", &json!({}));
    assert_eq!(run(&town)["failed"], 0);
    assert!(paid.iter().all(|(_, order)| reconciled(&town, order)));
    assert_eq!(open(&town), []);
    // The day without payments is compared as well: with WeChat Pay it has no bill, with Alipay it may have one yet.
    assert_eq!(
        (&statement(&town, "wechat-pay")["payments"], &statement(&town, "alipay")["day"]),
        (&json!(0), &json!(day))
    );
    let town = town.later(86_400);
    run(&town);
    assert_eq!(town.count("SELECT COUNT(*) FROM statements WHERE provider = 'alipay' AND payments = 0"), 1);
}

#[test]
fn a_damaged_bill_changes_nothing_and_is_fetched_again() {
    for (provider, fault) in
        [("wechat-pay", "bill_damaged"), ("wechat-pay", "bill_wrong_hash"), ("alipay", "bill_damaged")]
    {
        let town = Town::start(&format!("recon-{fault}-{provider}"));
        let (_, order) = paid(&town, provider);
        let town = next_day(town);
        faults(&town, provider, &json!({ fault: true }));
        for _ in 0..2 {
            assert_eq!(run(&town)["failed"], 1, "{provider} {fault}");
        }
        let of = format!("SELECT COUNT(*) FROM statements WHERE provider = '{provider}'");
        assert_eq!((town.count(&of), town.count("SELECT COUNT(*) FROM reconciled")), (0, 0));
        assert_eq!(open(&town), []);
        assert!(town.house.log().contains(&format!("ALARM {provider} bill of ")), "{}", town.house.log());
        faults(&town, provider, &json!({}));
        assert_eq!(run(&town)["failed"], 0);
        assert!(reconciled(&town, &order));
    }
}

#[test]
fn many_runs_at_once_and_some_that_are_killed_find_each_difference_once() {
    let mut town = Town::start("recon-killed");
    for provider in FETCHED {
        lose_callback(&town, provider);
        let (_, lost) = order(&town, provider);
        pay(&town, provider, &lost);
        (0..3).for_each(|_| drop(paid(&town, provider)));
    }
    town = next_day(town);
    for provider in FETCHED {
        bill_fault(&town, provider, "extra_row");
    }
    let job = town.job_token();
    for kill in 0..6_u64 {
        let base = town.house.base.clone();
        let callers: Vec<_> = (0..4)
            .map(|_| {
                let (url, job) = (format!("{base}/bills/jobs/reconciliation"), job.clone());
                // Cut off as often as not.
                std::thread::spawn(move || {
                    drop(ureq::post(url).header("authorization", format!("Bearer {job}")).send(""))
                })
            })
            .collect();
        std::thread::sleep(Duration::from_millis(15 * kill));
        town = town.killed();
        callers.into_iter().for_each(|caller| caller.join().expect("answered or cut off"));
    }
    // Whoever was killed while asking has moved its next question by a minute, or five.
    town = town.later(301);
    for provider in FETCHED {
        bill_fault(&town, provider, "extra_row");
    }
    std::thread::scope(|scope| {
        let run = || town.house.post("/bills/jobs/reconciliation", Some(&job), &json!({})).status;
        let runs: Vec<_> = (0..8).map(|_| scope.spawn(run)).collect();
        runs.into_iter().for_each(|run| assert_eq!(run.join().expect("answered"), 200));
    });
    town.janitor();
    let reasons: Vec<String> = open(&town).into_iter().map(|(reason, _)| reason).collect();
    // Each bill has its stranger, and strangers have new numbers with every bill.
    assert_eq!(reasons, ["unknown-order", "unknown-order"]);
    assert_eq!(town.count("SELECT COUNT(*) FROM orders WHERE state = 'paid'"), 8);
    assert_eq!(town.count("SELECT COUNT(DISTINCT order_no) FROM reconciled WHERE kind = 'payment'"), 8);
    assert_eq!(town.count("SELECT COUNT(*) FROM payment_inbox"), 0);
    for provider in FETCHED {
        let statement = statement(&town, provider);
        assert_eq!((&statement["payments"], &statement["open"]), (&json!(5), &json!(1)), "{statement}");
        assert!(statement["compared_at"].is_i64());
    }
}

#[test]
fn the_banks_file_is_taken_from_an_administrator_and_only_whole_and_of_its_day() {
    let town = Town::start("recon-upload");
    let before = paid(&town, "ccb");
    let town = at_hour(town, 1);
    let paid = [paid(&town, "ccb"), paid(&town, "ccb")];
    let day = date(town.now_ms());
    let town = next_day(town);
    let file = bank_file(&town, &day);
    let path = format!("/bills/ccb/statements?day={day}");
    town.house.send_file(&path, None, &file).is_problem(401, "unauthorized");
    town.house.send_file(&path, Some(&town.officer()), &file).is_problem(403, "forbidden");
    town.house.send_file(&path, Some(&town.job_token()), &file).is_problem(401, "unauthorized");
    for day in ["", "2026-02-30", "yesterday", &date(town.now_ms()), "2999-01-01"] {
        upload(&town, day, &file).is_problem(400, "invalid-request");
    }
    let text = |file: &[u8]| file.iter().map(|byte| char::from(*byte)).collect::<String>();
    let bytes =
        |text: &str| text.chars().map(|c| u8::try_from(u32::from(c)).expect("a byte")).collect::<Vec<u8>>();
    let right = text(&file);
    let rows: Vec<&str> = right.split_inclusive("\r\n").collect();
    let other_day = date(town.now_ms() - 2 * DAY_MS);
    for (what, wrong) in [
        ("nothing", String::new()),
        ("no titles", rows[1..].concat()),
        ("another file", "a,b,c\r\n1,2,3\r\n".to_owned()),
        ("cut off", right[..right.len() - 12].to_owned()),
        ("no amount", right.replace("200.00", "200,00")),
        ("below zero", right.replace("200.00", "-200.00")),
        ("too fine", right.replace("200.00", "200.001")),
        ("a column more", right.replace("|WX|", "|WX||").replace("|12|", "|12||").replace("|AL|", "|AL||")),
        (
            "of another day",
            right.replace(&day, &other_day).replace(&day.replace('-', ""), &other_day.replace('-', "")),
        ),
        ("another counter's", right.replace(id(&paid[0].1), "A1").replace(id(&paid[1].1), "A2")),
    ] {
        assert_ne!(wrong, right, "{what}");
        let refused = upload(&town, &day, &bytes(&wrong));
        assert_eq!(refused.status, 422, "{what}: {}", refused.text);
        refused.is_problem(422, "statement-refused");
    }
    upload(&town, &day, &vec![b'1'; 16 * 1024 * 1024 + 1]).is_problem(413, "body-too-large");
    // Its address alone takes larger bodies than others.
    let large = vec![b'1'; 70_000];
    town.house.send_file("/pay/ccb/notifications", None, &large).is_problem(413, "body-too-large");
    assert_eq!(town.count("SELECT COUNT(*) FROM statements"), 0);
    // A row is missing: the file takes its place when the right one comes, which is kept on record.
    let short = upload(&town, &day, &bytes(&rows[..2].concat())).json();
    assert_eq!(
        (&short["payments"], &short["open"], &short["replaces"]),
        (&json!(1), &json!(1), &json!(0)),
        "{short}"
    );
    for replaces in [1, 1] {
        let whole = upload(&town, &day, &file).json();
        assert_eq!((&whole["payments"], &whole["open"]), (&json!(2), &json!(0)), "{whole}");
        assert_eq!(whole["replaces"], json!(replaces));
    }
    assert_eq!(town.count("SELECT COUNT(*) FROM statements WHERE uploaded_by IS NOT NULL"), 2);
    assert!(paid.iter().all(|(_, order)| reconciled(&town, order)));
    // What our books had wrong, and have put right since, is gone when the same file comes again.
    let move_away = |by: i64| {
        let sql = format!("UPDATE orders SET paid_at = paid_at + {by} WHERE id = '{}'", id(&before.1));
        sql::execute(&town.house.database(), &sql);
    };
    move_away(DAY_MS as i64);
    assert_eq!(upload(&town, &day, &file).json()["open"], 1);
    assert_eq!(open(&town), [("missing".to_owned(), id(&before.1).to_owned())]);
    move_away(-(DAY_MS as i64));
    assert_eq!(upload(&town, &day, &file).json()["open"], 0);
    assert_eq!(town.count("SELECT COUNT(*) FROM statement_differences WHERE closed_how = 'gone'"), 1);
    // Brought once more, the short one counts again.
    assert_eq!(upload(&town, &day, &bytes(&rows[..2].concat())).json()["open"], 1);
    assert_eq!(paid.iter().filter(|(_, order)| reconciled(&town, order)).count(), 1);
}

#[test]
fn a_person_closes_a_difference_with_a_note_that_only_we_can_read() {
    let town = Town::start("recon-closure");
    paid(&town, "alipay");
    let town = next_day(town);
    bill_fault(&town, "alipay", "extra_row");
    assert_eq!(run(&town)["open"], 1);
    let administrator = town.administrator();
    let found = differences(&town)[0]["id"].as_str().expect("an id").to_owned();
    let path = format!("/pay/differences/{found}/closure");
    let note = json!({"note": "与财务核对：张三丰在柜台补缴"});
    town.house.post(&path, None, &note).is_problem(401, "unauthorized");
    town.house.post(&path, Some(&town.officer()), &note).is_problem(403, "forbidden");
    for bad in [
        json!({}),
        json!({"note": ""}),
        json!({"note": " "}),
        json!({"note": "长".repeat(501)}),
        json!({"note": 1}),
    ] {
        town.house.post(&path, Some(&administrator), &bad).is_problem(400, "invalid-request");
    }
    let unknown = "/pay/differences/00000000000000000000000000000000/closure";
    town.house.post(unknown, Some(&administrator), &note).is_problem(404, "not-found");
    for _ in 0..2 {
        assert_eq!(town.house.post(&path, Some(&administrator), &note).status, 204);
    }
    town.house
        .post(&path, Some(&administrator), &json!({"note": "另一说明"}))
        .is_problem(409, "difference-closed");
    assert_eq!((open(&town).len(), &town.janitor()["to_review"]), (0, &json!(0)));
    let statement = statement(&town, "alipay");
    assert_eq!((&statement["differences"], &statement["open"]), (&json!(1), &json!(0)));
    let who =
        "SELECT COUNT(*) FROM statement_differences WHERE closed_how = 'person' AND closed_by IS NOT NULL";
    assert_eq!(town.count(who), 1);
    assert!(!String::from_utf8_lossy(&town.house.stored()).contains("张三丰在柜台"));
    assert!(!town.house.log().contains("张三丰"));
}

#[test]
fn what_was_paid_about_midnight_is_found_in_the_bill_of_the_next_day() {
    let town = Town::start("recon-midnight");
    let sure = paid(&town, "alipay");
    let day = date(town.now_ms());
    let town = at_hour(town, 0);
    let late = paid(&town, "alipay");
    // By the notification it was paid in the last half second of the day, by the bill in the first second of the next.
    let midnight = town.now_ms() / DAY_MS * DAY_MS + 16 * HOUR_MS;
    let midnight = if midnight > town.now_ms() { midnight - DAY_MS } else { midnight };
    let moved = format!("UPDATE orders SET paid_at = {} WHERE id = '{}'", midnight - 500, id(&late.1));
    sql::execute(&town.house.database(), &moved);
    let town = town.later(11 * 3600);
    assert_eq!(run(&town)["open"], 1);
    assert_eq!(open(&town), [("missing".to_owned(), id(&late.1).to_owned())]);
    assert_eq!((&statement(&town, "alipay")["day"], reconciled(&town, &sure.1)), (&json!(day), true));
    assert!(!reconciled(&town, &late.1));
    let town = next_day(town);
    assert_eq!(run(&town)["open"], 0);
    assert!(reconciled(&town, &late.1));
    assert_eq!(town.count("SELECT COUNT(*) FROM statement_differences WHERE closed_how = 'found'"), 1);
}

#[test]
fn refunds_are_held_against_the_bill_as_payments_are() {
    let town = Town::start("recon-refunds");
    // Paid twice, at each of two providers: the second payment goes back.
    let mut second = Vec::new();
    for (first, other) in [("ccb", "wechat-pay"), ("ccb", "alipay")] {
        let code = town.code();
        let one = town.order_at(&code, first, IN_CCB);
        let two = town.order_at(&code, other, PHONE);
        pay(&town, first, &one);
        until_state(&town, &(code.clone(), one), "paid");
        pay(&town, other, &two);
        let two = (code, two);
        until_state(&town, &two, "surplus");
        second.push(two);
    }
    // Sent back at the bank by somebody, without our asking.
    let by_hand = paid(&town, "ccb");
    town.control_of("ccb", "POST", &format!("trades/{}/refund", id(&by_hand.1)), &json!({"amount": "6.00"}));
    town.janitor();
    let mut town = town;
    for _ in 0..3 {
        town = town.later(61);
        town.janitor();
    }
    assert_eq!(town.count("SELECT COUNT(*) FROM refunds WHERE state = 'done'"), 2);
    let day = date(town.now_ms());
    let town = next_day(town);
    assert_eq!(run(&town)["open"], 0);
    for provider in FETCHED {
        let statement = statement(&town, provider);
        let sums = (&statement["payments"], &statement["refunds"], &statement["refunded_fen"]);
        assert_eq!(sums, (&json!(1), &json!(1), &json!(20_000)), "{statement}");
    }
    assert_eq!(town.count("SELECT COUNT(*) FROM reconciled WHERE kind = 'refund'"), 2);
    upload(&town, &day, &bank_file(&town, &day));
    assert_eq!(open(&town), [("unknown-refund".to_owned(), id(&by_hand.1).to_owned())]);
    assert!(reconciled(&town, &by_hand.1), "its payment is as we know it");
    // The last row of each is the refund.
    as_if_cut_off(&town);
    for provider in FETCHED {
        bill_fault(&town, provider, "missing_row");
    }
    run(&town);
    let mut missing: Vec<_> =
        second.iter().map(|(_, order)| ("missing-refund".to_owned(), id(order).to_owned())).collect();
    missing.push(("unknown-refund".to_owned(), id(&by_hand.1).to_owned()));
    missing.sort();
    assert_eq!(open(&town), missing);
    assert_eq!(town.count("SELECT COUNT(*) FROM reconciled WHERE kind = 'refund'"), 0);
}
