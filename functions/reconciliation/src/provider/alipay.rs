//! 对账单: its address is asked for at the gateway, and is good for half a minute, on another host.

use super::Billed;
use crate::broken;
use crate::signing::{alipay_request, alipay_verify};
use http::StatusCode;
use serde::Deserialize;
use serde_json::json;
use zerotrip_bills::MAX_FILE;
use zerotrip_bills::alipay::{self as table, Wanted};
use zerotrip_domain::{Day, Provider, statement};
use zerotrip_platform::{Problem, alipay, outbound, settings};

#[derive(Deserialize)]
struct Address {
    code: String,
    #[serde(default)]
    sub_code: String,
    #[serde(default)]
    bill_download_url: String,
}

/// The bill of `day`, if there is one.
pub async fn fetch(day: Day, now_ms: u64) -> Result<Billed, Problem> {
    let own = alipay_verify::own_merchant().map_err(broken)?;
    let content = json!({ "bill_type": "trade", "bill_date": day.to_string() });
    let content = ("biz_content".to_owned(), content.to_string());
    let method = "alipay.data.dataservice.bill.downloadurl.query";
    let signed = alipay_request::sign(method, &[content], now_ms).map_err(broken)?;
    let text = alipay_verify::answer(method, &alipay::send(&signed).await?).map_err(broken)?;
    let answer: Address = serde_json::from_str(&text)
        .map_err(|_| Problem::unavailable("an answer of alipay is not of its form"))?;
    // It says the same of a bill that is not made yet and of one that never will be.
    if answer.sub_code.to_ascii_lowercase().ends_with("bill_not_exist") {
        let never = statement::is_late(Provider::Alipay, day, now_ms);
        return Ok(if never { Billed::Empty } else { Billed::NotReady });
    }
    if answer.code != "10000" {
        let said = format!("alipay bill: code {} {}", answer.code, answer.sub_code);
        return Err(Problem::unavailable(&said));
    }
    let origin = settings::get("alipay_bill_origin").await?;
    let address = on(&origin, &answer.bill_download_url)
        .ok_or_else(|| Problem::unavailable("alipay: a bill is at another host than alipay_bill_origin"))?;
    let file = outbound::download(&address, &[], MAX_FILE).await?;
    if file.status != StatusCode::OK {
        return Err(Problem::unavailable(&format!("alipay bill: status {}", file.status.as_u16())));
    }
    Ok(match table::read(&file.body, Wanted { seller_id: &own.seller_id, day }) {
        Ok(bill) => Billed::Ready(bill),
        Err(fault) => Billed::Damaged(fault.to_string()),
    })
}

/// `address` by the scheme of `origin`: Alipay gives it as http, and its host takes https. None if the host is another.
fn on(origin: &str, address: &str) -> Option<String> {
    let origin = origin.trim_end_matches('/');
    let host = origin.split_once("://")?.1;
    let path = address.split_once("://")?.1.strip_prefix(host)?;
    path.starts_with('/').then(|| format!("{origin}{path}"))
}
