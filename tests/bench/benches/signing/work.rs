//! The rows: one operation, natively and in the component, on the same input and keys.

use crate::component::Signing;
use crate::component::interfaces as wit;
use anyhow::{Context, Result};
use serde_json::json;
use std::cell::RefCell;
use std::collections::HashMap;
use zerotrip_journeys::town;
use zerotrip_sandbox::alipay::{PrivateKey, sign_notification};
use zerotrip_sandbox::wechat::{CallbackKey, Event};
use zerotrip_sandbox::{Config, ccb as bank};
use zerotrip_signing::ring::{self, Ring};
use zerotrip_signing::{
    alipay, audit, ccb, fresh, identity_code, index, password, receipt_code, sealing, session, ticket_code,
    wechat_pay,
};

/// 2026-01-01T00:00:00Z.
const NOW_MS: u64 = 1_767_225_600_000;
const PASSWORD: &str = "correct horse battery";
const ORDER: &str = "20260101a1b2c3d4e5f60718293a";

/// Takes a row: its name, and the work on either side.
pub type Measure<'a> = dyn FnMut(&'static str, &mut dyn FnMut(), &mut dyn FnMut()) + 'a;

/// Hands every row to `measure`. A side that refuses its input ends the run.
pub fn all(measure: &mut Measure<'_>) -> Result<()> {
    let merchant = town::merchant();
    let values = HashMap::from([
        ("session_keys", fresh::ring()?),
        ("ticket_code_keys", fresh::ring()?),
        ("identity_code_keys", fresh::ring()?),
        ("sealing_keys", fresh::ring()?),
        ("audit_keys", fresh::ring()?),
        ("index_key", fresh::single()?),
        ("alipay", merchant.ours.to_string()),
        ("wechat_pay", merchant.wechat_pay.to_string()),
        ("ccb", merchant.ccb.to_string()),
    ]);
    let rings = |name| Ring::parse(name, &values[name]);
    let (sessions, tickets, seals) =
        (&rings("session_keys")?, &rings("ticket_code_keys")?, &rings("sealing_keys")?);
    let (identity, trail) = (&rings("identity_code_keys")?, &rings("audit_keys")?);
    let index_key = &ring::single("index_key", &values["index_key"])?;
    let our_alipay = &alipay::Merchant::parse(&values["alipay"])?;
    let our_wechat = &wechat_pay::Merchant::parse(&values["wechat_pay"])?;
    let counter = &ccb::Counter::parse(&values["ccb"])?;
    let signing = &RefCell::new(Signing::start(values)?);

    // The work in the component, and what it must answer.
    macro_rules! wasm {
        ($interface:ident.$call:ident($($argument:expr),*)) => {
            || {
                let Signing { store, exports } = &mut *signing.borrow_mut();
                let answer = exports.$interface().$call(store, $($argument),*).expect("it does not trap");
                std::hint::black_box(answer.expect("it does not refuse"));
            }
        };
    }
    macro_rules! native {
        ($work:expr) => {
            || {
                std::hint::black_box($work.expect("it does not refuse"));
            }
        };
    }

    let claims = session::Claims {
        session: [1; 16],
        principal: [2; 16],
        device: [0; 16],
        role: 0,
        level: 2,
        face_at_ms: NOW_MS,
        generation: 1,
        issued_at_ms: NOW_MS,
        expires_at_ms: NOW_MS + 600_000,
    };
    let wit_claims = wit::session_issue::Claims {
        session: (1, 1),
        principal: (2, 2),
        device: (0, 0),
        role: wit::session_claims::Role::Citizen,
        level: 2,
        face_at_ms: NOW_MS,
        generation: 1,
        issued_at_ms: NOW_MS,
        expires_at_ms: NOW_MS + 600_000,
    };
    let access = wit::session_issue::Purpose::Access;
    measure(
        "session token issued",
        &mut native!(session::issue(sessions, session::Purpose::Access, &claims)),
        &mut wasm!(zerotrip_signing_session_issue.call_issue(access, wit_claims)),
    );
    let token = session::issue(sessions, session::Purpose::Access, &claims)?;
    measure(
        "session token checked",
        &mut native!(session::check(sessions, session::Purpose::Access, &token, NOW_MS)),
        &mut wasm!(zerotrip_signing_session_check.call_check(access, &token, NOW_MS)),
    );
    let issued_at_s = u32::try_from(NOW_MS / 1000)?;
    let shown = identity_code::Content {
        scenario: 1,
        documents: 1,
        id: [4; 16],
        issued_at_s,
        expires_at_s: issued_at_s + 60,
    };
    let wit_shown = wit::identity_code_mint::Content {
        scenario: 1,
        documents: 1,
        id: (4, 4),
        issued_at_s,
        expires_at_s: issued_at_s + 60,
    };
    measure(
        "identity code minted",
        &mut native!(identity_code::mint(identity, &shown)),
        &mut wasm!(zerotrip_signing_identity_code_mint.call_mint(wit_shown)),
    );
    let code = identity_code::mint(identity, &shown)?;
    measure(
        "identity code checked",
        &mut native!(identity_code::check(identity, &code, 1, NOW_MS)),
        &mut wasm!(zerotrip_signing_identity_code_check.call_check(&code, 1, NOW_MS)),
    );
    measure(
        "ticket code minted",
        &mut native!(ticket_code::mint(tickets, [7; 7], NOW_MS)),
        &mut wasm!(zerotrip_signing_ticket_code_mint.call_mint(NOW_MS)),
    );
    let code = ticket_code::mint(tickets, [7; 7], NOW_MS)?;
    measure(
        "ticket code checked",
        &mut native!(ticket_code::check(tickets, &code)),
        &mut wasm!(zerotrip_signing_ticket_code_check.call_check(&code)),
    );
    measure(
        "receipt code minted",
        &mut native!(receipt_code::mint(tickets, ORDER, NOW_MS)),
        &mut wasm!(zerotrip_signing_receipt_code.call_mint(ORDER, NOW_MS)),
    );
    let receipt = receipt_code::mint(tickets, ORDER, NOW_MS)?;
    measure(
        "receipt code checked",
        &mut native!(receipt_code::check(tickets, &receipt)),
        &mut wasm!(zerotrip_signing_receipt_code.call_check(&receipt)),
    );
    let line = b"a line of the audit trail, of which a digest is kept";
    measure(
        "audit line's digest",
        &mut native!(audit::digest(trail, line, NOW_MS)),
        &mut wasm!(zerotrip_signing_audit.call_digest(line, NOW_MS)),
    );
    let plain = "长春市南关区某街某号".as_bytes();
    measure(
        "field sealed",
        &mut native!(sealing::seal(seals, "t/c/1", plain, [9; 12], NOW_MS)),
        &mut wasm!(zerotrip_signing_sealing.call_seal("t/c/1", plain, NOW_MS)),
    );
    let sealed = sealing::seal(seals, "t/c/1", plain, [9; 12], NOW_MS)?;
    measure(
        "field opened",
        &mut native!(sealing::open(seals, "t/c/1", &sealed)),
        &mut wasm!(zerotrip_signing_sealing.call_open("t/c/1", &sealed)),
    );
    measure(
        "blind index",
        &mut native!(Some(index::index(index_key, "phone", "13812345678"))),
        &mut wasm!(zerotrip_signing_blind_index.call_index("phone", "13812345678")),
    );
    measure(
        "password hashed (Argon2id)",
        &mut native!(password::hash(PASSWORD, [3; 16])),
        &mut wasm!(zerotrip_signing_passwords.call_hash(PASSWORD)),
    );

    let parameters =
        [("biz_content".to_owned(), r#"{"out_trade_no":"1","total_amount":"200.00"}"#.to_owned())];
    let method = "alipay.trade.query";
    measure(
        "Alipay call signed",
        &mut native!(alipay::sign(our_alipay, method, &parameters, NOW_MS)),
        &mut wasm!(zerotrip_signing_alipay_request.call_sign(method, &parameters, NOW_MS)),
    );
    let fields = [("out_trade_no", "1"), ("total_amount", "200.00"), ("trade_status", "TRADE_SUCCESS")]
        .map(|(name, value)| (name.to_owned(), value.to_owned()));
    let key = merchant.theirs["alipay"]["private_key"].as_str().context("no key")?;
    let notification = sign_notification(&fields, &PrivateKey::from_base64(key)?).into_bytes();
    measure(
        "Alipay notification verified",
        &mut native!(alipay::notification(our_alipay, &notification)),
        &mut wasm!(zerotrip_signing_alipay_verify.call_notification(&notification)),
    );

    let (target, body) = ("/v3/pay/transactions/h5", r#"{"out_trade_no":"1","amount":{"total":20000}}"#);
    measure(
        "WeChat Pay call signed",
        &mut native!(wechat_pay::sign(our_wechat, "POST", target, body, [5; 16], NOW_MS)),
        &mut wasm!(zerotrip_signing_wechat_pay_request.call_sign("POST", target, body, NOW_MS)),
    );
    let prepaid = "wx201410272009395522657a690389285100";
    measure(
        "WeChat Pay called up in a page",
        &mut native!(wechat_pay::call_up(our_wechat, prepaid, [5; 16], NOW_MS)),
        &mut wasm!(zerotrip_signing_wechat_pay_request.call_call_up(prepaid, NOW_MS)),
    );
    let now = i64::try_from(NOW_MS)?;
    let event = Event {
        id: "EV-1",
        created_ms: now,
        event_type: "TRANSACTION.SUCCESS",
        original_type: "transaction",
        summary: "支付成功",
        resource: &json!({ "out_trade_no": "1", "trade_state": "SUCCESS", "amount": { "total": 20000 } }),
    };
    let config = Config::parse(&merchant.theirs.to_string())?;
    let account = config.wechat_pay.context("no account at WeChat Pay")?;
    let callback = account.callback(&event, CallbackKey::PublicKey, now);
    let header = |wanted: &str| {
        let found = callback.headers.iter().find(|(name, _)| name.eq_ignore_ascii_case(wanted));
        found.map(|(_, value)| value.clone()).with_context(|| format!("no {wanted}"))
    };
    let headers = wit::wechat_pay_verify::SignedHeaders {
        timestamp: header("Wechatpay-Timestamp")?,
        nonce: header("Wechatpay-Nonce")?,
        serial: header("Wechatpay-Serial")?,
        signature: header("Wechatpay-Signature")?,
        signature_type: None,
    };
    let native_headers = wechat_pay::SignedHeaders {
        timestamp: &headers.timestamp,
        nonce: &headers.nonce,
        serial: &headers.serial,
        signature: &headers.signature,
        signature_type: None,
    };
    let bytes = callback.body.as_bytes();
    measure(
        "WeChat Pay notification verified and opened",
        &mut native!(wechat_pay::notification(our_wechat, native_headers, bytes, &[], NOW_MS)),
        &mut wasm!(zerotrip_signing_wechat_pay_verify.call_notification(&headers, bytes, &[], NOW_MS)),
    );

    let order = ccb::Order {
        order_id: "1".into(),
        fen: 20_000,
        remark1: String::new(),
        remark2: String::new(),
        expires_at_ms: None,
    };
    let wit_order = wit::ccb_request::Order {
        order_id: "1".into(),
        fen: 20_000,
        remark1: String::new(),
        remark2: String::new(),
        expires_at_ms: None,
    };
    measure(
        "CCB order with its MAC",
        &mut native!(ccb::qr_order(counter, &order)),
        &mut wasm!(zerotrip_signing_ccb_request.call_qr_order(&wit_order)),
    );
    let own = |name: &str| merchant.ccb[name].as_str().unwrap_or_default().to_owned();
    let fields = [
        ("POSID", own("pos_id")),
        ("BRANCHID", own("branch_id")),
        ("ORDERID", "1".to_owned()),
        ("PAYMENT", "200.00".to_owned()),
        ("CURCODE", "01".to_owned()),
        ("REMARK1", String::new()),
        ("REMARK2", String::new()),
        ("ACC_TYPE", "12".to_owned()),
        ("SUCCESS", "Y".to_owned()),
        ("ACCDATE", "20260101".to_owned()),
    ]
    .map(|(name, value)| (name.to_owned(), value));
    let callback = bank::sign_callback(&fields, town::ccb_key()).into_bytes();
    measure(
        "CCB callback verified",
        &mut native!(ccb::notification(counter, &callback)),
        &mut wasm!(zerotrip_signing_ccb_verify.call_notification(&callback)),
    );
    Ok(())
}
