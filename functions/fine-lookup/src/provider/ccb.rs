//! 中国建设银行: on a phone its cashier (520100), elsewhere a QR code that the bank's app reads (530550).

use super::{Cashier, Placed};
use crate::broken;
use crate::order::Order;
use crate::signing::ccb_request::{self, PayerPage};
use crate::ticket::Decision;
use http::{Method, StatusCode};
use serde::Deserialize;
use zerotrip_domain::provider::Viewer;
use zerotrip_platform::request::field_of;
use zerotrip_platform::{Problem, outbound, settings};

/// The counter's own cashier, which leaves the choice of card to the payer.
const GATEWAY: &str = "0";

#[derive(Deserialize)]
struct Answer {
    #[serde(rename = "SUCCESS", default)]
    success: String,
    #[serde(rename = "PAYURL", default)]
    pay_url: String,
    #[serde(rename = "QRURL", default)]
    qr_url: String,
    #[serde(rename = "ERRCODE", default)]
    error: String,
}

/// Signs the address of the cashier, or fetches the code.
pub async fn place(order: &Order, decision: &Decision, viewer: Viewer) -> Result<Placed, Problem> {
    let origin = settings::get("ccb_origin").await?;
    let gateway = format!("{}/CCBIS/ccbMain?CCB_IBSVersion=V6", origin.trim_end_matches('/'));
    let ordered = ccb_request::Order {
        order_id: order.id.clone(),
        fen: u64::try_from(order.amount.get()).unwrap_or(0),
        // They would come back under an MD5 signature: nothing that a caller could choose stands in them.
        remark1: String::new(),
        remark2: String::new(),
        expires_at_ms: Some(order.expires_at),
    };
    let cashier = match viewer {
        Viewer::Desktop => {
            let form = ccb_request::qr_order(&ordered).map_err(broken)?;
            Cashier::Code(code(&origin, &gateway, form).await?)
        }
        Viewer::Phone | Viewer::AppOf(_) => {
            let page = PayerPage {
                gateway: GATEWAY.to_owned(),
                client_ip: String::new(),
                reginfo: String::new(),
                proinfo: super::subject(decision),
                referer: String::new(),
            };
            let query = ccb_request::h5_order(&ordered, &page).map_err(broken)?;
            Cashier::Address(format!("{gateway}&{query}"))
        }
    };
    Ok(Placed::At(cashier))
}

/// Two steps: the bank gives the address of the code, and that the code's text.
async fn code(origin: &str, gateway: &str, form: String) -> Result<String, Problem> {
    let kind = ("content-type", "application/x-www-form-urlencoded");
    let first = ask(Method::POST, gateway, &[kind], form).await?;
    // It may lead to the bank and nowhere else; what is granted to us says so once more.
    if !first.pay_url.starts_with(&format!("{}/", origin.trim_end_matches('/'))) {
        return Err(failed("another address"));
    }
    let second = ask(Method::GET, &first.pay_url, &[], String::new()).await?;
    let text = decode(&second.qr_url);
    if text.is_empty() { Err(failed("no code")) } else { Ok(text) }
}

async fn ask(
    method: Method,
    url: &str,
    headers: &[(&'static str, &str)],
    body: String,
) -> Result<Answer, Problem> {
    let answer = outbound::call(method, url, headers, body).await?;
    if answer.status != StatusCode::OK {
        return Err(failed("another status"));
    }
    let said: Answer = serde_json::from_slice(&answer.body).map_err(|_| failed("not its form"))?;
    if said.success == "true" { Ok(said) } else { Err(failed(&said.error)) }
}

/// Percent-decoded once; a plus stays one.
fn decode(text: &str) -> String {
    let form = format!("url={}", text.replace('+', "%2B").replace('&', "%26"));
    field_of(form.as_bytes(), "url").unwrap_or_default()
}

fn failed(what: &str) -> Problem {
    let what: String = what.chars().filter(|c| c.is_ascii_alphanumeric() || *c == ' ').take(40).collect();
    Problem::unavailable(&format!("ccb order: {what}"))
}
