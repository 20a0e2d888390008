//! Alipay signatures, with the openssl command line as the other side.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use std::io::Write as _;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use zerotrip_signing::alipay::{self, Merchant};
use zerotrip_signing::fault::{Fault, Refusal};

/// A folder with `app.pem` and `alipay.pem`, made by openssl.
struct Keys(PathBuf);

fn openssl(arguments: &[&str], input: &[u8]) -> Vec<u8> {
    let mut child = Command::new("openssl")
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the openssl command is installed; tests/run sees to it");
    child.stdin.take().expect("piped").write_all(input).expect("written");
    let output = child.wait_with_output().expect("it ends");
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    output.stdout
}

impl Keys {
    fn new() -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let folder = std::env::temp_dir().join(format!("zerotrip-alipay-{}-{number}", std::process::id()));
        std::fs::create_dir_all(&folder).expect("a folder");
        let keys = Self(folder);
        for name in ["app", "alipay", "stranger"] {
            let size = "rsa_keygen_bits:2048";
            openssl(&["genpkey", "-algorithm", "RSA", "-pkeyopt", size, "-out", &keys.file(name)], b"");
        }
        keys
    }

    fn file(&self, name: &str) -> String {
        self.0.join(format!("{name}.pem")).display().to_string()
    }

    fn merchant(&self) -> Merchant {
        let private = openssl(&["pkey", "-in", &self.file("app"), "-outform", "DER"], b"");
        let public = openssl(&["pkey", "-in", &self.file("alipay"), "-pubout", "-outform", "DER"], b"");
        let old = openssl(&["pkey", "-in", &self.file("app"), "-pubout"], b"");
        let text = serde_json::json!({
            "app_id": "2021000000000001", "seller_id": "2088000000000001",
            "app_private_key": STANDARD.encode(private),
            "alipay_public_keys": [String::from_utf8(old).expect("PEM"), STANDARD.encode(public)],
        });
        Merchant::parse(&text.to_string()).expect("a good variable")
    }

    fn sign(&self, name: &str, digest: &str, text: &str) -> String {
        STANDARD.encode(openssl(&["dgst", digest, "-sign", &self.file(name)], text.as_bytes()))
    }
}

impl Drop for Keys {
    fn drop(&mut self) {
        std::fs::remove_dir_all(&self.0).expect("the folder goes");
    }
}

/// The traps in one notification: `%`, a literal `+`, an empty value, JSON verbatim, a field nobody knows.
const SIGNED: &str = "app_id=2021000000000001&body=&charset=utf-8&fund_bill_list=[{\"amount\":\"206.00\",\"fundChannel\":\"ALIPAYACCOUNT\"}]&new_field=1&out_trade_no=F1&subject=罚款 100%+滞纳金&total_amount=206.00&trade_status=TRADE_SUCCESS";
const BODY: &str = "trade_status=TRADE_SUCCESS&total_amount=206.00&subject=%E7%BD%9A%E6%AC%BE+100%25%2B%E6%BB%9E%E7%BA%B3%E9%87%91&out_trade_no=F1&new_field=1&fund_bill_list=%5B%7B%22amount%22%3A%22206.00%22%2C%22fundChannel%22%3A%22ALIPAYACCOUNT%22%7D%5D&charset=utf-8&body=&app_id=2021000000000001";

fn with(body: &str, sign: &str, sign_type: &str) -> Vec<u8> {
    let sign = sign.replace('+', "%2B").replace('/', "%2F").replace('=', "%3D");
    format!("{body}&sign={sign}&sign_type={sign_type}").into_bytes()
}

#[test]
fn notifications_that_alipay_did_not_sign_are_refused() {
    let keys = Keys::new();
    let merchant = keys.merchant();
    let good = keys.sign("alipay", "-sha256", SIGNED);
    let refused = |body: &[u8]| match alipay::notification(&merchant, body) {
        Err(Fault::Refused(refusal)) => refusal,
        other => panic!("{other:?}"),
    };
    let stranger = keys.sign("stranger", "-sha256", SIGNED);
    assert_eq!(refused(&with(BODY, &stranger, "RSA2")), Refusal::Forged);
    let sha1 = keys.sign("alipay", "-sha1", SIGNED);
    assert_eq!(refused(&with(BODY, &sha1, "RSA")), Refusal::Forged);
    assert_eq!(refused(&with(BODY, &good, "RSA")), Refusal::Forged);
    assert_eq!(refused(&with(&BODY.replace("206.00", "2.06"), &good, "RSA2")), Refusal::Forged);
    assert_eq!(refused(&with(&BODY.replace("&body=", ""), &good, "RSA2")), Refusal::Forged);
    assert_eq!(refused(&with(&format!("{BODY}&extra=1"), &good, "RSA2")), Refusal::Forged);
    assert_eq!(refused(&with(BODY, &good[..100], "RSA2")), Refusal::Forged);
    assert_eq!(refused(&with(BODY, "not base64!", "RSA2")), Refusal::Forged);
    assert_eq!(refused(BODY.as_bytes()), Refusal::Forged);
    assert_eq!(refused(&with(&format!("{BODY}&total_amount=1"), &good, "RSA2")), Refusal::Malformed);
    assert_eq!(refused(&with(&BODY.replace("utf-8", "gbk"), &good, "RSA2")), Refusal::Malformed);
    assert_eq!(refused(b"a=%zz"), Refusal::Malformed);
    assert_eq!(refused(&vec![b'a'; 65 * 1024]), Refusal::Malformed);
    let many: String = (0..257).map(|i| format!("&f{i}")).collect();
    assert_eq!(refused(&with(&format!("{BODY}{many}"), &good, "RSA2")), Refusal::Malformed);
}

#[test]
fn a_notification_of_alipay_gives_its_raw_fields() {
    let keys = Keys::new();
    let sign = keys.sign("alipay", "-sha256", SIGNED);
    let fields = alipay::notification(&keys.merchant(), &with(BODY, &sign, "RSA2")).expect("authentic");
    let value = |name: &str| fields.iter().find(|(n, _)| n == name).map(|(_, v)| v.as_str());
    assert_eq!(value("subject"), Some("罚款 100%+滞纳金"));
    assert_eq!(value("body"), Some(""));
    assert_eq!((value("sign"), value("sign_type")), (None, None));
    assert_eq!(fields[0].0, "trade_status", "in the order received");
}

#[test]
fn an_answer_counts_only_as_the_very_text_that_was_signed() {
    let keys = Keys::new();
    let merchant = keys.merchant();
    let signed = r#"{"code":"10000", "msg":"Success","buyer":"{\"a\":1}","total_amount":"206.00"}"#;
    let sign = keys.sign("alipay", "-sha256", signed);
    let member = "alipay_trade_query_response";
    for body in [
        format!(r#"{{"{member}":{signed},"sign":"{sign}"}}"#),
        format!(r#"{{"sign" : "{sign}" , "{member}" : {signed} , "alipay_cert_sn":"x"}}"#),
        format!(r#"{{"error_response":{signed},"sign":"{sign}"}}"#),
    ] {
        assert_eq!(alipay::answer(&merchant, "alipay.trade.query", body.as_bytes()), Ok(signed.to_owned()));
    }
    let respaced = signed.replace(", ", ",");
    for (body, refusal) in [
        (format!(r#"{{"{member}":{respaced},"sign":"{sign}"}}"#), Refusal::Forged),
        (format!(r#"{{"{member}":{signed}}}"#), Refusal::Forged),
        (format!(r#"{{"alipay_trade_close_response":{signed},"sign":"{sign}"}}"#), Refusal::Malformed),
        (format!(r#"{{"{member}":{signed},"{member}":{respaced},"sign":"{sign}"}}"#), Refusal::Malformed),
        (format!(r#"{{"{member}":{signed},"sign":"{sign}"}} x"#), Refusal::Malformed),
        ("[]".to_owned(), Refusal::Malformed),
    ] {
        assert_eq!(
            alipay::answer(&merchant, "alipay.trade.query", body.as_bytes()),
            Err(refusal.into()),
            "{body}"
        );
    }
}

#[test]
fn openssl_verifies_our_requests_over_everything_but_sign() {
    let keys = Keys::new();
    let parameters =
        [("biz_content", r#"{"subject":"罚款 +%"}"#), ("notify_url", "http://h/n"), ("return_url", "")]
            .map(|(name, value)| (name.to_owned(), value.to_owned()));
    let now = 1_767_225_600_000;
    let query = alipay::sign(&keys.merchant(), "alipay.trade.wap.pay", &parameters, now).expect("signed");
    let sign = query
        .rsplit_once("&sign=")
        .expect("last")
        .1
        .replace("%2B", "+")
        .replace("%2F", "/")
        .replace("%3D", "=");
    let signature = keys.0.join("signature");
    std::fs::write(&signature, STANDARD.decode(sign).expect("base64")).expect("written");
    let public = keys.0.join("public.pem").display().to_string();
    openssl(&["pkey", "-in", &keys.file("app"), "-pubout", "-out", &public], b"");
    let expected = "app_id=2021000000000001&biz_content={\"subject\":\"罚款 +%\"}&charset=utf-8&format=JSON&method=alipay.trade.wap.pay&notify_url=http://h/n&sign_type=RSA2&timestamp=2026-01-01 08:00:00&version=1.0";
    openssl(
        &["dgst", "-sha256", "-verify", &public, "-signature", &signature.display().to_string()],
        expected.as_bytes(),
    );
    assert!(query.contains("biz_content=%7B%22subject%22%3A%22%E7%BD%9A%E6%AC%BE%20%2B%25%22%7D"));
    assert!(!query.contains("return_url"), "empty ones are dropped");
}

#[test]
fn an_unusable_variable_is_refused_without_showing_a_key() {
    let keys = Keys::new();
    let private = openssl(&["pkey", "-in", &keys.file("app"), "-outform", "DER"], b"");
    let private = STANDARD.encode(private);
    for text in [
        "{}".to_owned(),
        format!(r#"{{"app_id":"1","seller_id":"2","app_private_key":"{private}","alipay_public_keys":[]}}"#),
        format!(
            r#"{{"app_id":"1","seller_id":"2","app_private_key":"{private}","alipay_public_keys":["{private}"]}}"#
        ),
        format!(
            r#"{{"app_id":"1","seller_id":"2","app_private_key":"AAAA","alipay_public_keys":["{private}"]}}"#
        ),
    ] {
        let Err(Fault::Misconfigured(defect)) = Merchant::parse(&text) else { panic!("accepted") };
        assert!(defect.starts_with("alipay: ") && !defect.contains(&private[..40]), "{defect}");
    }
}
