//! What agrees is reconciled, what differs is the difference that it is, and ends by the provider's word, another bill or a person.

use super::{
    DAY_MS, FETCHED, HOUR_MS, PROVIDERS, as_if_cut_off, at_hour, bank_file, bill_fault, date, differences,
    id, lose_callback, next_day, open, order, paid, pay, reconcile, reconciled, run, statement, until_state,
    upload,
};
use serde_json::{Value, json};
use zerotrip_journeys::town::{IN_CCB, PHONE};
use zerotrip_journeys::{Town, sql};

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
    assert_eq!((town.count(who), town.trail("difference-closed")), (1, 1));
    assert!(!String::from_utf8_lossy(&town.house.stored()).contains("张三丰在柜台"));
    assert!(!town.house.log().contains("张三丰"));
}
