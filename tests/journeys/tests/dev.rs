//! `cargo dev` on a fresh folder: by itself to a ticket that waits to be paid, and quickly when it comes again.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use zerotrip_journeys::postgres::{Postgres, QUICK};
use zerotrip_journeys::{fresh_folder, host_program, sql};

const PATIENCE: Duration = Duration::from_secs(300);

/// The machine to itself: one of these tests is timed, and each of them builds.
fn alone() -> MutexGuard<'static, ()> {
    static TURN: Mutex<()> = Mutex::new(());
    TURN.lock().unwrap_or_else(PoisonError::into_inner)
}

struct Dev {
    process: Child,
    lines: Receiver<String>,
}

impl Dev {
    fn start(folder: &std::path::Path, listen: &str, sandbox: &str, more: &[&str]) -> Self {
        let mut process = Command::new(host_program())
            .current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."))
            .args(["dev", "--listen", listen, "--sandbox", sandbox, "--folder"])
            .arg(folder)
            .args(more)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("it starts");
        let (said, lines) = channel();
        let (out, err) = (process.stdout.take().expect("piped"), process.stderr.take().expect("piped"));
        let other = said.clone();
        std::thread::spawn(move || {
            BufReader::new(out).lines().map_while(Result::ok).try_for_each(|l| said.send(l))
        });
        std::thread::spawn(move || {
            BufReader::new(err).lines().map_while(Result::ok).try_for_each(|l| other.send(l))
        });
        Self { process, lines }
    }

    /// The rest of the first line that begins so.
    fn says(&self, start: &str) -> String {
        let mut heard = Vec::new();
        loop {
            match self.lines.recv_timeout(PATIENCE) {
                Ok(line) => match line.strip_prefix(start) {
                    Some(rest) => return rest.trim().to_owned(),
                    None => {
                        assert!(!line.starts_with("no demo"), "{line}");
                        heard.push(line);
                    }
                },
                Err(_) => panic!("it never said '{start}':\n{}", heard.join("\n")),
            }
        }
    }

    /// As Ctrl-C does.
    fn interrupt(mut self) {
        let told = Command::new("kill").args(["-INT", &self.process.id().to_string()]).status();
        assert!(told.expect("kill runs").success());
        assert!(self.process.wait().expect("it ends").success());
    }
}

impl Drop for Dev {
    fn drop(&mut self) {
        // It may have ended by itself already.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn get(url: &str) -> (u16, String) {
    let agent: ureq::Agent = ureq::Agent::config_builder().http_status_as_error(false).build().into();
    let mut answer = agent.get(url).call().unwrap_or_else(|e| panic!("{url}: {e}"));
    (answer.status().as_u16(), answer.body_mut().read_to_string().expect("a body"))
}

#[test]
fn from_nothing_to_a_ticket_that_can_be_paid_and_quickly_the_second_time() {
    let _turn = alone();
    let folder = fresh_folder("dev");
    let ports = [zerotrip_journeys::free_port(), zerotrip_journeys::free_port()];
    let [listen, sandbox] = ports.map(|port| format!("127.0.0.1:{port}"));
    let dev = Dev::start(&folder, &listen, &sandbox, &[]);
    assert_eq!(dev.says("ready "), format!("http://{listen}"));
    let ticket = dev.says("a ticket to pay: ");
    assert_eq!(get(&ticket).0, 200);
    // Nobody else may read the keys.
    for secret in ["variables.toml", "sandbox.json", "demo.json"] {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = std::fs::metadata(folder.join(secret)).expect("it is there").permissions().mode();
        assert_eq!(mode & 0o077, 0, "{secret}");
    }
    dev.interrupt();

    let again = || {
        let began = Instant::now();
        let dev = Dev::start(&folder, &listen, &sandbox, &[]);
        dev.says("ready ");
        assert_eq!(get(&ticket).0, 200, "the data is still there");
        (began.elapsed(), dev)
    };
    // The best of three: other programs may run beside it.
    let (mut took, mut dev) = again();
    for _ in 0..2 {
        dev.says("a ticket to pay: ");
        dev.interrupt();
        let (one, next) = again();
        (took, dev) = (took.min(one), next);
    }
    assert!(took < Duration::from_secs(3), "the second start took {took:?}");
    let another = dev.says("a ticket to pay: ");
    assert_ne!(another, ticket);

    // Pays at the cashier, as the newcomer does.
    let order = ureq::post(format!("{}/orders", another.replace("/f/", "/fines/")))
        .send(r#"{"provider":"alipay"}"#)
        .expect("an order")
        .body_mut()
        .read_to_string()
        .expect("a body");
    let order: serde_json::Value = serde_json::from_str(&order).expect("JSON");
    let cashier = get(order["cashier"].as_str().expect("an address")).1;
    let button = cashier.split("action=\"").nth(1).and_then(|rest| rest.split('"').next()).expect("a button");
    // Follows the way back to our page.
    let paid = ureq::post(format!("http://{sandbox}{button}")).send_empty();
    let paid = paid.expect("paid").body_mut().read_to_string().expect("a page");
    assert!(paid.contains("\"state\":\"paid\""), "{paid}");
    dev.interrupt();
}

#[test]
fn on_a_postgresql_of_ones_own_and_a_function_is_redeployed_there() {
    let _turn = alone();
    let folder = fresh_folder("dev-postgres");
    let server = Postgres::start("dev-db", QUICK);
    let ports = [zerotrip_journeys::free_port(), zerotrip_journeys::free_port()];
    let [listen, sandbox] = ports.map(|port| format!("127.0.0.1:{port}"));
    let dev = Dev::start(&folder, &listen, &sandbox, &["--postgres", &server.address()]);
    let ticket = dev.says("a ticket to pay: ");
    assert_eq!(get(&ticket).0, 200);
    assert_eq!(sql::count(&server.address(), "SELECT COUNT(*) FROM decisions"), 1);
    assert!(!folder.join("state/sqlite_db.db").exists(), "nothing is embedded");
    // Builds, migrates that database, and replaces.
    let redeployed = Command::new(host_program())
        .current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."))
        .args(["dev", "redeploy", "fine-lookup", "--folder"])
        .arg(&folder)
        .output()
        .expect("the host runs");
    assert!(redeployed.status.success(), "{}", String::from_utf8_lossy(&redeployed.stderr));
    assert_eq!(String::from_utf8_lossy(&redeployed.stdout), "fine-lookup: redeployed\n");
    assert_eq!(get(&ticket).0, 200);
    dev.interrupt();
}

#[test]
fn what_is_changed_is_built_and_takes_its_place_and_a_broken_build_does_not() {
    let _turn = alone();
    let folder = fresh_folder("dev-watch");
    let root = std::path::Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."));
    let built = zerotrip_journeys::target().join("wasm32-wasip2/release");
    // The app as it is, but for how the ticket page is built: here from a file that a test can change quickly.
    let mut manifest = std::fs::read_to_string(root.join("spin.toml")).expect("the manifest");
    manifest = manifest.replace("target/wasm32-wasip2/release", built.to_str().expect("text"));
    manifest = manifest.replace("cargo functions", "true");
    let place = manifest.find("[component.fine-lookup.build]").expect("its build");
    let tail = manifest.split_off(place).replacen("\"true\"", "\"sh -ec '. ./build.sh'\"", 1);
    let watched = tail.replacen("functions/fine-lookup/src/**/*.rs", "*.sh", 1);
    let ours = folder.join("fine_lookup.wasm");
    let theirs = format!("{}/fine_lookup.wasm", built.display());
    manifest = (manifest + watched.as_str()).replace(&theirs, "fine_lookup.wasm");
    std::fs::write(folder.join("spin.toml"), manifest).expect("a manifest");
    std::os::unix::fs::symlink(root.join("wit"), folder.join("wit")).expect("the contracts");
    let script = |text: String| {
        let partial = folder.join("partial");
        std::fs::write(&partial, text).expect("written");
        std::fs::rename(partial, folder.join("build.sh")).expect("in its place");
    };
    script(format!("cp {theirs} fine_lookup.wasm"));
    std::fs::copy(&theirs, &ours).expect("copied");

    let ports = [zerotrip_journeys::free_port(), zerotrip_journeys::free_port()];
    let [listen, sandbox] = ports.map(|port| format!("127.0.0.1:{port}"));
    let path = folder.join("spin.toml");
    let arguments = ["--watch", "--manifest", path.to_str().expect("text")];
    let dev = Dev::start(&folder, &listen, &sandbox, &arguments);
    dev.says("a ticket to pay: ");
    let described = format!("http://{listen}/fines/openapi.json");
    assert!(get(&described).1.contains("\"fine-lookup\""));

    script("exit 1".to_owned());
    dev.says("not redeployed: ");
    assert!(get(&described).1.contains("\"fine-lookup\""));
    script(format!("sed s/fine-lookup/fine-lookuP/g {theirs} > fine_lookup.wasm"));
    assert_eq!(dev.says("redeployed "), "fine-lookup");
    assert!(get(&described).1.contains("\"fine-lookuP\""));
    dev.interrupt();
}
