//! What payment providers send.

use crate::{NOW, Target};
use serde_json::{Value, json};
use zerotrip_journeys::town::{ccb_key, merchant};
use zerotrip_sandbox::alipay::{PrivateKey, sign_notification};
use zerotrip_sandbox::wechat::{CallbackKey, Event};
use zerotrip_sandbox::{Config, ccb};
use zerotrip_signing::wechat_pay::SignedHeaders;
use zerotrip_signing::{alipay, wechat_pay};

pub fn targets() -> Vec<Target> {
    let merchant = merchant();
    let text = |of: &Value, name: &str| of[name].as_str().expect("text").to_owned();
    let sorted = |mut fields: Vec<(String, String)>| {
        fields.sort();
        fields
    };

    let ours = alipay::Merchant::parse(&merchant.ours.to_string()).expect("a variable");
    let told = [
        ("notify_id", "n-1"),
        ("app_id", &text(&merchant.ours, "app_id")),
        ("charset", "utf-8"),
        ("out_trade_no", "F1"),
        ("subject", "交通违法罚款 100%+1"),
        ("total_amount", "206.00"),
        ("trade_status", "TRADE_SUCCESS"),
    ];
    let told: Vec<(String, String)> = told.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec();
    let key = PrivateKey::from_base64(&text(&merchant.theirs["alipay"], "private_key")).expect("a key");
    let notified = sign_notification(&told, &key);
    let told = sorted(told);
    let alipay_notification = Target::new("Alipay notification", vec![notified.into_bytes()], move |body| {
        alipay::notification(&ours, body).map_or(true, |fields| sorted(fields) == told)
    });
    let ours = alipay::Merchant::parse(&merchant.ours.to_string()).expect("a variable");
    let answer =
        br#"{"alipay_trade_query_response":{"code":"10000","msg":"Success"},"sign":"AAAA"}"#.to_vec();
    let alipay_answer = Target::new("Alipay answer", vec![answer], move |body| {
        alipay::answer(&ours, "alipay.trade.query", body).is_err()
    });

    let counter = zerotrip_signing::ccb::Counter::parse(&merchant.ccb.to_string()).expect("a variable");
    let fields = [
        ("POSID", text(&merchant.ccb, "pos_id")),
        ("BRANCHID", text(&merchant.ccb, "branch_id")),
        ("ORDERID", "202611240000000000001".to_owned()),
        ("PAYMENT", "200.00".to_owned()),
        ("CURCODE", "01".to_owned()),
        ("REMARK1", String::new()),
        ("REMARK2", String::new()),
        ("ACC_TYPE", "12".to_owned()),
        ("SUCCESS", "Y".to_owned()),
        ("ACCDATE", "20261124".to_owned()),
    ];
    let fields: Vec<(String, String)> = fields.map(|(name, value)| (name.to_owned(), value)).to_vec();
    let callback = ccb::sign_callback(&fields, ccb_key());
    let fields = sorted(fields);
    let ccb_callback = Target::new("CCB callback", vec![callback.into_bytes()], move |body| {
        zerotrip_signing::ccb::notification(&counter, body).map_or(true, |got| sorted(got) == fields)
    });
    let counter = zerotrip_signing::ccb::Counter::parse(&merchant.ccb.to_string()).expect("a variable");
    let own = |name: &str| text(&merchant.ccb, name);
    let order = [
        ("MERCHANTID", own("merchant_id")),
        ("BRANCHID", own("branch_id")),
        ("POSID", own("pos_id")),
        ("ORDERID", "202611240000000000001".to_owned()),
        ("ORDERDATE", "20261124103000".to_owned()),
        ("ACCDATE", "20261124".to_owned()),
        ("AMOUNT", "200.00".to_owned()),
        ("STATUSCODE", "1".to_owned()),
        ("STATUS", "成功".to_owned()),
        ("REFUND", "0.00".to_owned()),
    ];
    let order: Vec<(String, String)> = order.map(|(name, value)| (name.to_owned(), value)).to_vec();
    let signed = ccb::sign_callback(&order, ccb_key());
    let sign = ("SIGN".to_owned(), signed.rsplit('=').next().expect("a signature").to_owned());
    let fields: String =
        order.iter().chain([&sign]).map(|(name, value)| format!("<{name}>{value}</{name}>")).collect();
    let found = format!(
        "\n\n<?xml version=\"1.0\" encoding=\"UTF-8\" ?>\n<DOCUMENT><RETURN_CODE>000000</RETURN_CODE><CURPAGE>1</CURPAGE>\
         <QUERYORDER>{fields}</QUERYORDER></DOCUMENT>\n"
    );
    let read = zerotrip_signing::ccb::answer(&counter, found.as_bytes()).expect("the bank's answer");
    assert_eq!(read.orders, [order]);
    let none = b"<?xml version=\"1.0\" encoding=\"UTF-8\"?><DOCUMENT><RETURN_CODE>000000</RETURN_CODE><CURPAGE>1</CURPAGE></DOCUMENT>";
    let ccb_answer = Target::new("CCB query", vec![found.into_bytes(), none.to_vec()], move |body| {
        // Whatever orders there are, it is this one.
        zerotrip_signing::ccb::answer(&counter, body)
            .map_or(true, |answer| answer.orders.iter().all(|order| *order == read.orders[0]))
    });

    let ours = wechat_pay::Merchant::parse(&merchant.wechat_pay.to_string()).expect("a variable");
    let account = Config::parse(&merchant.theirs.to_string()).expect("a configuration").wechat_pay;
    let resource = json!({ "out_trade_no": "F1", "trade_state": "SUCCESS" });
    let event = Event {
        id: "e-1",
        created_ms: NOW as i64,
        event_type: "TRANSACTION.SUCCESS",
        original_type: "transaction",
        summary: "支付成功",
        resource: &resource,
    };
    let sent = account.expect("an account").callback(&event, CallbackKey::PublicKey, NOW as i64);
    // Headers and body in one: lines, the body last.
    let names = ["timestamp", "nonce", "serial", "signature"];
    let header = |name: &str| {
        let wanted = format!("wechatpay-{name}");
        let mut all = sent.headers.iter();
        all.find(|(name, _)| name.eq_ignore_ascii_case(&wanted)).expect("a header").1.clone()
    };
    let whole = format!("{}\n{}", names.map(header).join("\n"), sent.body);
    let told = resource.to_string();
    let wechat = Target::text("WeChat Pay notification", &[&whole], move |text| {
        let parts: Vec<&str> = text.splitn(5, '\n').collect();
        let [timestamp, nonce, serial, signature, body] = parts[..] else { return true };
        let headers = SignedHeaders { timestamp, nonce, serial, signature, signature_type: None };
        let opened = wechat_pay::notification(&ours, headers, body.as_bytes(), &[], NOW);
        opened.ok().is_none_or(|opened| opened.id == "e-1" && opened.resource == told)
    });
    vec![alipay_notification, alipay_answer, ccb_callback, ccb_answer, wechat]
}
