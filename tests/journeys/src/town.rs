//! A house with an Alipay beside it, an administrator, an officer with a terminal, and drivers.

use crate::{Answer, Engine, House, sql};
use serde_json::{Value, json};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};
use zerotrip_sandbox::alipay::{PrivateKey, sign_notification};
use zerotrip_sandbox::wechat::{Callback, CallbackKey, Event};
use zerotrip_sandbox::{Config, Options, Running, ccb, wechat};

/// Long enough to stand alone.
pub const PASSWORD: &str = "correct horse battery";
/// What the trusted-identity platform knows the bureau by.
pub const CTID_TOKEN: &str = "ctid-token-of-the-tests";
/// What the SMS gateway knows it by.
pub const SMS_TOKEN: &str = "sms-token-of-the-tests";
/// What the registry of documents knows it by.
pub const REGISTRY_TOKEN: &str = "registry-token-of-the-tests";
/// `User-Agent` of WeChat's own browser.
pub const IN_WECHAT: &str =
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Mobile/15E148 MicroMessenger/8.0.50";
/// Of the bank's app.
pub const IN_CCB: &str = "Mozilla/5.0 (Linux; Android 14) Mobile CCBClient/6.0";
/// Of a phone's browser.
pub const PHONE: &str = "Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36 Chrome/130 Mobile Safari/537.36";
/// Of a desktop's.
pub const DESKTOP: &str = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/130 Safari/537.36";
/// Where the officer works.
pub const AGENCY: &str = "220102";
/// Longer than any test takes, in seconds: much counts days in China, and no town is founded so shortly before midnight there.
const BEFORE_MIDNIGHT: u64 = 40 * 60;
/// How long a notification may take to arrive on a busy machine.
const PATIENCE: Duration = Duration::from_secs(20);

/// Both sides' view of one merchant at every provider.
pub struct Merchant {
    /// The variable `alipay`.
    pub ours: Value,
    /// The variable `wechat_pay`.
    pub wechat_pay: Value,
    /// The variable `ccb`.
    pub ccb: Value,
    /// The sandbox's configuration.
    pub theirs: Value,
    /// Where settlements are reported, if not to the sandbox.
    pub authorities: Option<String>,
}

/// A merchant with fresh keys at Alipay.
pub fn merchant() -> Merchant {
    let pair = || zerotrip_signing::fresh::rsa().expect("a key pair");
    let ((our_private, our_public), (their_private, their_public)) = (pair(), pair());
    let (app_id, seller_id) = ("2021000000000001", "2088000000000001");
    let wechat = wechat_pay();
    let theirs = json!({
        "ctid": { "token": CTID_TOKEN },
        "sms": { "token": SMS_TOKEN },
        "registry": { "token": REGISTRY_TOKEN },
        "police": { "token": "police-token-of-this-run" }, "treasury": { "token": "treasury-token-of-this-run" },
        "alipay": { "app_id": app_id, "seller_id": seller_id, "app_public_key": our_public,
            "private_key": their_private },
        "wechat_pay": wechat.sandbox,
        "ccb": { "merchant_id": "105000000000001", "pos_id": "100000001", "branch_id": "220000000",
            "private_key": ccb_key().to_base64(), "query_password": "not-so-secret",
            // Told when the house is known.
            "callback_url": "http://127.0.0.1:9/", "page_url": "http://127.0.0.1:9/" },
    });
    let bank = Config::parse(&theirs.to_string()).expect("a configuration").ccb.expect("a bank");
    Merchant {
        ours: json!({ "app_id": app_id, "seller_id": seller_id, "app_private_key": our_private,
            "alipay_public_keys": [their_public] }),
        wechat_pay: wechat.merchant.clone(),
        ccb: bank.merchant_side(),
        theirs,
        authorities: None,
    }
}

/// The key of a counter at the bank, made once for each run.
pub fn ccb_key() -> &'static ccb::PrivateKey {
    static KEY: OnceLock<ccb::PrivateKey> = OnceLock::new();
    KEY.get_or_init(ccb::fresh_key)
}

/// An account at WeChat Pay. Its keys are made once for each run: they take their time.
fn wechat_pay() -> &'static wechat::Sides {
    static SIDES: OnceLock<wechat::Sides> = OnceLock::new();
    SIDES.get_or_init(|| {
        let pair = || zerotrip_signing::fresh::rsa().expect("a key pair").into();
        wechat::account(&pair(), &pair(), &pair()).expect("an account")
    })
}

fn machine_time() -> Duration {
    SystemTime::now().duration_since(UNIX_EPOCH).expect("past 1970")
}

/// Seconds until midnight in China, which is eight hours ahead of UTC.
fn until_midnight() -> u64 {
    const DAY: u64 = 24 * 3600;
    DAY - (machine_time().as_secs() + 8 * 3600) % DAY
}

/// A running town. Dropping it ends host and sandbox.
pub struct Town {
    /// The host with our functions.
    pub house: House,
    /// Where the sandbox answers, as Alipay and as every other provider.
    pub alipay: String,
    /// Our side of the merchant.
    pub merchant: Merchant,
    sandbox: Option<Running>,
    runtime: tokio::runtime::Runtime,
    shifted_s: i64,
    /// The officer's terminal.
    pub terminal: String,
}

impl Town {
    /// Everybody is there, nothing has happened.
    pub fn start(name: &str) -> Self {
        Self::start_on(name, Engine::of_this_run())
    }

    /// The same on this engine, whatever the run is for.
    pub fn start_on(name: &str, engine: Engine) -> Self {
        Self::found(name, engine, merchant(), None)
    }

    /// The same with this merchant.
    pub fn start_with(name: &str, merchant: Merchant) -> Self {
        Self::found(name, Engine::of_this_run(), merchant, None)
    }

    /// The same with this merchant, and providers elsewhere than in the sandbox.
    pub fn start_beside(name: &str, merchant: Merchant, origin: &str) -> Self {
        Self::found(name, Engine::of_this_run(), merchant, Some(origin))
    }

    fn found(name: &str, engine: Engine, merchant: Merchant, origin: Option<&str>) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .expect("a runtime");
        let listen = std::net::SocketAddr::from(([127, 0, 0, 1], crate::free_port()));
        let alipay = format!("http://{listen}");
        // Providers elsewhere have the machine's clock.
        let shifted_s = if origin.is_none() && until_midnight() < BEFORE_MIDNIGHT { 3600 } else { 0 };
        let at = origin.unwrap_or(&alipay);
        let house = House::start_shifted(name, &merchant, at, engine, shifted_s);
        let mut town =
            Self { house, alipay, merchant, sandbox: None, runtime, shifted_s, terminal: String::new() };
        town.open_sandbox();
        town.counter(&json!({}));
        let code = town.house.invite_administrator();
        town.activate(&code, "root");
        town.terminal = town.enrol("T-1", AGENCY).text_of("token");
        town.hire("han", AGENCY);
        town
    }

    fn open_sandbox(&mut self) {
        let options = Options {
            listen: self.alipay.trim_start_matches("http://").parse().expect("an address"),
            clock_offset_s: self.shifted_s,
            journal: Some(self.house.folder.join("sandbox.journal")),
            ..Options::default()
        };
        let mut theirs = self.merchant.theirs.clone();
        theirs["alipay"]["redirect_uris"] = json!([format!("{}/auth/alipay/return", self.house.base)]);
        let config = Config::parse(&theirs.to_string()).expect("a configuration");
        let started = self.runtime.block_on(zerotrip_sandbox::start(config, options));
        self.sandbox = Some(started.expect("the sandbox starts"));
    }

    /// So much later, for us and for Alipay; the house was killed and restarted on the way.
    pub fn later(mut self, seconds: i64) -> Self {
        self.shifted_s += seconds;
        if let Some(sandbox) = self.sandbox.take() {
            self.runtime.block_on(sandbox.stop());
        }
        self = self.killed();
        self.open_sandbox();
        self.counter(&json!({}));
        self
    }

    /// kill -9 of the house, and up again.
    pub fn killed(self) -> Self {
        let offset = self.shifted_s.to_string();
        Self { house: self.house.kill_and_restart(&["--clock-offset", &offset]), ..self }
    }

    /// Unix ms as this town has it.
    pub fn now_ms(&self) -> u64 {
        let now = u64::try_from(machine_time().as_millis()).expect("in range");
        now.saturating_add_signed(self.shifted_s * 1000)
    }

    fn activate(&self, code: &str, login: &str) {
        let body = json!({"code": code, "login": login, "password": PASSWORD, "name": "韩警官"});
        assert_eq!(self.house.post("/auth/activations", None, &body).status, 201);
    }

    fn log_in(&self, login: &str, device_token: Option<&str>) -> String {
        let body = json!({"login": login, "password": PASSWORD, "device_token": device_token});
        self.house.post("/auth/sessions", None, &body).text_of("access_token")
    }

    /// A session of the administrator.
    pub fn administrator(&self) -> String {
        self.log_in("root", None)
    }

    /// A session of the officer on the terminal.
    pub fn officer(&self) -> String {
        self.log_in("han", Some(&self.terminal))
    }

    /// A session of another officer on another terminal.
    pub fn officer_on(&self, login: &str, terminal: &str) -> String {
        self.log_in(login, Some(terminal))
    }

    /// Another terminal.
    pub fn enrol(&self, label: &str, agency: &str) -> Answer {
        let body = json!({"kind": "terminal", "label": label, "agency": agency});
        self.house.post("/auth/devices", Some(&self.administrator()), &body)
    }

    /// Another officer.
    pub fn hire(&self, login: &str, agency: &str) {
        let body = json!({"role": "officer", "agency": agency});
        let invited = self.house.post("/auth/invitations", Some(&self.administrator()), &body);
        self.activate(&invited.text_of("code"), login);
    }

    /// A decision of 200 yuan as a terminal sends it, under numbers of its own.
    pub fn decision(&self) -> Value {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        json!({
            "request_id": format!("terminal-1-{number}"),
            "content": {
                "number": format!("2201021{number:08}"),
                "driver": { "name": "张三丰", "id_number": "11010519491231002X", "phone": "13812345678",
                    "address": "长春市南关区某街某号" },
                "plate": "吉A12345",
                "vehicle_type": "小型汽车",
                "violation_code": "1039",
                "violation": "机动车违反规定停放",
                "place": "人民大街与解放大路交会",
                "violated_at": self.now_ms(),
                "legal_basis": "《中华人民共和国道路交通安全法》第九十条",
                "fine_fen": 20000,
                "authority": "长春市公安局交通管理支队南关区大队",
            },
        })
    }

    /// A new ticket of 200 yuan, as the terminal got it.
    pub fn ticket(&self) -> Value {
        let issued = self.house.post("/qr/decisions", Some(&self.officer()), &self.decision());
        assert_eq!(issued.status, 201, "{}", issued.text);
        issued.json()
    }

    /// The code of a new ticket.
    pub fn code(&self) -> String {
        self.ticket()["code"].as_str().expect("a code").to_owned()
    }

    /// What a client sees of a ticket.
    pub fn look_up(&self, code: &str) -> Value {
        let seen = self.house.get(&format!("/fines/{code}"), None);
        assert_eq!(seen.status, 200, "{}", seen.text);
        seen.json()
    }

    /// An order at Alipay.
    pub fn try_order(&self, code: &str) -> Answer {
        self.house.post(&format!("/fines/{code}/orders"), None, &json!({"provider": "alipay"}))
    }

    /// The counter's settings at the bank: these, and where our house is. A restarted sandbox has to be told again.
    pub fn counter(&self, settings: &Value) {
        let mut settings = settings.clone();
        settings["callback_url"] = json!(format!("{}/pay/ccb/notifications", self.house.base));
        settings["page_url"] = json!(format!("{}/pay/return", self.house.base));
        self.control_of("ccb", "POST", "counter", &settings);
    }

    /// An order at this provider as an app or a browser with this `User-Agent` makes it.
    pub fn order_at(&self, code: &str, provider: &str, agent: &str) -> Value {
        let ordered = self.try_order_at(code, provider, agent);
        assert_eq!(ordered.status, 201, "{}", ordered.text);
        ordered.json()
    }

    /// The same, whatever the answer.
    pub fn try_order_at(&self, code: &str, provider: &str, agent: &str) -> Answer {
        let headers = [("user-agent", agent), ("content-type", "application/json")];
        let body = json!({ "provider": provider }).to_string();
        self.house.send_with("POST", &format!("/fines/{code}/orders"), &headers, &body)
    }

    /// The same, when it must succeed.
    pub fn order(&self, code: &str) -> Value {
        let ordered = self.try_order(code);
        assert_eq!(ordered.status, 201, "{}", ordered.text);
        ordered.json()
    }

    /// The payer opens the cashier and presses the button. Gives the address that the browser is sent to.
    pub fn pay(&self, order: &Value) -> String {
        let cashier = order["cashier"].as_str().expect("an address");
        let page = self.house.fetch("GET", cashier, &[("accept", "text/html")], "");
        let button = page.text.split("action=\"").nth(1).and_then(|rest| rest.split('"').next());
        let button = button.unwrap_or_else(|| panic!("no cashier: {}", page.text));
        let paid = self.house.fetch("POST", &format!("{}{button}", self.alipay), &[], "");
        assert_eq!(paid.status, 303, "{}", paid.text);
        paid.location
    }

    /// A control of the sandbox's Alipay.
    pub fn control(&self, method: &str, path: &str, body: &Value) -> Value {
        self.control_of("alipay", method, path, body)
    }

    /// A control of the sandbox as `provider`: `alipay`, `wechat` or `ccb`.
    pub fn control_of(&self, provider: &str, method: &str, path: &str, body: &Value) -> Value {
        let url = format!("{}/control/{provider}/{path}", self.alipay);
        let text = if body.is_null() { String::new() } else { body.to_string() };
        let answer = self.house.fetch(method, &url, &[("content-type", "application/json")], &text);
        assert_eq!(answer.status, 200, "{method} {path}: {}", answer.text);
        answer.json()
    }

    /// Sets the sandbox's faults.
    pub fn faults(&self, faults: &Value) {
        self.control("POST", "faults", faults);
    }

    /// How an order stands.
    pub fn state_of(&self, code: &str, order: &Value) -> String {
        let id = order["order"].as_str().expect("an order");
        self.house.get(&format!("/fines/{code}/orders/{id}"), None).text_of("state")
    }

    /// Waits until the order is paid.
    pub fn until_paid(&self, code: &str, order: &Value) {
        let start = Instant::now();
        while self.state_of(code, order) != "paid" {
            assert!(
                start.elapsed() < PATIENCE,
                "not paid: {}",
                self.control("GET", "notifications", &Value::Null)
            );
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Waits until the sandbox has no notification under way that was not answered.
    pub fn until_delivered(&self) {
        let start = Instant::now();
        loop {
            let all = self.control("GET", "notifications", &Value::Null);
            let pending = all.as_array().expect("a list").iter().any(|n| n["state"] == "pending");
            if !pending {
                return;
            }
            assert!(start.elapsed() < PATIENCE, "not delivered: {all}");
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// What Alipay would say of a paid order, to be changed by a test before it is signed.
    pub fn success(&self, order: &Value) -> Vec<(String, String)> {
        let id = order["order"].as_str().expect("an order");
        let fen = order["amount_fen"].as_i64().expect("an amount");
        let amount = format!("{}.{:02}", fen / 100, fen % 100);
        [
            ("notify_time", "2026-11-24 10:00:05"),
            ("notify_type", "trade_status_sync"),
            ("notify_id", &format!("n-{id}")),
            ("app_id", self.merchant.ours["app_id"].as_str().expect("text")),
            ("charset", "utf-8"),
            ("version", "1.0"),
            ("trade_no", &format!("2026112422001{}", &id[10..])),
            ("out_trade_no", id),
            ("seller_id", self.merchant.ours["seller_id"].as_str().expect("text")),
            ("trade_status", "TRADE_SUCCESS"),
            ("total_amount", &amount),
            ("subject", "交通违法罚款 100%+1"),
            ("gmt_payment", "2026-11-24 10:00:00"),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .to_vec()
    }

    /// What WeChat Pay would say of it, before it is sealed and signed.
    pub fn wechat_success(&self, order: &Value) -> Value {
        let id = order["order"].as_str().expect("an order");
        json!({
            "appid": self.merchant.wechat_pay["app_id"], "mchid": self.merchant.wechat_pay["mch_id"],
            "out_trade_no": id, "transaction_id": format!("42000000{}", &id[8..]), "trade_type": "MWEB",
            "trade_state": "SUCCESS", "bank_type": "OTHERS", "attach": "",
            "success_time": "2026-11-24T10:00:00+08:00", "payer": { "openid": "o-somebody-who-paid" },
            "something_new": { "x": [1] },
            "amount": { "total": order["amount_fen"], "payer_total": order["amount_fen"], "currency": "CNY",
                "payer_currency": "CNY" },
        })
    }

    /// What the bank's server callback would say of it, in the bank's order of 2021, before it is signed.
    pub fn ccb_success(&self, order: &Value) -> Vec<(String, String)> {
        let own = |name: &str| self.merchant.ccb[name].as_str().expect("text").to_owned();
        let fen = order["amount_fen"].as_i64().expect("an amount");
        let fields = [
            ("POSID", own("pos_id")),
            ("BRANCHID", own("branch_id")),
            ("ORDERID", order["order"].as_str().expect("an order").to_owned()),
            ("PAYMENT", format!("{}.{:02}", fen / 100, fen % 100)),
            ("CURCODE", "01".to_owned()),
            ("REMARK1", String::new()),
            ("REMARK2", String::new()),
            ("ACC_TYPE", "12".to_owned()),
            ("SUCCESS", "Y".to_owned()),
            ("ACCDATE", "20261124".to_owned()),
        ];
        fields.map(|(name, value)| (name.to_owned(), value)).to_vec()
    }

    /// The form body that Alipay would send.
    pub fn signed(&self, fields: &[(String, String)]) -> String {
        let key = self.merchant.theirs["alipay"]["private_key"].as_str().expect("a key");
        sign_notification(fields, &PrivateKey::from_base64(key).expect("a key"))
    }

    /// Posts a body to the notification address.
    pub fn notify(&self, body: &str) -> Answer {
        let form = ("content-type", "application/x-www-form-urlencoded; charset=utf-8");
        self.house.send_with("POST", "/pay/alipay/notifications", &[form], body)
    }

    /// A notification of WeChat Pay that says whatever a test wants, signed so many seconds from now.
    pub fn wechat_callback(
        &self,
        id: &str,
        original_type: &str,
        resource: &Value,
        by: CallbackKey,
        seconds: i64,
    ) -> Callback {
        let account = Config::parse(&self.merchant.theirs.to_string()).expect("a configuration").wechat_pay;
        let at = i64::try_from(self.now_ms()).expect("in range") + seconds * 1000;
        let event_type = format!("{}.SUCCESS", original_type.to_ascii_uppercase());
        let event = Event {
            id,
            created_ms: at,
            event_type: &event_type,
            original_type,
            summary: "支付成功",
            resource,
        };
        account.expect("an account").callback(&event, by, at)
    }

    /// The same, sent.
    pub fn notify_wechat(
        &self,
        id: &str,
        original_type: &str,
        resource: &Value,
        by: CallbackKey,
        seconds: i64,
    ) -> Answer {
        self.send_wechat(&self.wechat_callback(id, original_type, resource, by, seconds))
    }

    /// Posts it.
    pub fn send_wechat(&self, callback: &Callback) -> Answer {
        let mut headers: Vec<(&str, &str)> =
            callback.headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
        headers.push(("content-type", "application/json"));
        self.house.send_with("POST", "/pay/wechat-pay/notifications", &headers, &callback.body)
    }

    /// A callback of the bank.
    pub fn notify_ccb(&self, fields: &[(String, String)]) -> Answer {
        let form = ("content-type", "application/x-www-form-urlencoded");
        let body = ccb::sign_callback(fields, ccb_key());
        self.house.send_with("POST", "/pay/ccb/notifications", &[form], &body)
    }

    /// A job token.
    pub fn job_token(&self) -> String {
        self.house.post("/auth/job-tokens", Some(&self.administrator()), &json!({})).text_of("token")
    }

    /// One run of the janitor.
    pub fn janitor(&self) -> Value {
        let done = self.house.post("/pay/jobs/janitor", Some(&self.job_token()), &json!({}));
        assert_eq!(done.status, 200, "{}", done.text);
        done.json()
    }

    /// A look into the database that the functions do not give.
    pub fn count(&self, sql: &str) -> i64 {
        sql::count(&self.house.database(), sql)
    }
}

/// One field changed.
pub fn with(mut fields: Vec<(String, String)>, name: &str, value: &str) -> Vec<(String, String)> {
    fields.retain(|(key, _)| key != name);
    fields.push((name.to_owned(), value.to_owned()));
    fields
}
