//! Answers to queries.

use crate::{counter, keys, sign};
use zerotrip_signing::ccb::{self, QueryAnswer};
use zerotrip_signing::fault::Refusal;

pub fn order_text(status: &str) -> String {
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

pub fn document(code: &str, orders: &str) -> String {
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
