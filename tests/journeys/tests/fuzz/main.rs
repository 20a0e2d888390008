//! Every parser of bytes from outside, driven with arbitrary and with mutated ones: none panics, and what is accepted is what was
//! signed, or has one form only. A minute for all of them; `ZEROTRIP_FUZZ_SECONDS` makes it longer.

use flate2::Compression;
use flate2::write::GzEncoder;
use proptest::collection::vec;
use proptest::prelude::{Just, Strategy, any, prop_oneof};
use proptest::sample::Index;
use proptest::test_runner::{Config as Cases, TestCaseError, TestRunner};
use serde_json::{Value, json};
use std::io::Write as _;
use std::rc::Rc;
use std::time::{Duration, Instant};
use zerotrip_bills as bills;
use zerotrip_domain::document::{Document, Kind, Value as Part};
use zerotrip_domain::scenario::Address;
use zerotrip_domain::{CreditCode, Day, IdNumber, Phone, Plate, TypedCode, day};
use zerotrip_journeys::town::{ccb_key, merchant};
use zerotrip_sandbox::alipay::{PrivateKey, sign_notification};
use zerotrip_sandbox::wechat::{CallbackKey, Event};
use zerotrip_sandbox::{Config, ccb};
use zerotrip_signing::identity_code::{self, Content};
use zerotrip_signing::ring::Ring;
use zerotrip_signing::session::{self, Claims, Purpose};
use zerotrip_signing::wechat_pay::SignedHeaders;
use zerotrip_signing::{alipay, receipt_code, sealing, ticket_code, wechat_pay};

const NOW_S: u32 = 1_795_600_000;
const NOW: u64 = NOW_S as u64 * 1000;

/// Whether a parser keeps its word about these bytes.
type Holds = Box<dyn Fn(&[u8]) -> bool>;

/// A parser, what it takes, and whether it has taken what it must not.
struct Target {
    name: &'static str,
    /// Well-formed ones, to be mutated.
    seeds: Vec<Vec<u8>>,
    holds: Holds,
}

impl Target {
    fn new(name: &'static str, seeds: Vec<Vec<u8>>, holds: impl Fn(&[u8]) -> bool + 'static) -> Self {
        Self { name, seeds, holds: Box::new(holds) }
    }

    /// One that takes text.
    fn text(name: &'static str, seeds: &[&str], holds: impl Fn(&str) -> bool + 'static) -> Self {
        let seeds = seeds.iter().map(|seed| seed.as_bytes().to_vec()).collect();
        Self::new(name, seeds, move |bytes| holds(&String::from_utf8_lossy(bytes)))
    }

    /// Runs it for so long; gives the number of cases.
    fn run(&self, span: Duration) -> u32 {
        const BATCH: u32 = 256;
        for seed in &self.seeds {
            assert!((self.holds)(seed), "{}: a seed", self.name);
        }
        let input = input(self.seeds.clone());
        let (begun, mut cases) = (Instant::now(), 0);
        while begun.elapsed() < span {
            let mut runner =
                TestRunner::new(Cases { cases: BATCH, failure_persistence: None, ..Cases::default() });
            let found = runner.run(&input, |bytes| {
                if (self.holds)(&bytes) {
                    Ok(())
                } else {
                    Err(TestCaseError::fail("accepted, and is not what it must be"))
                }
            });
            found.unwrap_or_else(|found| panic!("{}: {found}", self.name));
            cases += BATCH;
        }
        cases
    }
}

/// Arbitrary bytes, or a seed with a few places changed.
fn input(seeds: Vec<Vec<u8>>) -> impl Strategy<Value = Vec<u8>> {
    let arbitrary = vec(any::<u8>(), 0..400);
    if seeds.is_empty() {
        return arbitrary.boxed();
    }
    let changes = vec((0..6_u8, any::<Index>(), any::<u8>()), 0..6);
    let seed = (0..seeds.len()).prop_flat_map(move |at| Just(seeds[at].clone()));
    let mutated = (seed, changes).prop_map(|(mut bytes, changes)| {
        for (how, place, byte) in changes {
            if bytes.is_empty() {
                break;
            }
            let at = place.index(bytes.len());
            match how {
                0 => bytes[at] = byte,
                1 => bytes[at] ^= 1 << (byte % 8),
                2 => drop(bytes.remove(at)),
                3 => bytes.insert(at, byte),
                4 => bytes.truncate(at),
                // A piece twice.
                _ => {
                    let piece = bytes[at..(at + usize::from(byte)).min(bytes.len())].to_vec();
                    bytes.splice(at..at, piece);
                }
            }
        }
        bytes
    });
    prop_oneof![1 => arbitrary, 4 => mutated].boxed()
}

fn ring(name: &'static str) -> Ring {
    Ring::parse(name, &zerotrip_signing::fresh::ring().expect("randomness")).expect("a ring")
}

/// What is ours: codes, tokens, sealed fields.
fn own() -> Vec<Target> {
    let codes = ring("identity_code_keys");
    let content =
        Content { scenario: 1, documents: 1, id: [7; 16], issued_at_s: NOW_S, expires_at_s: NOW_S + 60 };
    let code = identity_code::mint(&codes, &content).expect("minted");
    let tickets = Rc::new(ring("ticket_code_keys"));
    let ticket = ticket_code::mint(&tickets, [9; 7], NOW).expect("minted");
    let order = "2026112500000000000000000001";
    let receipt = receipt_code::mint(&tickets, order, NOW).expect("minted");
    let sessions = ring("session_keys");
    let claims = Claims {
        session: [1; 16],
        principal: [2; 16],
        device: [0; 16],
        role: 0,
        level: 2,
        face_at_ms: NOW,
        generation: 0,
        issued_at_ms: NOW,
        expires_at_ms: NOW + 600_000,
    };
    let token = session::issue(&sessions, Purpose::Access, &claims).expect("a token");
    let sealings = ring("sealing_keys");
    let sealed = sealing::seal(&sealings, "t.c/1", b"plain", [3; 12], NOW).expect("sealed");
    let (its_code, its_token, its_ticket) = (code.clone(), token.clone(), ticket.clone());
    vec![
        Target::text("identity code", &[&code], move |text| {
            identity_code::check(&codes, text, 1, NOW).is_err() || text == its_code
        }),
        Target::text("ticket code", &[&ticket], {
            let tickets = tickets.clone();
            move |text| ticket_code::check(&tickets, text).map_or(true, |canonical| canonical == its_ticket)
        }),
        Target::text("receipt code", &[&receipt], move |text| {
            receipt_code::check(&tickets, text).map_or(true, |found| found == order)
        }),
        Target::text("session token", &[&token], move |text| {
            session::check(&sessions, Purpose::Access, text, NOW).is_err() || text == its_token
        }),
        Target::text("sealed field", &[&sealed], move |text| {
            sealing::open(&sealings, "t.c/1", text).map_or(true, |plain| plain == b"plain")
        }),
        Target::text("typed code", &["K7MZ-8X3R", "k7mz 8x3r"], |text| {
            text.parse::<TypedCode>().map_or(true, |code| code.as_str().parse() == Ok(code))
        }),
    ]
}

/// What people and the registry write.
fn written() -> Vec<Target> {
    let today = Day::at(NOW);
    let card = json!({ "name": "欧阳晓燕", "sex": "female", "ethnicity": "满", "birth_date": "1949-12-31",
        "address": "北京市朝阳区示例路1号", "id_number": "11010519491231002X", "valid_from": "2016-01-05", "valid_to": "long-term",
        "authority": "北京市公安局", "status": "normal" });
    let permit = json!({ "number": "C12345678", "name": "张伟", "latin_name": "ZHANG, WEI", "valid_from": "2020-01-01",
        "valid_to": "2030-01-01", "endorsements": ["HKG G 2 2026-05-10/2027-05-09"], "status": "normal" });
    let document = move |bytes: &[u8]| {
        let Ok(Value::Object(fields)) = serde_json::from_slice(bytes) else { return true };
        let part = |value: &Value| match value {
            Value::String(text) => Some(Part::Text(text.clone())),
            Value::Array(all) => {
                all.iter().map(|one| one.as_str().map(str::to_owned)).collect::<Option<_>>().map(Part::List)
            }
            _ => None,
        };
        let fields: Option<Vec<(&str, Part)>> =
            fields.iter().map(|(name, value)| Some((name.as_str(), part(value)?))).collect();
        let Some(fields) = fields else { return true };
        Kind::ALL.into_iter().all(|kind| match Document::read(kind, fields.clone(), today) {
            Err(_) => true,
            Ok(read) => {
                let again =
                    read.fields().into_iter().map(|(field, part)| (field.name(), part)).collect::<Vec<_>>();
                Document::read(kind, again, today) == Ok(read)
            }
        })
    };
    vec![
        Target::new(
            "document",
            vec![card.to_string().into_bytes(), permit.to_string().into_bytes()],
            document,
        ),
        Target::text("ID number", &["11010519491231002X", "11010519491231002x"], move |text| {
            IdNumber::parse(text, today).map_or(true, |number| number.as_str() == text.to_ascii_uppercase())
        }),
        Target::text("plate", &["吉A12345", "吉a·12345", "京AD12345"], |text| {
            text.parse::<Plate>().map_or(true, |plate| plate.as_str().parse() == Ok(plate))
        }),
        Target::text("credit code", &["91350100M000100Y43"], |text| {
            text.parse::<CreditCode>().map_or(true, |code| code.to_string() == text.to_ascii_uppercase())
        }),
        Target::text("phone", &["13812345678"], |text| {
            text.parse::<Phone>().map_or(true, |phone| phone.as_str().len() == 11)
        }),
        Target::text("address", &["长春市南关区示例街２号"], |text| {
            // Punctuation and width do not count, and counted out once they stay so.
            let Ok(Ok(address)) = text.parse().map(|text| Address::new(&text)) else { return true };
            let spaced: String = text.chars().flat_map(|c| [c, ' ']).collect();
            spaced.trim().parse().map_or(true, |spaced| Address::new(&spaced) == Ok(address))
        }),
        Target::text("times", &["2026-11-25 10:00:00", "2026-11-25T10:00:00+08:00", "2026-11-25"], |text| {
            let day = Day::parse(text).is_none_or(|day| Day::parse(&day.to_string()) == Some(day));
            let stamp = day::parse_stamp(text).is_none_or(|at| day::parse_stamp(&day::stamp(at)) == Some(at));
            day && stamp && day::parse_rfc3339(text).is_none_or(|at| at < u64::MAX)
        }),
    ]
}

/// What payment providers send.
fn providers() -> Vec<Target> {
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
    let none = b"<?xml version=\"1.0\" encoding=\"UTF-8\"?><DOCUMENT><RETURN_CODE>000000</RETURN_CODE><CURPAGE>1</CURPAGE></DOCUMENT>";
    let ccb_answer = Target::new("CCB query", vec![none.to_vec()], move |body| {
        // No order is signed here.
        zerotrip_signing::ccb::answer(&counter, body).map_or(true, |answer| answer.orders.is_empty())
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

/// What they put their days into.
fn statements() -> Vec<Target> {
    let day = Day::parse("2026-11-24").expect("a day");
    let titles = "交易时间,公众账号ID,商户号,特约商户号,设备号,微信订单号,商户订单号,用户标识,交易类型,交易状态,付款银行,货币种类,应结订单金额,代金券金额,微信退款单号,商户退款单号,退款金额,充值券退款金额,退款类型,退款状态,商品名称,商户数据包,手续费,费率,订单金额,申请退款金额,费率备注";
    let row = "`2026-11-24 10:00:00,`wx1,`1900000001,`0,`,`4200000001,`F1,`o-1,`MWEB,`SUCCESS,`OTHERS,`CNY,`200.00,`0.00,`0,`0,`0.00,`0.00,`,`,`罚款,`,`0.00000,`0.00%,`200.00,`0.00,`";
    let totals =
        "总交易单数,应结订单总金额,退款总金额,充值券退款总金额,手续费总金额,订单总金额,申请退款总金额";
    let bill =
        format!("\u{feff}{titles}\r\n{row}\r\n{totals}\r\n`1,`200.00,`0.00,`0.00,`0.00000,`200.00,`0.00\r\n");
    let mut packed = GzEncoder::new(Vec::new(), Compression::default());
    packed.write_all(bill.as_bytes()).expect("packed");
    let wanted = bills::wechat_pay::Wanted { app_id: "wx1", mch_id: "1900000001", day };
    let seed = packed.finish().expect("packed");
    let whole = bills::wechat_pay::read(&seed, wanted, |_| {}).expect("a bill");
    assert_eq!(whole.entries.len(), 1);
    vec![
        Target::new("WeChat Pay bill", vec![seed], move |file| {
            // Its checksum lets nothing through that was not there.
            bills::wechat_pay::read(file, wanted, |_| {}).map_or(true, |bill| bill == whole)
        }),
        Target::new(
            "Alipay bill",
            vec![b"PK\x03\x04\x14\0\0\0\0\0".to_vec(), b"PK\x05\x06".to_vec()],
            move |file| {
                bills::alipay::read(file, bills::alipay::Wanted { seller_id: "2088000000000001", day })
                    .is_err()
            },
        ),
        Target::new(
            "CCB bill",
            vec!["订单号|交易时间|记账日期|支付金额|退款金额|流水号|付款方式|状态\n".into()],
            move |file| bills::ccb::read(file, day).map_or(true, |bill| bill.totals().paid_fen >= 0),
        ),
    ]
}

#[test]
fn no_bytes_from_outside_make_a_parser_panic_or_accept_what_it_must_not() {
    let seconds = std::env::var("ZEROTRIP_FUZZ_SECONDS").map_or(60, |text| text.parse().expect("seconds"));
    let all: Vec<Target> = [own(), written(), providers(), statements()].into_iter().flatten().collect();
    let span = Duration::from_secs(seconds) / u32::try_from(all.len()).expect("a few");
    for target in &all {
        let cases = target.run(span);
        println!("{}: {cases} cases", target.name);
        assert!(cases > 0);
    }
}
