//! WeChat Pay v3, with openssl for keys, signatures and certificates and Node for AES-GCM as the other side.

mod other;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use other::{Keys, node, openssl};
use serde_json::{Value, json};
use zerotrip_signing::fault::{Fault, Refusal};
use zerotrip_signing::wechat_pay::{self, Merchant, Opened, SignedHeaders};

const KEY_ID: &str = "PUB_KEY_ID_0114232134912410000000000000";
const SERIAL: &str = "5157F09EFDC096DE15EBE81A47057A7232F1B8E1";
const API_V3_KEY: &str = "0123456789abcdefghijklmnopqrstuv";
const NONCE: &str = "fdasflkja484w0000000000000000001";
/// The seconds at which the messages below are signed.
const AT: u64 = 1_767_225_600;
const NOW: u64 = AT * 1000;

const TRANSACTION: &str = r#"{"appid":"wx0000000000000001","mchid":"1900000001","out_trade_no":"F1","trade_state":"SUCCESS","amount":{"total":20600,"currency":"CNY"},"note":"罚款"}"#;

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

/// What is done to a good message, and in words.
type Change<'a> = (&'a str, &'a dyn Fn(&mut Message));

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

fn open(merchant: &Merchant, message: &Message) -> Result<Opened, Fault> {
    wechat_pay::notification(merchant, message.headers(), &message.body, &[], NOW)
}

/// Node's AES-256-GCM, base64 of ciphertext and tag.
fn seal(plain: &str, key: &str, nonce: &str, aad: &str) -> String {
    let sealed = node(
        "const cipher = crypto.createCipheriv('aes-256-gcm', input.key, input.nonce); cipher.setAAD(Buffer.from(input.aad)); output = Buffer.concat([cipher.update(input.plain, 'utf8'), cipher.final(), cipher.getAuthTag()]).toString('base64')",
        &json!({"plain": plain, "key": key, "nonce": nonce, "aad": aad}),
    );
    sealed.as_str().expect("text").to_owned()
}

fn resource() -> Value {
    json!({
        "original_type": "transaction", "algorithm": "AEAD_AES_256_GCM", "nonce": "8a1b2c3d4e5f",
        "associated_data": "transaction",
        "ciphertext": seal(TRANSACTION, API_V3_KEY, "8a1b2c3d4e5f", "transaction"),
    })
}

fn envelope(resource: &Value) -> Value {
    json!({
        "id": "EV-2018022511223320873", "create_time": "2026-01-01T08:00:00+08:00",
        "resource_type": "encrypt-resource", "event_type": "TRANSACTION.SUCCESS", "summary": "支付成功",
        "resource": resource,
    })
}

fn certificates(entries: &[(&str, &str, &str)]) -> String {
    let data: Vec<Value> = entries
        .iter()
        .map(|(serial, pem, key)| {
            json!({
                "serial_no": serial, "effective_time": "2026-01-01T00:00:00+08:00",
                "expire_time": "2031-01-01T00:00:00+08:00",
                "encrypt_certificate": {
                    "algorithm": "AEAD_AES_256_GCM", "nonce": "61f9c719728a", "associated_data": "certificate",
                    "ciphertext": seal(pem, key, "61f9c719728a", "certificate"),
                },
            })
        })
        .collect();
    json!({ "data": data }).to_string()
}

#[test]
fn a_message_that_wechat_pay_did_not_sign_is_refused() {
    let other = Other::new();
    let merchant = other.merchant();
    let good = other.signed("wechat", KEY_ID, AT, br#"{"prepay_id":"wx201410272009395522657a690389285100"}"#);
    assert_eq!(check(&merchant, &good, &[], NOW), Ok(()));
    let sha1 = [format!("{AT}\n{NONCE}\n").as_bytes(), &good.body, b"\n"].concat();
    let sha1 = STANDARD.encode(other.keys.sign("wechat", "-sha1", &sha1));
    let probe = format!("WECHATPAY/SIGNTEST/{}", &good.signature[19..]);
    let forged: &[Change<'_>] = &[
        ("a probe", &|m| m.signature = probe.clone()),
        ("a bare probe", &|m| m.signature = "WECHATPAY/SIGNTEST/".to_owned()),
        ("SHA-1", &|m| m.signature = sha1.clone()),
        ("another key", &|m| m.signature = other.signed("stranger", KEY_ID, AT, &good.body).signature),
        ("another of our keys", &|m| m.serial = "PUB_KEY_ID_2".to_owned()),
        ("an empty signature", &|m| m.signature.clear()),
        ("a truncated signature", &|m| m.signature.truncate(100)),
        ("no base64", &|m| m.signature.insert(7, '!')),
        ("base64 without its end", &|m| m.signature = m.signature.trim_end_matches('=').to_owned()),
        ("a line break after it", &|m| m.signature.push('\n')),
        ("another second", &|m| m.timestamp = (AT + 1).to_string()),
        ("a zero before the time", &|m| m.timestamp.insert(0, '0')),
        ("another nonce", &|m| m.nonce.replace_range(..1, "x")),
        ("a byte more", &|m| m.body.push(b' ')),
        ("a byte less", &|m| m.body.truncate(m.body.len() - 1)),
        ("no body", &|m| m.body.clear()),
        ("another algorithm", &|m| m.signature_type = Some("WECHATPAY2-SM2-WITH-SM3".to_owned())),
        ("an empty algorithm", &|m| m.signature_type = Some(String::new())),
    ];
    for (what, change) in forged {
        assert_eq!(check(&merchant, &good.with(change), &[], NOW), Err(Refusal::Forged.into()), "{what}");
    }
    for at in 0..good.body.len() {
        let changed = good.with(|m| m.body[at] ^= 1);
        assert_eq!(check(&merchant, &changed, &[], NOW), Err(Refusal::Forged.into()), "byte {at}");
    }
    for serial in ["PUB_KEY_ID_3", "PUB_KEY_ID_", SERIAL, "", &KEY_ID.to_lowercase()] {
        let changed = good.with(|m| m.serial = serial.to_owned());
        assert_eq!(check(&merchant, &changed, &[], NOW), Err(Refusal::UnknownKey.into()), "{serial}");
    }
}

#[test]
fn headers_that_are_none_are_malformed() {
    let other = Other::new();
    let merchant = other.merchant();
    let good = other.signed("wechat", KEY_ID, AT, b"{}");
    let malformed: &[Change<'_>] = &[
        ("no time", &|m| m.timestamp.clear()),
        ("a time with a sign", &|m| m.timestamp.insert(0, '+')),
        ("a time in ms", &|m| m.timestamp.push_str(".0")),
        ("a time beyond numbers", &|m| m.timestamp.push_str("99999999999")),
        ("no nonce", &|m| m.nonce.clear()),
        ("a long nonce", &|m| m.nonce = "x".repeat(129)),
        ("a nonce of other letters", &|m| m.nonce = "罚".to_owned()),
        ("a large body", &|m| m.body = vec![b' '; 64 * 1024 + 1]),
    ];
    for (what, change) in malformed {
        let changed = good.with(change);
        assert_eq!(check(&merchant, &changed, &[], NOW), Err(Refusal::Malformed.into()), "{what}");
    }
}

/// The signed text of nonce `a` and body `b⏎c` is that of nonce `a⏎b` and body `c`.
#[test]
fn bytes_do_not_move_from_the_body_to_the_nonce() {
    let other = Other::new();
    let good = other.signed("wechat", KEY_ID, AT, b"first\nsecond");
    assert_eq!(check(&other.merchant(), &good, &[], NOW), Ok(()));
    let moved = good.with(|m| {
        m.nonce.push_str("\nfirst");
        m.body = b"second".to_vec();
    });
    assert_eq!(check(&other.merchant(), &moved, &[], NOW), Err(Refusal::Malformed.into()));
}

#[test]
fn a_message_is_good_for_less_than_five_minutes_either_way() {
    let other = Other::new();
    let merchant = other.merchant();
    let empty = other.signed("wechat", KEY_ID, AT, b"").with(|m| m.signature_type = None);
    for (now_ms, expected) in [
        (NOW, Ok(())),
        (NOW + 299_999, Ok(())),
        (NOW - 299_000, Ok(())),
        (NOW + 300_000, Err(Refusal::Expired.into())),
        (NOW - 300_000, Err(Refusal::Expired.into())),
        (NOW + 86_400_000, Err(Refusal::Expired.into())),
        (0, Err(Refusal::Expired.into())),
        (u64::MAX, Err(Refusal::Expired.into())),
    ] {
        assert_eq!(check(&merchant, &empty, &[], now_ms), expected, "{now_ms}");
    }
}

#[test]
fn a_signed_envelope_that_cannot_be_opened_is_refused() {
    let other = Other::new();
    let merchant = other.merchant();
    let refused = |body: &str| match open(&merchant, &other.signed("wechat", KEY_ID, AT, body.as_bytes())) {
        Err(Fault::Refused(refusal)) => refusal,
        opened => panic!("{body}: {opened:?}"),
    };
    let resource = resource();
    let changed = |name: &str, value: Value| {
        let mut resource = resource.clone();
        resource[name] = value;
        refused(&envelope(&resource).to_string())
    };
    let good = resource["ciphertext"].as_str().expect("text");
    assert_eq!(changed("nonce", json!("8a1b2c3d4e5")), Refusal::Malformed, "11 characters");
    assert_eq!(changed("nonce", json!("8a1b2c3d4e5f6")), Refusal::Malformed, "13 characters");
    assert_eq!(changed("nonce", json!("")), Refusal::Malformed);
    assert_eq!(changed("nonce", json!("8a1b2c3d4e5g")), Refusal::Forged);
    assert_eq!(changed("algorithm", json!("AEAD_SM4_GCM")), Refusal::Malformed);
    assert_eq!(changed("associated_data", json!("refund")), Refusal::Forged);
    assert_eq!(changed("associated_data", json!("")), Refusal::Forged);
    assert_eq!(changed("associated_data", Value::Null), Refusal::Forged);
    assert_eq!(changed("associated_data", json!(1)), Refusal::Malformed);
    assert_eq!(changed("original_type", Value::Null), Refusal::Malformed);
    assert_eq!(changed("ciphertext", json!(&good[4..])), Refusal::Forged);
    assert_eq!(changed("ciphertext", json!(&good[..good.len() - 2])), Refusal::Forged, "broken base64");
    assert_eq!(changed("ciphertext", json!("")), Refusal::Forged);
    assert_eq!(changed("ciphertext", json!("AAAA")), Refusal::Forged, "shorter than a tag");
    let foreign = seal(TRANSACTION, &API_V3_KEY.replace('0', "x"), "8a1b2c3d4e5f", "transaction");
    assert_eq!(changed("ciphertext", json!(foreign)), Refusal::Forged, "another APIv3 key");

    let good = envelope(&resource).to_string();
    for body in [
        "".to_owned(),
        "[]".to_owned(),
        good[1..].to_owned(),
        format!("{good}x"),
        good.replace("\"id\"", "\"ID\""),
        good.replacen('{', r#"{"id":"EV-1","#, 1),
        good.replacen('{', r#"{"event_type":"REFUND.SUCCESS","#, 1),
        good.replacen('{', r#"{"resource":{},"#, 1),
        good.replace(r#""resource":{"#, r#""resource":{"nonce":"8a1b2c3d4e5f","#),
        good.replace(r#""resource":{"#, r#""resource":{"original_type":"refund","#),
        envelope(&json!("text")).to_string(),
        envelope(&json!([])).to_string(),
    ] {
        assert_eq!(refused(&body), Refusal::Malformed, "{body}");
    }
    let not_text = other.signed("wechat", KEY_ID, AT, b"{\"id\":\"\xff\"}");
    assert_eq!(open(&merchant, &not_text), Err(Refusal::Malformed.into()));
}

#[test]
fn nothing_is_decrypted_that_was_not_signed() {
    let other = Other::new();
    let broken = envelope(&json!({"nonce": "short"})).to_string();
    let unsigned = other.signed("stranger", KEY_ID, AT, broken.as_bytes());
    assert_eq!(open(&other.merchant(), &unsigned), Err(Refusal::Forged.into()), "not malformed");
}

#[test]
fn a_notification_of_wechat_pay_is_opened() {
    let other = Other::new();
    let resource = resource();
    let opened = |resource: &Value| {
        let mut envelope = envelope(resource);
        envelope["member_of_tomorrow"] = json!({"a": 1});
        let body = serde_json::to_string_pretty(&envelope).expect("text");
        open(&other.merchant(), &other.signed("wechat", KEY_ID, AT, body.as_bytes())).expect("authentic")
    };
    let expected = Opened {
        id: "EV-2018022511223320873".to_owned(),
        event_type: "TRANSACTION.SUCCESS".to_owned(),
        original_type: "transaction".to_owned(),
        resource: TRANSACTION.to_owned(),
    };
    assert_eq!(opened(&resource), expected);
    for aad in [Some(json!("")), Some(Value::Null), None] {
        let mut resource = resource.clone();
        resource["ciphertext"] = json!(seal(TRANSACTION, API_V3_KEY, "8a1b2c3d4e5f", ""));
        resource.as_object_mut().expect("an object").remove("associated_data");
        if let Some(aad) = aad {
            resource["associated_data"] = aad;
        }
        assert_eq!(opened(&resource), expected, "{resource}");
    }
}

fn now_s() -> u64 {
    std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).expect("after 1970").as_secs()
}

#[test]
fn a_certificate_counts_only_when_it_opens_is_the_one_named_and_is_valid() {
    let other = Other::new();
    let merchant = other.certificate_merchant();
    let pem = other.certificate("wechat", SERIAL, "30");
    let day = 86_400;
    let checked = |certificates: &[String], at: u64| {
        check(&merchant, &other.signed("wechat", SERIAL, at, b"{}"), certificates, at * 1000)
    };
    let unknown = Err(Refusal::UnknownKey.into());
    let now = now_s() + 60;
    let good = certificates(&[(SERIAL, &pem, API_V3_KEY)]);
    assert_eq!(checked(std::slice::from_ref(&good), now), Ok(()));
    assert_eq!(checked(&[], now), unknown);
    assert_eq!(checked(std::slice::from_ref(&good), now - day), unknown, "not yet valid");
    assert_eq!(checked(std::slice::from_ref(&good), now + 29 * day), Ok(()));
    assert_eq!(checked(std::slice::from_ref(&good), now + 31 * day), unknown, "expired");

    let another = "5157F09EFDC096DE15EBE81A47057A7232F1B8E2";
    let lower = SERIAL.to_lowercase();
    let renamed = other.certificate("wechat", another, "30");
    for (what, answer) in [
        ("another serial", certificates(&[(another, &renamed, API_V3_KEY)])),
        ("the named serial around another certificate", certificates(&[(SERIAL, &renamed, API_V3_KEY)])),
        ("another serial around the certificate", certificates(&[(another, &pem, API_V3_KEY)])),
        ("the serial in lower case", certificates(&[(&lower, &pem, API_V3_KEY)])),
        ("another APIv3 key", certificates(&[(SERIAL, &pem, &API_V3_KEY.replace('0', "x"))])),
        ("no certificate", certificates(&[(SERIAL, "-----BEGIN CERTIFICATE-----", API_V3_KEY)])),
        ("half a certificate", certificates(&[(SERIAL, &pem[..pem.len() / 2], API_V3_KEY)])),
        ("no data", "{}".to_owned()),
        ("doubled data", good.replacen('{', r#"{"data":[],"#, 1)),
        ("no JSON", "<html>".to_owned()),
        ("a large answer", " ".repeat(64 * 1024) + &good),
    ] {
        assert_eq!(checked(std::slice::from_ref(&answer), now), unknown, "{what}");
        assert_eq!(checked(&[answer, good.clone()], now), Ok(()), "{what} before a good one");
    }

    let stranger = certificates(&[(SERIAL, &other.certificate("stranger", SERIAL, "30"), API_V3_KEY)]);
    assert_eq!(checked(&[stranger], now), Err(Refusal::Forged.into()));
    let of_id = certificates(&[(KEY_ID, &pem, API_V3_KEY)]);
    let named = other.signed("wechat", KEY_ID, now, b"{}");
    assert_eq!(
        check(&merchant, &named, &[of_id], now * 1000),
        unknown,
        "a public key is configured, not sent"
    );
}

#[test]
fn certificates_of_other_shapes_and_the_answer_that_brings_them() {
    let other = Other::new();
    let merchant = other.certificate_merchant();
    let now = now_s() + 60;
    // Valid beyond 2049: its end is a GeneralizedTime. Its serial has its highest bit set: a zero byte goes before it.
    let high = "F157F09EFDC096DE15EBE81A47057A7232F1B8E1";
    let body = certificates(&[
        (SERIAL, &other.certificate("stranger", SERIAL, "30"), API_V3_KEY),
        (high, &other.certificate("wechat", high, "36500"), API_V3_KEY),
    ]);
    let message = other.signed("wechat", high, now, body.as_bytes());
    assert_eq!(check(&merchant, &message, std::slice::from_ref(&body), now * 1000), Ok(()));
    let later = other.signed("wechat", high, now + 90 * 31_536_000, b"{}");
    assert_eq!(check(&merchant, &later, &[body], (now + 90 * 31_536_000) * 1000), Ok(()));

    let file = other.keys.file("elliptic");
    let curve = ["genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", &file];
    openssl(&curve, b"");
    let elliptic = certificates(&[(SERIAL, &other.certificate("elliptic", SERIAL, "30"), API_V3_KEY)]);
    let message = other.signed("wechat", SERIAL, now, b"{}");
    assert_eq!(check(&merchant, &message, &[elliptic], now * 1000), Err(Refusal::UnknownKey.into()));
    other.keys.generate("short", &["rsa_keygen_bits:1024"]);
    let short = certificates(&[(SERIAL, &other.certificate("short", SERIAL, "30"), API_V3_KEY)]);
    let message = other.signed("short", SERIAL, now, b"{}");
    assert_eq!(check(&merchant, &message, &[short], now * 1000), Err(Refusal::UnknownKey.into()));
}

#[test]
fn openssl_verifies_our_calls_over_their_five_lines() {
    let other = Other::new();
    let target = "/v3/pay/transactions/out-trade-no/F1%2F2?mchid=1900000001";
    let body = "{\"description\":\"罚款\"}\n";
    let call =
        wechat_pay::sign(&other.merchant(), "POST", target, body, [0xab; 16], NOW + 999).expect("signed");
    assert_eq!(call.serial.as_deref(), Some("PUB_KEY_ID_2"), "the first configured");
    let nonce = "AB".repeat(16);
    let head = format!(
        "WECHATPAY2-SHA256-RSA2048 mchid=\"1900000001\",nonce_str=\"{nonce}\",timestamp=\"{AT}\",serial_no=\"{SERIAL}\",signature=\""
    );
    let signature = call.authorization.strip_prefix(&head).and_then(|rest| rest.strip_suffix('"'));
    let signature = signature.unwrap_or_else(|| panic!("{}", call.authorization));
    other.keys.verify("merchant", signature, &format!("POST\n{target}\n{AT}\n{nonce}\n{body}\n"));

    let get = wechat_pay::sign(&other.certificate_merchant(), "GET", "/v3/certificates", "", [0; 16], NOW);
    let get = get.expect("signed");
    assert_eq!(get.serial, None, "certificate mode");
    let signature = get.authorization.split('"').nth(9).expect("the fifth value");
    let nonce = "0".repeat(32);
    other.keys.verify("merchant", signature, &format!("GET\n/v3/certificates\n{AT}\n{nonce}\n\n"));
}

#[test]
fn a_call_whose_lines_could_shift_is_refused() {
    let merchant = Other::new().merchant();
    for (method, target) in [
        ("", "/v3/certificates"),
        ("get", "/v3/certificates"),
        ("GET\n/a", "/v3/certificates"),
        ("GET", ""),
        ("GET", "v3/certificates"),
        ("GET", "https://api.mch.weixin.qq.com/v3/certificates"),
        ("GET", "/v3/a\n0\n0\n"),
        ("GET", "/v3/a b"),
        ("GET", "/v3/罚"),
    ] {
        let refused = wechat_pay::sign(&merchant, method, target, "", [0; 16], NOW);
        assert_eq!(refused, Err(Refusal::Malformed.into()), "{method:?} {target:?}");
    }
    for prepay_id in ["", "wx1\nx", "wx 1", &"x".repeat(65)] {
        let refused = wechat_pay::call_up(&merchant, prepay_id, [0; 16], NOW);
        assert_eq!(refused, Err(Refusal::Malformed.into()), "{prepay_id:?}");
    }
}

#[test]
fn openssl_verifies_what_calls_the_payment_up() {
    let other = Other::new();
    let fields = wechat_pay::call_up(&other.merchant(), "wx201410272009395522657a690389285100", [1; 16], NOW);
    let fields = fields.expect("signed");
    let names: Vec<&str> = fields.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["appId", "timeStamp", "nonceStr", "package", "signType", "paySign"]);
    let values: Vec<&str> = fields.iter().map(|(_, value)| value.as_str()).collect();
    let [app_id, timestamp, nonce, package, sign_type, signature] = values[..] else { panic!("six") };
    assert_eq!((app_id, timestamp, sign_type), ("wx0000000000000001", "1767225600", "RSA"));
    assert_eq!(package, "prepay_id=wx201410272009395522657a690389285100");
    other.keys.verify("merchant", signature, &format!("{app_id}\n{timestamp}\n{nonce}\n{package}\n"));
}

#[test]
fn the_payer_is_sent_to_authorize_without_our_secret() {
    let merchant = Other::new().merchant();
    let target = wechat_pay::authorize_target(&merchant, "https://h/fines/罚?a=1&b=2#c", "s-1_~+/");
    let target = target.expect("a target");
    let parsed = node(
        "const url = new URL('https://open.weixin.qq.com' + input); output = [url.pathname, [...url.searchParams], url.hash]",
        &json!(target),
    );
    assert_eq!(
        parsed,
        json!([
            "/connect/oauth2/authorize",
            [
                ["appid", "wx0000000000000001"],
                ["redirect_uri", "https://h/fines/罚?a=1&b=2#c"],
                ["response_type", "code"],
                ["scope", "snsapi_base"],
                ["state", "s-1_~+/"]
            ],
            "#wechat_redirect"
        ])
    );
    let target = wechat_pay::access_token_target(&merchant, "011&secret=x#").expect("a target");
    assert_eq!(
        target,
        "/sns/oauth2/access_token?appid=wx0000000000000001&secret=00112233445566778899aabbccddeeff&code=011%26secret%3Dx%23&grant_type=authorization_code"
    );
    for (redirect_uri, state) in [("", "s"), ("https://h", ""), ("https://h", &"s".repeat(129))] {
        let refused = wechat_pay::authorize_target(&merchant, redirect_uri, state);
        assert_eq!(refused, Err(Refusal::Malformed.into()));
    }
    for code in ["", &"c".repeat(1025)] {
        assert_eq!(wechat_pay::access_token_target(&merchant, code), Err(Refusal::Malformed.into()));
    }
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
    let short = {
        other.keys.generate("short", &["rsa_keygen_bits:1024"]);
        json!([{"id": KEY_ID, "key": STANDARD.encode(other.keys.public("short"))}])
    };
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
