//! Against other people's code: the providers as their official and well-known clients play them, byte for byte on the
//! wire, without anything of ours on their side.

use serde_json::{Value, json};
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use zerotrip_journeys::town::{PHONE, merchant};
use zerotrip_journeys::{Merchant, Town};

/// The providers of `node/providers.mjs`. Dropping it ends them.
struct Providers {
    origin: String,
    node: Child,
}

impl Providers {
    fn start(merchant: &Merchant) -> Self {
        let here = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/node"));
        let locked = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../sandbox/tests/node"));
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("providers");
        std::fs::create_dir_all(&folder).expect("a folder");
        for file in
            [locked.join("package.json"), locked.join("package-lock.json"), here.join("providers.mjs")]
        {
            std::fs::copy(&file, folder.join(file.file_name().expect("a name"))).expect("copied");
        }
        let installed = Command::new("npm")
            .args([
                "ci",
                "--omit-lockfile-registry-resolved=true",
                "--ignore-scripts",
                "--no-audit",
                "--no-fund",
            ])
            .current_dir(&folder)
            .output()
            .expect("this test needs `npm` in the path");
        assert!(installed.status.success(), "{}", String::from_utf8_lossy(&installed.stderr));
        let mut node = Command::new("node")
            .arg("providers.mjs")
            .current_dir(&folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("this test needs `node` in the path");
        let ours = json!({ "alipay": merchant.ours, "wechat_pay": merchant.wechat_pay, "ccb": merchant.ccb });
        let brief = json!({ "ours": ours, "theirs": merchant.theirs });
        node.stdin.take().expect("piped").write_all(brief.to_string().as_bytes()).expect("told");
        let mut port = String::new();
        BufReader::new(node.stdout.take().expect("piped")).read_line(&mut port).expect("its port");
        Self { origin: format!("http://127.0.0.1:{}", port.trim()), node }
    }

    fn ask(&self, town: &Town, path: &str, body: &str) -> Value {
        let answer = town.house.fetch("POST", &format!("{}{path}", self.origin), &[], body);
        assert_eq!(answer.status, 200, "{}", answer.text);
        answer.json()
    }
}

impl Drop for Providers {
    fn drop(&mut self) {
        // It may have ended by itself already.
        let _ = self.node.kill();
        let _ = self.node.wait();
    }
}

#[test]
fn their_clients_take_our_orders_and_their_callbacks_settle_ours() {
    let merchant = merchant();
    let providers = Providers::start(&merchant);
    let town = Town::start_beside("interop", merchant, &providers.origin);
    for provider in ["wechat-pay", "alipay", "ccb"] {
        let code = town.code();
        // At WeChat Pay this is a call, which the plugin verifies before it answers, and signs its answer.
        let order = town.order_at(&code, provider, PHONE);
        let cashier = order["cashier"].as_str().expect("an address");
        match provider {
            "wechat-pay" => {
                assert!(cashier.starts_with("http://127.0.0.1/checkmweb?prepay_id=wx"), "{cashier}")
            }
            "ccb" => {
                let query = cashier.split_once("V6&").expect("fields").1;
                let said = providers.ask(&town, "/ccb-mac", query);
                assert_eq!(said["sent"], said["mac"], "{cashier}");
            }
            _ => {}
        }
        let brief =
            json!({ "provider": provider, "order": order["order"], "amount_fen": order["amount_fen"] });
        let callback = providers.ask(&town, "/callbacks", &brief.to_string());
        let text = |value: &Value| value.as_str().expect("text").to_owned();
        let headers: Vec<(String, String)> = callback["headers"]
            .as_object()
            .expect("headers")
            .iter()
            .map(|(name, value)| (name.clone(), text(value)))
            .collect();
        let headers: Vec<(&str, &str)> =
            headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let (path, body) = (text(&callback["path"]), text(&callback["body"]));
        let method = if body.is_empty() { "GET" } else { "POST" };
        let url = format!("{}{path}", town.house.base);
        // One byte more, and it is nobody's.
        let forged = town.house.fetch(
            method,
            &format!("{url}&x=1").replace("notifications&", "notifications?"),
            &headers,
            &format!("{body} "),
        );
        assert_eq!(forged.status, 400, "{provider} {}", forged.text);
        assert_eq!(town.state_of(&code, &order), "pending", "{provider}");
        let taken = town.house.fetch(method, &url, &headers, &body);
        assert!(
            matches!((taken.status, taken.text.as_str()), (200, "success") | (204, "")),
            "{provider} {}",
            taken.text
        );
        assert_eq!(town.state_of(&code, &order), "paid", "{provider}");
    }
    assert_eq!(town.count("SELECT COUNT(*) FROM payment_inbox"), 0);
}
