//! Signed headers and bodies in public-key mode.

use crate::{AT, KEY_ID, Message, NONCE, NOW, Other, SERIAL, check};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use zerotrip_signing::fault::Refusal;

/// What is done to a good message, and in words.
type Change<'a> = (&'a str, &'a dyn Fn(&mut Message));

#[test]
fn a_message_that_wechat_pay_did_not_sign_is_refused() {
    let other = Other::new();
    let merchant = other.merchant();
    let good = other.signed("wechat", KEY_ID, AT, br#"{"prepay_id":"wx201410272009395522657a690389285100"}"#);
    assert_eq!(check(&merchant, &good, &[], NOW), Ok(()));
    let sha1 = [format!("{AT}\n{NONCE}\n").as_bytes(), &good.body, b"\n"].concat();
    let sha1 = STANDARD.encode(other.keys.sign("wechat", "-sha1", &sha1));
    let probe = format!("WECHATPAY/SIGNTEST/{}", &good.signature[19..]);
    let forged: &[Change<'_>] = &[
        ("a probe", &|m| m.signature = probe.clone()),
        ("a bare probe", &|m| m.signature = "WECHATPAY/SIGNTEST/".to_owned()),
        ("SHA-1", &|m| m.signature = sha1.clone()),
        ("another key", &|m| m.signature = other.signed("stranger", KEY_ID, AT, &good.body).signature),
        ("another of our keys", &|m| m.serial = "PUB_KEY_ID_2".to_owned()),
        ("an empty signature", &|m| m.signature.clear()),
        ("a truncated signature", &|m| m.signature.truncate(100)),
        ("no base64", &|m| m.signature.insert(7, '!')),
        ("base64 without its end", &|m| m.signature = m.signature.trim_end_matches('=').to_owned()),
        ("a line break after it", &|m| m.signature.push('\n')),
        ("another second", &|m| m.timestamp = (AT + 1).to_string()),
        ("a zero before the time", &|m| m.timestamp.insert(0, '0')),
        ("another nonce", &|m| m.nonce.replace_range(..1, "x")),
        ("a byte more", &|m| m.body.push(b' ')),
        ("a byte less", &|m| m.body.truncate(m.body.len() - 1)),
        ("no body", &|m| m.body.clear()),
        ("another algorithm", &|m| m.signature_type = Some("WECHATPAY2-SM2-WITH-SM3".to_owned())),
        ("an empty algorithm", &|m| m.signature_type = Some(String::new())),
    ];
    for (what, change) in forged {
        assert_eq!(check(&merchant, &good.with(change), &[], NOW), Err(Refusal::Forged.into()), "{what}");
    }
    for at in 0..good.body.len() {
        let changed = good.with(|m| m.body[at] ^= 1);
        assert_eq!(check(&merchant, &changed, &[], NOW), Err(Refusal::Forged.into()), "byte {at}");
    }
    for serial in ["PUB_KEY_ID_3", "PUB_KEY_ID_", SERIAL, "", &KEY_ID.to_lowercase()] {
        let changed = good.with(|m| m.serial = serial.to_owned());
        assert_eq!(check(&merchant, &changed, &[], NOW), Err(Refusal::UnknownKey.into()), "{serial}");
    }
}

#[test]
fn headers_that_are_none_are_malformed() {
    let other = Other::new();
    let merchant = other.merchant();
    let good = other.signed("wechat", KEY_ID, AT, b"{}");
    let malformed: &[Change<'_>] = &[
        ("no time", &|m| m.timestamp.clear()),
        ("a time with a sign", &|m| m.timestamp.insert(0, '+')),
        ("a time in ms", &|m| m.timestamp.push_str(".0")),
        ("a time beyond numbers", &|m| m.timestamp.push_str("99999999999")),
        ("no nonce", &|m| m.nonce.clear()),
        ("a long nonce", &|m| m.nonce = "x".repeat(129)),
        ("a nonce of other letters", &|m| m.nonce = "罚".to_owned()),
        ("a large body", &|m| m.body = vec![b' '; 64 * 1024 + 1]),
    ];
    for (what, change) in malformed {
        let changed = good.with(change);
        assert_eq!(check(&merchant, &changed, &[], NOW), Err(Refusal::Malformed.into()), "{what}");
    }
}

/// The signed text of nonce `a` and body `b⏎c` is that of nonce `a⏎b` and body `c`.
#[test]
fn bytes_do_not_move_from_the_body_to_the_nonce() {
    let other = Other::new();
    let good = other.signed("wechat", KEY_ID, AT, b"first\nsecond");
    assert_eq!(check(&other.merchant(), &good, &[], NOW), Ok(()));
    let moved = good.with(|m| {
        m.nonce.push_str("\nfirst");
        m.body = b"second".to_vec();
    });
    assert_eq!(check(&other.merchant(), &moved, &[], NOW), Err(Refusal::Malformed.into()));
}

#[test]
fn a_message_is_good_for_less_than_five_minutes_either_way() {
    let other = Other::new();
    let merchant = other.merchant();
    let empty = other.signed("wechat", KEY_ID, AT, b"").with(|m| m.signature_type = None);
    for (now_ms, expected) in [
        (NOW, Ok(())),
        (NOW + 299_999, Ok(())),
        (NOW - 299_000, Ok(())),
        (NOW + 300_000, Err(Refusal::Expired.into())),
        (NOW - 300_000, Err(Refusal::Expired.into())),
        (NOW + 86_400_000, Err(Refusal::Expired.into())),
        (0, Err(Refusal::Expired.into())),
        (u64::MAX, Err(Refusal::Expired.into())),
    ] {
        assert_eq!(check(&merchant, &empty, &[], now_ms), expected, "{now_ms}");
    }
}
