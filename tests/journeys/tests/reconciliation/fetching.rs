//! A bill is fetched when it is there, sound and whole, by however many runs at once.

use super::{
    FETCHED, at_hour, bill_fault, date, faults, lose_callback, next_day, open, order, paid, pay, reconciled,
    run, statement,
};
use serde_json::json;
use std::time::Duration;
use zerotrip_journeys::{Town, sql};

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
fn a_comparison_that_was_cut_off_beside_one_that_ended_is_made_up_for() {
    let town = Town::start("recon-beside");
    for provider in FETCHED {
        paid(&town, provider);
    }
    let town = next_day(town);
    assert_eq!(run(&town)["compared"], 2);
    // Another run had fetched its bill after that, and was killed when it had kept a first difference.
    let database = town.house.database();
    sql::execute(
        &database,
        "INSERT INTO statements (provider, day, digest, payments, paid_fen, refunds, refunded_fen, fetched_at) \
         SELECT provider, day, 'cut-off', 2, 1, 0, 0, fetched_at + 1 FROM statements",
    );
    sql::execute(
        &database,
        "INSERT INTO statement_differences (id, provider, day, digest, subject, reason, order_no, found_at) \
         SELECT provider, provider, day, digest, '4200009', 'unknown-order', '4200009', fetched_at FROM statements \
         WHERE digest = 'cut-off'",
    );
    assert_eq!(open(&town).len(), 2);
    let town = town.later(1);
    assert_eq!(run(&town)["compared"], 2);
    assert_eq!(open(&town), []);
    assert_eq!(run(&town)["compared"], 0);
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
    // Where one of many did not get through, the next makes up for it.
    assert_eq!(run(&town)["failed"], 0);
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
