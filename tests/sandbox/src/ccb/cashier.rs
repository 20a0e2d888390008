//! 收银台: the page on which a payer pays, and the way back to the merchant.

use std::sync::Arc;

use axum::{
    extract::{Path, State},
    response::{IntoResponse, Redirect, Response},
};
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, StatusCode, header};

use super::{
    Ccb, callback,
    failure::Failure,
    identifiers,
    money::Fen,
    trade::{Payment, Trade},
};
use crate::{
    clock::stamp,
    outbound::with_query,
    page::{escape, page},
};

/// How the payer came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Channel {
    /// By scanning; afterwards there is nowhere to go.
    Scan,
    /// From the merchant's page; afterwards back to the counter's page address.
    Page,
}

impl Channel {
    fn field(self) -> &'static str {
        match self {
            Self::Scan => "channel=scan",
            Self::Page => "channel=page",
        }
    }
}

/// What a QR code leads to.
pub async fn scanned(State(ccb): State<Arc<Ccb>>, Path(token): Path<String>) -> Response {
    match ccb.book().by_token(&token) {
        Some(trade) if trade.paid.is_some() => refusal(Failure::Paid),
        Some(trade) => checkout(trade, Channel::Scan),
        None => unknown(),
    }
}

/// The payer presses the button. The app that shows the page is the way of paying.
pub async fn pay(
    State(ccb): State<Arc<Ccb>>,
    Path(token): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let now_ms = ccb.clock.now_ms();
    let paid = {
        let mut book = ccb.book();
        let Some(trade) = book.by_token(&token).cloned() else { return unknown() };
        match trade.pay(payment(app(&headers), trade.order.payment_fen, now_ms)) {
            Ok(next) => ccb.settle(&mut book, next.clone()).map(|()| next).map_err(Failure::from),
            // The button was pressed twice.
            Err(Failure::Paid) => Ok(trade),
            Err(failure) => Err(failure),
        }
    };
    match paid {
        Ok(trade) if body == Channel::Page.field() => {
            Redirect::to(&page_location(&ccb, &trade)).into_response()
        }
        Ok(_) => page("支付成功", "<section><p class=\"amount\">支付成功</p></section>"),
        Err(failure) => refusal(failure),
    }
}

/// A payment of the whole amount.
pub fn payment(acc_type: &str, discount_fen: Fen, now_ms: i64) -> Payment {
    Payment {
        at_ms: now_ms,
        acc_type: acc_type.to_owned(),
        discount_fen,
        serial: identifiers::serial(now_ms),
    }
}

/// Where the browser goes after paying: the page callback, signed, without ACC_TYPE.
pub fn page_location(ccb: &Ccb, trade: &Trade) -> String {
    let counter = ccb.counter();
    let text = callback::text(&ccb.account, &counter, trade, true);
    with_query(counter.page_url(&ccb.account), &text)
}

pub fn checkout(trade: &Trade, channel: Channel) -> Response {
    let until = trade
        .order
        .expires_ms
        .map_or_else(String::new, |at| format!("<dt>支付截止</dt><dd>{}</dd>", stamp(at)));
    let goods = match trade.order.proinfo.as_str() {
        "" => String::new(),
        goods => format!("<dt>商品</dt><dd>{}</dd>", escape(goods)),
    };
    let (name, value) = channel.field().split_once('=').unwrap_or_default();
    page(
        "建设银行模拟收银台",
        &format!(
            "<section><p class=\"amount\">¥ {amount}</p><dl>{goods}<dt>订单号</dt><dd>{number}</dd>{until}</dl>\
<form method=\"post\" action=\"/ccb/cashier/{token}/pay\">\
<input type=\"hidden\" name=\"{name}\" value=\"{value}\">\
<button type=\"submit\">确认付款</button></form></section>",
            amount = trade.order.payment_fen,
            number = escape(&trade.order.orderid),
            token = trade.token,
        ),
    )
}

/// An error page with status 200; for tests the code stands in a header as well.
pub fn refusal(failure: Failure) -> Response {
    let code = failure.code();
    let body = format!(
        "<section><h2>交易不能继续，请返回商户重新发起。</h2><p>错误代码 <code>{code}</code></p><p>{}</p></section>",
        escape(&failure.to_string())
    );
    let mut response = page("建设银行模拟收银台：无法付款", &body);
    response.headers_mut().insert("x-sandbox-error", HeaderValue::from_static(code));
    response
}

fn unknown() -> Response {
    let mut response = refusal(Failure::NoSuchOrder);
    *response.status_mut() = StatusCode::NOT_FOUND;
    response
}

/// ACC_TYPE by the app's mark in User-Agent.
fn app(headers: &HeaderMap) -> &'static str {
    let agent = headers.get(header::USER_AGENT).and_then(|agent| agent.to_str().ok()).unwrap_or_default();
    if agent.contains("MicroMessenger") {
        "WX"
    } else if agent.contains("AlipayClient") {
        "AL"
    } else {
        callback::BANK
    }
}
