//! Alipay signatures, with the openssl command line as the other side.

mod certificates;
#[path = "../other/mod.rs"]
mod other;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use other::{Keys, openssl};
use zerotrip_signing::alipay::{self, Merchant};
use zerotrip_signing::fault::{Fault, Refusal};

fn keys() -> Keys {
    Keys::new(&["app", "alipay", "stranger"])
}

fn merchant(keys: &Keys) -> Merchant {
    let old = openssl(&["pkey", "-in", &keys.file("app"), "-pubout"], b"");
    let text = serde_json::json!({
        "app_id": "2021000000000001", "seller_id": "2088000000000001",
        "app_private_key": STANDARD.encode(keys.private("app")),
        "alipay_public_keys": [String::from_utf8(old).expect("PEM"), STANDARD.encode(keys.public("alipay"))],
    });
    Merchant::parse(&text.to_string()).expect("a good variable")
}

fn sign(keys: &Keys, name: &str, digest: &str, text: &str) -> String {
    STANDARD.encode(keys.sign(name, digest, text.as_bytes()))
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
    let keys = keys();
    let merchant = &merchant(&keys);
    let good = sign(&keys, "alipay", "-sha256", SIGNED);
    let refused = |body: &[u8]| match alipay::notification(merchant, body) {
        Err(Fault::Refused(refusal)) => refusal,
        other => panic!("{other:?}"),
    };
    let stranger = sign(&keys, "stranger", "-sha256", SIGNED);
    assert_eq!(refused(&with(BODY, &stranger, "RSA2")), Refusal::Forged);
    let sha1 = sign(&keys, "alipay", "-sha1", SIGNED);
    assert_eq!(refused(&with(BODY, &sha1, "RSA")), Refusal::Forged);
    assert_eq!(refused(&with(BODY, &good, "RSA")), Refusal::Forged);
    assert_eq!(refused(&with(&BODY.replace("206.00", "2.06"), &good, "RSA2")), Refusal::Forged);
    assert_eq!(refused(&with(&BODY.replace("&body=", ""), &good, "RSA2")), Refusal::Forged);
    assert_eq!(refused(&with(&format!("{BODY}&extra=1"), &good, "RSA2")), Refusal::Forged);
    assert_eq!(refused(&with(BODY, &good[..100], "RSA2")), Refusal::Forged);
    assert_eq!(refused(&with(BODY, "not base64!", "RSA2")), Refusal::Forged);
    assert_eq!(refused(BODY.as_bytes()), Refusal::Forged);
    assert_eq!(refused(&with(&format!("{BODY}&total_amount=1"), &good, "RSA2")), Refusal::Malformed);
    assert_eq!(refused(&with(&BODY.replace("utf-8", "gbk"), &good, "RSA2")), Refusal::Forged);
    assert_eq!(refused(b"a=%zz"), Refusal::Malformed);
    assert_eq!(refused(&vec![b'a'; 65 * 1024]), Refusal::Malformed);
    let many: String = (0..257).map(|i| format!("&f{i}")).collect();
    assert_eq!(refused(&with(&format!("{BODY}{many}"), &good, "RSA2")), Refusal::Malformed);
}

#[test]
fn a_notification_of_alipay_gives_its_raw_fields() {
    let keys = keys();
    let sign = sign(&keys, "alipay", "-sha256", SIGNED);
    let fields = alipay::notification(&merchant(&keys), &with(BODY, &sign, "RSA2")).expect("authentic");
    let value = |name: &str| fields.iter().find(|(n, _)| n == name).map(|(_, v)| v.as_str());
    assert_eq!(value("subject"), Some("罚款 100%+滞纳金"));
    assert_eq!(value("body"), Some(""));
    assert_eq!((value("sign"), value("sign_type")), (None, None));
    assert_eq!(fields[0].0, "trade_status", "in the order received");
}

/// Application and merchant may have said that they speak GBK; the bytes are those of `iconv -t GBK`.
#[test]
fn what_is_signed_is_bytes_in_whatever_charset() {
    let keys = keys();
    let subject = b"\xb7\xa3\xbf\xee 100%+\xd6\xcd\xc4\xc9\xbd\xf0";
    let signed = [
        b"app_id=2021000000000001&charset=GBK&out_trade_no=F1&subject=".as_slice(),
        subject,
        b"&trade_status=TRADE_SUCCESS",
    ];
    let sign = STANDARD.encode(keys.sign("alipay", "-sha256", &signed.concat()));
    let body = "charset=GBK&subject=%B7%A3%BF%EE+100%25%2B%D6%CD%C4%C9%BD%F0&out_trade_no=F1&trade_status=TRADE_SUCCESS&app_id=2021000000000001";
    let fields = alipay::notification(&merchant(&keys), &with(body, &sign, "RSA2")).expect("authentic");
    let value = |name: &str| fields.iter().find(|(n, _)| n == name).map(|(_, v)| v.as_str());
    assert_eq!((value("out_trade_no"), value("trade_status")), (Some("F1"), Some("TRADE_SUCCESS")));
    assert!(value("subject").is_some_and(|subject| subject.contains(" 100%+")));
    let other = body.replace("%F0", "%F1");
    let refused = alipay::notification(&merchant(&keys), &with(&other, &sign, "RSA2"));
    assert_eq!(refused, Err(Refusal::Forged.into()));
}

#[test]
fn an_answer_counts_only_as_the_very_text_that_was_signed() {
    let keys = keys();
    let merchant = &merchant(&keys);
    let signed = r#"{"code":"10000", "msg":"Success","buyer":"{\"a\":1}","total_amount":"206.00"}"#;
    let sign = sign(&keys, "alipay", "-sha256", signed);
    let member = "alipay_trade_query_response";
    for body in [
        format!(r#"{{"{member}":{signed},"sign":"{sign}"}}"#),
        format!(r#"{{"sign" : "{sign}" , "{member}" : {signed} , "alipay_cert_sn":"x"}}"#),
        format!(r#"{{"error_response":{signed},"sign":"{sign}"}}"#),
    ] {
        assert_eq!(alipay::answer(merchant, "alipay.trade.query", body.as_bytes()), Ok(signed.to_owned()));
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
            alipay::answer(merchant, "alipay.trade.query", body.as_bytes()),
            Err(refusal.into()),
            "{body}"
        );
    }
}

#[test]
fn openssl_verifies_our_requests_over_everything_but_sign() {
    let keys = keys();
    let parameters =
        [("biz_content", r#"{"subject":"罚款 +%"}"#), ("notify_url", "http://h/n"), ("return_url", "")]
            .map(|(name, value)| (name.to_owned(), value.to_owned()));
    let now = 1_767_225_600_000;
    let query = alipay::sign(&merchant(&keys), "alipay.trade.wap.pay", &parameters, now).expect("signed");
    let sign = query
        .rsplit_once("&sign=")
        .expect("last")
        .1
        .replace("%2B", "+")
        .replace("%2F", "/")
        .replace("%3D", "=");
    let expected = "app_id=2021000000000001&biz_content={\"subject\":\"罚款 +%\"}&charset=utf-8&format=JSON&method=alipay.trade.wap.pay&notify_url=http://h/n&sign_type=RSA2&timestamp=2026-01-01 08:00:00&version=1.0";
    keys.verify("app", &sign, expected);
    assert!(query.contains("biz_content=%7B%22subject%22%3A%22%E7%BD%9A%E6%AC%BE%20%2B%25%22%7D"));
    assert!(!query.contains("return_url"), "empty ones are dropped");
}

#[test]
fn an_unusable_variable_is_refused_without_showing_a_key() {
    let keys = keys();
    let private = STANDARD.encode(keys.private("app"));
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
