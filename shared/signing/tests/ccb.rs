//! CCB, with openssl and Node as the bank, and with the bank's own published signatures.

mod other;

use other::{Keys, node, openssl};
use proptest::prelude::{prop_assert, proptest};
use serde_json::{Value, json};
use std::sync::OnceLock;
use zerotrip_signing::ccb::{self, Counter, Order, PayerPage, QueryAnswer};
use zerotrip_signing::fault::{Fault, Refusal};

/// Keys of the shapes that counters have.
const SHAPES: [(&str, &str, &str); 3] =
    [("bank", "1024", "17"), ("bank1023", "1023", "17"), ("bank65537", "1024", "65537")];

/// The server callback of one payment, signed in the order of the document of 2021.
const SIGNED: &str = "POSID=000000001&BRANCHID=110000000&ORDERID=F20260101001&PAYMENT=.01&CURCODE=01&REMARK1=zt&REMARK2=&ACC_TYPE=AL&SUCCESS=Y&TYPE=1&REFERER=https://h/f/罚?a=1&CLIENTIP=192.0.2.1&ACCDATE=20260101&INSTALLNUM=&ERRMSG=&USRMSG=T4NJx%2FVgocRsLyQnrMZLyuQQkFzMAxQjdqyzf6pM%2Fcg%3D&USRINFO=abc%3D&DISCOUNT=600.0";

/// `SIGNED` as it is sent, in another order.
const SENT: &str = "ACC_TYPE=AL&POSID=000000001&BRANCHID=110000000&ORDERID=F20260101001&PAYMENT=.01&CURCODE=01&REMARK1=zt&REMARK2=&SUCCESS=Y&TYPE=1&REFERER=https%3A%2F%2Fh%2Ff%2F%E7%BD%9A%3Fa%3D1&CLIENTIP=192.0.2.1&ACCDATE=20260101&USRINFO=abc%3D&USRMSG=T4NJx%2FVgocRsLyQnrMZLyuQQkFzMAxQjdqyzf6pM%2Fcg%3D&INSTALLNUM=&ERRMSG=&DISCOUNT=600.0";

fn keys() -> Keys {
    let keys = Keys::new(&[]);
    for (name, bits, exponent) in SHAPES {
        let (bits, exponent) = (format!("rsa_keygen_bits:{bits}"), format!("rsa_keygen_pubexp:{exponent}"));
        keys.generate(name, &[&bits, &exponent]);
    }
    keys
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn variable(public_key: &str) -> Value {
    json!({
        "merchant_id": "105000000000001", "pos_id": "000000001", "branch_id": "110000000",
        "public_key": public_key, "query_password": "pass word&1",
    })
}

fn counter_of(public_key: &str) -> Counter {
    Counter::parse(&variable(public_key).to_string()).expect("a good variable")
}

fn counter(keys: &Keys, name: &str) -> Counter {
    counter_of(&hex(&keys.public(name)))
}

fn sign(keys: &Keys, name: &str, content: &[u8]) -> String {
    hex(&keys.sign(name, "-md5", content))
}

fn refused(counter: &Counter, text: &str) -> Refusal {
    match ccb::notification(counter, text.as_bytes()) {
        Err(Fault::Refused(refusal)) => refusal,
        other => panic!("{text}: {other:?}"),
    }
}

fn pairs(fields: &[(String, String)]) -> Vec<(&str, &str)> {
    fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect()
}

/// The bank's demonstration of its signature: (key, signed text, SIGN). As printed in lin132698745aa/ccbPay and
/// bestwu/payment. The first key has 1023 bits and exponent 17, the second 1024 bits and exponent 65537.
const PUBLISHED: [(&str, &str, &str); 2] = [
    (
        "30819c300d06092a864886f70d010101050003818a003081860281807d1e98e9c10625239ad9116488accf18a95125c83f5ac52f055be47614087b1bc55f1d475ddb0516b6339f7c2a8fd4def86519087cc6ecd8ea4657a5cef26d84890d00772d216e95d0aba1ea9fd39fb02202c82b71333b104e715da5de65be4cf5b83e3c0ba459777fe83a39485f145fccc94b471981348db5beab735c5889f1020111",
        "POSID=000000000&BRANCHID=330000000&ORDERID=2004010061&PAYMENT=0.01&CURCODE=01&REMARK1=&REMARK2=&SUCCESS=N",
        "5bf88c409a13963286904e8954a4d825108f9b5bb60a8c8e5cfc05355fe4e247c777b521c7d68b8d51968285d51d1a0da0c5bd55e19268949a20dd7bd14f17422e41f3e6f7446d2136e10e796abc8b8a6f752bed5091374551d84d02f185aa3f9b516ac77ca319b06a8269389de6d7f677c619bfc0c89ccbcb125ae6dd7cc646",
    ),
    (
        "30819f300d06092a864886f70d010101050003818d0030818902818100b466e3a0fa097b57a1bc63c1fd5d97d4ef8d270d538a5aee3d1061f579f02a19cf1543701d94d81f46ce56adb84dca440a7e8f5af40538bb7a88efaf9991ead0fabc63d48fd1f12de658229e30e38ccbd9a631ec9c2d95b8590ea1a01d0931221e062544023a1ed2eb7050853fe56bf8cfd0f18243192d38855a36a87badba790203010001",
        "POSID=000000000&BRANCHID=110000000&ORDERID=20041031&PAYMENT=0.01&CURCODE=01&REMARK1=ccb&REMARK2=test&SUCCESS=Y",
        "43680d00f5097caae18b7af3fc936cc79feb621fb166e25affbb52721e2c5c1e656f030dff46e6f0298ef82cf2fd10b6cef34fb2aa270716c30708aeb1abf0520418449614562e891cd5aede8f83b1dd65f76cc81ad5aabfd4aba409da3523ef8e82a7d19055dbb6d9241171893bf282bf64f239677ecd84abbe55fd855f48f3",
    ),
];

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

fn order_text(status: &str) -> String {
    format!(
        "MERCHANTID=105000000000001&BRANCHID=110000000&POSID=000000001&ORDERID=F1&ORDERDATE=20260101080000&ACCDATE=20260101&AMOUNT=206.00&STATUSCODE={status}&STATUS=成功&REFUND=0.00"
    )
}

fn order_xml(text: &str, sign: &str) -> String {
    let fields = text.split('&').map(|field| field.split_once('=').expect("a field"));
    let fields: String = fields.map(|(name, value)| format!("\t\t<{name}>{value}</{name}>\n")).collect();
    format!(
        "\t<QUERYORDER>\n{fields}\t\t<PAYMENT_TYPE>41</PAYMENT_TYPE>\n\t\t<SIGN>{sign}</SIGN>\n\t</QUERYORDER>\n"
    )
}

fn document(code: &str, orders: &str) -> String {
    format!(
        "\n<?xml version = \"1.0\" encoding=\"UTF-8\" ?>\n<DOCUMENT>\n\t<RETURN_CODE>{code}</RETURN_CODE>\n\t<RETURN_MSG></RETURN_MSG>\n\t<CURPAGE>1</CURPAGE>\n{orders}</DOCUMENT>\n"
    )
}

#[test]
fn a_query_answer_counts_only_with_the_signature_of_every_order() {
    let keys = keys();
    let counter = counter(&keys, "bank");
    let paid = order_text("1");
    let sign = sign(&keys, "bank", paid.as_bytes());
    let answer = |xml: &str| ccb::answer(&counter, xml.as_bytes());
    let good = order_xml(&paid, &sign);
    let expected: Vec<(String, String)> = paid
        .split('&')
        .filter_map(|field| field.split_once('='))
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect();
    assert_eq!(
        answer(&document("000000", &good)),
        Ok(QueryAnswer { return_code: "000000".to_owned(), orders: vec![expected] })
    );
    let two = answer(&document("000000", &good.repeat(2))).expect("authentic");
    assert_eq!(two.orders.len(), 2);
    let none = QueryAnswer { return_code: "0250E0200001".to_owned(), orders: vec![] };
    assert_eq!(answer(&document("0250E0200001", "")), Ok(none));

    for field in paid.split('&') {
        let (name, value) = field.split_once('=').expect("a field");
        let element = format!("<{name}>{value}</{name}>");
        for (changed, expected) in [
            (format!("<{name}>{value}0</{name}>"), Refusal::Forged),
            (format!("<{name}></{name}>"), Refusal::Forged),
            (format!("<{name}/>"), Refusal::Forged),
            (format!("<{name}> {value}</{name}>"), Refusal::Forged),
            (String::new(), Refusal::Malformed),
            (element.repeat(2), Refusal::Malformed),
            (format!("<{name}>{value}&amp;</{name}>"), Refusal::Malformed),
        ] {
            let order = good.replace(&element, &changed);
            assert_ne!(order, good);
            assert_eq!(answer(&document("000000", &order)), Err(expected.into()), "{changed}");
            let both = answer(&document("000000", &format!("{good}{order}")));
            assert_eq!(both, Err(expected.into()), "one of two");
        }
    }
    for (xml, expected) in [
        (document("000000", &order_xml(&paid, "")), Refusal::Forged),
        (document("000000", &order_xml(&paid, &sign[..254])), Refusal::Forged),
        (document("000000", &good.replace("<SIGN>", "<SIG>").replace("</SIGN>", "</SIG>")), Refusal::Forged),
        (document("000000", &good).replace("RETURN_CODE", "CODE"), Refusal::Malformed),
        (document("000000", "<RETURN_CODE>1</RETURN_CODE>"), Refusal::Malformed),
        (document("000000", &" ".repeat(64 * 1024)), Refusal::Malformed),
        (format!("<!DOCTYPE DOCUMENT>{}", document("000000", &good).trim()), Refusal::Malformed),
        ("<html>".to_owned(), Refusal::Malformed),
    ] {
        assert_eq!(answer(&xml), Err(expected.into()), "{}", &xml[..xml.len().min(400)]);
    }
}

fn order() -> Order {
    Order {
        order_id: "F20260101001".to_owned(),
        fen: 20_605,
        remark1: "zt 1".to_owned(),
        remark2: String::new(),
        expires_at_ms: None,
    }
}

fn page() -> PayerPage {
    PayerPage {
        gateway: "W1".to_owned(),
        client_ip: "192.0.2.1".to_owned(),
        reginfo: String::new(),
        proinfo: "罚款 é+50%".to_owned(),
        referer: "https://h/f?a=1".to_owned(),
    }
}

/// The fields of form text as another implementation decodes them.
fn decoded(form: &str) -> Vec<(String, String)> {
    let fields = node("output = [...new URLSearchParams(input)]", &json!(form));
    serde_json::from_value(fields).expect("pairs")
}

fn md5(content: &str) -> String {
    let line = String::from_utf8(openssl(&["dgst", "-md5", "-r"], content.as_bytes())).expect("hex");
    line[..32].to_owned()
}

/// What is sent is `mac_content` without PUB, and its MAC.
fn assert_sent(form: &str, mac_content: &str) {
    let fields = decoded(form);
    let sent: Vec<String> = fields.iter().map(|(name, value)| format!("{name}={value}")).collect();
    let expected: Vec<&str> = mac_content.split('&').filter(|field| !field.starts_with("PUB=")).collect();
    assert_eq!(sent[..sent.len() - 1], expected);
    assert_eq!(sent.last(), Some(&format!("MAC={}", md5(mac_content))));
}

const KEY: &str = PUBLISHED[0].0;

#[test]
fn orders_carry_the_mac_that_openssl_makes_of_them() {
    let counter = counter_of(&KEY.to_uppercase());
    let head = "MERCHANTID=105000000000001&POSID=000000001&BRANCHID=110000000&ORDERID=F20260101001&PAYMENT=206.05&CURCODE=01";
    let tail = &KEY[KEY.len() - 30..];
    let qr = ccb::qr_order(&counter, &order()).expect("an order");
    let content = format!("{head}&TXCODE=530550&REMARK1=zt 1&REMARK2=&RETURNTYPE=3&TIMEOUT=&PUB={tail}");
    assert_sent(&qr, &content);
    // 2026-01-01T00:00:00Z is eight in the morning in Shanghai.
    let timed = Order { expires_at_ms: Some(1_767_225_600_999), fen: 5, ..order() };
    let qr = ccb::qr_order(&counter, &timed).expect("an order");
    let content = content.replace("TIMEOUT=", "TIMEOUT=20260101080000").replace("206.05", "0.05");
    assert_sent(&qr, &content);

    let escaped = node("output = escape(input)", &json!(page().proinfo));
    let escaped = escaped.as_str().expect("text");
    assert_eq!(escaped, "%u7F5A%u6B3E%20%E9+50%25");
    let h5 = ccb::h5_order(&counter, &order(), &page()).expect("an order");
    let content = format!(
        "{head}&TXCODE=520100&REMARK1=zt 1&REMARK2=&TYPE=1&PUB={tail}&GATEWAY=W1&CLIENTIP=192.0.2.1&REGINFO=&PROINFO={escaped}&REFERER=https://h/f?a=1"
    );
    assert_sent(&h5, &content);
    let h5 = ccb::h5_order(&counter, &timed, &page()).expect("an order");
    assert_sent(&h5, &format!("{}&TIMEOUT=20260101080000", content.replace("206.05", "0.05")));
}

#[test]
fn a_query_sends_the_password_but_its_mac_does_not_hold_it() {
    let counter = counter_of(KEY);
    for (settled, kind, status) in [(false, "0", "3"), (true, "1", "1")] {
        let query = ccb::query(&counter, "F1", settled).expect("a query");
        let sent = decoded(&query);
        let password = sent.iter().find(|(name, _)| name == "QUPWD").map(|(_, value)| value.as_str());
        assert_eq!(password, Some("pass word&1"));
        let content = format!(
            "MERCHANTID=105000000000001&BRANCHID=110000000&POSID=000000001&ORDERDATE=&BEGORDERTIME=&ENDORDERTIME=&ORDERID=F1&QUPWD=&TXCODE=410408&TYPE=0&KIND={kind}&STATUS={status}&SEL_TYPE=3&PAGE=1&OPERATOR=&CHANNEL="
        );
        assert_sent(&query.replace("pass%20word%261", ""), &content);
    }
}

#[test]
fn an_order_that_could_be_read_in_two_ways_is_refused() {
    let counter = counter_of(KEY);
    let malformed = Err(Refusal::Malformed.into());
    let long = "1".repeat(31);
    for bad in [
        Order { order_id: String::new(), ..order() },
        Order { order_id: long.clone(), ..order() },
        Order { order_id: "F1&PAYMENT=0.01".to_owned(), ..order() },
        Order { order_id: "F-1".to_owned(), ..order() },
        Order { fen: 0, ..order() },
        Order { fen: u64::MAX, ..order() },
        Order { remark1: long, ..order() },
        Order { remark1: "a&b".to_owned(), ..order() },
        Order { remark2: "a=b".to_owned(), ..order() },
        Order { remark2: "罚".to_owned(), ..order() },
        Order { expires_at_ms: Some(u64::MAX), ..order() },
    ] {
        assert_eq!(ccb::qr_order(&counter, &bad), malformed, "{bad:?}");
        assert_eq!(ccb::h5_order(&counter, &bad, &page()), malformed, "{bad:?}");
    }
    for bad in [
        PayerPage { gateway: String::new(), ..page() },
        PayerPage { gateway: "W1&PAYMENT=0.01".to_owned(), ..page() },
        PayerPage { client_ip: "1\n2".to_owned(), ..page() },
        PayerPage { referer: "https://h/f?a=1&b=2".to_owned(), ..page() },
        PayerPage { proinfo: "罚".repeat(86), ..page() },
    ] {
        assert_eq!(ccb::h5_order(&counter, &order(), &bad), malformed, "{bad:?}");
    }
    for order_id in ["", "F1&KIND=1", "F 1"] {
        assert_eq!(ccb::query(&counter, order_id, false), malformed);
    }
}

#[test]
fn an_unusable_variable_is_refused_without_showing_the_password() {
    let keys = Keys::new(&["long"]);
    keys.generate("short", &["rsa_keygen_bits:1016"]);
    let mut bad = vec![
        String::new(),
        "[]".to_owned(),
        variable("").to_string(),
        variable(&KEY[1..]).to_string(),
        variable(&KEY[2..]).to_string(),
        variable(&KEY[..KEY.len() - 2]).to_string(),
        variable(&format!("{KEY}00")).to_string(),
        variable(&hex(&keys.public("long"))).to_string(),
        variable(&hex(&keys.public("short"))).to_string(),
        variable(&hex(&keys.private("long"))).to_string(),
    ];
    for (name, value) in [
        ("merchant_id", json!("")),
        ("merchant_id", json!(105_000_000_000_001_u64)),
        ("pos_id", json!("1&2")),
        ("branch_id", Value::Null),
        ("query_password", json!("")),
        ("more", json!(1)),
    ] {
        let mut changed = variable(KEY);
        changed[name] = value;
        bad.push(changed.to_string());
    }
    for text in bad {
        let Err(Fault::Misconfigured(defect)) = Counter::parse(&text) else { panic!("accepted: {text}") };
        assert!(defect.starts_with("ccb: ") && !defect.contains("pass word"), "{defect}");
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
