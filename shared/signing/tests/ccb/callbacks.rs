//! What a counter is told of payments.

use crate::answers::{document, order_text};
use crate::{KEY, PUBLISHED, SHAPES, counter, counter_of, hex, keys, sign};
use proptest::prelude::{prop_assert, proptest};
use std::sync::OnceLock;
use zerotrip_signing::ccb::{self, Counter};
use zerotrip_signing::fault::{Fault, Refusal};

/// The server callback of one payment, signed in the order of the document of 2021.
const SIGNED: &str = "POSID=000000001&BRANCHID=110000000&ORDERID=F20260101001&PAYMENT=.01&CURCODE=01&REMARK1=zt&REMARK2=&ACC_TYPE=AL&SUCCESS=Y&TYPE=1&REFERER=https://h/f/罚?a=1&CLIENTIP=192.0.2.1&ACCDATE=20260101&INSTALLNUM=&ERRMSG=&USRMSG=T4NJx%2FVgocRsLyQnrMZLyuQQkFzMAxQjdqyzf6pM%2Fcg%3D&USRINFO=abc%3D&DISCOUNT=600.0";

/// `SIGNED` as it is sent, in another order.
const SENT: &str = "ACC_TYPE=AL&POSID=000000001&BRANCHID=110000000&ORDERID=F20260101001&PAYMENT=.01&CURCODE=01&REMARK1=zt&REMARK2=&SUCCESS=Y&TYPE=1&REFERER=https%3A%2F%2Fh%2Ff%2F%E7%BD%9A%3Fa%3D1&CLIENTIP=192.0.2.1&ACCDATE=20260101&USRINFO=abc%3D&USRMSG=T4NJx%2FVgocRsLyQnrMZLyuQQkFzMAxQjdqyzf6pM%2Fcg%3D&INSTALLNUM=&ERRMSG=&DISCOUNT=600.0";

fn refused(counter: &Counter, text: &str) -> Refusal {
    match ccb::notification(counter, text.as_bytes()) {
        Err(Fault::Refused(refusal)) => refusal,
        other => panic!("{text}: {other:?}"),
    }
}

fn pairs(fields: &[(String, String)]) -> Vec<(&str, &str)> {
    fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect()
}

#[test]
fn the_banks_published_signatures_verify_and_failed_is_signed_as_well() {
    for (key, signed, sign) in PUBLISHED {
        let counter = counter_of(key);
        let fields =
            ccb::notification(&counter, format!("{signed}&SIGN={sign}").as_bytes()).expect("authentic");
        let joined: Vec<String> = fields.iter().map(|(name, value)| format!("{name}={value}")).collect();
        assert_eq!(joined.join("&"), signed);
        for (from, to) in [("0.01", "0.02"), ("SUCCESS=N", "SUCCESS=Y"), ("SUCCESS=Y", "SUCCESS=N")] {
            if signed.contains(from) {
                let changed = format!("{}&SIGN={sign}", signed.replace(from, to));
                assert_eq!(refused(&counter, &changed), Refusal::Forged, "{changed}");
            }
        }
    }
    let (_, signed, sign) = PUBLISHED[0];
    assert_eq!(refused(&counter_of(PUBLISHED[1].0), &format!("{signed}&SIGN={sign}")), Refusal::Forged);
}

#[test]
fn a_callback_that_the_bank_did_not_sign_is_refused() {
    let keys = keys();
    let counter = counter(&keys, "bank");
    let good = sign(&keys, "bank", SIGNED.as_bytes());
    for field in SENT.split('&') {
        let (name, value) = field.split_once('=').expect("a field");
        let needed = ["POSID", "BRANCHID", "ORDERID", "PAYMENT", "CURCODE", "SUCCESS"].contains(&name);
        for (changed, expected) in [
            (format!("{name}={value}0"), Refusal::Forged),
            (format!("{name}=0{value}"), Refusal::Forged),
            (String::new(), if needed { Refusal::Malformed } else { Refusal::Forged }),
            (format!("{name}2={value}"), if needed { Refusal::Malformed } else { Refusal::Forged }),
            (format!("{field}&{field}"), Refusal::Malformed),
            (format!("{field}&{name}="), Refusal::Malformed),
        ] {
            let text = format!("&{SENT}&").replace(&format!("&{field}&"), &format!("&{changed}&"));
            assert_eq!(refused(&counter, &format!("{text}SIGN={good}")), expected, "{field} -> {changed}");
        }
    }
    for (what, sign, expected) in [
        ("none", String::new(), Refusal::Forged),
        ("truncated", good[..254].to_owned(), Refusal::Forged),
        ("odd", good[..255].to_owned(), Refusal::Forged),
        ("longer", format!("{good}00"), Refusal::Forged),
        ("no hex", format!("{}zz", &good[..254]), Refusal::Forged),
        ("signs", format!("{}+1", &good[..254]), Refusal::Forged),
        (
            "one bit off",
            format!("{}{}", &good[..255], if good.ends_with('0') { '1' } else { '0' }),
            Refusal::Forged,
        ),
        ("of another key", sign(&keys, "bank65537", SIGNED.as_bytes()), Refusal::Forged),
        ("SHA-256", hex(&keys.sign("bank", "-sha256", SIGNED.as_bytes())), Refusal::Forged),
        ("doubled", format!("{good}&SIGN={good}"), Refusal::Malformed),
    ] {
        assert_eq!(refused(&counter, &format!("{SENT}&SIGN={sign}")), expected, "{what}");
    }
    assert_eq!(refused(&counter, SENT), Refusal::Forged, "without SIGN");
    for text in [
        String::new(),
        format!("SIGN={good}"),
        format!("{SENT}&SIGN={good}&a=1"),
        format!("{SENT}&SIGN={good}&=1"),
        format!("{SENT}&SIGN={good}&A%3D=1"),
        format!("{SENT}&SIGN={good}&ZHJF=%4"),
        format!("{SENT}&SIGN={good}&ZHJF={}", "0".repeat(64 * 1024)),
        format!("{SENT}&SIGN={good}{}", (0..64).map(|i| format!("&F{i}=")).collect::<String>()),
    ] {
        assert_eq!(refused(&counter, &text), Refusal::Malformed, "{}", &text[..text.len().min(400)]);
    }
}

/// All of these have the same signed text.
#[test]
fn no_border_between_fields_can_be_shifted() {
    let keys = keys();
    let counter = counter(&keys, "bank");
    let signed = "POSID=1&BRANCHID=2&ORDERID=F1&PAYMENT=1.00&CURCODE=01&REMARK1=a&REMARK2=b&SUCCESS=N";
    let sign = sign(&keys, "bank", signed.as_bytes());
    assert!(ccb::notification(&counter, format!("{signed}&SIGN={sign}").as_bytes()).is_ok());
    for shifted in [
        "POSID=1&BRANCHID=2&ORDERID=F1&PAYMENT=1.00&CURCODE=01&REMARK1=a%26REMARK2%3Db&SUCCESS=N",
        "POSID=1&BRANCHID=2&ORDERID=F1&PAYMENT=1.00&CURCODE=01&REMARK1=a&REMARK2=b%26SUCCESS%3DN&SUCCESS=Y",
        "POSID=1%26BRANCHID%3D2&BRANCHID=2&ORDERID=F1&PAYMENT=1.00&CURCODE=01&REMARK1=a&REMARK2=b&SUCCESS=N",
        "POSID%3D1%26BRANCHID=2&ORDERID=F1&PAYMENT=1.00&CURCODE=01&REMARK1=a&REMARK2=b&SUCCESS=N",
    ] {
        assert_eq!(refused(&counter, &format!("{shifted}&SIGN={sign}")), Refusal::Malformed, "{shifted}");
    }
}

#[test]
fn other_texts_that_the_bank_signs_are_no_callbacks() {
    let keys = keys();
    let order = order_text("1");
    let text = format!("{order}&SIGN={}", sign(&keys, "bank", order.as_bytes()));
    assert_eq!(refused(&counter(&keys, "bank"), &text), Refusal::Malformed);
}

#[test]
fn a_field_that_no_signature_covers_is_not_given_on() {
    let keys = keys();
    let counter = counter(&keys, "bank");
    let sign = sign(&keys, "bank", SIGNED.as_bytes());
    for added in ["PAYTYPE=AL", "MERCHANTID=105000000000001", "PAID=Y"] {
        let fields = ccb::notification(&counter, format!("{added}&{SENT}&SIGN={sign}").as_bytes());
        let fields = fields.expect("authentic without it");
        let name = added.split('=').next().expect("a name");
        assert!(fields.iter().all(|(other, _)| other != name), "{added}");
    }
    assert_eq!(
        refused(&counter, &format!("{SENT}&ZHJF=1&SIGN={sign}")),
        Refusal::Forged,
        "it would be covered"
    );
}

#[test]
fn a_callback_is_taken_in_every_documented_order_from_keys_of_every_shape() {
    let keys = keys();
    let expected = [
        ("ACC_TYPE", "AL"),
        ("POSID", "000000001"),
        ("BRANCHID", "110000000"),
        ("ORDERID", "F20260101001"),
        ("PAYMENT", ".01"),
        ("CURCODE", "01"),
        ("REMARK1", "zt"),
        ("REMARK2", ""),
        ("SUCCESS", "Y"),
        ("TYPE", "1"),
        ("REFERER", "https://h/f/罚?a=1"),
        ("CLIENTIP", "192.0.2.1"),
        ("ACCDATE", "20260101"),
        ("INSTALLNUM", ""),
        ("ERRMSG", ""),
        ("DISCOUNT", "600.0"),
    ];
    for (name, bits, _) in SHAPES {
        let counter = counter(&keys, name);
        let sign = sign(&keys, name, SIGNED.as_bytes());
        assert_eq!(sign.len(), 256, "{bits}");
        for text in [
            format!("{SENT}&SIGN={sign}"),
            format!("SIGN={sign}&{SENT}"),
            format!("{SENT}&SIGN={}", sign.to_uppercase()),
        ] {
            let fields = ccb::notification(&counter, text.as_bytes()).expect("authentic");
            assert_eq!(pairs(&fields), expected, "without USRMSG, USRINFO and SIGN");
        }
    }
    // 2017, and an order that no document has but that is the one received.
    let old = "POSID=1&BRANCHID=2&ORDERID=F1&PAYMENT=600.0&CURCODE=01&REMARK1=&REMARK2=&ACC_TYPE=WX&SUCCESS=Y&ACCDATE=20170101&USRMSG=a%3D&INSTALLNUM=3&ERRMSG=&USRINFO=b%2F";
    let new = "PAYMENT=600.0&POSID=1&BRANCHID=2&ORDERID=F1&CURCODE=01&SUCCESS=Y&FIELD_OF_TOMORROW=%20%31";
    let counter = counter(&keys, "bank");
    let sent = format!("USRINFO=b%2F&{}", old.replace("&USRINFO=b%2F", ""));
    let fields = ccb::notification(
        &counter,
        format!("{sent}&SIGN={}", sign(&keys, "bank", old.as_bytes())).as_bytes(),
    );
    assert_eq!(fields.expect("authentic").len(), 12);
    let decoded = new.replace("%20%31", " 1");
    let fields = ccb::notification(
        &counter,
        format!("{new}&SIGN={}", sign(&keys, "bank", decoded.as_bytes())).as_bytes(),
    );
    assert_eq!(pairs(&fields.expect("authentic")).last(), Some(&("FIELD_OF_TOMORROW", " 1")));
}

#[test]
fn text_that_is_not_utf_8_is_signed_as_bytes_and_read_as_latin_1() {
    let keys = keys();
    let head = b"POSID=1&BRANCHID=2&ORDERID=F1&PAYMENT=1&CURCODE=01&SUCCESS=Y&ERRMSG=";
    let sign = sign(&keys, "bank", &[&head[..], b"\xb7\xa3 \xe9"].concat());
    for sent in [&b"%B7%A3+%E9"[..], b"\xb7\xa3+\xe9"] {
        let text = [&head[..], sent, b"&SIGN=", sign.as_bytes()].concat();
        let fields = ccb::notification(&counter(&keys, "bank"), &text).expect("authentic");
        assert_eq!(pairs(&fields).last(), Some(&("ERRMSG", "·£ é")));
    }
}

fn published() -> &'static Counter {
    static COUNTER: OnceLock<Counter> = OnceLock::new();
    COUNTER.get_or_init(|| counter_of(KEY))
}

proptest! {
    #[test]
    fn no_text_makes_the_reader_panic_or_pass(
        parts in proptest::collection::vec(proptest::sample::select(vec![
            "POSID", "BRANCHID", "ORDERID", "PAYMENT", "CURCODE", "SUCCESS", "SIGN", "USRMSG", "=", "&", "%", "%26",
            "%zz", "+", "1", "\u{7f5a}", PUBLISHED[0].1, PUBLISHED[0].2,
        ]), 0..24),
    ) {
        let text = parts.concat();
        if let Ok(fields) = ccb::notification(published(), text.as_bytes()) {
            let joined: Vec<String> = fields.iter().map(|(name, value)| format!("{name}={value}")).collect();
            prop_assert!(joined.join("&") == PUBLISHED[0].1, "{}", text);
        }
        if let Ok(answer) = ccb::answer(published(), document("000000", &text).as_bytes()) {
            prop_assert!(answer.orders.is_empty(), "{}", text);
        }
    }
}
