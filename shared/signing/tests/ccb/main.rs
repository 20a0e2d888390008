//! CCB, with openssl and Node as the bank, and with the bank's own published signatures.

mod answers;
mod callbacks;
#[path = "../other/mod.rs"]
mod other;
mod requests;

use other::Keys;
use serde_json::{Value, json};
use zerotrip_signing::ccb::Counter;
use zerotrip_signing::fault::Fault;

/// Keys of the shapes that counters have.
const SHAPES: [(&str, &str, &str); 3] =
    [("bank", "1024", "17"), ("bank1023", "1023", "17"), ("bank65537", "1024", "65537")];

fn keys() -> Keys {
    let keys = Keys::new(&[]);
    for (name, bits, exponent) in SHAPES {
        let (bits, exponent) = (format!("rsa_keygen_bits:{bits}"), format!("rsa_keygen_pubexp:{exponent}"));
        keys.generate(name, &[&bits, &exponent]);
    }
    keys
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn variable(public_key: &str) -> Value {
    json!({
        "merchant_id": "105000000000001", "pos_id": "000000001", "branch_id": "110000000",
        "public_key": public_key, "query_password": "pass word&1",
    })
}

fn counter_of(public_key: &str) -> Counter {
    Counter::parse(&variable(public_key).to_string()).expect("a good variable")
}

fn counter(keys: &Keys, name: &str) -> Counter {
    counter_of(&hex(&keys.public(name)))
}

fn sign(keys: &Keys, name: &str, content: &[u8]) -> String {
    hex(&keys.sign(name, "-md5", content))
}

/// The bank's demonstration of its signature: (key, signed text, SIGN). As printed in lin132698745aa/ccbPay and
/// bestwu/payment. The first key has 1023 bits and exponent 17, the second 1024 bits and exponent 65537.
const PUBLISHED: [(&str, &str, &str); 2] = [
    (
        "30819c300d06092a864886f70d010101050003818a003081860281807d1e98e9c10625239ad9116488accf18a95125c83f5ac52f055be47614087b1bc55f1d475ddb0516b6339f7c2a8fd4def86519087cc6ecd8ea4657a5cef26d84890d00772d216e95d0aba1ea9fd39fb02202c82b71333b104e715da5de65be4cf5b83e3c0ba459777fe83a39485f145fccc94b471981348db5beab735c5889f1020111",
        "POSID=000000000&BRANCHID=330000000&ORDERID=2004010061&PAYMENT=0.01&CURCODE=01&REMARK1=&REMARK2=&SUCCESS=N",
        "5bf88c409a13963286904e8954a4d825108f9b5bb60a8c8e5cfc05355fe4e247c777b521c7d68b8d51968285d51d1a0da0c5bd55e19268949a20dd7bd14f17422e41f3e6f7446d2136e10e796abc8b8a6f752bed5091374551d84d02f185aa3f9b516ac77ca319b06a8269389de6d7f677c619bfc0c89ccbcb125ae6dd7cc646",
    ),
    (
        "30819f300d06092a864886f70d010101050003818d0030818902818100b466e3a0fa097b57a1bc63c1fd5d97d4ef8d270d538a5aee3d1061f579f02a19cf1543701d94d81f46ce56adb84dca440a7e8f5af40538bb7a88efaf9991ead0fabc63d48fd1f12de658229e30e38ccbd9a631ec9c2d95b8590ea1a01d0931221e062544023a1ed2eb7050853fe56bf8cfd0f18243192d38855a36a87badba790203010001",
        "POSID=000000000&BRANCHID=110000000&ORDERID=20041031&PAYMENT=0.01&CURCODE=01&REMARK1=ccb&REMARK2=test&SUCCESS=Y",
        "43680d00f5097caae18b7af3fc936cc79feb621fb166e25affbb52721e2c5c1e656f030dff46e6f0298ef82cf2fd10b6cef34fb2aa270716c30708aeb1abf0520418449614562e891cd5aede8f83b1dd65f76cc81ad5aabfd4aba409da3523ef8e82a7d19055dbb6d9241171893bf282bf64f239677ecd84abbe55fd855f48f3",
    ),
];

const KEY: &str = PUBLISHED[0].0;

#[test]
fn an_unusable_variable_is_refused_without_showing_the_password() {
    let keys = Keys::new(&["long"]);
    keys.generate("short", &["rsa_keygen_bits:1016"]);
    let mut bad = vec![
        String::new(),
        "[]".to_owned(),
        variable("").to_string(),
        variable(&KEY[1..]).to_string(),
        variable(&KEY[2..]).to_string(),
        variable(&KEY[..KEY.len() - 2]).to_string(),
        variable(&format!("{KEY}00")).to_string(),
        variable(&hex(&keys.public("long"))).to_string(),
        variable(&hex(&keys.public("short"))).to_string(),
        variable(&hex(&keys.private("long"))).to_string(),
    ];
    for (name, value) in [
        ("merchant_id", json!("")),
        ("merchant_id", json!(105_000_000_000_001_u64)),
        ("pos_id", json!("1&2")),
        ("branch_id", Value::Null),
        ("query_password", json!("")),
        ("more", json!(1)),
    ] {
        let mut changed = variable(KEY);
        changed[name] = value;
        bad.push(changed.to_string());
    }
    for text in bad {
        let Err(Fault::Misconfigured(defect)) = Counter::parse(&text) else { panic!("accepted: {text}") };
        assert!(defect.starts_with("ccb: ") && !defect.contains("pass word"), "{defect}");
    }
}
