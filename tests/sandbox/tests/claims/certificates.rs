//! Alipay in certificate mode. openssl makes the certificates.

use std::{fs, path::Path, process::Command};

use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::{Value, json};
use zerotrip_sandbox::{Config, Options, start};

use crate::{sdk::judged, support::*};

/// PEM of a certificate for this owner's key, signed by the stranger, who plays the root.
fn issued(folder: &Path, owner: &str, serial: &str) -> String {
    let path = |name: &str| folder.join(name).display().to_string();
    let key = |owner: &str| {
        let der = STANDARD.decode(KEYS[owner]["private"].as_str().unwrap()).unwrap();
        fs::write(path("key.der"), der).unwrap();
        let pem = path(&format!("{owner}.pem"));
        openssl(&["pkey", "-inform", "DER", "-in", &path("key.der"), "-out", &pem]);
        pem
    };
    let (own, root, subject) = (key(owner), key("stranger"), format!("/C=CN/O=Sandbox/OU=测试/CN={owner}"));
    let mut arguments = vec!["req", "-x509", "-new", "-utf8", "-key", &own, "-subj", &subject];
    arguments.extend(["-set_serial", serial]);
    let authority = path("stranger.crt");
    if owner != "stranger" {
        arguments.extend(["-CA", &authority, "-CAkey", &root]);
    }
    let out = path(&format!("{owner}.crt"));
    arguments.extend(["-out", &out]);
    openssl(&arguments);
    fs::read_to_string(out).unwrap()
}

fn openssl(arguments: &[&str]) {
    let ran =
        Command::new("openssl").args(arguments).output().expect("this test needs `openssl` in the path");
    assert!(ran.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&ran.stderr));
}

fn config(certificates: &Value) -> Value {
    let mut config: Value = serde_json::from_str(&config_text()).unwrap();
    let of = |name: &str| certificates[name].clone();
    config["alipay"]["certificates"] =
        json!({ "app": of("app"), "alipay": of("alipay"), "roots": of("roots") });
    config
}

#[tokio::test]
async fn the_official_sdk_in_certificate_mode_is_taken_and_takes_the_answers() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("certificates-{}", std::process::id()));
    fs::create_dir_all(&folder).unwrap();
    let roots = issued(&folder, "stranger", "0x8fcfa18d6a480d11");
    let certificates = json!({
        "roots": roots,
        "app": issued(&folder, "app", "0x2020051862039d4090897ba4d51c2126"),
        "other": issued(&folder, "app", "1"),
        "alipay": issued(&folder, "alipay", "0x20200514e63c2fe04d538716fe21358b"),
    });
    fs::remove_dir_all(&folder).unwrap();

    let mut swapped = config(&certificates);
    swapped["alipay"]["certificates"]["alipay"] = certificates["app"].clone();
    let refused = Config::parse(&swapped.to_string()).unwrap_err();
    assert_eq!(refused.to_string(), "alipay.certificates: not PEM, or not for alipay.private_key");

    let config = Config::parse(&config(&certificates).to_string()).unwrap();
    let sandbox = start(config, Options::default()).await.unwrap();
    let brief = json!({
        "origin": sandbox.origin(), "appId": APP_ID, "privateKey": KEYS["app"]["private"],
        "certificates": certificates,
    });
    assert_eq!(judged("certificates.mjs", &brief).await, 4);
    let answer = gateway(&sandbox.origin(), signed(parameters("alipay.trade.query", &json!({})))).await;
    assert_eq!(answer["sub_code"], "isv.app-cert-not-exist", "a call in key mode");
}

#[tokio::test]
async fn a_call_that_names_certificates_is_refused_in_key_mode() {
    let sandbox = sandbox(Options::default()).await;
    let mut call = parameters("alipay.trade.query", &json!({ "out_trade_no": "1" }));
    set(&mut call, "app_cert_sn", "866efef280dec9137a87d047ac446315");
    let answer = gateway(&sandbox.origin(), signed(call)).await;
    assert_eq!(answer["sub_code"], "isv.app-cert-not-exist");
}
