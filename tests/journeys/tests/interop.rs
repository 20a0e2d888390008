//! Against other people's code: the providers as their official and well-known clients play them, byte for byte on the
//! wire, without anything of ours on their side.

use serde_json::{Value, json};
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use zerotrip_journeys::town::{DESKTOP, IN_WECHAT, PHONE, merchant};
use zerotrip_journeys::{Answer, Merchant, Town};

/// The providers of `node/providers.mjs`. Dropping it ends them.
struct Providers {
    origin: String,
    node: Child,
}

/// Their clients, installed once for all tests of a run.
fn installed() -> &'static Path {
    static FOLDER: OnceLock<PathBuf> = OnceLock::new();
    FOLDER.get_or_init(|| {
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
        folder
    })
}

impl Providers {
    fn start(merchant: &Merchant) -> Self {
        let mut node = Command::new("node")
            .arg("providers.mjs")
            .current_dir(installed())
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

    /// What a provider sends: of an order that is paid, or of a refund.
    fn callback(&self, town: &Town, brief: &Value) -> Callback {
        let made = self.ask(town, "/callbacks", &brief.to_string());
        let text = |value: &Value| value.as_str().expect("text").to_owned();
        let headers = made["headers"].as_object().expect("headers").iter();
        Callback {
            url: format!("{}{}", town.house.base, text(&made["path"])),
            headers: headers.map(|(name, value)| (name.clone(), text(value))).collect(),
            body: text(&made["body"]),
        }
    }

    /// Our clock is theirs.
    fn set_clock(&self, town: &Town) {
        self.ask(town, "/clock", &json!({ "now_ms": town.now_ms() }).to_string());
    }

    /// How they say that an order stands.
    fn set(&self, town: &Town, order: &Value, state: &str) {
        let trade = json!({ "order": order["order"], "state": state, "amount_fen": order["amount_fen"] });
        self.ask(town, "/trade", &trade.to_string());
    }

    /// The calls since the last look that their clients found to be signed as they sign, sorted.
    fn asked(&self, town: &Town) -> Vec<String> {
        let asked = self.ask(town, "/asked", "");
        asked.as_array().expect("a list").iter().map(|call| call.as_str().expect("text").to_owned()).collect()
    }
}

/// What one of them sends to us.
struct Callback {
    url: String,
    headers: Vec<(String, String)>,
    body: String,
}

impl Callback {
    fn send(&self, town: &Town) -> Answer {
        self.send_as(town, &self.url, &self.body)
    }

    fn send_as(&self, town: &Town, url: &str, body: &str) -> Answer {
        let method = if self.body.is_empty() { "GET" } else { "POST" };
        let headers: Vec<(&str, &str)> =
            self.headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        town.house.fetch(method, url, &headers, body)
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
            "alipay" => {
                let query = cashier.split_once('?').expect("fields").1;
                let said = providers.ask(&town, "/alipay-page", query);
                assert_eq!(said, json!({ "method": "alipay.trade.wap.pay", "out_trade_no": order["order"] }));
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
        let callback = providers.callback(&town, &brief);
        // One byte more, and it is nobody's.
        let url = format!("{}&x=1", callback.url).replace("notifications&", "notifications?");
        let forged = callback.send_as(&town, &url, &format!("{} ", callback.body));
        assert_eq!(forged.status, 400, "{provider} {}", forged.text);
        assert_eq!(town.state_of(&code, &order), "pending", "{provider}");
        let taken = callback.send(&town);
        assert!(
            matches!((taken.status, taken.text.as_str()), (200, "success") | (204, "")),
            "{provider} {}",
            taken.text
        );
        assert_eq!(town.state_of(&code, &order), "paid", "{provider}");
    }
    assert_eq!(town.count("SELECT COUNT(*) FROM payment_inbox"), 0);
}

#[test]
fn their_clients_take_what_we_ask_close_and_send_back() {
    let merchant = merchant();
    let providers = Providers::start(&merchant);
    let mut town = Town::start_beside("interop-questions", merchant, &providers.origin);
    let wechat = |call: &str| format!("WeChat Pay {call}");
    for provider in ["wechat-pay", "alipay"] {
        // Of one nobody tells us that it is paid, the other is never paid.
        let (ticket, unpaid) = (town.ticket(), town.code());
        let code = ticket["code"].as_str().expect("a code").to_owned();
        providers.set_clock(&town);
        let (order, other) = (town.order_at(&code, provider, PHONE), town.order_at(&unpaid, provider, PHONE));
        providers.set(&town, &order, "SUCCESS");
        providers.set(&town, &other, "NOTPAY");
        providers.asked(&town);
        town = town.later(31);
        providers.set_clock(&town);
        assert_eq!(town.janitor()["settled"], 1, "{provider}");
        let states = [town.state_of(&code, &order), town.state_of(&unpaid, &other)];
        assert_eq!(states, ["paid", "pending"], "{provider}");
        let asked = providers.asked(&town);
        if provider == "alipay" {
            assert_eq!(asked, ["Alipay alipay.trade.query"; 2]);
        } else {
            let query = wechat("GET /v3/pay/transactions/out-trade-no/…");
            assert_eq!(asked, [wechat("GET /v3/certificates"), query.clone(), query]);
        }

        // Its decision is revoked: the money goes back.
        let path = format!("/qr/decisions/{}/revocation", ticket["decision"].as_str().expect("an id"));
        let revoked = town.house.post(&path, Some(&town.officer()), &json!({"reason": "开错"}));
        assert_eq!(revoked.status, 200, "{}", revoked.text);
        assert_eq!(town.janitor()["refunds"]["failed"], 0, "{provider}");
        let refund = |town: &Town| {
            let path = format!("/fines/{code}/orders/{}", order["order"].as_str().expect("an order"));
            town.house.get(&path, None).json()["refund"].clone()
        };
        let asked = providers.asked(&town);
        if provider == "alipay" {
            assert_eq!(asked, ["Alipay alipay.trade.fastpay.refund.query", "Alipay alipay.trade.refund"]);
        } else {
            assert_eq!(asked, [wechat("POST /v3/refund/domestic/refunds")]);
            assert_eq!(refund(&town), "due");
            // The plugin tells how it ended; twice is once.
            let told = providers
                .callback(&town, &json!({ "provider": "wechat-pay-refund", "order": order["order"] }));
            for _ in 0..2 {
                assert_eq!(told.send(&town).status, 204);
            }
        }
        assert_eq!(refund(&town), "done", "{provider}");
        assert_eq!(town.look_up(&code)["state"], "revoked", "{provider}");

        // The day of the other is over: it is closed there first.
        town = town.later(86_400);
        providers.set_clock(&town);
        assert_eq!(town.janitor()["closed"], 1, "{provider}");
        assert_eq!(town.state_of(&unpaid, &other), "closed", "{provider}");
        let asked = providers.asked(&town);
        let close = if provider == "alipay" {
            "Alipay alipay.trade.close".to_owned()
        } else {
            wechat("POST /v3/pay/transactions/out-trade-no/…/close")
        };
        assert!(asked.contains(&close), "{asked:?}");
    }
    assert_eq!(town.count("SELECT COUNT(*) FROM payment_inbox"), 0);
}

#[test]
fn their_plugin_takes_our_orders_of_either_kind_and_its_certificate_signs_what_settles_them() {
    let merchant = merchant();
    let providers = Providers::start(&merchant);
    let town = Town::start_beside("interop-kinds", merchant, &providers.origin);
    // Fetches the certificate, which the plugin has sealed.
    town.janitor();
    let settle = |code: &str, order: &Value| {
        let brief = json!({ "provider": "wechat-pay", "order": order["order"], "amount_fen": order["amount_fen"],
            "mode": "certificate" });
        let callback = providers.callback(&town, &brief);
        let serial = callback.headers.iter().find(|(name, _)| name == "Wechatpay-Serial").expect("a serial");
        assert!(!serial.1.starts_with("PUB_KEY_ID_"), "{}", serial.1);
        let forged = callback.send_as(&town, &callback.url, &format!("{} ", callback.body));
        assert_eq!((forged.status, town.state_of(code, order)), (400, "pending".to_owned()));
        assert_eq!(callback.send(&town).status, 204);
        assert_eq!(town.state_of(code, order), "paid");
    };
    let code = town.code();
    let order = town.order_at(&code, "wechat-pay", DESKTOP);
    assert!(order["qr"].as_str().expect("a code").starts_with("weixin://wxpay/bizpayurl?pr=wx"), "{order}");
    settle(&code, &order);

    // Inside WeChat, by its log-in.
    let code = town.code();
    let order = town.order_at(&code, "wechat-pay", IN_WECHAT);
    let start = order["cashier"].as_str().and_then(|at| at.strip_prefix(&town.house.base)).expect("to us");
    let away = town.house.send_with("GET", start, &[("user-agent", IN_WECHAT)], "");
    let cookie = away.set_cookie.split(';').next().expect("a cookie").to_owned();
    let state = away.location.split("state=").nth(1).and_then(|rest| rest.split(['&', '#']).next());
    let back = format!("{start}?code=once&state={}", state.expect("a state"));
    let page = town.house.send_with("GET", &back, &[("cookie", &cookie), ("user-agent", IN_WECHAT)], "");
    assert_eq!(page.status, 200, "{}", page.text);
    let call =
        page.text.split("data-call=\"").nth(1).and_then(|rest| rest.split('"').next()).expect("a call");
    let call = call.replace("&quot;", "\"").replace("&amp;", "&");
    let signed: Value = serde_json::from_str(&call).expect("JSON");
    assert_eq!(providers.ask(&town, "/bridge", &call)["paySign"], signed["paySign"]);
    settle(&code, &order);

    let asked = providers.asked(&town);
    let orders = ["jsapi", "native"].map(|kind| format!("WeChat Pay POST /v3/pay/transactions/{kind}"));
    assert_eq!(
        asked,
        ["WeChat Pay GET /v3/certificates".to_owned()].into_iter().chain(orders).collect::<Vec<_>>()
    );
    assert_eq!(town.count("SELECT COUNT(*) FROM payment_inbox"), 0);
}
