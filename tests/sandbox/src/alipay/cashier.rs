//! 收银台: the page on which a payer pays, and the way back to the merchant.

use std::sync::Arc;

use axum::{
    extract::{Path, State},
    response::{IntoResponse, Redirect, Response},
};
use form_urlencoded::Serializer;
use http::{HeaderValue, StatusCode};

use super::{
    Account, Alipay,
    biz::Biz,
    common::{Call, Method},
    failure::Failure,
    identifiers, open,
    sign::signed,
    trade::{Refused, Status, Trade},
};
use crate::{
    clock::stamp,
    outbound::with_query,
    page::{escape, page},
};

/// Opens the cashier for a signed order. From here on the trade exists.
pub fn open(alipay: &Alipay, call: &Call) -> Response {
    match opened(alipay, call) {
        Ok(trade) => checkout(&trade),
        Err(failure) => refusal(failure.sub_code, &failure.sub_msg),
    }
}

fn opened(alipay: &Alipay, call: &Call) -> Result<Trade, Failure> {
    let biz = Biz::of(call)?;
    let order = open::order(call, &biz)?;
    let now_ms = alipay.clock.now_ms();
    let mut book = alipay.book();
    let trade = match book.trade(&order.out_trade_no) {
        Some(known) => known.reopened(order, now_ms)?,
        None => Trade {
            trade_no: identifiers::trade_no(now_ms),
            order,
            status: Status::WaitBuyerPay,
            created_ms: now_ms,
            expires_ms: open::expiry(&biz, now_ms)?,
            paid_ms: None,
            closed_ms: None,
            refunds: Vec::new(),
        },
    };
    book.commit(trade.clone(), None)?;
    // The dispatcher must know when its time is over.
    alipay.wake.notify_one();
    Ok(trade)
}

/// The payer presses the button.
pub async fn pay(State(alipay): State<Arc<Alipay>>, Path(trade_no): Path<String>) -> Response {
    let paid = {
        let mut book = alipay.book();
        let Some(trade) = book.by_trade_no(&trade_no).cloned() else {
            let mut response = refusal("ACQ.TRADE_NOT_EXIST", "交易不存在");
            *response.status_mut() = StatusCode::NOT_FOUND;
            return response;
        };
        match trade.paid(alipay.clock.now_ms()) {
            Ok(next) => alipay.settle(&mut book, next.clone()).map(|()| next).map_err(Failure::from),
            // The button was pressed twice.
            Err(Refused::HasSuccess) => Ok(trade),
            Err(refused) => Err(refused.into()),
        }
    };
    match paid {
        Ok(trade) => match return_location(&alipay.account, &trade, alipay.clock.now_ms()) {
            Some(location) => Redirect::to(&location).into_response(),
            None => page("支付成功", "<section><p class=\"amount\">支付成功</p></section>"),
        },
        Err(failure) => refusal(failure.sub_code, &failure.sub_msg),
    }
}

/// Where the payer goes after paying: the merchant's `return_url` with signed parameters, which say nothing of the
/// trade's status.
pub fn return_location(account: &Account, trade: &Trade, now_ms: i64) -> Option<String> {
    let url = trade.order.return_url.as_ref()?;
    let fields = [
        ("charset", "utf-8".to_owned()),
        ("out_trade_no", trade.order.out_trade_no.clone()),
        ("method", format!("{}.return", Method::WapPay.name())),
        ("total_amount", trade.order.total_fen.to_string()),
        ("trade_no", trade.trade_no.clone()),
        ("auth_app_id", account.app_id.clone()),
        ("version", "1.0".to_owned()),
        ("app_id", account.app_id.clone()),
        ("seller_id", account.seller_id.clone()),
        ("timestamp", stamp(now_ms)),
    ]
    .map(|(name, value)| (name.to_owned(), value));
    let query = Serializer::new(String::new()).extend_pairs(signed(&fields, &account.private_key)).finish();
    Some(with_query(url, &query))
}

fn checkout(trade: &Trade) -> Response {
    let quit = trade.order.quit_url.as_ref().map_or_else(String::new, |url| {
        format!("<a class=\"quit\" href=\"{}\">取消支付，返回商户</a>", escape(url))
    });
    page(
        "支付宝模拟收银台",
        &format!(
            "<section><p class=\"amount\">¥ {amount}</p><dl><dt>商品</dt><dd>{subject}</dd>\
<dt>商户订单号</dt><dd>{number}</dd><dt>支付截止</dt><dd>{until}</dd></dl>\
<form method=\"post\" action=\"/alipay/cashier/{trade_no}/pay\">\
<button type=\"submit\">确认付款</button></form>{quit}</section>",
            amount = trade.order.total_fen,
            subject = escape(&trade.order.subject),
            number = escape(&trade.order.out_trade_no),
            until = stamp(trade.expires_ms),
            trade_no = trade.trade_no,
        ),
    )
}

/// An error page. Status 200, as the real one; for tests the code stands in a header as well.
pub fn refusal(code: &'static str, reason: &str) -> Response {
    error_page("支付宝模拟收银台：无法付款", code, reason)
}

/// The same with another title.
pub fn error_page(title: &str, code: &'static str, reason: &str) -> Response {
    // `reason` may hold a signed text, escaped once by the gateway: shown as it is read there.
    let body = format!(
        "<section><h2>调试错误，请回到请求来源地，重新发起请求。</h2><p>错误代码 <code>{code}</code></p>\
<p>错误原因：{}</p></section>",
        escape(reason)
    );
    let mut response = page(title, &body);
    response.headers_mut().insert("x-sandbox-error", HeaderValue::from_static(code));
    response
}
