//! The program: its first line, its end, and what it still knows after a crash.

use std::{
    fs,
    io::{BufRead, BufReader, Write},
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Stdio},
};

use serde_json::json;

use crate::{bank, support::*};

/// Killed at the end of a test, whatever came of it.
pub struct Program(Child);

impl Drop for Program {
    fn drop(&mut self) {
        if let Ok(None) = self.0.try_wait() {
            self.0.kill().unwrap();
            self.0.wait().unwrap();
        }
    }
}

pub fn folder(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{name}-{}", std::process::id()));
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join("config.json"), config_text()).unwrap();
    folder
}

pub fn command(folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_zerotrip-sandbox"));
    command.arg("--config").arg(folder.join("config.json"));
    command.arg("--journal").arg(folder.join("journal.jsonl"));
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

pub fn started(folder: &Path) -> (Program, String) {
    let mut program = Program(command(folder).spawn().unwrap());
    let mut line = String::new();
    BufReader::new(program.0.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let origin = line.trim_end().strip_prefix("ready ").unwrap_or_else(|| panic!("{line:?}"));
    assert!(origin.starts_with("http://127.0.0.1:"), "{origin}");
    (program, origin.to_owned())
}

pub fn signalled(mut program: Program, signal: &str) -> ExitStatus {
    let pid = program.0.id().to_string();
    assert!(Command::new("kill").args([signal, &pid]).status().unwrap().success());
    program.0.wait().unwrap()
}

#[tokio::test]
async fn it_ends_with_status_0_when_told_to() {
    let folder = folder("end");
    for signal in ["-TERM", "-INT"] {
        let (program, _) = started(&folder);
        assert_eq!(signalled(program, signal).code(), Some(0), "{signal}");
    }
}

#[tokio::test]
async fn a_killed_sandbox_still_knows_its_trades_and_what_it_has_to_tell() {
    let folder = folder("crash");
    let merchant = Merchant::answering(200, "success").await;
    let (program, origin) = started(&folder);
    assert_eq!(open(&origin, order("T1"), &merchant.url).await, "");
    control(&origin, "faults", json!({ "hold_notifications": true })).await;
    assert_eq!(control(&origin, "trades/T1/pay", json!({})).await.0, 200);
    assert_eq!(signalled(program, "-KILL").code(), None);
    // As if it had been killed in the middle of the next line.
    let mut journal = fs::OpenOptions::new().append(true).open(folder.join("journal.jsonl")).unwrap();
    journal.write_all(b"{\"trade\":{\"trade_no\"").unwrap();

    let (_program, origin) = started(&folder);
    let trade = call(&origin, "alipay.trade.query", json!({ "out_trade_no": "T1" })).await;
    assert_eq!(trade["trade_status"], "TRADE_SUCCESS");
    notification_until(&origin, |n| n["state"] == "delivered").await;
    assert_eq!(field(&merchant.received()[0], "out_trade_no"), "T1");
}

#[tokio::test]
async fn a_killed_bank_still_knows_its_orders_and_what_it_has_to_tell() {
    let folder = folder("bank-crash");
    let merchant = Merchant::answering(200, "success").await;
    fs::write(folder.join("config.json"), bank::config_with(&merchant.url).to_string()).unwrap();
    let (program, origin) = started(&folder);
    bank::control(&origin, "faults", json!({ "hold_callbacks": true })).await;
    bank::paid(&origin, "T1").await;
    bank::ordered(&origin, "T2").await;
    assert_eq!(signalled(program, "-KILL").code(), None);

    let (_program, origin) = started(&folder);
    bank::callback_until(&origin, |callback| callback["state"] == "delivered").await;
    assert_eq!(field(&merchant.received()[0], "ORDERID"), "T1");
    assert_eq!(bank::control(&origin, "trades/T2/pay", json!({})).await.0, 200);
}

#[test]
fn a_damaged_journal_or_configuration_stops_it_with_a_reason() {
    let folder = folder("damaged");
    fs::write(folder.join("journal.jsonl"), "{\"trade\":1}\n").unwrap();
    let ended = command(&folder).output().unwrap();
    let reason = String::from_utf8(ended.stderr).unwrap();
    assert_eq!(ended.status.code(), Some(1));
    assert!(reason.contains("journal.jsonl line 1: "), "{reason}");

    for (field, wrong, reason) in [
        ("app_public_key", "?", "alipay.app_public_key: not base64"),
        ("app_public_key", "AAAA", "alipay.app_public_key: not a DER SubjectPublicKeyInfo of an RSA key"),
        ("private_key", "AAAA", "alipay.private_key: not a PKCS#8 RSA private key of 2048 to 4096 bits"),
        ("seller_id", "", "alipay.seller_id is empty"),
    ] {
        let mut config: serde_json::Value = serde_json::from_str(&config_text()).unwrap();
        config["alipay"][field] = json!(wrong);
        fs::write(folder.join("config.json"), config.to_string()).unwrap();
        let ended = command(&folder).output().unwrap();
        assert_eq!(ended.status.code(), Some(1));
        assert_eq!(String::from_utf8(ended.stderr).unwrap(), format!("zerotrip-sandbox: {reason}\n"));
    }
}
