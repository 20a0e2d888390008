//! WeChat Pay v3, with openssl for keys, signatures and certificates and Node for AES-GCM as the other side.

mod certificates;
mod messages;
mod notifications;
#[path = "../other/mod.rs"]
mod other;
mod requests;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use other::{Keys, node, openssl};
use serde_json::{Value, json};
use zerotrip_signing::fault::Fault;
use zerotrip_signing::wechat_pay::{self, Merchant, SignedHeaders};

const KEY_ID: &str = "PUB_KEY_ID_0114232134912410000000000000";
const SERIAL: &str = "5157F09EFDC096DE15EBE81A47057A7232F1B8E1";
const API_V3_KEY: &str = "0123456789abcdefghijklmnopqrstuv";
const NONCE: &str = "fdasflkja484w0000000000000000001";
/// The seconds at which the messages below are signed.
const AT: u64 = 1_767_225_600;
const NOW: u64 = AT * 1000;

/// WeChat Pay as this test plays it, and our variable.
struct Other {
    keys: Keys,
    variable: Value,
}

/// A message with the headers that it came with.
#[derive(Clone)]
struct Message {
    timestamp: String,
    nonce: String,
    serial: String,
    signature: String,
    signature_type: Option<String>,
    body: Vec<u8>,
}

impl Other {
    fn new() -> Self {
        let keys = Keys::new(&["merchant", "wechat", "stranger"]);
        let variable = json!({
            "app_id": "wx0000000000000001", "app_secret": "00112233445566778899aabbccddeeff",
            "mch_id": "1900000001", "merchant_serial": SERIAL,
            "merchant_private_key": STANDARD.encode(keys.private("merchant")),
            "api_v3_key": API_V3_KEY,
            "public_keys": [
                {"id": "PUB_KEY_ID_2", "key": STANDARD.encode(keys.public("stranger"))},
                {"id": KEY_ID, "key": STANDARD.encode(keys.public("wechat"))},
            ],
        });
        Self { keys, variable }
    }

    fn merchant(&self) -> Merchant {
        Merchant::parse(&self.variable.to_string()).expect("a good variable")
    }

    /// As a merchant who has no public key of WeChat Pay yet.
    fn certificate_merchant(&self) -> Merchant {
        let mut variable = self.variable.clone();
        variable.as_object_mut().expect("an object").remove("public_keys");
        Merchant::parse(&variable.to_string()).expect("a good variable")
    }

    fn signed(&self, key: &str, serial: &str, at: u64, body: &[u8]) -> Message {
        let content = [format!("{at}\n{NONCE}\n").as_bytes(), body, b"\n"].concat();
        Message {
            timestamp: at.to_string(),
            nonce: NONCE.to_owned(),
            serial: serial.to_owned(),
            signature: STANDARD.encode(self.keys.sign(key, "-sha256", &content)),
            signature_type: Some("WECHATPAY2-SHA256-RSA2048".to_owned()),
            body: body.to_vec(),
        }
    }

    /// A self-signed certificate of the key `key`, valid for `days` from now on, as PEM.
    fn certificate(&self, key: &str, serial: &str, days: &str) -> String {
        let arguments = [
            "req",
            "-x509",
            "-new",
            "-key",
            &self.keys.file(key),
            "-set_serial",
            &format!("0x{serial}"),
            "-days",
            days,
            "-subj",
            "/C=CN/O=Tenpay.com/CN=Tenpay.com sign",
        ];
        String::from_utf8(openssl(&arguments, b"")).expect("PEM")
    }
}

impl Message {
    fn headers(&self) -> SignedHeaders<'_> {
        SignedHeaders {
            timestamp: &self.timestamp,
            nonce: &self.nonce,
            serial: &self.serial,
            signature: &self.signature,
            signature_type: self.signature_type.as_deref(),
        }
    }

    fn with(&self, change: impl FnOnce(&mut Self)) -> Self {
        let mut changed = self.clone();
        change(&mut changed);
        changed
    }
}

fn check(merchant: &Merchant, message: &Message, certificates: &[String], now_ms: u64) -> Result<(), Fault> {
    wechat_pay::answer(merchant, message.headers(), &message.body, certificates, now_ms)
}

/// Node's AES-256-GCM, base64 of ciphertext and tag.
fn seal(plain: &str, key: &str, nonce: &str, aad: &str) -> String {
    let sealed = node(
        "const cipher = crypto.createCipheriv('aes-256-gcm', input.key, input.nonce); cipher.setAAD(Buffer.from(input.aad)); output = Buffer.concat([cipher.update(input.plain, 'utf8'), cipher.final(), cipher.getAuthTag()]).toString('base64')",
        &json!({"plain": plain, "key": key, "nonce": nonce, "aad": aad}),
    );
    sealed.as_str().expect("text").to_owned()
}

#[test]
fn a_pkcs_1_key_and_pem_lines_are_taken() {
    let other = Other::new();
    let pkcs1 = openssl(&["rsa", "-traditional", "-in", &other.keys.file("merchant")], b"");
    let pkcs1 = String::from_utf8(pkcs1).expect("PEM");
    assert!(pkcs1.starts_with("-----BEGIN RSA PRIVATE KEY-----"), "{pkcs1}");
    let mut variable = other.variable.clone();
    variable["merchant_private_key"] = json!(pkcs1.replace('\n', "\r\n"));
    let merchant = Merchant::parse(&variable.to_string()).expect("a good variable");
    let call = wechat_pay::sign(&merchant, "GET", "/v3/certificates", "", [0; 16], NOW);
    assert_eq!(call, wechat_pay::sign(&other.merchant(), "GET", "/v3/certificates", "", [0; 16], NOW));
}

#[test]
fn an_unusable_variable_is_refused_without_showing_a_secret() {
    let other = Other::new();
    let public = other.variable["public_keys"][0].clone();
    let changed = |name: &str, value: Value| {
        let mut variable = other.variable.clone();
        variable[name] = value;
        variable.to_string()
    };
    other.keys.generate("short", &["rsa_keygen_bits:1024"]);
    let short = json!([{"id": KEY_ID, "key": STANDARD.encode(other.keys.public("short"))}]);
    for text in [
        "".to_owned(),
        "{}".to_owned(),
        changed("app_id", json!("")),
        changed("app_secret", json!("a b")),
        changed("mch_id", json!("19\"00")),
        changed("mch_id", json!(1_900_000_001)),
        changed("merchant_serial", Value::Null),
        changed("merchant_private_key", json!("AAAA")),
        changed("merchant_private_key", public["key"].clone()),
        changed("merchant_private_key", json!(STANDARD.encode(other.keys.private("short")))),
        changed("api_v3_key", json!(&API_V3_KEY[1..])),
        changed("api_v3_key", json!(format!("{API_V3_KEY}x"))),
        changed("api_v3_key", json!("罚罚罚罚罚罚罚罚罚罚ab")),
        changed("public_keys", Value::Null),
        changed("public_keys", json!([{"id": KEY_ID}])),
        changed("public_keys", json!([{"id": SERIAL, "key": public["key"]}])),
        changed("public_keys", json!([public, public])),
        changed("public_keys", json!([{"id": KEY_ID, "key": other.variable["merchant_private_key"]}])),
        changed("public_keys", short),
        changed("unknown", json!(1)),
    ] {
        let Err(Fault::Misconfigured(defect)) = Merchant::parse(&text) else { panic!("accepted: {text}") };
        assert!(defect.starts_with("wechat_pay: "), "{defect}");
        for secret in ["app_secret", "api_v3_key", "merchant_private_key"] {
            let secret = other.variable[secret].as_str().expect("text");
            assert!(!defect.contains(&secret[..16]), "{defect}");
        }
    }
}
