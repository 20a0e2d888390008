//! Alipay's bill of a day.

use serde_json::{Value, json};
use zerotrip_sandbox::{
    Options,
    clock::{Clock, end_of_day, stamp},
};

use crate::{sdk::judged, support::*};

const METHOD: &str = "alipay.data.dataservice.bill.downloadurl.query";

async fn asked(origin: &str, date: &str) -> Value {
    call(origin, METHOD, json!({ "bill_type": "trade", "bill_date": date })).await
}

#[tokio::test]
async fn a_bill_is_made_when_its_day_is_over() {
    let folder =
        std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("alipay-bill-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let journal = Some(folder.join("journal.jsonl"));
    let now_ms = Clock::shifted(0).now_ms();
    let today = stamp(now_ms)[..10].to_owned();
    let first = sandbox(Options { journal: journal.clone(), ..Options::default() }).await;
    let origin = first.origin();
    for number in ["T1", "T2", "T3"] {
        assert_eq!(open(&origin, order(number), "").await, "");
    }
    for number in ["T1", "T2"] {
        assert_eq!(control(&origin, &format!("trades/{number}/pay"), json!({})).await.0, 200);
    }
    let refund = json!({ "out_trade_no": "T2", "refund_amount": "6.00", "out_request_no": "R1" });
    assert_eq!(call(&origin, "alipay.trade.refund", refund).await["fund_change"], "Y");
    for (bill_type, bill_date, sub_code) in [
        ("trade", today.as_str(), "isp.bill_not_exist"),
        ("trade", "2020-01-01", "isp.bill_not_exist"),
        ("trade", "20260101", "ACQ.INVALID_PARAMETER"),
        ("trade", "2026-02-30", "ACQ.INVALID_PARAMETER"),
        ("trade", "2026-01", "ACQ.INVALID_PARAMETER"),
        ("trade", "", "ACQ.INVALID_PARAMETER"),
        ("signcustomer", "2020-01-01", "ACQ.INVALID_PARAMETER"),
    ] {
        let biz = json!({ "bill_type": bill_type, "bill_date": bill_date });
        assert_eq!(call(&origin, METHOD, biz).await["sub_code"], sub_code, "{bill_type} {bill_date}");
    }
    let trades = get(&format!("{origin}/control/alipay/trades")).await;
    let trades: Vec<Value> = serde_json::from_slice(trades.body()).unwrap();
    let number = |out_trade_no: &str| {
        trades.iter().find(|trade| trade["out_trade_no"] == out_trade_no).unwrap()["trade_no"].clone()
    };
    first.stop().await;

    // The SDK writes the real time, which the gateway takes for a day.
    let clock_offset_s = (end_of_day(now_ms) - now_ms) / 1000 + 60;
    let tomorrow = sandbox(Options { journal, clock_offset_s, ..Options::default() }).await;
    let origin = tomorrow.origin();
    let brief = json!({
        "origin": origin, "appId": APP_ID, "keys": *KEYS, "date": today, "account": format!("{SELLER_ID}0156"),
        "trades": [
            [number("T1"), "T1", "交易", "206.00", ""],
            [number("T2"), "T2", "交易", "206.00", ""],
            [number("T2"), "T2", "退款", "-6.00", "R1"],
        ],
    });
    assert_eq!(judged("alipay-bill.mjs", &brief).await, 3);

    control(&origin, "faults", json!({ "bill_late": true })).await;
    assert_eq!(asked(&origin, &today).await["sub_code"], "isp.bill_not_exist");
    assert_eq!(get(&format!("{origin}/downloadBillFile.resource?fileId=1")).await.status(), 403);
    tomorrow.stop().await;
    std::fs::remove_dir_all(folder).unwrap();
}
