//! One function is replaced while the app is under load: nobody's request is lost, and what is broken never serves.

use serde_json::json;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Command, Output};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use zerotrip_journeys::{House, Town, fresh_folder, host_program, target};

const ROUNDS: usize = 8;

/// A house whose components are copies that the test may replace.
fn house(name: &str) -> House {
    let root = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../..")).canonicalize().expect("the root");
    let folder = fresh_folder(name);
    let built = "target/wasm32-wasip2/release";
    let manifest = std::fs::read_to_string(root.join("spin.toml")).expect("the manifest");
    for wasm in [
        "auth",
        "real_person",
        "records",
        "qr_mint",
        "fine_lookup",
        "payment_webhook",
        "reconciliation",
        "scan_verify",
        "wallet_query",
        "zerotrip_signing",
    ] {
        let file = format!("{wasm}.wasm");
        std::fs::copy(target().join("wasm32-wasip2/release").join(&file), folder.join(&file)).expect("built");
    }
    std::fs::write(folder.join("spin.toml"), manifest.replace(&format!("{built}/"), "")).expect("a manifest");
    std::os::unix::fs::symlink(root.join("wit"), folder.join("wit")).expect("the contracts");
    House::start_app(folder, &["--control", "control"])
}

/// `cargo dev redeploy NAME` as another terminal gives it.
fn redeploy(house: &House, arguments: &[&str]) -> Output {
    let command = ["dev", "redeploy", "--no-build", "--folder"];
    let folder = house.folder.to_str().expect("text");
    let output = Command::new(host_program()).args(command).arg(folder).args(arguments).output();
    output.expect("the host runs")
}

fn succeeds(house: &House, arguments: &[&str]) {
    let output = redeploy(house, arguments);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

fn fails(house: &House, arguments: &[&str], why: &str) {
    let output = redeploy(house, arguments);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(!output.status.success() && said.contains(why), "{why}: {said}");
}

/// A newer build: here the same with its name changed to another of the same length.
fn rename(house: &House, file: &str, old: &str, new: &str) {
    let path = house.folder.join(file);
    let (old, new) = (old.as_bytes(), new.as_bytes());
    let mut bytes = std::fs::read(&path).expect("the component");
    let places: Vec<usize> =
        (0..bytes.len() - old.len()).filter(|at| bytes[*at..].starts_with(old)).collect();
    for at in places {
        bytes[at..at + new.len()].copy_from_slice(new);
    }
    std::fs::write(path, bytes).expect("written");
}

fn title(house: &House) -> String {
    house.get("/fines/openapi.json", None).json()["info"]["title"].as_str().expect("a title").to_owned()
}

#[test]
fn under_load_not_one_request_is_lost_while_a_function_is_replaced_again_and_again() {
    let house = house("redeploy-load");
    let stop = AtomicBool::new(false);
    let answered: usize = std::thread::scope(|scope| {
        let ask = |path: &'static str, status: u16| {
            let (house, stop) = (&house, &stop);
            scope.spawn(move || {
                let mut answered = 0;
                while !stop.load(Ordering::Relaxed) {
                    assert_eq!(house.get(path, None).status, status, "{path}");
                    answered += 1;
                }
                answered
            })
        };
        let loads: Vec<_> = (0..4)
            .map(|_| ask("/fines/00000000000000000000", 404))
            .chain((0..2).map(|_| ask("/fines/ready", 200)))
            .chain((0..2).map(|_| ask("/auth/ready", 200)))
            .collect();
        for _ in 0..ROUNDS {
            succeeds(&house, &["fine-lookup"]);
            std::thread::sleep(Duration::from_millis(100));
        }
        stop.store(true, Ordering::Relaxed);
        loads.into_iter().map(|load| load.join().expect("every request was answered as it should")).sum()
    });
    assert!(answered > 100 * ROUNDS, "only {answered} requests: no load");
    println!("{answered} requests answered over {ROUNDS} replacements, none lost");
}

#[test]
fn what_is_broken_or_beyond_its_world_never_serves_and_what_served_can_be_put_back() {
    let house = house("redeploy-broken");
    let file = house.folder.join("fine_lookup.wasm");
    let good = std::fs::read(&file).expect("the component");
    let serves = || {
        assert_eq!(house.get("/fines/ready", None).json(), json!({"ready": true}));
        assert_eq!(title(&house), "fine-lookup");
    };
    fails(&house, &["nobody"], "no component 'nobody'");
    fails(&house, &["fine-lookup", "--back"], "has not been redeployed");

    std::fs::write(&file, b"not a component").expect("written");
    fails(&house, &["fine-lookup"], "");
    std::fs::write(&file, &good[..good.len() / 2]).expect("written");
    fails(&house, &["fine-lookup"], "");
    serves();
    // It would run, but it could call out, issue sessions and hash passwords.
    for other in ["payment_webhook", "auth"] {
        std::fs::copy(house.folder.join(format!("{other}.wasm")), &file).expect("copied");
        fails(&house, &["fine-lookup"], "imports beyond its world");
        serves();
    }
    std::fs::remove_file(&file).expect("gone");
    fails(&house, &["fine-lookup"], "cannot read");
    serves();

    // A newer build whose keys and store are not in order: it would answer every request with 503.
    std::fs::write(&file, &good).expect("written");
    rename(&house, "fine_lookup.wasm", "ticket_code_keys", "ticket_code_kexs");
    fails(&house, &["fine-lookup"], "GET /fines/ready answers 503");
    serves();

    std::fs::write(&file, &good).expect("written");
    rename(&house, "fine_lookup.wasm", "fine-lookup", "fine-lookuP");
    succeeds(&house, &["fine-lookup"]);
    assert_eq!(title(&house), "fine-lookuP");
    succeeds(&house, &["fine-lookup", "--back"]);
    serves();
}

#[test]
fn a_request_in_flight_is_finished_by_the_one_that_began_it() {
    let house = house("redeploy-in-flight");
    let mut held = TcpStream::connect(house.base.trim_start_matches("http://")).expect("connected");
    // The function reads a body whole before it answers: its last byte is kept back.
    let head = "GET /fines/openapi.json HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\ncontent-length: 2\r\n\r\n1";
    held.write_all(head.as_bytes()).expect("sent");
    std::thread::sleep(Duration::from_millis(300));

    rename(&house, "fine_lookup.wasm", "fine-lookup", "fine-lookuP");
    succeeds(&house, &["fine-lookup"]);
    assert_eq!(title(&house), "fine-lookuP");

    held.write_all(b"2").expect("sent");
    let mut answer = String::new();
    held.read_to_string(&mut answer).expect("an answer");
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    assert!(answer.contains("fine-lookup") && !answer.contains("fine-lookuP"), "another one answered");
}

#[test]
fn functions_go_on_beside_a_neighbour_whose_migration_has_been_applied() {
    let town = Town::start("redeploy-schema");
    let before = town.code();
    let order = town.order(&before);

    // As additive as a migration may be: a column more in every table, and a table more.
    let migrations = town.house.folder.join("migrations");
    std::fs::create_dir_all(&migrations).expect("a folder");
    let ours = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/platform/migrations"));
    let mut next = "CREATE TABLE of_the_future (id TEXT PRIMARY KEY);\n".to_owned();
    for entry in std::fs::read_dir(ours).expect("the migrations") {
        let path = entry.expect("an entry").path();
        std::fs::copy(&path, migrations.join(path.file_name().expect("a name"))).expect("copied");
        let text = std::fs::read_to_string(&path).expect("text");
        for table in text.split("CREATE TABLE IF NOT EXISTS ").skip(1) {
            let name = table.split(' ').next().expect("a name");
            next.push_str(&format!("ALTER TABLE {name} ADD COLUMN of_the_future BIGINT DEFAULT 7;\n"));
        }
    }
    assert!(next.lines().count() > 8, "{next}");
    std::fs::write(migrations.join("9999_next.sql"), next).expect("written");
    let migrated = Command::new(host_program())
        .args(["dev", "migrate", "--dir"])
        .arg(&migrations)
        .arg(town.house.database())
        .output()
        .expect("the host runs");
    assert!(migrated.status.success(), "{}", String::from_utf8_lossy(&migrated.stderr));
    assert!(String::from_utf8_lossy(&migrated.stdout).contains("9999_next"));

    // What was begun before goes on, and all that is new works: log-in, device, decision, order, payment.
    town.pay(&order);
    town.until_paid(&before, &order);
    town.hire("wang", "another agency");
    let code = town.code();
    let order = town.order(&code);
    town.pay(&order);
    town.until_paid(&code, &order);
    assert_eq!(town.janitor()["failed"], 0);
}
