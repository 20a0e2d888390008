//! Certificates: the texts of Alipay's certificate mode, and the answer in which WeChat Pay announces its own.

use crate::{NOW, NOW_S, Target};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use std::rc::Rc;
use zerotrip_journeys::Merchant;
use zerotrip_journeys::town::merchant;
use zerotrip_sandbox::Config;
use zerotrip_sandbox::alipay::{PrivateKey, sign_notification};
use zerotrip_sandbox::wechat::{Account, Callback, CallbackKey, Event, KeyPair, certificate};
use zerotrip_signing::wechat_pay::SignedHeaders;
use zerotrip_signing::{alipay, fresh, wechat_pay};

pub fn targets() -> Vec<Target> {
    let merchant = merchant();
    [of_alipay(&merchant), of_wechat_pay(&merchant)].into_iter().flatten().collect()
}

/// DER of a certificate for this key, which was valid a day before and will be a day after.
fn issued(private: &str, public: &str) -> Vec<u8> {
    let pair = KeyPair { private: private.to_owned(), public: public.to_owned() };
    let (from, until) = (u64::from(NOW_S) - 86_400, u64::from(NOW_S) + 86_400);
    let issued = certificate(&pair, from, until).expect("a certificate");
    STANDARD.decode(issued["certificate"].as_str().expect("text")).expect("base64")
}

fn pem(der: &[u8]) -> String {
    let base64 = STANDARD.encode(der);
    let lines: Vec<&str> =
        base64.as_bytes().chunks(64).map(|line| std::str::from_utf8(line).expect("ASCII")).collect();
    format!("-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n", lines.join("\n"))
}

fn text<'a>(of: &'a Value, name: &str) -> &'a str {
    of[name].as_str().expect("text")
}

/// Whatever the texts hold, nobody signs in Alipay's place.
fn of_alipay(merchant: &Merchant) -> Vec<Target> {
    macro_rules! published {
        ($name:literal) => {
            include_str!(concat!("../../../../shared/signing/tests/alipay/published/", $name))
        };
    }
    let app =
        issued(text(&merchant.ours, "app_private_key"), text(&merchant.theirs["alipay"], "app_public_key"));
    let (app_pem, mut ours) = (pem(&app), merchant.ours.clone());
    ours.as_object_mut().expect("an object").remove("alipay_public_keys");
    let stranger = PrivateKey::from_base64(&fresh::rsa().expect("a pair").0).expect("a key");
    let app_id = ("app_id".to_owned(), text(&ours, "app_id").to_owned());
    let forged = sign_notification(&[app_id, ("trade_status".into(), "TRADE_SUCCESS".into())], &stranger);
    let with = move |alipay: &str, roots: &str| {
        let mut ours = ours.clone();
        ours["app_certificate"] = json!(app_pem);
        ours["alipay_certificates"] = json!([alipay]);
        ours["alipay_root_certificates"] = json!(roots);
        alipay::Merchant::parse(&ours.to_string())
    };
    let (known, roots): (&str, &str) = (published!("alipay.crt"), published!("roots.crt"));
    assert!(with(known, roots).is_ok() && with(&pem(&app), roots).is_ok());
    let holds = Rc::new(move |alipay: &str, roots: &str| {
        with(alipay, roots).map_or(true, |merchant| {
            // Its dates are read, whatever they say.
            let _ = merchant.usable(NOW);
            alipay::notification(&merchant, forged.as_bytes()).is_err()
        })
    });
    let of_der = holds.clone();
    vec![
        Target::text("certificates of Alipay", &[known, roots], move |text| {
            holds(text, roots) && holds(known, text)
        }),
        Target::new("certificate of Alipay", vec![app], move |der| {
            let pem = pem(der);
            of_der(&pem, &pem)
        }),
    ]
}

/// Whatever is announced, only what opens under our key counts, and no stranger's signature does.
fn of_wechat_pay(merchant: &Merchant) -> Vec<Target> {
    let pair = || fresh::rsa().expect("a pair");
    let account_of = |(private, public): &(String, String)| {
        let mut theirs = merchant.theirs.clone();
        let der = issued(private, public);
        theirs["wechat_pay"]["certificates"] =
            json!([{ "certificate": STANDARD.encode(&der), "private_key": private }]);
        let account = Config::parse(&theirs.to_string()).expect("a configuration").wechat_pay;
        (account.expect("an account"), der)
    };
    let ((account, der), (stranger, _)) = (account_of(&pair()), account_of(&pair()));
    let told = json!({ "out_trade_no": "F1", "trade_state": "SUCCESS" });
    let (genuine, mut forged) = (callback(&account, &told), callback(&stranger, &told));
    let serial = header(&genuine, "wechatpay-serial").to_owned();
    for (name, value) in &mut forged.headers {
        if name.eq_ignore_ascii_case("wechatpay-serial") {
            value.clone_from(&serial);
        }
    }
    let ours = wechat_pay::Merchant::parse(&merchant.wechat_pay.to_string()).expect("a variable");
    let believed = Rc::new(move |callback: &Callback, answer: &str| {
        let headers = SignedHeaders {
            timestamp: header(callback, "wechatpay-timestamp"),
            nonce: header(callback, "wechatpay-nonce"),
            serial: header(callback, "wechatpay-serial"),
            signature: header(callback, "wechatpay-signature"),
            signature_type: None,
        };
        wechat_pay::answer(&ours, headers, callback.body.as_bytes(), &[answer.to_owned()], NOW).is_ok()
    });
    let answer = move |der: &[u8]| {
        let life = (NOW as i64 - 86_400_000)..(NOW as i64 + 86_400_000);
        json!({ "data": [account.announced(&serial, &pem(der), life)] })
    };
    let seed = answer(&der);
    assert!(believed(&genuine, &seed.to_string()) && !believed(&forged, &seed.to_string()));
    let sealed = text(&seed["data"][0]["encrypt_certificate"], "ciphertext").to_owned();
    let (its_forged, of_answer) = (forged.clone(), believed.clone());
    vec![
        Target::text("certificates of WeChat Pay", &[&seed.to_string()], move |answer| {
            !of_answer(&its_forged, answer) && (!of_answer(&genuine, answer) || announces(answer, &sealed))
        }),
        Target::new("certificate of WeChat Pay", vec![der], move |der| {
            !believed(&forged, &answer(der).to_string())
        }),
    ]
}

/// Whether `sealed` stands in the answer, in whatever way its characters are escaped.
fn announces(answer: &str, sealed: &str) -> bool {
    let stands = |value: &Value| value.pointer("/encrypt_certificate/ciphertext") == Some(&json!(sealed));
    let read = serde_json::from_str::<Value>(answer).ok();
    let data = read.as_ref().and_then(|read| read["data"].as_array());
    answer.contains(sealed) || data.is_some_and(|data| data.iter().any(stands))
}

fn callback(account: &Account, told: &Value) -> Callback {
    let at = NOW as i64;
    let event = Event {
        id: "e-1",
        created_ms: at,
        event_type: "TRANSACTION.SUCCESS",
        original_type: "transaction",
        summary: "支付成功",
        resource: told,
    };
    account.callback(&event, CallbackKey::Certificate, at)
}

fn header<'a>(callback: &'a Callback, name: &str) -> &'a str {
    let mut all = callback.headers.iter();
    &all.find(|(other, _)| other.eq_ignore_ascii_case(name)).expect("a header").1
}
