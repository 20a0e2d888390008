//! The built components keep to their worlds in `wit/`, and `spin.toml` grants nothing that no code needs.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use zerotrip_host::compose;
use zerotrip_host::manifest::Manifest;
use zerotrip_host::worlds::{self, strays};

const MAX_FUNCTION: usize = 800 * 1024;
const MAX_SIGNING: usize = 400 * 1024;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn manifest() -> Manifest {
    Manifest::load(&root().join("spin.toml")).expect("the app's manifest")
}

fn read(path: &Path) -> Vec<u8> {
    std::fs::read(path).unwrap_or_else(|e| panic!("{}: {e}; tests/run builds it", path.display()))
}

fn imports(bytes: &[u8]) -> BTreeSet<String> {
    compose::imports(bytes.to_vec()).expect("a component")
}

fn world(name: &str) -> BTreeSet<String> {
    worlds::world(&root().join("wit"), name).expect("a world")
}

#[test]
fn a_component_that_imports_beyond_its_world_is_found() {
    let signing = "zerotrip:signing/passwords".to_owned();
    assert_eq!(strays(&BTreeSet::from([signing.clone()]), &world("qr-mint")), [signing]);
    let guest = read(&root().join("target/wasm32-wasip2/release/guest.wasm"));
    let strays = strays(&imports(&guest), &world("qr-mint"));
    assert_eq!(strays, ["wasi:http/client"], "it calls out");
}

#[test]
fn functions_import_only_what_their_worlds_name() {
    for (id, component) in &manifest().component {
        let bytes = read(&root().join(&component.source));
        assert_eq!(strays(&imports(&bytes), &world(id)), Vec::<String>::new(), "{id}");
        assert!(bytes.len() <= MAX_FUNCTION, "{id} has {} bytes", bytes.len());
    }
}

#[test]
fn the_signing_component_sees_variables_and_nothing_else() {
    let bytes = read(&root().join("target/wasm32-wasip2/release/zerotrip_signing.wasm"));
    assert_eq!(strays(&imports(&bytes), &world("signing")), Vec::<String>::new());
    assert!(bytes.len() <= MAX_SIGNING, "it has {} bytes", bytes.len());
}

#[test]
fn every_grant_is_needed_by_code() {
    let manifest = manifest();
    for (id, component) in &manifest.component {
        let imported = imports(&read(&root().join(&component.source)));
        let dependencies: Vec<Vec<u8>> =
            component.dependencies.values().map(|d| read(&manifest.dependency_path(d))).collect();
        let mut code = read(&root().join(&component.source));
        code.extend(dependencies.iter().flatten());
        for variable in component.variables.keys() {
            let named = code.windows(variable.len()).any(|window| window == variable.as_bytes());
            assert!(named, "{id} is granted {variable}, which no code of it names");
        }
        let has = |interface: &str| imported.contains(interface);
        let (databases, hosts): (Vec<&String>, Vec<&String>) =
            component.allowed_outbound_hosts.iter().partition(|host| host.starts_with("postgres://"));
        assert_eq!(!hosts.is_empty(), has("wasi:http/client"), "{id}: outbound hosts");
        assert_eq!(!databases.is_empty(), has("spin:postgres/postgres"), "{id}: PostgreSQL");
        assert_eq!(!component.sqlite_databases.is_empty(), has("spin:sqlite/sqlite"), "{id}: databases");
        // A key is granted only where an interface that uses it is imported.
        for (variable, users) in [
            ("session_keys", &["session-issue", "session-check"][..]),
            ("sealing_keys", &["sealing"]),
            ("index_key", &["blind-index"]),
            ("ticket_code_keys", &["ticket-code-mint", "ticket-code-check", "receipt-code"]),
            ("identity_code_keys", &["identity-code-mint", "identity-code-check"]),
            ("audit_keys", &["audit"]),
            ("alipay", &["alipay-verify", "alipay-request"]),
            ("wechat_pay", &["wechat-pay-verify", "wechat-pay-request"]),
            ("ccb", &["ccb-verify", "ccb-request"]),
        ] {
            let used = users.iter().any(|user| has(&format!("zerotrip:signing/{user}")));
            assert_eq!(component.variables.contains_key(variable), used, "{id}: {variable}");
        }
    }
}
