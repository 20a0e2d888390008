//! A merchant for the sandbox's bank: keys, orders with their MAC, and what the controls say.

use std::{process::Command, sync::LazyLock, time::Duration};

use http::{Method, StatusCode};
use md5::{Digest, Md5};
use serde_json::{Value, json};
use zerotrip_sandbox::{Config, Options, Running, start};

use crate::support::{Pairs, config_text, encoded, get, node_folder, send};

/// Fresh for each run, of every shape that occurs.
pub static KEYS: LazyLock<Value> = LazyLock::new(|| {
    let script = node_folder().join("ccb-keys.mjs");
    let made = Command::new("node").arg(script).output().expect("these tests need `node` in the path");
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    serde_json::from_slice(&made.stdout).unwrap()
});

/// The configuration with a counter whose callbacks go to this address.
pub fn config_with(callback_url: &str) -> Value {
    let mut config: Value = serde_json::from_str(&config_text()).unwrap();
    config["ccb"] = json!({
        "merchant_id": "105000000000017",
        "pos_id": "000000017",
        "branch_id": "110000000",
        "private_key": KEYS["usual"]["private"],
        "query_password": "query+pass&word",
        "callback_url": callback_url,
        "page_url": "http://127.0.0.1:9/back",
    });
    config
}

pub fn merchant() -> Value {
    let config = Config::parse(&config_with("http://127.0.0.1:9/told").to_string()).unwrap();
    config.ccb.unwrap().merchant_side()
}

pub async fn bank(callback_url: &str, options: Options) -> Running {
    start(Config::parse(&config_with(callback_url).to_string()).unwrap(), options).await.unwrap()
}

fn with_mac(mut fields: Pairs, without_mac: &[&str]) -> Pairs {
    let tail = merchant()["public_key"].as_str().unwrap().to_owned();
    let content: Vec<String> = fields
        .iter()
        .map(|(name, value)| {
            format!("{name}={}", if without_mac.contains(&name.as_str()) { "" } else { value })
        })
        .collect();
    let content = content.join("&");
    let content = match without_mac {
        [] => format!("{content}&PUB={}", &tail[tail.len() - 30..]),
        _ => content,
    };
    let mac = Md5::digest(content).iter().map(|byte| format!("{byte:02x}")).collect();
    fields.push(("MAC".into(), mac));
    fields
}

/// An order by QR code that is payable for ever.
pub fn order(number: &str) -> Pairs {
    order_until(number, "")
}

pub fn order_until(number: &str, timeout: &str) -> Pairs {
    let fields = [
        ("MERCHANTID", "105000000000017"),
        ("POSID", "000000017"),
        ("BRANCHID", "110000000"),
        ("ORDERID", number),
        ("PAYMENT", "206.00"),
        ("CURCODE", "01"),
        ("TXCODE", "530550"),
        ("REMARK1", ""),
        ("REMARK2", ""),
        ("RETURNTYPE", "3"),
        ("TIMEOUT", timeout),
    ];
    with_mac(fields.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec(), &[])
}

/// A query for one order. KIND is 0 today, STATUS 1 for paid ones.
pub fn query(number: &str, kind: &str, status: &str) -> Pairs {
    let fields = [
        ("MERCHANTID", "105000000000017"),
        ("BRANCHID", "110000000"),
        ("POSID", "000000017"),
        ("ORDERDATE", ""),
        ("BEGORDERTIME", ""),
        ("ENDORDERTIME", ""),
        ("ORDERID", number),
        ("QUPWD", "query+pass&word"),
        ("TXCODE", "410408"),
        ("TYPE", "0"),
        ("KIND", kind),
        ("STATUS", status),
        ("SEL_TYPE", "3"),
        ("PAGE", "1"),
        ("OPERATOR", ""),
        ("CHANNEL", ""),
    ];
    with_mac(fields.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec(), &["QUPWD"])
}

/// A call of the gateway: status and body.
pub async fn gateway(origin: &str, fields: &Pairs) -> (StatusCode, String) {
    let url = format!("{origin}/CCBIS/ccbMain?CCB_IBSVersion=V6");
    let answer = send(Method::POST, &url, "application/x-www-form-urlencoded", encoded(fields)).await;
    (answer.status(), String::from_utf8(answer.body().to_vec()).unwrap())
}

pub async fn ordered(origin: &str, number: &str) {
    let (_, answer) = gateway(origin, &order(number)).await;
    assert!(answer.contains("\"SUCCESS\":\"true\""), "{answer}");
}

pub async fn paid(origin: &str, number: &str) {
    ordered(origin, number).await;
    assert_eq!(control(origin, &format!("trades/{number}/pay"), json!({})).await.0, 200);
}

pub async fn control(origin: &str, path: &str, body: Value) -> (StatusCode, Value) {
    let url = format!("{origin}/control/ccb/{path}");
    let answer = send(Method::POST, &url, "application/json", body.to_string()).await;
    (answer.status(), serde_json::from_slice(answer.body()).unwrap())
}

pub async fn callbacks(origin: &str) -> Vec<Value> {
    let answer = get(&format!("{origin}/control/ccb/callbacks")).await;
    serde_json::from_slice(answer.body()).unwrap()
}

/// Waits until the only callback is as asked, at most ten seconds.
pub async fn callback_until(origin: &str, asked: impl Fn(&Value) -> bool) -> Value {
    for _ in 0..500 {
        if let [one] = callbacks(origin).await.as_slice()
            && asked(one)
        {
            return one.clone();
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("still not so: {:?}", callbacks(origin).await)
}
