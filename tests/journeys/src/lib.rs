//! A running house for tests: the local host with real components, its own keys, its own database, on a free port.

pub mod citizens;
pub mod codes;
pub mod crowd;
mod described;
pub mod faces;
pub mod picture;
pub mod postgres;
pub mod records;
pub mod sql;
pub mod town;
pub mod venues;
pub mod wallet;

pub use citizens::Citizens;
use postgres::{Postgres, QUICK};
pub use town::{Merchant, Town};

use serde_json::{Value, json};
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

/// A host process and its folder. Dropping it kills the process, not the folder.
pub struct House {
    /// `http://127.0.0.1:PORT`.
    pub base: String,
    /// Holds database, keys and log.
    pub folder: PathBuf,
    manifest: PathBuf,
    port: u16,
    host: Child,
    agent: ureq::Agent,
    described: described::Interfaces,
    postgres: Option<Postgres>,
}

/// An answer, read whole.
pub struct Answer {
    /// HTTP status.
    pub status: u16,
    /// Content type, or empty.
    pub content_type: String,
    /// Where a redirect leads, or empty.
    pub location: String,
    /// Seconds to wait before the next try, or empty.
    pub retry_after: String,
    /// A cookie to keep, or empty.
    pub set_cookie: String,
    /// The page's content security policy, or empty.
    pub policy: String,
    /// What the browser tells the next site of this one, or empty.
    pub referrer_policy: String,
    /// Body as text.
    pub text: String,
}

impl Answer {
    /// The body as JSON.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|e| panic!("not JSON ({e}): {}", self.text))
    }

    /// One text member of the body.
    pub fn text_of(&self, name: &str) -> String {
        self.json()[name].as_str().unwrap_or_else(|| panic!("no {name} in {}", self.text)).to_owned()
    }

    /// Asserts a problem of this status and type, with all that the design promises of one.
    pub fn is_problem(&self, status: u16, name: &str) {
        assert_eq!(self.status, status, "{}", self.text);
        assert_eq!(self.content_type, "application/problem+json");
        let problem = self.json();
        assert_eq!(problem["type"], format!("urn:zerotrip:problem:{name}"));
        assert_eq!(problem["status"], status);
        for member in ["title", "title_zh", "detail"] {
            assert!(problem[member].as_str().is_some_and(|text| !text.is_empty()), "{member} of {problem}");
        }
    }
}

/// What `ask` is told in the end: who meets a 503 comes again when it says so.
pub fn patiently(mut ask: impl FnMut() -> Answer) -> Answer {
    for _ in 0..20 {
        let answer = ask();
        if answer.status != 503 {
            return answer;
        }
        let seconds = answer.retry_after.parse().unwrap_or(1);
        std::thread::sleep(Duration::from_secs(seconds));
    }
    panic!("it is never served")
}

fn read(mut response: ureq::http::Response<ureq::Body>) -> Result<Answer, ureq::Error> {
    let header = |name| response.headers().get(name).and_then(|v| v.to_str().ok()).unwrap_or("").to_owned();
    Ok(Answer {
        status: response.status().as_u16(),
        content_type: header("content-type"),
        location: header("location"),
        retry_after: header("retry-after"),
        set_cookie: header("set-cookie"),
        policy: header("content-security-policy"),
        referrer_policy: header("referrer-policy"),
        text: response.body_mut().read_to_string()?,
    })
}

fn root() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."))
}

/// Where cargo puts what it builds.
pub fn target() -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), PathBuf::from)
}

/// The host's program; `tests/run` builds it.
pub fn host_program() -> PathBuf {
    let program = target().join("host/zerotrip-host");
    assert!(program.exists(), "{} is missing: tests/run builds it", program.display());
    program
}

/// The component that misbehaves on request; `tests/run` builds it.
pub fn guest_component() -> PathBuf {
    let component = target().join("wasm32-wasip2/release/guest.wasm");
    assert!(component.exists(), "{} is missing: tests/run builds it", component.display());
    component
}

/// Which database a house stands on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Engine {
    /// The embedded default.
    Sqlite,
    /// A server of its own that waits for no disk.
    Postgres,
    /// A server of its own whose acknowledged writes survive a power cut, as SQLite's do.
    DurablePostgres,
}

impl Engine {
    /// The one that this run is for: `ZEROTRIP_ENGINE=postgres`, or SQLite.
    pub fn of_this_run() -> Self {
        match std::env::var("ZEROTRIP_ENGINE").as_deref() {
            Err(_) | Ok("" | "sqlite") => Self::Sqlite,
            Ok("postgres") => Self::Postgres,
            Ok(other) => panic!("ZEROTRIP_ENGINE is {other}, not sqlite or postgres"),
        }
    }

    fn server(self) -> Option<Postgres> {
        match self {
            Self::Sqlite => None,
            Self::Postgres => Some(Postgres::start("house-db", QUICK)),
            Self::DurablePostgres => Some(Postgres::start("house-db", &[])),
        }
    }
}

fn database(folder: &Path, postgres: Option<&Postgres>) -> String {
    match postgres {
        Some(server) => server.address(),
        None => folder.join("state/sqlite_db.db").to_string_lossy().into_owned(),
    }
}

fn bytes_below(folder: &Path) -> Vec<u8> {
    let mut bytes = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap_or_else(|e| panic!("{}: {e}", folder.display())) {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            bytes.extend(bytes_below(&path));
        } else {
            bytes.extend(std::fs::read(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display())));
        }
    }
    bytes
}

/// A port that nobody listens on, below those that the system hands out by itself.
pub fn free_port() -> u16 {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let start = std::process::id() % 200 * 100;
    (0..20_000)
        .map(|_| 10_000 + (start + NEXT.fetch_add(1, Ordering::Relaxed)) % 20_000)
        .map(|port| u16::try_from(port).expect("below 30000"))
        .find(|port| std::net::TcpListener::bind(("127.0.0.1", *port)).is_ok())
        .expect("a free port")
}

/// A new empty folder below the target folder.
pub fn fresh_folder(name: &str) -> PathBuf {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    let folder = target().join("houses").join(format!("{name}-{}-{number}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a folder for the test");
    folder
}

impl House {
    /// The app of `spin.toml`, migrated, with fresh keys, and providers that never answer.
    pub fn start(name: &str) -> Self {
        Self::start_on(name, Engine::of_this_run())
    }

    /// The same on this engine, whatever the run is for.
    pub fn start_on(name: &str, engine: Engine) -> Self {
        Self::start_at(name, &town::merchant(), "http://127.0.0.1:9", engine)
    }

    /// The same with this merchant of providers at `origin`.
    pub fn start_at(name: &str, merchant: &Merchant, origin: &str, engine: Engine) -> Self {
        Self::start_shifted(name, merchant, origin, engine, 0)
    }

    /// The same, whose clock is so many seconds ahead of the machine's.
    pub fn start_shifted(
        name: &str,
        merchant: &Merchant,
        origin: &str,
        engine: Engine,
        seconds: i64,
    ) -> Self {
        let (manifest, offset) = (root().join("spin.toml"), seconds.to_string());
        let arguments = ["--clock-offset", &offset];
        Self::start_with(fresh_folder(name), &manifest, merchant, origin, engine, &arguments)
    }

    /// The app of the `spin.toml` in `folder`; relative paths among the arguments start there.
    pub fn start_app(folder: PathBuf, arguments: &[&str]) -> Self {
        let manifest = folder.join("spin.toml");
        let merchant = town::merchant();
        let engine = Engine::of_this_run();
        Self::start_with(folder, &manifest, &merchant, "http://127.0.0.1:9", engine, arguments)
    }

    fn start_with(
        folder: PathBuf,
        manifest: &Path,
        merchant: &Merchant,
        origin: &str,
        engine: Engine,
        arguments: &[&str],
    ) -> Self {
        let port = free_port();
        let ring = || zerotrip_signing::fresh::ring().expect("randomness");
        let single = zerotrip_signing::fresh::single().expect("randomness");
        let postgres = engine.server();
        let (database_url, database_host) = match &postgres {
            // As patient with a lock as SQLite is.
            Some(server) => {
                (format!("{}?options=-c%20statement_timeout%3D5000", server.address()), server.host())
            }
            None => (String::new(), "127.0.0.1".to_owned()),
        };
        let variables = json!({
            "session_keys": ring(), "ticket_code_keys": ring(), "identity_code_keys": ring(), "sealing_keys": ring(), "index_key": single,
            "audit_keys": ring(),
            "providers": "alipay,wechat-pay,ccb", "ccb": merchant.ccb.to_string(),
            "alipay": merchant.ours.to_string(), "alipay_origin": origin, "alipay_oauth_origin": origin,
            "alipay_bill_origin": origin,
            "wechat_pay": merchant.wechat_pay.to_string(), "wechat_pay_origin": origin,
            "ctid_origin": origin, "ctid_token": town::CTID_TOKEN,
            "sms_origin": origin, "sms_token": town::SMS_TOKEN,
            "registry_origin": origin, "registry_token": town::REGISTRY_TOKEN,
            "wechat_api_origin": origin, "wechat_open_origin": origin, "ccb_origin": origin,
            "traffic_police_origin": merchant.authorities.as_deref().unwrap_or(origin),
            "treasury_origin": merchant.authorities.as_deref().unwrap_or(origin),
            "traffic_police_token": merchant.theirs["police"]["token"],
            "treasury_token": merchant.theirs["treasury"]["token"],
            "public_url": format!("http://127.0.0.1:{port}"),
            "database_url": database_url, "database_host": database_host,
        });
        // A TOML literal string takes JSON as it is.
        let lines = variables.as_object().expect("an object").iter();
        let lines: Vec<String> =
            lines.map(|(name, value)| format!("{name} = '{}'", value.as_str().expect("text"))).collect();
        std::fs::write(folder.join("variables.toml"), lines.join("\n")).expect("variables");
        let migrated = Command::new(host_program())
            .args(["dev", "migrate", "--dir"])
            .arg(root().join("shared/platform/migrations"))
            .arg(database(&folder, postgres.as_ref()))
            .output()
            .expect("the host runs");
        assert!(migrated.status.success(), "{}", String::from_utf8_lossy(&migrated.stderr));
        let mut house = Self::serve(folder, manifest, port, arguments);
        house.postgres = postgres;
        house
    }

    /// Serves `manifest` with whatever is in `folder`, and further arguments of the host.
    pub fn start_in(folder: PathBuf, manifest: &Path, arguments: &[&str]) -> Self {
        Self::serve(folder, manifest, free_port(), arguments)
    }

    fn serve(folder: PathBuf, manifest: &Path, port: u16, arguments: &[&str]) -> Self {
        let log = std::fs::OpenOptions::new()
            .create(true)
            .append(true)
            .open(folder.join("log"))
            .expect("a log file");
        let mut command = Command::new(host_program());
        command.current_dir(&folder);
        command.args(["up", "--listen", &format!("127.0.0.1:{port}"), "--manifest"]).arg(manifest);
        if !arguments.contains(&"--state-dir") {
            command.arg("--state-dir").arg(folder.join("state"));
        }
        if !arguments.contains(&"--cache") {
            command.arg("--cache").arg(target().join("houses/cache"));
        }
        let variables = folder.join("variables.toml");
        if variables.exists() {
            command.arg("--variable").arg(format!("@{}", variables.display()));
        }
        let mut host =
            command.args(arguments).stdout(Stdio::piped()).stderr(log).spawn().expect("the host starts");
        let mut line = String::new();
        BufReader::new(host.stdout.take().expect("piped")).read_line(&mut line).expect("its first line");
        let Some(base) = line.trim().strip_prefix("ready ") else {
            let status = host.wait().expect("it ended");
            let log = std::fs::read_to_string(folder.join("log")).expect("its log");
            panic!("the host did not start ({status}): {log}");
        };
        let agent = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .timeout_global(Some(Duration::from_secs(60)))
            .build()
            .into();
        let described = described::Interfaces::default();
        Self {
            base: base.to_owned(),
            folder,
            manifest: manifest.to_owned(),
            port,
            host,
            agent,
            described,
            postgres: None,
        }
    }

    /// kill -9, then the same house again.
    pub fn kill_and_restart(mut self, arguments: &[&str]) -> Self {
        self.host.kill().expect("kill -9");
        self.host.wait().expect("it ended");
        let (folder, manifest) = (self.folder.clone(), self.manifest.clone());
        let mut house = Self::serve(folder, &manifest, self.port, arguments);
        house.postgres = self.postgres.take();
        house
    }

    /// One request. `body` is sent as it is. A JSON answer must be as the function's own openapi.json says.
    pub fn send(&self, method: &str, path: &str, token: Option<&str>, body: &str) -> Answer {
        let bearer = token.map(|token| format!("Bearer {token}"));
        let headers: Vec<(&str, &str)> = bearer.iter().map(|b| ("authorization", b.as_str())).collect();
        self.send_with(method, path, &headers, body)
    }

    /// The same with any headers.
    pub fn send_with(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Answer {
        let answer = self.fetch(method, &format!("{}{path}", self.base), headers, body);
        self.described.hold(self, method, path, &answer);
        answer
    }

    /// One request to any address; redirects are not followed.
    pub fn fetch(&self, method: &str, url: &str, headers: &[(&str, &str)], body: &str) -> Answer {
        self.try_fetch(method, url, headers, body).unwrap_or_else(|e| panic!("{method} {url}: {e}"))
    }

    /// The same, where the other side may be gone.
    pub fn try_fetch(
        &self,
        method: &str,
        url: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> Result<Answer, ureq::Error> {
        let mut request = ureq::http::Request::builder().method(method).uri(url);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        read(self.agent.run(request.body(body.to_owned())?)?)
    }

    /// A POST of a file.
    pub fn send_file(&self, path: &str, token: Option<&str>, file: &[u8]) -> Answer {
        let mut request =
            self.agent.post(format!("{}{path}", self.base)).content_type("text/plain; charset=GBK");
        if let Some(token) = token {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        let answer =
            read(request.send(file).unwrap_or_else(|e| panic!("POST {path}: {e}"))).expect("an answer");
        self.described.hold(self, "POST", path, &answer);
        answer
    }

    /// The bytes at any address.
    pub fn fetch_file(&self, url: &str) -> Vec<u8> {
        let mut response = self.agent.get(url).call().unwrap_or_else(|e| panic!("GET {url}: {e}"));
        assert_eq!(response.status(), 200, "GET {url}");
        response.body_mut().read_to_vec().expect("a file")
    }

    /// As a phone's browser asks: a form if there is a body.
    pub fn browse(&self, method: &str, path: &str, form: &str) -> Answer {
        let form_type = ("content-type", "application/x-www-form-urlencoded");
        self.send_with(method, path, &[("accept", "text/html,*/*;q=0.8"), form_type], form)
    }

    /// A POST of JSON.
    pub fn post(&self, path: &str, token: Option<&str>, body: &Value) -> Answer {
        self.send("POST", path, token, &body.to_string())
    }

    /// A GET.
    pub fn get(&self, path: &str, token: Option<&str>) -> Answer {
        self.send("GET", path, token, "")
    }

    /// Everything logged so far.
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.folder.join("log")).expect("the log")
    }

    /// The process, for signals.
    pub fn pid(&self) -> u32 {
        self.host.id()
    }

    /// Waits for the host to end by itself.
    pub fn wait(&mut self) -> std::process::ExitStatus {
        self.host.wait().expect("it ended")
    }

    /// The value of one of the app's variables, such as a key.
    pub fn variable(&self, name: &str) -> String {
        let text = std::fs::read_to_string(self.folder.join("variables.toml")).expect("variables");
        let begins = format!("{name} = '");
        let value = text.lines().find_map(|line| line.strip_prefix(&begins)?.strip_suffix('\''));
        value.unwrap_or_else(|| panic!("no variable {name}")).to_owned()
    }

    /// The SQLite file or PostgreSQL's address.
    pub fn database(&self) -> String {
        database(&self.folder, self.postgres.as_ref())
    }

    /// Takes the server out of the house's hands, to be stopped and started while requests are under way.
    pub fn take_postgres(&mut self) -> Option<Postgres> {
        self.postgres.take()
    }

    /// Gives it back.
    pub fn give_postgres(&mut self, server: Postgres) {
        self.postgres = Some(server);
    }

    /// Every byte that the database keeps on disk.
    pub fn stored(&self) -> Vec<u8> {
        match &self.postgres {
            None => bytes_below(&self.folder.join("state")),
            Some(server) => {
                sql::execute(&self.database(), "CHECKPOINT");
                bytes_below(&server.data())
            }
        }
    }

    /// An invitation code from the local command.
    pub fn invite_administrator(&self) -> String {
        let output = Command::new(host_program())
            .args(["dev", "administrator", "--variables"])
            .arg(self.folder.join("variables.toml"))
            .arg("--database")
            .arg(self.database())
            .output()
            .expect("the host runs");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).expect("text").trim().to_owned()
    }
}

impl Drop for House {
    fn drop(&mut self) {
        // It may have ended by itself already.
        let _ = self.host.kill();
        let _ = self.host.wait();
    }
}
