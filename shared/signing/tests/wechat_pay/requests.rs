//! Our calls, the call-up and the way to the payer's openid.

use crate::other::node;
use crate::{AT, NOW, Other, SERIAL};
use serde_json::json;
use zerotrip_signing::fault::Refusal;
use zerotrip_signing::wechat_pay;

#[test]
fn openssl_verifies_our_calls_over_their_five_lines() {
    let other = Other::new();
    let target = "/v3/pay/transactions/out-trade-no/F1%2F2?mchid=1900000001";
    let body = "{\"description\":\"罚款\"}\n";
    let call =
        wechat_pay::sign(&other.merchant(), "POST", target, body, [0xab; 16], NOW + 999).expect("signed");
    assert_eq!(call.serial.as_deref(), Some("PUB_KEY_ID_2"), "the first configured");
    let nonce = "AB".repeat(16);
    let head = format!(
        "WECHATPAY2-SHA256-RSA2048 mchid=\"1900000001\",nonce_str=\"{nonce}\",timestamp=\"{AT}\",serial_no=\"{SERIAL}\",signature=\""
    );
    let signature = call.authorization.strip_prefix(&head).and_then(|rest| rest.strip_suffix('"'));
    let signature = signature.unwrap_or_else(|| panic!("{}", call.authorization));
    other.keys.verify("merchant", signature, &format!("POST\n{target}\n{AT}\n{nonce}\n{body}\n"));

    let get = wechat_pay::sign(&other.certificate_merchant(), "GET", "/v3/certificates", "", [0; 16], NOW);
    let get = get.expect("signed");
    assert_eq!(get.serial, None, "certificate mode");
    let signature = get.authorization.split('"').nth(9).expect("the fifth value");
    let nonce = "0".repeat(32);
    other.keys.verify("merchant", signature, &format!("GET\n/v3/certificates\n{AT}\n{nonce}\n\n"));
}

#[test]
fn a_call_whose_lines_could_shift_is_refused() {
    let merchant = Other::new().merchant();
    for (method, target) in [
        ("", "/v3/certificates"),
        ("get", "/v3/certificates"),
        ("GET\n/a", "/v3/certificates"),
        ("GET", ""),
        ("GET", "v3/certificates"),
        ("GET", "https://api.mch.weixin.qq.com/v3/certificates"),
        ("GET", "/v3/a\n0\n0\n"),
        ("GET", "/v3/a b"),
        ("GET", "/v3/罚"),
    ] {
        let refused = wechat_pay::sign(&merchant, method, target, "", [0; 16], NOW);
        assert_eq!(refused, Err(Refusal::Malformed.into()), "{method:?} {target:?}");
    }
    for prepay_id in ["", "wx1\nx", "wx 1", &"x".repeat(65)] {
        let refused = wechat_pay::call_up(&merchant, prepay_id, [0; 16], NOW);
        assert_eq!(refused, Err(Refusal::Malformed.into()), "{prepay_id:?}");
    }
}

#[test]
fn openssl_verifies_what_calls_the_payment_up() {
    let other = Other::new();
    let fields = wechat_pay::call_up(&other.merchant(), "wx201410272009395522657a690389285100", [1; 16], NOW);
    let fields = fields.expect("signed");
    let names: Vec<&str> = fields.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["appId", "timeStamp", "nonceStr", "package", "signType", "paySign"]);
    let values: Vec<&str> = fields.iter().map(|(_, value)| value.as_str()).collect();
    let [app_id, timestamp, nonce, package, sign_type, signature] = values[..] else { panic!("six") };
    assert_eq!((app_id, timestamp, sign_type), ("wx0000000000000001", "1767225600", "RSA"));
    assert_eq!(package, "prepay_id=wx201410272009395522657a690389285100");
    other.keys.verify("merchant", signature, &format!("{app_id}\n{timestamp}\n{nonce}\n{package}\n"));
}

#[test]
fn the_payer_is_sent_to_authorize_without_our_secret() {
    let merchant = Other::new().merchant();
    let target = wechat_pay::authorize_target(&merchant, "https://h/fines/罚?a=1&b=2#c", "s-1_~+/");
    let target = target.expect("a target");
    let parsed = node(
        "const url = new URL('https://open.weixin.qq.com' + input); output = [url.pathname, [...url.searchParams], url.hash]",
        &json!(target),
    );
    assert_eq!(
        parsed,
        json!([
            "/connect/oauth2/authorize",
            [
                ["appid", "wx0000000000000001"],
                ["redirect_uri", "https://h/fines/罚?a=1&b=2#c"],
                ["response_type", "code"],
                ["scope", "snsapi_base"],
                ["state", "s-1_~+/"]
            ],
            "#wechat_redirect"
        ])
    );
    let target = wechat_pay::access_token_target(&merchant, "011&secret=x#").expect("a target");
    assert_eq!(
        target,
        "/sns/oauth2/access_token?appid=wx0000000000000001&secret=00112233445566778899aabbccddeeff&code=011%26secret%3Dx%23&grant_type=authorization_code"
    );
    for (redirect_uri, state) in [("", "s"), ("https://h", ""), ("https://h", &"s".repeat(129))] {
        let refused = wechat_pay::authorize_target(&merchant, redirect_uri, state);
        assert_eq!(refused, Err(Refusal::Malformed.into()));
    }
    for code in ["", &"c".repeat(1025)] {
        assert_eq!(wechat_pay::access_token_target(&merchant, code), Err(Refusal::Malformed.into()));
    }
}
