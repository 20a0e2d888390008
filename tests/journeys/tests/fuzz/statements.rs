//! What payment providers put their days into.

use crate::{NOW, Target};
use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::json;
use std::io::Write as _;
use zerotrip_bills as bills;
use zerotrip_domain::{Day, day};
use zerotrip_journeys::town::merchant;
use zerotrip_sandbox::Config;
use zerotrip_sandbox::alipay::archive::{self, Member};
use zerotrip_sandbox::alipay::details_of;

pub fn targets() -> Vec<Target> {
    let day = Day::parse("2026-11-24").expect("a day");
    let titles = "交易时间,公众账号ID,商户号,特约商户号,设备号,微信订单号,商户订单号,用户标识,交易类型,交易状态,付款银行,货币种类,应结订单金额,代金券金额,微信退款单号,商户退款单号,退款金额,充值券退款金额,退款类型,退款状态,商品名称,商户数据包,手续费,费率,订单金额,申请退款金额,费率备注";
    let row = "`2026-11-24 10:00:00,`wx1,`1900000001,`0,`,`4200000001,`F1,`o-1,`MWEB,`SUCCESS,`OTHERS,`CNY,`200.00,`0.00,`0,`0,`0.00,`0.00,`,`,`罚款,`,`0.00000,`0.00%,`200.00,`0.00,`";
    let totals =
        "总交易单数,应结订单总金额,退款总金额,充值券退款总金额,手续费总金额,订单总金额,申请退款总金额";
    let bill =
        format!("\u{feff}{titles}\r\n{row}\r\n{totals}\r\n`1,`200.00,`0.00,`0.00,`0.00000,`200.00,`0.00\r\n");
    let wanted = bills::wechat_pay::Wanted { app_id: "wx1", mch_id: "1900000001", day };
    let seed = gzipped(bill.as_bytes());
    let whole = bills::wechat_pay::read(&seed, wanted, |_| {}).expect("a bill");
    assert_eq!(whole.entries.len(), 1);
    let seller_id = "2088000000000001";
    let ours = bills::alipay::Wanted { seller_id, day };
    let details = alipay_details(seller_id);
    let archive = zipped(&details);
    let archived = bills::alipay::read(&archive, ours).expect("a bill");
    assert_eq!(archived.totals().refunds, 2);
    let bank = ccb_file();
    assert_eq!(bills::ccb::read(&bank, day).expect("a bill").entries.len(), 3);
    vec![
        // Their checksums let nothing through that was not there.
        Target::new("WeChat Pay bill", vec![seed], move |file| {
            bills::wechat_pay::read(file, wanted, |_| {}).map_or(true, |bill| bill == whole)
        }),
        Target::new("Alipay bill", vec![archive, b"PK\x05\x06".to_vec()], move |file| {
            bills::alipay::read(file, ours).map_or(true, |bill| bill == archived)
        }),
        // Packed after it was changed: what is read is what stands there.
        Target::new("WeChat Pay bill's table", vec![bill.into_bytes()], move |table| {
            bills::wechat_pay::read(&gzipped(table), wanted, |_| {}).map_or(true, |bill| stands(&bill, table))
        }),
        Target::new("Alipay bill's table", vec![details], move |table| {
            bills::alipay::read(&zipped(table), ours).map_or(true, |bill| stands(&bill, table))
        }),
        Target::new("CCB bill", vec![bank], move |file| {
            bills::ccb::read(file, day).map_or(true, |bill| stands(&bill, file))
        }),
    ]
}

/// Whether the file has every order of the bill and every whole yuan. A byte that no number has is kept as `?`.
fn stands(bill: &bills::Bill, file: &[u8]) -> bool {
    let has = |text: &str| {
        let alike =
            |bytes: &[u8]| bytes.iter().zip(text.bytes()).all(|(byte, own)| *byte == own || own == b'?');
        text.is_empty() || file.windows(text.len()).any(alike)
    };
    let whole = |fen: i64| fen >= 0 && has(&(fen / 100).to_string());
    bill.entries.iter().all(|entry| has(&entry.order) && whole(entry.amount.get()))
}

fn gzipped(text: &[u8]) -> Vec<u8> {
    let mut packed = GzEncoder::new(Vec::new(), Compression::fast());
    packed.write_all(text).and_then(|()| packed.finish()).expect("packed")
}

fn zipped(details: &[u8]) -> Vec<u8> {
    let name = "20880000000000010156_20261124_业务明细.csv".to_owned();
    archive::written(&[Member { name, bytes: details.to_vec(), at_ms: NOW as i64 }])
}

fn alipay_details(seller_id: &str) -> Vec<u8> {
    let mut theirs = merchant().theirs;
    theirs["alipay"]["seller_id"] = json!(seller_id);
    let account = Config::parse(&theirs.to_string()).expect("a configuration").alipay;
    let from = day::parse_stamp("2026-11-24 00:00:00").expect("a time");
    details_of(&account, i64::try_from(from).expect("in range"), &["F1", "F2"])
}

/// As the bank's platform gives it: GBK.
fn ccb_file() -> Vec<u8> {
    let text = "订单号|交易时间|记账日期|支付金额|退款金额|流水号|付款方式|状态\r\n\
        F1|2026-11-24 10:02:03|20261124|206.00|0.00|202611241002030123456789|WX|支付成功\r\n\
        F2|2026-11-23 23:58:00|20261124|200.00|0.00|202611232358000123456789|JH|支付成功\r\n\
        F1|2026-11-24 11:20:00|20261124|0.00|6.00|202611241120009876543210|WX|退款成功\r\n";
    encoding_rs::GBK.encode(text).0.into_owned()
}
