//! The official `alipay-sdk` as the judge.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Stdio,
};

use serde_json::json;
use tokio::{io::AsyncWriteExt, process::Command};
use zerotrip_sandbox::Options;

use crate::support::*;

/// A folder below the target folder that holds the judge and what it needs, as locked.
async fn installed() -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("alipay-sdk");
    fs::create_dir_all(&folder).unwrap();
    let lock = fs::read(node_folder().join("package-lock.json")).unwrap();
    // Written last, so that it stands for a whole installation.
    let done = folder.join("installed-lock.json");
    for name in ["package.json", "package-lock.json", "judge.mjs"] {
        fs::copy(node_folder().join(name), folder.join(name)).unwrap();
    }
    if fs::read(&done).is_ok_and(|installed| installed == lock) {
        return folder;
    }
    let npm = Command::new("npm")
        .args(["ci", "--omit-lockfile-registry-resolved=true", "--ignore-scripts", "--no-audit", "--no-fund"])
        .current_dir(&folder)
        .output()
        .await
        .expect("this test needs `npm` in the path");
    assert!(npm.status.success(), "npm ci failed: {}", String::from_utf8_lossy(&npm.stderr));
    fs::write(done, lock).unwrap();
    folder
}

#[tokio::test]
async fn the_official_sdk_accepts_what_alipay_signs_and_is_accepted() {
    let folder = installed().await;
    let sandbox = sandbox(Options::default()).await;
    let brief = json!({ "origin": sandbox.origin(), "appId": APP_ID, "sellerId": SELLER_ID, "keys": *KEYS })
        .to_string();
    let mut judge = Command::new("node")
        .arg("judge.mjs")
        .current_dir(&folder)
        // The SDK writes the local time into its calls.
        .env("TZ", "Asia/Shanghai")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .expect("this test needs `node` in the path");
    judge.stdin.take().unwrap().write_all(brief.as_bytes()).await.unwrap();
    let said = tokio::time::timeout(std::time::Duration::from_secs(60), judge.wait_with_output())
        .await
        .expect("the judge takes less than a minute")
        .unwrap();
    let (out, err) = (String::from_utf8_lossy(&said.stdout), String::from_utf8_lossy(&said.stderr));
    assert!(said.status.success(), "{out}{err}");
    assert_eq!(out.lines().filter(|line| line.starts_with("holds: ")).count(), 12, "{out}");
}
