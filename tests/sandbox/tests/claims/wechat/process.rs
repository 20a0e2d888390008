//! What the program still knows after a crash, and what it is without WeChat Pay.

use std::fs;

use serde_json::{Value, json};

use super::{shop::Shop, support::*};
use crate::{
    process::{command, folder, signalled, started},
    support::{self},
};

#[tokio::test]
async fn a_killed_sandbox_still_knows_its_trades_refunds_and_what_it_has_to_tell() {
    let folder = folder("wechat-crash");
    fs::write(folder.join("config.json"), config().to_string()).unwrap();
    let shop = Shop::answering(&[204]).await;
    let (program, origin) = started(&folder);
    let url = ordered(&origin, "T00001", &shop.url).await;
    paid(&origin, "T00002", NOWHERE).await;
    let refund = json!({
        "out_trade_no": "T00002",
        "out_refund_no": "R1",
        "amount": { "refund": 600, "total": 20600, "currency": "CNY" },
    });
    assert_eq!(post(&origin, "/v3/refund/domestic/refunds", &refund).await.0, 200);
    control(&origin, "faults", json!({ "hold_notifications": true })).await;
    assert_eq!(control(&origin, "trades/T00001/pay", json!({})).await.0, 200);
    let before = query(&origin, "T00001").await;
    let (_, refunded) = get(&origin, "/v3/refund/domestic/refunds/R1").await;
    assert_eq!(signalled(program, "-KILL").code(), None);

    let (_program, origin) = started(&folder);
    assert_eq!(query(&origin, "T00001").await, before);
    assert_eq!(before["trade_state"], "SUCCESS");
    let target = format!(
        "/v3/pay/transactions/id/{}?mchid={}",
        before["transaction_id"].as_str().unwrap(),
        ours("mch_id")
    );
    assert_eq!(get(&origin, &target).await, (200, before));
    let (_, after) = get(&origin, "/v3/refund/domestic/refunds/R1").await;
    assert_eq!(
        (&after["refund_id"], &after["create_time"]),
        (&refunded["refund_id"], &refunded["create_time"])
    );
    let received = shop.arrived(1).await;
    assert_eq!(resource(&received[0].1)["out_trade_no"], "T00001");
    let page = open(&url.replace(url.split("/wechat").next().unwrap(), &origin)).await;
    assert_eq!(page.headers()["x-sandbox-error"], "ORDERPAID", "the prepayment is known too");
}

#[test]
fn a_damaged_account_stops_it_with_a_reason() {
    let folder = folder("wechat-damaged");
    let key = config()["wechat_pay"]["public_key"]["private_key"].clone();
    for (pointer, wrong, reason) in [
        ("/mch_id", json!("19x"), "mch_id is not a number"),
        ("/api_v3_key", json!("short"), "api_v3_key is not 32 printable ASCII characters"),
        ("/api_v3_key", json!(" ".repeat(32)), "api_v3_key is not 32 printable ASCII characters"),
        ("/public_key/id", json!("0114"), "public_key.id is not PUB_KEY_ID_ and digits"),
        ("/merchant_public_key", json!("?"), "merchant_public_key: not base64"),
        (
            "/public_key/private_key",
            json!("AAAA"),
            "public_key.private_key: not a PKCS#8 RSA private key of 2048 to 4096 bits",
        ),
        (
            "/certificates/0/private_key",
            key,
            "certificates.certificate is not base64 of a DER certificate for the private key beside it",
        ),
    ] {
        let mut config: Value = config();
        *config["wechat_pay"].pointer_mut(pointer).unwrap() = wrong;
        fs::write(folder.join("config.json"), config.to_string()).unwrap();
        let ended = command(&folder).output().unwrap();
        assert_eq!(ended.status.code(), Some(1));
        let said = String::from_utf8(ended.stderr).unwrap();
        assert_eq!(said, format!("zerotrip-sandbox: wechat_pay.{reason}\n"));
    }
}

#[tokio::test]
async fn without_an_account_there_is_no_wechat_pay() {
    let sandbox = support::sandbox(zerotrip_sandbox::Options::default()).await;
    for path in ["/v3/certificates", "/control/wechat/trades", "/connect/oauth2/authorize"] {
        let answer = support::get(&format!("{}{path}", sandbox.origin())).await;
        assert_eq!(answer.status(), 404, "{path}");
    }
}
