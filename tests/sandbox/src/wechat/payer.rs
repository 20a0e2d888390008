//! What a payer's phone does: it pays what a page hands to WeChat, or what it scans.

use std::sync::Arc;

use axum::{
    Json,
    extract::State,
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use http::{HeaderValue, StatusCode, header};
use serde::Deserialize;
use serde_json::json;

use super::{
    WechatPay,
    failure::Failure,
    order::{TradeType, json as parsed},
    trade::{Refused, Trade},
};
use crate::page::{escape, page};

/// The one payer of this WeChat, as the merchant's application sees them.
pub const OPENID: &str = "oZeroTripPayer00000000000017";

/// This payer pays this trade, and the merchant is told.
pub fn pay(
    wechat: &WechatPay,
    out_trade_no: &str,
    openid: &str,
    coupon_fen: i64,
    total_fen: Option<i64>,
) -> Result<Trade, Failure> {
    let now_ms = wechat.clock.now_ms();
    let mut book = wechat.book();
    let trade = book.trade(out_trade_no).ok_or_else(Failure::no_such_order)?;
    let next = trade.taking(total_fen).paid(openid, coupon_fen, now_ms)?;
    wechat.settle_payment(&mut book, next.clone(), now_ms)?;
    Ok(next)
}

/// What a page hands to `getBrandWCPayRequest`, and who holds the phone.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct JsapiRequest {
    app_id: String,
    time_stamp: String,
    nonce_str: String,
    package: String,
    sign_type: String,
    pay_sign: String,
    #[serde(rename = "openid")]
    openid: Option<String>,
}

/// The payer confirms inside WeChat. Any page may call this, as any page may call the bridge.
pub async fn jsapi_pay(State(wechat): State<Arc<WechatPay>>, body: Bytes) -> Response {
    let (status, answer) = match jsapi(&wechat, &body) {
        Ok(()) => (StatusCode::OK, json!({ "err_msg": "get_brand_wcpay_request:ok" })),
        Err(failure) => (
            StatusCode::BAD_REQUEST,
            json!({ "err_msg": "get_brand_wcpay_request:fail", "err_code": failure.code, "err_desc": failure.message }),
        ),
    };
    (status, [(header::ACCESS_CONTROL_ALLOW_ORIGIN, "*")], Json(answer)).into_response()
}

fn jsapi(wechat: &WechatPay, body: &[u8]) -> Result<(), Failure> {
    let request: JsapiRequest = parsed(body)?;
    if request.app_id != wechat.account.app_id {
        return Err(Failure::not_our_app());
    }
    if request.sign_type != "RSA" {
        return Err(Failure::parameter("signType", "应为 RSA"));
    }
    if request.time_stamp.len() != 10 || !request.time_stamp.bytes().all(|b| b.is_ascii_digit()) {
        return Err(Failure::parameter("timeStamp", "应为秒级时间戳"));
    }
    if request.nonce_str.is_empty() || request.nonce_str.len() > 32 {
        return Err(Failure::parameter("nonceStr", "应为 1 至 32 个字符"));
    }
    let JsapiRequest { app_id, time_stamp, nonce_str, package, pay_sign, .. } = &request;
    let message = format!("{app_id}\n{time_stamp}\n{nonce_str}\n{package}\n");
    if !wechat.account.merchant_key.verifies(&message, pay_sign) {
        return Err(Failure::signature("支付验证签名失败"));
    }
    let prepay_id = package
        .strip_prefix("prepay_id=")
        .ok_or_else(|| Failure::parameter("package", "应为 prepay_id=…"))?;
    let number = offered(wechat, prepay_id, TradeType::Jsapi, |trade| &trade.prepay_id)?;
    pay(wechat, &number, request.openid.as_deref().unwrap_or(OPENID), 0, None).map(|_| ())
}

/// The order number of a trade of this kind under this name, while what was given out is good.
fn offered(
    wechat: &WechatPay,
    name: &str,
    trade_type: TradeType,
    own: impl Fn(&Trade) -> &String,
) -> Result<String, Failure> {
    let book = wechat.book();
    let trade = book
        .named(name)
        .filter(|trade| own(trade) == name && trade.trade_type == trade_type)
        .ok_or_else(Failure::no_such_order)?;
    if !trade.is_offered(wechat.clock.now_ms()) {
        return Err(Refused::Closed.into());
    }
    Ok(trade.order.out_trade_no.clone())
}

/// What a phone read from a code.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Scanned {
    code_url: String,
}

/// The payer scans the code and confirms.
pub async fn native_pay(State(wechat): State<Arc<WechatPay>>, body: Bytes) -> Response {
    let paid = parsed::<Scanned>(&body).and_then(|scanned| {
        let ticket = scanned.code_url.strip_prefix("weixin://wxpay/bizpayurl?pr=");
        let ticket = ticket.ok_or_else(|| Failure::parameter("code_url", "不是支付二维码"))?;
        let number = offered(&wechat, ticket, TradeType::Native, |trade| &trade.ticket)?;
        pay(&wechat, &number, OPENID, 0, None)
    });
    match paid {
        Ok(trade) => Json(json!({ "out_trade_no": trade.order.out_trade_no })).into_response(),
        Err(Failure { status, code, message }) => {
            let status = StatusCode::from_u16(status).expect("a status of ours");
            (status, Json(json!({ "code": code, "message": message }))).into_response()
        }
    }
}

/// An error page. Status 200, as the real one; for tests the code stands in a header as well.
pub fn refusal(code: &'static str, reason: &str) -> Response {
    let body = format!("<section><h2>无法继续</h2><p>{}</p></section>", escape(reason));
    let mut response = page("微信（模拟）", &body);
    response.headers_mut().insert("x-sandbox-error", HeaderValue::from_static(code));
    response
}
