//! Certificate mode.

use crate::other::openssl;
use crate::{API_V3_KEY, KEY_ID, Other, SERIAL, check, seal};
use serde_json::{Value, json};
use zerotrip_signing::fault::Refusal;

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
