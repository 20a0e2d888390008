//! Certificate mode. openssl makes the certificates and says what stands in them; Node's MD5 and big integers make their
//! numbers.

use crate::other::{Keys, node, openssl};
use crate::{keys, sign};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use zerotrip_signing::alipay::{self, Merchant};
use zerotrip_signing::fault::{Fault, Refusal};

const AUTHORITY: &str = "/C=CN/O=Sandbox 支付/OU=Certification Authority/CN=Sandbox Authority R1";
const METHOD: &str = "alipay.trade.query";
const DAY_MS: u64 = 86_400_000;

/// Both sides' keys, and certificates for ten days from an authority of their own.
struct Town {
    keys: Keys,
    root: String,
    variable: Value,
}

impl Town {
    fn new() -> Self {
        let keys = keys();
        keys.generate("root", &["rsa_keygen_bits:2048"]);
        let root = certificate(&keys, "root", &["-subj", AUTHORITY, "-set_serial", "0x8fcfa18d6a480d11"]);
        std::fs::write(keys.0.join("root.crt"), &root).expect("written");
        let mut town = Self { keys, root, variable: Value::Null };
        town.variable = json!({
            "app_id": "2021000000000001", "seller_id": "2088000000000001",
            "app_private_key": STANDARD.encode(town.keys.private("app")),
            "app_certificate": town.issued("app", "0x2020051862039d4090897ba4d51c2126"),
            "alipay_certificates": [town.issued("alipay", "17")],
            "alipay_root_certificates": town.root,
        });
        town
    }

    /// A certificate for the key `name`, from the authority.
    fn issued(&self, name: &str, serial: &str) -> String {
        let (root, key) = (self.keys.0.join("root.crt").display().to_string(), self.keys.file("root"));
        let arguments = ["-subj", "/C=CN/CN=subject", "-set_serial", serial, "-CA", &root, "-CAkey", &key];
        certificate(&self.keys, name, &arguments)
    }

    fn with(&self, name: &str, value: Value) -> Result<Merchant, Fault> {
        let mut variable = self.variable.clone();
        match value {
            Value::Null => drop(variable.as_object_mut().expect("an object").remove(name)),
            value => variable[name] = value,
        }
        Merchant::parse(&variable.to_string())
    }

    fn merchant(&self) -> Merchant {
        Merchant::parse(&self.variable.to_string()).expect("a good variable")
    }

    fn alipay_sn(&self) -> String {
        sn(self.variable["alipay_certificates"][0].as_str().expect("PEM"))
    }

    /// A gateway answer that `key` signed, with or without the name of a certificate.
    fn answer(&self, merchant: &Merchant, key: &str, sn: Option<Value>) -> Result<String, Fault> {
        let signed = r#"{"code":"10000"}"#;
        let sn = sn.map(|sn| format!(r#""alipay_cert_sn":{sn},"#)).unwrap_or_default();
        let sign = sign(&self.keys, key, "-sha256", signed);
        let body = format!(r#"{{"alipay_trade_query_response":{signed},{sn}"sign":"{sign}"}}"#);
        alipay::answer(merchant, METHOD, body.as_bytes())
    }
}

fn certificate(keys: &Keys, name: &str, arguments: &[&str]) -> String {
    let file = keys.file(name);
    let all = ["req", "-x509", "-new", "-utf8", "-days", "10", "-key", &file];
    String::from_utf8(openssl(&[&all, arguments].concat(), b"")).expect("PEM")
}

/// MD5 of what openssl reads as issuer and serial.
fn sn(pem: &str) -> String {
    let read = |what| {
        let arguments = ["x509", "-noout", what, "-nameopt", "RFC2253,-esc_msb,utf8"];
        let line = String::from_utf8(openssl(&arguments, pem.as_bytes())).expect("text");
        line.trim_end().split_once('=').expect("a value").1.to_owned()
    };
    let input = json!({ "issuer": read("-issuer"), "serial": read("-serial") });
    let made = node(
        "output = crypto.createHash('md5').update(input.issuer + BigInt('0x' + input.serial)).digest('hex')",
        &input,
    );
    made.as_str().expect("text").to_owned()
}

fn now_ms() -> u64 {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).expect("after 1970");
    u64::try_from(now.as_millis()).expect("in range") + 60_000
}

#[test]
fn a_message_is_signed_by_the_certificate_that_it_names_or_refused() {
    let mut town = Town::new();
    let merchant = town.merchant();
    let right = Ok(r#"{"code":"10000"}"#.to_owned());
    let (forged, unknown) = (Err(Refusal::Forged.into()), Err(Refusal::UnknownKey.into()));
    let named = |sn: &str| Some(json!(sn));
    let alipay = town.alipay_sn();
    let app = sn(town.variable["app_certificate"].as_str().expect("PEM"));
    assert_eq!(town.answer(&merchant, "stranger", named(&alipay)), forged);
    assert_eq!(town.answer(&merchant, "stranger", None), forged);
    assert_eq!(town.answer(&merchant, "alipay", named("7513daaaa48aa3ba2e4018d84402479c")), unknown);
    assert_eq!(town.answer(&merchant, "app", named(&app)), unknown, "ours is none of Alipay's");
    assert_eq!(town.answer(&merchant, "alipay", named(&alipay.to_uppercase())), unknown);
    assert_eq!(town.answer(&merchant, "alipay", Some(json!(17))), Err(Refusal::Malformed.into()));
    assert_eq!(town.answer(&merchant, "alipay", named(&alipay)), right);
    assert_eq!(town.answer(&merchant, "alipay", None), right);
    assert_eq!(town.answer(&merchant, "alipay", named("")), right);

    // The new key of a replacement is known beside the old one, and neither stands for the other.
    town.keys.generate("next", &["rsa_keygen_bits:2048"]);
    let next = town.issued("next", "18");
    town.variable["alipay_certificates"].as_array_mut().expect("a list").push(json!(next));
    let merchant = town.merchant();
    assert_eq!(town.answer(&merchant, "next", named(&sn(&next))), right);
    assert_eq!(town.answer(&merchant, "alipay", named(&alipay)), right);
    assert_eq!(town.answer(&merchant, "next", named(&alipay)), forged);
    assert_eq!(town.answer(&merchant, "next", None), right);

    // Key mode gives way to certificate mode: both are live.
    let old = json!([STANDARD.encode(town.keys.public("stranger"))]);
    let both = town.with("alipay_public_keys", old).expect("both modes");
    assert_eq!(town.answer(&both, "stranger", None), right);
    assert_eq!(town.answer(&both, "alipay", named(&alipay)), right);
    assert_eq!(town.answer(&both, "stranger", named(&alipay)), forged);
}

#[test]
fn a_notification_that_names_a_certificate_is_held_to_it_whether_the_name_is_signed_or_not() {
    let town = Town::new();
    let (merchant, alipay) = (town.merchant(), town.alipay_sn());
    let notification = |key: &str, content: &str, sn: &str| {
        let sign = sign(&town.keys, key, "-sha256", content).replace('+', "%2B").replace('/', "%2F");
        let body = format!("out_trade_no=F1&alipay_cert_sn={sn}&sign_type=RSA2&sign={sign}");
        alipay::notification(&merchant, body.as_bytes())
    };
    let signed = |sn: &str| format!("alipay_cert_sn={sn}&out_trade_no=F1");
    for key in ["stranger", "app"] {
        assert_eq!(notification(key, &signed(&alipay), &alipay), Err(Refusal::Forged.into()));
        assert_eq!(notification(key, "out_trade_no=F1", &alipay), Err(Refusal::Forged.into()));
    }
    assert_eq!(notification("alipay", "out_trade_no=F2", &alipay), Err(Refusal::Forged.into()));
    assert_eq!(notification("alipay", &signed("17"), "17"), Err(Refusal::UnknownKey.into()));
    // What may be unsigned is not handed on.
    let fields = Ok(vec![("out_trade_no".to_owned(), "F1".to_owned())]);
    assert_eq!(notification("alipay", &signed(&alipay), &alipay), fields);
    assert_eq!(notification("alipay", "out_trade_no=F1", &alipay), fields);
}

#[test]
fn every_call_names_our_certificate_and_the_roots_under_its_signature() {
    let mut town = Town::new();
    // Roots as Alipay bundles them: others between the RSA ones, and one that is none.
    let curve = town.keys.file("curve");
    openssl(&["genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", &curve], b"");
    let other = certificate(&town.keys, "curve", &["-subj", "/CN=E1"]);
    let second =
        certificate(&town.keys, "stranger", &["-subj", "/C=CN/ST=吉林/L=长春/CN=R2", "-set_serial", "1"]);
    let broken = "-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n";
    town.variable["alipay_root_certificates"] = json!([&other, &town.root, broken, &second].concat());
    let parameters = [("biz_content".to_owned(), "{}".to_owned())];
    let call = alipay::sign(&town.merchant(), METHOD, &parameters, 1_767_225_600_000).expect("signed");
    let app = sn(town.variable["app_certificate"].as_str().expect("PEM"));
    let roots = format!("{}_{}", sn(&town.root), sn(&second));
    assert!(call.contains(&format!("&app_cert_sn={app}&alipay_root_cert_sn={roots}&")), "{call}");
    let (_, signature) = call.rsplit_once("&sign=").expect("last");
    let signature = signature.replace("%2B", "+").replace("%2F", "/").replace("%3D", "=");
    let content = format!(
        "alipay_root_cert_sn={roots}&app_cert_sn={app}&app_id=2021000000000001&biz_content={{}}&charset=utf-8&format=JSON&method={METHOD}&sign_type=RSA2&timestamp=2026-01-01 08:00:00&version=1.0"
    );
    town.keys.verify("app", &signature, &content);
}

#[test]
fn certificates_that_cannot_be_used_are_refused_at_start_and_expired_ones_by_readiness() {
    let town = Town::new();
    let curve = town.keys.file("curve");
    openssl(&["genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", &curve], b"");
    let elliptic = certificate(&town.keys, "curve", &["-subj", "/CN=E1"]);
    town.keys.generate("short", &["rsa_keygen_bits:1024"]);
    let alipay = &town.variable["alipay_certificates"][0];
    let odd = |subject| certificate(&town.keys, "alipay", &["-subj", subject]);
    let names = "are PEM texts, all or none";
    for (name, value, defect) in [
        ("app_certificate", Value::Null, names),
        ("alipay_certificates", Value::Null, names),
        ("alipay_root_certificates", Value::Null, names),
        ("app_certificate", json!(["x"]), names),
        ("alipay_certificates", alipay.clone(), names),
        ("app_certificate", json!(""), "app_certificate is not PEM"),
        ("app_certificate", json!(elliptic), "app_certificate is not PEM of an RSA"),
        ("app_certificate", json!(town.issued("stranger", "1")), "is not for app_private_key"),
        ("alipay_certificates", json!([]), "must not be empty"),
        ("alipay_certificates", json!([alipay, alipay]), "stands twice"),
        ("alipay_certificates", json!([town.issued("short", "1")]), "must be PEM of RSA"),
        ("alipay_certificates", json!([odd("/C=CN/emailAddress=a@b")]), "must be PEM of RSA"),
        ("alipay_certificates", json!([odd("/C=CN/O=A, B")]), "must be PEM of RSA"),
        ("alipay_root_certificates", json!(elliptic), "is not PEM with an RSA certificate"),
        ("alipay_root_certificates", json!(""), "is not PEM with an RSA certificate"),
    ] {
        let Err(Fault::Misconfigured(text)) = town.with(name, value) else {
            panic!("accepted: {name}, {defect}")
        };
        assert!(text.starts_with("alipay: ") && text.contains(defect), "{text}");
    }

    let merchant = town.merchant();
    let defect = |days: u64| merchant.usable(now_ms() + days * DAY_MS).map_err(|fault| fault.to_string());
    assert_eq!(defect(0), Ok(()));
    assert_eq!(defect(9), Ok(()));
    assert_eq!(defect(11), Err("alipay: app_certificate is not valid now".to_owned()));
    let root = town.keys.0.join("root.crt").display().to_string();
    let key = town.keys.file("root");
    let arguments = ["-subj", "/CN=a", "-CA", &root, "-CAkey", &key, "-days", "30"];
    let longer =
        town.with("app_certificate", json!(certificate(&town.keys, "app", &arguments))).expect("good");
    let defect = longer.usable(now_ms() + 11 * DAY_MS).map_err(|fault| fault.to_string());
    assert_eq!(defect, Err("alipay: none of alipay_certificates is valid now".to_owned()));
    assert_eq!(longer.usable(now_ms() + 9 * DAY_MS), Ok(()));
}
