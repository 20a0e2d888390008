//! The bill of a day.

use serde_json::{Value, json};
use zerotrip_sandbox::{Options, clock::stamp};

use super::support::*;
use crate::{sdk::judged, support::KEYS};

const DAY_MS: i64 = 86_400_000;

/// The value of each row below a title.
fn column(bill: &str, title: &str) -> Vec<String> {
    let lines: Vec<&str> = bill.trim_start_matches('\u{feff}').split("\r\n").collect();
    let place = lines[0].split(',').position(|t| t == title).unwrap();
    let rows = &lines[1..lines.len() - 3];
    rows.iter().map(|row| row.trim_start_matches('`').split(",`").nth(place).unwrap().to_owned()).collect()
}

#[tokio::test]
async fn a_bill_is_made_when_its_day_is_over() {
    let folder =
        std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("bill-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let journal = Some(folder.join("journal.jsonl"));
    let today = stamp(now_ms())[..10].to_owned();
    let first = sandbox(Options { journal: journal.clone(), time_scale: 1000, ..Options::default() }).await;
    let origin = first.origin();
    for number in ["T00001", "T00002", "T00003"] {
        paid(&origin, number, NOWHERE).await;
    }
    ordered(&origin, "T00004", NOWHERE).await;
    let refund = json!({
        "out_trade_no": "T00002",
        "out_refund_no": "R1",
        "amount": { "refund": 600, "total": 20600, "currency": "CNY" },
    });
    assert_eq!(post(&origin, "/v3/refund/domestic/refunds", &refund).await.0, 200);
    let tried = async |origin: &str, query: &str| {
        refusal(&Call::get(&format!("/v3/bill/tradebill?{query}")).send(origin).await)
    };
    for (query, code) in [
        (format!("bill_date={today}&bill_type=ALL"), "STATEMENT_CREATING"),
        ("bill_date=2020-01-01&bill_type=ALL".into(), "NO_STATEMENT_EXIST"),
        ("bill_date=20260101".into(), "PARAM_ERROR"),
        ("bill_date=2026-02-30".into(), "PARAM_ERROR"),
        ("bill_type=ALL".into(), "PARAM_ERROR"),
        ("bill_date=2020-01-01&tar_type=ZIP".into(), "PARAM_ERROR"),
        ("bill_date=2020-01-01&bill_type=REFUND".into(), "PARAM_ERROR"),
    ] {
        assert_eq!(tried(&origin, &query).await, (400, code.into()), "{query}");
    }
    first.stop().await;

    let clock_offset_s = DAY_MS / 1000;
    let tomorrow = sandbox(Options { journal, clock_offset_s, ..Options::default() }).await;
    let origin = tomorrow.origin();
    let late = |target: &str| Call::get(target).later(clock_offset_s);
    let bill = async || {
        let target = format!("/v3/bill/tradebill?bill_date={today}");
        let (status, made) = read(&late(&target).send(&origin).await);
        assert_eq!(status, 200, "{made}");
        let url = made["download_url"].as_str().unwrap();
        let file = late(url.strip_prefix(&origin).unwrap()).send(&origin).await;
        assert_eq!(file.status(), 200);
        assert!(file.headers().get("wechatpay-signature").is_none(), "a file is not signed");
        String::from_utf8(file.body().to_vec()).unwrap()
    };
    let whole = bill().await;
    let sorted = |bill: &str, title: &str| {
        let mut values = column(bill, title);
        values.sort();
        values
    };
    assert_eq!(sorted(&whole, "商户订单号"), ["T00001", "T00002", "T00002", "T00003"]);
    assert_eq!(sorted(&whole, "应结订单金额"), ["0.00", "206.00", "206.00", "206.00"]);
    assert_eq!(sorted(&whole, "退款金额"), ["0.00", "0.00", "0.00", "6.00"]);
    assert_eq!(sorted(&whole, "商户退款单号"), ["0", "0", "0", "R1"]);
    // 0.6 %: three times 1.236, and 0.036 back.
    assert!(whole.ends_with("\r\n`4,`618.00,`6.00,`0.00,`3.68000,`618.00,`6.00\r\n"), "{whole}");

    let brief = json!({
        "origin": origin,
        "merchant": SIDES.merchant,
        "keys": *KEYS,
        "date": today,
        "timestamp": now_ms() / 1000 + clock_offset_s,
    });
    assert_eq!(judged("wechat-bill.mjs", &brief).await, 2);

    let faults = async |faults: Value| {
        assert_eq!(control(&origin, "faults", faults).await.0, 200);
    };
    faults(json!({ "bill_extra_row": true })).await;
    let extra = column(&bill().await, "商户订单号");
    assert_eq!(extra.iter().filter(|number| number.starts_with("EXTRA")).count(), 1);
    assert_eq!(extra.len(), 5);
    faults(json!({ "bill_missing_row": true })).await;
    assert_eq!(column(&bill().await, "商户订单号").len(), 3);
    let answer = late("/v3/billdownload/file?token=none").send(&origin).await;
    assert_eq!(refusal(&answer), (400, "INVALID_REQUEST".into()));
    tomorrow.stop().await;
    std::fs::remove_dir_all(folder).unwrap();
}
