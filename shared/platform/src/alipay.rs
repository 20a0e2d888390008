//! One call of Alipay's gateway, for every function that makes some. What needs a key is the caller's: it asks the signing
//! library, before and after.

use crate::{Problem, outbound, settings};
use bytes::Bytes;

/// Sends what the signing library has signed, and gives the answer as it came: it counts only when it is verified.
pub async fn send(signed: &str) -> Result<Bytes, Problem> {
    let origin = settings::get("alipay_origin").await?;
    // As Alipay's own clients do: the content in the body, all else, the charset that it is read in above all, in the address.
    let (body, address): (Vec<&str>, Vec<&str>) =
        signed.split('&').partition(|field| field.starts_with("biz_content="));
    let address = format!("{}/gateway.do?{}", origin.trim_end_matches('/'), address.join("&"));
    outbound::post_form(&address, body.concat()).await
}
