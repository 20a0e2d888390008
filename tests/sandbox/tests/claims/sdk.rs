//! Clients of the providers as judges; the official `alipay-sdk` for Alipay.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Stdio,
};

use serde_json::{Value, json};
use tokio::{io::AsyncWriteExt, process::Command, sync::Mutex};
use zerotrip_sandbox::Options;

use crate::support::*;

/// A folder below the target folder that holds the judges and what they need, as locked.
async fn installed() -> PathBuf {
    static ONE_AT_A_TIME: Mutex<()> = Mutex::const_new(());
    let _turn = ONE_AT_A_TIME.lock().await;
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("judges");
    fs::create_dir_all(&folder).unwrap();
    let lock = fs::read(node_folder().join("package-lock.json")).unwrap();
    // Written last, so that it stands for a whole installation.
    let done = folder.join("installed-lock.json");
    for name in [
        "package.json",
        "package-lock.json",
        "judge.mjs",
        "alipay-bill.mjs",
        "certificates.mjs",
        "identity.mjs",
        "wechat.mjs",
        "wechat-bill.mjs",
    ] {
        // A judge that is under way may be about to read it.
        let (ours, there) = (fs::read(node_folder().join(name)).unwrap(), folder.join(name));
        if !fs::read(&there).is_ok_and(|there| there == ours) {
            fs::write(there, ours).unwrap();
        }
    }
    if fs::read(&done).is_ok_and(|installed| installed == lock) {
        return folder;
    }
    let npm = Command::new("npm")
        .args(["ci", "--omit-lockfile-registry-resolved=true", "--ignore-scripts", "--no-audit", "--no-fund"])
        .args(["--prefer-offline", "--fetch-retries", "5"])
        .current_dir(&folder)
        .output()
        .await
        .expect("this test needs `npm` in the path");
    assert!(npm.status.success(), "npm ci failed: {}", String::from_utf8_lossy(&npm.stderr));
    fs::write(done, lock).unwrap();
    folder
}

/// The claims that a judge finds to hold. It is told `brief` and has a minute.
pub async fn judged(script: &str, brief: &Value) -> usize {
    let folder = installed().await;
    let mut judge = Command::new("node")
        .arg(script)
        .current_dir(&folder)
        // Alipay's SDK writes the local time into its calls.
        .env("TZ", "Asia/Shanghai")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .expect("this test needs `node` in the path");
    judge.stdin.take().unwrap().write_all(brief.to_string().as_bytes()).await.unwrap();
    let said = tokio::time::timeout(std::time::Duration::from_secs(60), judge.wait_with_output())
        .await
        .expect("the judge takes less than a minute")
        .unwrap();
    let (out, err) = (String::from_utf8_lossy(&said.stdout), String::from_utf8_lossy(&said.stderr));
    assert!(said.status.success(), "{out}{err}");
    out.lines().filter(|line| line.starts_with("holds: ")).count()
}

#[tokio::test]
async fn the_official_sdk_accepts_what_alipay_signs_and_is_accepted() {
    let sandbox = sandbox(Options::default()).await;
    let brief = json!({ "origin": sandbox.origin(), "appId": APP_ID, "sellerId": SELLER_ID, "keys": *KEYS });
    assert_eq!(judged("judge.mjs", &brief).await, 12);
}
