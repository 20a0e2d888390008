//! 微信支付: inside WeChat by JSAPI, in a phone's browser by H5, elsewhere by a QR code (Native).

use super::{Cashier, Placed, public_url, subject};
use crate::order::Order;
use crate::signing::faults::Fault;
use crate::signing::wechat_pay_request::{self, Merchant};
use crate::signing::wechat_pay_verify::{self, SignedHeaders};
use crate::ticket::Decision;
use crate::{broken, order, pages};
use http::Method;
use serde::Deserialize;
use serde_json::{Value, json};
use std::net::{IpAddr, Ipv4Addr};
use zerotrip_domain::provider::Viewer;
use zerotrip_domain::{Provider, day};
use zerotrip_platform::request::field_text;
use zerotrip_platform::wechat_pay::{self, Signature, closed, failed};
use zerotrip_platform::{Db, Id, Problem, Reply, Request, clock, outbound, settings};

/// Binds the way through WeChat's log-in to the browser that began it.
const COOKIE: &str = "zt_wechat";
const COOKIE_LIFE_S: u32 = 600;
/// Stands in the address when an order was made anew on the way: once is enough.
const RENEWED: &str = "?renewed=1";

/// Inside WeChat the payer's openid is needed first: WeChat tells it to [`returned`]. It is stored nowhere but
/// in the sealed evidence of a callback.
pub async fn place(
    db: &Db,
    order: &Order,
    decision: &Decision,
    viewer: Viewer,
    request: &Request,
    now_ms: u64,
) -> Result<Placed, Problem> {
    match viewer {
        Viewer::AppOf(_) => {
            let public = public_url().await?;
            Ok(Placed::At(Cashier::Address(format!(
                "{public}{}",
                start_path(&decision.ticket.code, &order.id)
            ))))
        }
        Viewer::Phone => {
            let address = request.client_ip().unwrap_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED));
            let scene = json!({ "payer_client_ip": address, "h5_info": { "type": "Wap" } });
            let placed = prepay(db, "h5", order, decision, Some(("scene_info", scene)), now_ms).await?;
            let back = format!("{}/pay/return?order={}", public_url().await?, order.id);
            let back = field_text("redirect_url", &back);
            placed.map(|said| said.h5_url, |address| Cashier::Address(format!("{address}&{back}")))
        }
        Viewer::Desktop => {
            let placed = prepay(db, "native", order, decision, None, now_ms).await?;
            placed.map(|said| said.code_url, Cashier::Code)
        }
    }
}

/// Ends an order that was made with other terms; false if it has been paid meanwhile.
pub async fn close(db: &Db, order: &str, now_ms: u64) -> Result<bool, Problem> {
    let own = wechat_pay_request::own_merchant().map_err(broken)?;
    let target = format!("/v3/pay/transactions/out-trade-no/{order}/close");
    closed(call(db, Method::POST, &target, json!({ "mchid": own.mch_id }).to_string(), now_ms).await?)
}

fn start_path(code: &str, order: &str) -> String {
    format!("/fines/{code}/orders/{order}/wechat-pay")
}

/// The way to WeChat's log-in and, with its `code`, back from it: the page that opens the payment.
#[utoipa::path(get, path = "/fines/{code}/orders/{order}/wechat-pay",
    params(("code" = String, Path), ("order" = String, Path)),
    responses((status = 303, description = "To WeChat's log-in"),
        (status = 200, description = "The page that opens the payment", content_type = "text/html", body = String)))]
pub async fn returned(request: &Request, code: &str, id: &str) -> Result<Reply, Problem> {
    let (db, decision) = crate::ticket::find(code).await?;
    let now = clock::now_ms();
    let order = order::pending(&db, &decision, id, now).await?;
    let public = public_url().await?;
    let renewed = request.parameter("renewed").is_some();
    let mut path = start_path(&decision.ticket.code, &order.id);
    if renewed {
        path.push_str(RENEWED);
    }
    let Some(login) = request.parameter("code") else {
        return log_in(&public, &path).await;
    };
    let state = request.parameter("state").unwrap_or_default();
    if state.is_empty() || request.cookie(COOKIE) != Some(state.as_str()) {
        return Err(Problem::invalid("state is not the one that this browser was sent away with"));
    }
    let openid = openid(&login).await?;
    let payer = Some(("payer", json!({ "openid": openid })));
    let prepay = match prepay(&db, "jsapi", &order, &decision, payer, now).await? {
        Prepaid::Yes(said) if said.prepay_id.is_empty() => return Err(odd()),
        Prepaid::Yes(said) => said.prepay_id,
        Prepaid::Paid => return Ok(Reply::see_other(&format!("/pay/return?order={}", order.id))),
        Prepaid::OtherTerms if renewed => return Err(failed("order", "refused anew")),
        // Another payer, or a browser, had it first: another order, and once more through the log-in.
        Prepaid::OtherTerms => {
            let again = order::renew(&db, &decision, Provider::WechatPay, &order.id, now).await?;
            let start = start_path(&decision.ticket.code, &again.id);
            return Ok(Reply::see_other(&format!("{start}{RENEWED}")));
        }
    };
    let call_up = wechat_pay_request::call_up(&prepay, now).map_err(broken)?;
    let call_up: serde_json::Map<String, Value> =
        call_up.into_iter().map(|(name, value)| (name, Value::String(value))).collect();
    let back = format!("/pay/return?order={}", order.id);
    let nonce = Id::random().to_string();
    let page = pages::call_up(order.amount, &Value::Object(call_up).to_string(), &back, &nonce);
    Ok(Reply::html_with_script(page, &nonce))
}

async fn log_in(public: &str, path: &str) -> Result<Reply, Problem> {
    let state = Id::random().to_string();
    let open = settings::get("wechat_open_origin").await?;
    let target = wechat_pay_request::authorize_target(&format!("{public}{path}"), &state).map_err(broken)?;
    let secure = if public.starts_with("https:") { "; Secure" } else { "" };
    let cookie =
        format!("{COOKIE}={state}; Path=/fines/; Max-Age={COOKIE_LIFE_S}; HttpOnly; SameSite=Lax{secure}");
    Ok(Reply::see_other(&format!("{}{target}", open.trim_end_matches('/'))).header("set-cookie", &cookie))
}

/// Who pays, as this app of WeChat names him. `code` is good once.
async fn openid(code: &str) -> Result<String, Problem> {
    #[derive(Deserialize)]
    struct Answer {
        #[serde(default)]
        openid: String,
        #[serde(default)]
        errcode: i64,
    }
    let origin = settings::get("wechat_api_origin").await?;
    let target = wechat_pay_request::access_token_target(code).map_err(broken)?;
    let url = format!("{}{target}", origin.trim_end_matches('/'));
    let answer = outbound::call(Method::GET, &url, &[], String::new()).await?;
    let said: Answer = serde_json::from_slice(&answer.body)
        .map_err(|_| Problem::unavailable("wechat's answer to a log-in is not of its form"))?;
    match (said.openid.as_str(), said.errcode) {
        ("", 40029 | 40163) => Err(Problem::invalid("code is used or too old; open the ticket again")),
        ("", error) => Err(Problem::unavailable(&format!("wechat log-in: {error}"))),
        (openid, _) => Ok(openid.to_owned()),
    }
}

#[derive(Deserialize)]
struct Prepay {
    #[serde(default)]
    prepay_id: String,
    #[serde(default)]
    h5_url: String,
    #[serde(default)]
    code_url: String,
}

enum Prepaid {
    Yes(Prepay),
    OtherTerms,
    Paid,
}

impl Prepaid {
    fn map(
        self,
        field: impl FnOnce(Prepay) -> String,
        cashier: impl FnOnce(String) -> Cashier,
    ) -> Result<Placed, Problem> {
        match self {
            Self::Yes(said) => match field(said) {
                text if text.is_empty() => Err(odd()),
                text => Ok(Placed::At(cashier(text))),
            },
            Self::OtherTerms => Ok(Placed::OtherTerms),
            Self::Paid => Ok(Placed::Paid),
        }
    }
}

async fn prepay(
    db: &Db,
    kind: &str,
    order: &Order,
    decision: &Decision,
    terms: Option<(&str, Value)>,
    now_ms: u64,
) -> Result<Prepaid, Problem> {
    let Merchant { app_id, mch_id } = wechat_pay_request::own_merchant().map_err(broken)?;
    let mut body = json!({
        "appid": app_id, "mchid": mch_id,
        "description": subject(decision),
        "out_trade_no": order.id,
        "time_expire": day::rfc3339(order.expires_at),
        "notify_url": format!("{}/pay/wechat-pay/notifications", public_url().await?),
        "amount": { "total": order.amount.get(), "currency": "CNY" },
    });
    if let Some((name, terms)) = terms {
        body[name] = terms;
    }
    let target = format!("/v3/pay/transactions/{kind}");
    let text = match call(db, Method::POST, &target, body.to_string(), now_ms).await? {
        Ok(text) => text,
        Err(code) => {
            return match code.as_str() {
                "ORDERPAID" => Ok(Prepaid::Paid),
                "OUT_TRADE_NO_USED" | "INVALID_REQUEST" | "ORDER_CLOSED" => Ok(Prepaid::OtherTerms),
                _ => Err(failed("order", &code)),
            };
        }
    };
    serde_json::from_str(&text).map(Prepaid::Yes).map_err(|_| odd())
}

fn odd() -> Problem {
    Problem::unavailable("an order of wechat-pay is not of its form")
}

/// The body of a 2xx, or WeChat Pay's word for why not.
async fn call(
    db: &Db,
    method: Method,
    target: &str,
    body: String,
    now_ms: u64,
) -> Result<Result<String, String>, Problem> {
    let sign = |method: &str, target: &str, body: &str| {
        let signed = wechat_pay_request::sign(method, target, body, now_ms).map_err(broken)?;
        Ok((signed.authorization, signed.serial))
    };
    let verify = |signature: Signature, body: &[u8], known: &[String]| {
        let Signature { timestamp, nonce, serial, signature, kind } = signature;
        let headers = SignedHeaders { timestamp, nonce, serial, signature, signature_type: kind };
        wechat_pay_verify::answer(&headers, body, known, now_ms).map_err(|fault| match fault {
            Fault::Refused(refusal) => failed("answer", &format!("{refusal:?}")),
            other => broken(other),
        })
    };
    wechat_pay::call(db, method, target, body, sign, verify).await
}
