//! Alipay in certificate mode, with certificates that openssl makes. The sandbox reads their numbers by another
//! implementation than ours.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::process::Command;
use zerotrip_journeys::town::merchant;
use zerotrip_journeys::{Merchant, Town, fresh_folder};

const DAY_S: i64 = 86_400;

/// An authority that signs certificates for twenty days.
struct Authority(PathBuf);

impl Authority {
    fn new() -> Self {
        let authority = Self(fresh_folder("authority"));
        openssl(&["genpkey", "-algorithm", "RSA", "-out", &authority.path("root.key")]);
        let subject = "/C=CN/O=Sandbox 支付/OU=Certification Authority/CN=Sandbox Authority R1";
        let (key, out) = (authority.path("root.key"), authority.path("root.crt"));
        openssl(&["req", "-x509", "-new", "-utf8", "-key", &key, "-subj", subject, "-out", &out]);
        authority
    }

    /// PEM of a certificate for this key, base64 of PKCS#8.
    fn certify(&self, key: &Value, serial: &str) -> String {
        let der = STANDARD.decode(key.as_str().expect("a key")).expect("base64");
        std::fs::write(self.path("key.der"), der).expect("written");
        let (key, out) = (self.path("key.pem"), self.path("out.crt"));
        openssl(&["pkey", "-inform", "DER", "-in", &self.path("key.der"), "-out", &key]);
        let (root, root_key) = (self.path("root.crt"), self.path("root.key"));
        let signed = ["-set_serial", serial, "-days", "20", "-CA", &root, "-CAkey", &root_key];
        let what = ["req", "-x509", "-new", "-key", &key, "-subj", "/C=CN/CN=subject", "-out", &out];
        openssl(&[&what[..], &signed].concat());
        read(Path::new(&out))
    }

    fn path(&self, name: &str) -> String {
        self.0.join(name).display().to_string()
    }
}

impl Drop for Authority {
    fn drop(&mut self) {
        std::fs::remove_dir_all(&self.0).expect("the folder goes");
    }
}

fn openssl(arguments: &[&str]) {
    let ran =
        Command::new("openssl").args(arguments).output().expect("this test needs `openssl` in the path");
    assert!(ran.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&ran.stderr));
}

fn read(path: &Path) -> String {
    std::fs::read_to_string(path).expect("written")
}

/// A merchant in certificate mode only. `known` is the serial under which we know Alipay's certificate 17.
fn certified(known: &str) -> Merchant {
    let (mut merchant, authority) = (merchant(), Authority::new());
    let roots = read(Path::new(&authority.path("root.crt")));
    let app = authority.certify(&merchant.ours["app_private_key"], "0xe0200518620123456789");
    let theirs = merchant.theirs["alipay"]["private_key"].clone();
    merchant.theirs["alipay"]["certificates"] =
        json!({ "app": app, "alipay": authority.certify(&theirs, "17"), "roots": roots });
    let ours = merchant.ours.as_object_mut().expect("an object");
    ours.remove("alipay_public_keys");
    ours.insert("app_certificate".into(), json!(app));
    ours.insert("alipay_certificates".into(), json!([authority.certify(&theirs, known)]));
    ours.insert("alipay_root_certificates".into(), json!(roots));
    merchant
}

/// An order that was paid, of which we were not told.
fn paid_unseen(town: &Town) -> (String, Value) {
    town.faults(&json!({"drop_notifications": 1}));
    let code = town.code();
    let order = town.order(&code);
    town.pay(&order);
    (code, order)
}

#[test]
fn an_answer_under_a_certificate_that_we_do_not_know_settles_nothing() {
    // The very key, but its certificate is another.
    let town = Town::start_with("unknown-certificate", certified("18"));
    let (code, order) = paid_unseen(&town);
    let town = town.later(31);
    let done = town.janitor();
    assert_eq!((&done["checked"], &done["failed"]), (&json!(1), &json!(1)));
    assert_eq!(town.state_of(&code, &order), "pending");
}

#[test]
fn a_ticket_is_paid_in_certificate_mode_by_notification_and_by_asking() {
    let town = Town::start_with("certificates", certified("17"));
    let code = town.code();
    let order = town.order(&code);
    let cashier = order["cashier"].as_str().expect("an address");
    assert!(cashier.contains("&app_cert_sn=") && cashier.contains("&alipay_root_cert_sn="), "{cashier}");
    town.pay(&order);
    town.until_paid(&code, &order);
    town.until_delivered();

    let (code, order) = paid_unseen(&town);
    let town = town.later(31);
    assert_eq!(town.janitor()["settled"], 1);
    assert_eq!(town.state_of(&code, &order), "paid");

    assert_eq!(town.house.get("/pay/ready", None).status, 200);
    let town = town.later(21 * DAY_S);
    assert_ne!(town.house.get("/pay/ready", None).status, 200, "both certificates have expired");
    assert!(town.house.log().contains("alipay: app_certificate is not valid now"));
}
