//! The bank gives its bill to people only: an administrator brings it.

use super::{DAY_MS, at_hour, bank_file, date, id, next_day, open, paid, reconciled, upload};
use serde_json::json;
use zerotrip_journeys::{Town, sql};

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
