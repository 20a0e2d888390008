//! One call of Alipay's gateway, for every function that makes some. What needs a key is the caller's: it asks the signing
//! library, before and after.

use crate::outbound::{self, Answer};
use crate::{Problem, settings};
use bytes::Bytes;
use http::Method;

/// Sends what the signing library has signed, and gives the answer as it came: it counts only when it is verified.
pub async fn send(signed: &str) -> Result<Bytes, Problem> {
    let (address, body) = parts(signed).await?;
    outbound::post_form(&address, body).await
}

/// The same, given up `within_ms` after it began; whatever status it has.
pub async fn send_within(within_ms: u64, signed: &str) -> Result<Answer, Problem> {
    let (address, body) = parts(signed).await?;
    let kind = ("content-type", "application/x-www-form-urlencoded;charset=utf-8");
    outbound::call_within(within_ms, Method::POST, &address, &[kind], body).await
}

/// Address and body. As Alipay's own clients do: the content in the body, all else, the charset that it is read in above
/// all, in the address.
async fn parts(signed: &str) -> Result<(String, String), Problem> {
    let (body, address): (Vec<&str>, Vec<&str>) =
        signed.split('&').partition(|field| field.starts_with("biz_content="));
    Ok((format!("{}?{}", gateway().await?, address.join("&")), body.concat()))
}

/// Where the gateway is.
pub async fn gateway() -> Result<String, Problem> {
    Ok(format!("{}/gateway.do", settings::get("alipay_origin").await?.trim_end_matches('/')))
}
