//! Orders and queries.

use crate::other::{node, openssl};
use crate::{KEY, counter_of};
use serde_json::json;
use zerotrip_signing::ccb::{self, Order, PayerPage};
use zerotrip_signing::fault::Refusal;

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
