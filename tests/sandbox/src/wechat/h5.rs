//! The page to which `h5_url` leads: a button, and the way back to the merchant.

use std::sync::Arc;

use axum::{
    extract::{RawQuery, State},
    response::{IntoResponse, Redirect, Response},
};
use form_urlencoded::Serializer;
use http::{HeaderMap, header};

use super::{
    WechatPay,
    failure::Failure,
    order::TradeType,
    payer::{OPENID, pay, refusal},
    trade::Trade,
};
use crate::{
    clock::rfc3339,
    outbound::is_address,
    page::{escape, page},
    parameters::Parameters,
};

/// `h5_url` as it is opened.
struct Opened {
    trade: Trade,
    /// Where to go afterwards, which the merchant may have appended.
    redirect_url: Option<String>,
}

impl Opened {
    fn parse(wechat: &WechatPay, query: Option<String>) -> Result<Self, Failure> {
        let malformed = || Failure::request("商家参数格式有误，请联系商家解决");
        let parameters = Parameters::parse(&query.unwrap_or_default()).ok_or_else(malformed)?;
        let (prepay_id, package) =
            parameters.get("prepay_id").zip(parameters.get("package")).ok_or_else(malformed)?;
        let book = wechat.book();
        let trade = book
            .named(prepay_id)
            .filter(|trade| trade.prepay_id == prepay_id && trade.ticket == package)
            .filter(|trade| trade.trade_type == TradeType::Mweb)
            .ok_or_else(malformed)?;
        if !trade.is_h5_url_good(wechat.clock.now_ms()) {
            return Err(Failure::request("支付请求已失效，请重新发起支付"));
        }
        let redirect_url = parameters.get("redirect_url");
        if !redirect_url.is_none_or(is_address) {
            return Err(Failure::parameter("redirect_url", "不是网址"));
        }
        Ok(Self { trade: trade.clone(), redirect_url: redirect_url.map(str::to_owned) })
    }
}

/// The page that asks whether to pay.
pub async fn show(
    State(wechat): State<Arc<WechatPay>>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Response {
    // Inside WeChat a page pays by JSAPI.
    let agent = headers.get(header::USER_AGENT).and_then(|agent| agent.to_str().ok()).unwrap_or_default();
    if agent.contains("MicroMessenger") {
        return refusal("INVALID_REQUEST", "请在微信外打开订单，进行支付");
    }
    // The merchant's domain is known by where the browser comes from: a page that does not tell it cannot lead here.
    let referer = headers.get(header::REFERER).and_then(|referer| referer.to_str().ok());
    if !referer.is_some_and(is_address) {
        return refusal("INVALID_REQUEST", "商家参数格式有误，请联系商家解决");
    }
    let now_ms = wechat.clock.now_ms();
    let payable = Opened::parse(&wechat, query).and_then(|opened| {
        // Whether it can be paid is asked before the button is shown.
        opened.trade.paid(OPENID, 0, now_ms)?;
        Ok(opened)
    });
    match payable {
        Ok(opened) => checkout(&opened),
        Err(failure) => refusal(failure.code, &failure.message),
    }
}

/// The payer presses the button.
pub async fn press(State(wechat): State<Arc<WechatPay>>, RawQuery(query): RawQuery) -> Response {
    let paid = Opened::parse(&wechat, query).and_then(|opened| {
        // The button may be pressed twice.
        if opened.trade.payment.is_none() {
            pay(&wechat, &opened.trade.order.out_trade_no, OPENID, 0, None)?;
        }
        Ok(opened.redirect_url)
    });
    match paid {
        Ok(Some(url)) => Redirect::to(&url).into_response(),
        Ok(None) => page("支付成功", "<section><p class=\"amount\">支付成功</p></section>"),
        Err(failure) => refusal(failure.code, &failure.message),
    }
}

fn checkout(Opened { trade, redirect_url }: &Opened) -> Response {
    let mut action = Serializer::new(String::new());
    action.append_pair("prepay_id", &trade.prepay_id).append_pair("package", &trade.ticket);
    if let Some(url) = redirect_url {
        action.append_pair("redirect_url", url);
    }
    let total = trade.total();
    page(
        "微信支付模拟收银台",
        &format!(
            "<section><p class=\"amount\">¥ {yuan}.{fen:02}</p><dl><dt>商品</dt><dd>{description}</dd>\
<dt>商户订单号</dt><dd>{number}</dd><dt>支付截止</dt><dd>{until}</dd></dl>\
<form method=\"post\" action=\"/wechat/h5/pay?{action}\">\
<button type=\"submit\">立即支付</button></form></section>",
            yuan = total / 100,
            fen = total % 100,
            description = escape(&trade.order.description),
            number = escape(&trade.order.out_trade_no),
            until = rfc3339(trade.expires_ms),
            action = escape(&action.finish()),
        ),
    )
}
