//! The pages of a ticket, its orders and its receipt.

use crate::order::{Order, Status};
use crate::receipt::Receipt;
use crate::ticket::{Payment, Ticket};
use maud::{Markup, PreEscaped, html};
use zerotrip_domain::{Fen, Provider, day};
use zerotrip_pages::qr::Qr;
use zerotrip_pages::{facts, page};

/// Seconds after which a page that waits for the provider asks again.
const ASK_AGAIN_S: u32 = 3;

fn yuan(fen: i64) -> String {
    Fen::new(fen).map_or_else(|_| "—".to_owned(), |fen| format!("¥{fen}"))
}

fn time(unix_ms: i64) -> String {
    u64::try_from(unix_ms).map_or_else(|_| "—".to_owned(), day::stamp)
}

fn state_in_words(state: &str) -> &'static str {
    match state {
        "due" => "待缴款",
        "overdue" => "已逾期",
        "paid" => "已缴款",
        "revoked" => "已撤销，无需缴款",
        "pending" => "正在确认付款结果",
        "surplus" => "该罚款已缴纳，本次付款将原路退回",
        "underpaid" => "付款金额不足，本次付款将原路退回，罚款仍需缴纳",
        _ => "订单已关闭",
    }
}

/// Why the late fee does not run.
fn stopped_in_words(why: &str, due: &str) -> String {
    match why {
        "contest" => "复议或诉讼期间，加处罚款暂停计算。".to_owned(),
        "suspension" => "中止执行期间，加处罚款暂停计算。".to_owned(),
        _ => format!("经批准暂缓缴纳至 {due}。"),
    }
}

/// What is to be paid and why.
pub fn ticket(ticket: &Ticket) -> String {
    let violated = day::stamp(ticket.violated_at);
    let late = match (ticket.late_fee_fen, &ticket.payment) {
        (0, _) => "无".to_owned(),
        (fee, Some(_)) => yuan(fee),
        (fee, None) => format!("{}（计 {} 天，每日 3%，不超过罚款数额）", yuan(fee), ticket.late_days),
    };
    let body = html! {
        section {
            p class={ "state " (ticket.state) } { (state_in_words(ticket.state)) }
            p.amount { (yuan(ticket.total_fen)) }
            (facts(&[("罚款", &yuan(ticket.fine_fen)), ("加处罚款", &late), ("缴款期限", &ticket.due)]))
            @if let Some(why) = ticket.late_fee_stopped { p.note { (stopped_in_words(why, &ticket.due)) } }
        }
        @if !ticket.providers.is_empty() {
            section {
                @for provider in &ticket.providers {
                    form method="post" action={ "/fines/" (ticket.code) "/orders" } {
                        input type="hidden" name="provider" value=(provider);
                        button type="submit" { (title(provider)) "缴款 " (yuan(ticket.total_fen)) }
                    }
                }
                p.note { "请核对以下信息后再付款。今日付款按以上金额，24:00 前有效。" }
            }
        }
        @if ticket.payment.is_some() { section { a.button href={ "/fines/" (ticket.code) "/receipt" } { "查看缴款凭证" } } }
        section {
            (facts(&[
                ("当事人", &ticket.driver), ("号牌", &ticket.plate), ("车辆类型", &ticket.vehicle_type),
                ("违法行为", &ticket.violation), ("违法代码", &ticket.violation_code), ("地点", &ticket.place),
                ("时间", &violated), ("处罚依据", &ticket.legal_basis), ("处罚机关", &ticket.authority),
                ("决定书编号", &ticket.number),
            ]))
            p.note {
                "如不服本决定，可以自收到决定书之日起六十日内申请行政复议，或者六个月内提起行政诉讼。"
            }
        }
    };
    page("道路交通违法罚款", None, &body)
}

/// For who has lost the paper.
pub fn search() -> String {
    let body = html! {
        section {
            form method="post" action="/fines/searches" {
                label { "决定书编号" input name="number" inputmode="numeric" required maxlength="20" autocomplete="off"; }
                label { "号牌号码" input name="plate" required maxlength="12" autocomplete="off"; }
                button type="submit" { "查询" }
            }
            p.note { "编号见短信通知或决定书，15 至 16 位数字。" }
        }
    };
    page("查找罚单", None, &body)
}

/// While the provider's word is awaited the page asks again by itself.
pub fn order(status: &Status) -> String {
    let pending = status.state == "pending";
    let ticket = format!("/f/{}", status.code);
    let body = html! {
        section {
            p class={ "state " (status.state) } { (state_in_words(&status.state)) }
            p.amount { (yuan(status.amount_fen)) }
            @match (status.refund.as_deref(), status.refund_fen) {
                (Some("done"), Some(fen)) => p.note { (yuan(fen)) " 已原路退回。" }
                (Some("outside"), Some(fen)) => p.note { (yuan(fen)) " 由工作人员办理退回。" }
                (Some(_), Some(fen)) if status.state == "paid" => p.note { "多付的 " (yuan(fen)) " 将原路退回。" }
                _ => {}
            }
            (facts(&[("订单号", &status.order), ("有效期至", &time(status.expires_at))]))
            @if pending { p.note { "付款后通常几秒内确认；未付款可返回重新付款，不会重复扣款。" } }
        }
        section {
            @if status.state == "paid" { a.button href={ "/fines/" (status.code) "/receipt" } { "查看缴款凭证" } }
            @else { a.button href=(ticket) { "返回罚单" } }
        }
    };
    page("缴款结果", pending.then_some(ASK_AGAIN_S), &body)
}

/// What the app on the payer's phone scans from this screen.
pub fn code(order: &Order, provider: Provider, code: &str, text: &str) -> String {
    let picture = Qr::shown(text).map_or_else(|_| String::new(), |qr| qr.svg());
    let body = html! {
        section {
            p.state.pending { "请用" (provider.title()) "扫码付款" }
            p.amount { "¥" (order.amount) }
            div.code { (PreEscaped(picture)) }
            a.button href={ "/pay/return?order=" (order.id) } { "我已付款，查看结果" }
            p.note { "今日 24:00 前有效。" a href={ "/f/" (code) } { "返回" } }
        }
    };
    page("扫码付款", None, &body)
}

/// Opens the payment inside WeChat; `call_up` is what its bridge takes, as JSON.
pub fn call_up(amount: Fen, call_up: &str, back: &str, nonce: &str) -> String {
    let body = html! {
        section {
            p.state.pending { "微信支付" }
            p.amount { "¥" (amount) }
            button id="pay" type="button" data-call=(call_up) data-back=(back) { "付款" }
            p.note { "付款后如未自动返回，请" a href=(back) { "查看结果" } "。" }
        }
        script nonce=(nonce) { (PreEscaped(CALL_UP)) }
    };
    page("微信支付", None, &body)
}

/// Whatever the bridge says, the next page asks us, and we ask WeChat Pay.
const CALL_UP: &str = "(function () {
  var button = document.getElementById('pay');
  function pay() {
    WeixinJSBridge.invoke('getBrandWCPayRequest', JSON.parse(button.dataset.call), function (said) {
      if (said.err_msg !== 'get_brand_wcpay_request:cancel') { location.replace(button.dataset.back); }
    });
  }
  button.addEventListener('click', pay);
  if (window.WeixinJSBridge) { pay(); } else { document.addEventListener('WeixinJSBridgeReady', pay); }
})();";

fn title(provider: &str) -> &str {
    provider.parse().map_or(provider, |known: Provider| known.title())
}

/// What was paid, to be kept or printed.
pub fn receipt(receipt: &Receipt) -> String {
    let picture = Qr::shown(&receipt.verify).map_or_else(|_| String::new(), |qr| qr.svg());
    let body = html! {
        (paid(receipt))
        section {
            div.code { (PreEscaped(picture)) }
            (facts(&[("验证码", &in_fours(&receipt.code))]))
            p.note { "扫码或在“" (receipt.verify.split("/fines/").next().unwrap_or("")) "/fines/receipts/验证码”可核验本凭证真伪。" }
        }
    };
    page("缴款凭证", None, &body)
}

/// What we say of a receipt that somebody holds.
pub fn genuine(receipt: &Receipt) -> String {
    let body = html! {
        section { p.state.paid { "凭证真实有效" } p.note { "请核对以下内容与所持凭证一致。" } }
        (paid(receipt))
    };
    page("凭证核验", None, &body)
}

fn paid(receipt: &Receipt) -> Markup {
    html! {
        section {
            p.state.paid { "已缴款" }
            p.amount { (yuan(receipt.total_fen)) }
            (facts(&[("罚款", &yuan(receipt.fine_fen)), ("加处罚款", &yuan(receipt.late_fee_fen))]))
        }
        section { (paid_with(&receipt.payment)) (facts(&[
            ("决定书编号", &receipt.number), ("当事人", &receipt.driver), ("号牌", &receipt.plate),
            ("违法行为", &receipt.violation), ("处罚机关", &receipt.authority),
        ])) }
    }
}

/// As people read a long code.
fn in_fours(code: &str) -> String {
    let mut text = String::new();
    for (place, character) in code.chars().enumerate() {
        if place > 0 && place % 4 == 0 {
            text.push(' ');
        }
        text.push(character);
    }
    text
}

fn paid_with(payment: &Payment) -> Markup {
    facts(&[
        ("缴款时间", &time(payment.paid_at)),
        ("缴款方式", title(&payment.provider)),
        ("交易号", &payment.transaction),
        ("凭证号", &payment.order),
    ])
}
