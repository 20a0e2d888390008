//! The local host behaves as Spin does, shown by a component that misbehaves on request.

use std::io::Write as _;
use std::net::TcpListener;
use std::os::unix::fs::MetadataExt as _;
use std::time::{Duration, Instant};
use zerotrip_journeys::{House, fresh_folder, guest_component, host_program};

fn manifest(extra: &str) -> String {
    format!(
        r#"
spin_manifest_version = 2
[application]
name = "t"
[variables]
host = {{ default = "127.0.0.1:1" }}
[[trigger.http]]
route = "/g/..."
component = "guest"
[component.guest]
source = "{}"
sqlite_databases = ["default"]
allowed_outbound_hosts = ["http://{{{{ host }}}}"]
[component.guest.variables]
where = "at {{{{ host }}}}!"
database_url = ""
{extra}
"#,
        guest_component().display()
    )
}

fn house(name: &str, arguments: &[&str]) -> House {
    house_of(name, &manifest(""), arguments)
}

fn house_of(name: &str, manifest: &str, arguments: &[&str]) -> House {
    let folder = fresh_folder(name);
    let path = folder.join("spin.toml");
    std::fs::write(&path, manifest).expect("the manifest");
    House::start_in(folder, &path, arguments)
}

/// What the host says when it does not start.
fn refusal(name: &str, manifest: &str) -> String {
    let folder = fresh_folder(name);
    let path = folder.join("spin.toml");
    std::fs::write(&path, manifest).expect("the manifest");
    let output = std::process::Command::new(host_program())
        .args(["up", "--listen", "127.0.0.1:0", "--manifest"])
        .arg(&path)
        .arg("--state-dir")
        .arg(folder.join("state"))
        .arg("--cache")
        .arg(folder.join("cache"))
        .output()
        .expect("the host runs");
    assert!(!output.status.success());
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn a_manifest_key_that_is_not_implemented_is_named() {
    for (extra, named) in [
        ("[component.guest.tool.x]\ny = 1", "unknown field `tool`"),
        (
            "[component.other]\nsource = \"x\"\nkey_value_stores = [\"default\"]",
            "unknown field `key_value_stores`",
        ),
        ("[[trigger.redis]]\nchannel = \"x\"", "unknown field `redis`"),
        ("[[trigger.http]]\nroute = \"/x\"\ncomponent = \"nobody\"", "names component 'nobody'"),
    ] {
        let said = refusal("unknown-key", &manifest(extra));
        assert!(said.contains(named), "{named}: {said}");
    }
    let said = refusal("unset", &manifest("").replace("default = \"127.0.0.1:1\"", "required = true"));
    assert!(said.contains("no value for variable 'host'"), "{said}");
}

#[test]
fn routes_are_found_with_spins_precedence() {
    let extra = ["/g/served", "/g/:one/x", "/", "/exact"]
        .map(|route| format!("[[trigger.http]]\nroute = \"{route}\"\ncomponent = \"guest\"\n"))
        .concat();
    let extra = manifest("").replace("[component.guest]\n", &format!("{extra}[component.guest]\n"));
    let house = house_of("routes", &extra, &[]);
    assert_eq!(house.get("/nowhere", None).status, 404);
    assert_eq!(house.get("/exact/below", None).status, 404);
    let route_of = |path: &str| {
        let headers = house.get(path, None).text;
        let find = |name: &str| {
            let line = headers.lines().find(|line| line.starts_with(name));
            line.and_then(|line| line.split_once(": ")).map(|(_, value)| value.to_owned())
        };
        (find("spin-raw-component-route"), find("spin-path-info"), find("spin-component-route"))
    };
    let some = |text: &str| Some(text.to_owned());
    assert_eq!(route_of("/g/headers"), (some("/g/..."), some("/headers"), some("/g")));
    assert_eq!(route_of("/g/headers/"), (some("/g/..."), some("/headers/"), some("/g")));
    assert_eq!(house.get("/.well-known/spin/health", None).text, "OK");
}

#[test]
fn a_guest_that_panics_or_eats_memory_ends_alone() {
    let house = house("ends-alone", &["--memory-limit", "32"]);
    for path in ["/g/panic", "/g/greedy"] {
        let answer = house.get(path, None);
        assert_eq!((answer.status, answer.text.as_str()), (500, ""), "{path}");
        assert_eq!(house.get("/g/clock", None).status, 200);
    }
}

#[test]
fn a_looping_guest_is_cut_off_and_the_others_go_on() {
    let house = house("loop", &["--request-timeout", "2500"]);
    let begun = Instant::now();
    std::thread::scope(|scope| {
        let looping = scope.spawn(|| house.get("/g/loop", None).status);
        // Whoever comes while it is still read shares its instance.
        std::thread::sleep(Duration::from_millis(500));
        while begun.elapsed() < Duration::from_millis(1500) {
            let asked = Instant::now();
            let status = house.get("/g/clock", None).status;
            assert!(status == 200, "{status} after {:?}", asked.elapsed());
            std::thread::sleep(Duration::from_millis(20));
        }
        assert_eq!(looping.join().expect("answered"), 500);
    });
    assert!(begun.elapsed() < Duration::from_secs(6), "{:?}", begun.elapsed());
    assert_eq!(house.get("/g/sleep/20000", None).status, 500, "waiting for ever is cut off as well");
}

#[test]
fn an_instance_serves_many_requests_but_not_more_than_its_count() {
    let house = house("reuse", &["--max-instance-reuse-count", "5", "--idle-instance-timeout", "60000"]);
    // A request that comes before an instance is ready again is another one's.
    let served = |_| house.get("/g/served", None).text.parse::<u32>().expect("a number");
    assert_eq!((0..40).map(served).max(), Some(5));
}

#[test]
fn variables_and_templates_are_as_granted() {
    let house = house("variables", &["--variable", "host=example.test"]);
    assert_eq!(house.get("/g/variable/where", None).text, "at example.test!");
    house.get("/g/variable/host", None).is_problem(503, "misconfigured");
}

#[test]
fn outgoing_requests_need_a_grant() {
    let neighbour = house("outbound-neighbour", &[]);
    let address = neighbour.base.trim_start_matches("http://").to_owned();
    let house = house("outbound", &["--variable", &format!("host={address}")]);
    let fetch = |url: &str| house.get(&format!("/g/fetch?url={url}"), None).text;
    assert_eq!(fetch(&format!("http://{address}/g/clock")), "200 OK");
    assert_eq!(fetch("http://127.0.0.1:9/"), "ErrorCode::HttpRequestDenied");
    assert_eq!(fetch(&format!("https://{address}/")), "ErrorCode::HttpRequestDenied");
    // A host that is optional: its variable is empty.
    let alone = house_of("outbound-none", &manifest(""), &["--variable", "host="]);
    let fetched = alone.get(&format!("/g/fetch?url=http://{address}/g/clock"), None).text;
    assert_eq!(fetched, "ErrorCode::HttpRequestDenied");
}

#[test]
fn sqlite_answers_as_spins_does() {
    let house = house("sqlite", &[]);
    let sql = |text: &str| house.send("POST", "/g/sql", None, text).text;
    assert_eq!(sql("CREATE TABLE t (a TEXT UNIQUE)"), "Ok([])");
    assert_eq!(sql("INSERT INTO t (a) VALUES ('x')"), "Ok([])");
    assert_eq!(sql("INSERT INTO t (a) VALUES ('x')"), "Err(Conflict)");
    assert!(sql("SELEC 1").contains("syntax error"));
    assert!(sql("ATTACH '/tmp/x.db' AS y").contains("not authorized"));
    assert_eq!(sql("SELECT a, 7, NULL FROM t"), r#"Ok([Row([Text("x"), Int(7), Null])])"#);
    assert_eq!(sql("SELECT 1; DELETE FROM t"), "Ok([Row([Int(1)])])", "only the first statement runs");
    assert_eq!(sql("SELECT count(*) FROM t"), "Ok([Row([Int(1)])])");
    let many =
        sql("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000) SELECT i FROM n");
    assert!(many.contains("Row([Int(1000)])"));
    assert_eq!(house.get("/g/bind", None).text, r#"Ok([Row([Text("first"), Text("second")])])"#);
    assert!(house.get("/g/label/other", None).text.contains("AccessDenied"));
    assert_eq!(house.get("/g/begin", None).text, "left open");
    let begun = Instant::now();
    assert_eq!(
        sql("INSERT INTO t (a) VALUES ('after')"),
        "Ok([])",
        "the abandoned transaction holds no lock"
    );
    assert!(begun.elapsed() < Duration::from_secs(4));
    assert_eq!(sql("SELECT a FROM t ORDER BY a"), r#"Ok([Row([Text("after")]), Row([Text("x")])])"#);
}

#[test]
fn thirty_two_writers_at_once_all_succeed() {
    let house = house("writers", &[]);
    house.send("POST", "/g/sql", None, "CREATE TABLE t (a BIGINT)");
    std::thread::scope(|scope| {
        for i in 0..32 {
            let house = &house;
            scope.spawn(move || {
                for _ in 0..5 {
                    let sql = format!("INSERT INTO t (a) VALUES ({i})");
                    assert_eq!(house.send("POST", "/g/sql", None, &sql).text, "Ok([])");
                }
            });
        }
    });
    let count = house.send("POST", "/g/sql", None, "SELECT count(*) FROM t").text;
    assert_eq!(count, "Ok([Row([Int(160)])])");
}

#[test]
fn the_guests_clock_is_shifted_by_the_flag_alone() {
    let here =
        std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).expect("past 1970").as_millis();
    for (offset, days) in [("0", 0i128), ("2851200", 33), ("-86400", -1)] {
        let house = house("clock", &["--clock-offset", offset]);
        let there: i128 = house.get("/g/clock", None).text.parse().expect("ms");
        let difference = there - i128::try_from(here).expect("in range") - days * 86_400_000;
        assert!((0..60_000).contains(&difference), "{difference}");
    }
}

#[test]
fn a_told_host_finishes_what_it_has_begun() {
    let neighbour = TcpListener::bind("127.0.0.1:0").expect("a port");
    neighbour.set_nonblocking(true).expect("set");
    let address = neighbour.local_addr().expect("an address");
    let mut house = house("shutdown", &["--variable", &format!("host={address}")]);
    let pid = house.pid().to_string();
    std::thread::scope(|scope| {
        let begun = Instant::now();
        let slow = scope.spawn(|| house.get(&format!("/g/fetch?url=http://{address}/"), None).text);
        // It is begun when the guest asks its neighbour.
        let mut asked = loop {
            match neighbour.accept() {
                Ok((asked, _)) => break asked,
                Err(error) => assert!(begun.elapsed() < Duration::from_secs(30), "{error}"),
            }
            std::thread::sleep(Duration::from_millis(20));
        };
        let told = std::process::Command::new("kill").args(["-TERM", &pid]).status().expect("kill");
        assert!(told.success());
        std::thread::sleep(Duration::from_millis(1000));
        asked.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").expect("answered");
        assert_eq!(slow.join().expect("answered"), "200 OK");
    });
    assert!(house.wait().success());
}

#[test]
fn compiled_code_is_kept_and_a_damaged_copy_is_made_anew() {
    let folder = fresh_folder("cache");
    let path = folder.join("spin.toml");
    std::fs::write(&path, manifest("")).expect("the manifest");
    let cache = folder.join("kept");
    let arguments = ["--cache", cache.to_str().expect("a path")];
    let entries = || -> Vec<_> {
        let entries = std::fs::read_dir(&cache).expect("the cache");
        entries.map(|entry| entry.expect("an entry").path()).collect()
    };
    let start = || {
        let begun = Instant::now();
        let house = House::start_in(folder.clone(), &path, &arguments);
        let ready = begun.elapsed();
        assert_eq!(house.get("/g/clock", None).status, 200);
        ready
    };
    let cold = start();
    let [entry] = &entries()[..] else { panic!("one entry for one component") };
    let written = || {
        let about = std::fs::metadata(entry).expect("the entry");
        (about.ino(), about.modified().expect("a time"))
    };
    let first = written();
    // The best of three: the other tests run beside it.
    let warm = (0..3).map(|_| start()).min().expect("three starts");
    assert!(warm < (cold / 3).max(Duration::from_millis(500)), "{warm:?} after {cold:?}");
    assert_eq!((written(), entries().len()), (first, 1), "nothing was compiled again");
    std::fs::write(entry, b"damaged").expect("the entry");
    start();
    assert!(std::fs::metadata(entry).expect("the entry").len() > 1000);
}
