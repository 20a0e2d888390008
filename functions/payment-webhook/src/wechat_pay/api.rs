//! One call of the merchant API, signed and verified by the signing library.

use crate::broken;
use crate::signing::faults::{Fault, Refusal};
use crate::signing::wechat_pay_request;
use crate::signing::wechat_pay_verify::{self, SignedHeaders};
use http::Method;
use zerotrip_platform::wechat_pay::{self, Signature, Signed};
use zerotrip_platform::{Db, Problem};

/// The body of a 2xx, or WeChat Pay's word for why not.
pub async fn call(
    db: &Db,
    method: Method,
    target: &str,
    body: String,
    now_ms: u64,
) -> Result<Result<String, String>, Problem> {
    let sign = |method: &str, target: &str, body: &str| sign(method, target, body, now_ms);
    let verify = |signature, body: &[u8], known: &[String]| verify(signature, body, known, now_ms);
    wechat_pay::call(db, method, target, body, sign, verify).await
}

pub fn sign(method: &str, target: &str, body: &str, now_ms: u64) -> Result<Signed, Problem> {
    let signed = wechat_pay_request::sign(method, target, body, now_ms).map_err(broken)?;
    Ok((signed.authorization, signed.serial))
}

pub fn verify(signature: Signature, body: &[u8], known: &[String], now_ms: u64) -> Result<(), Problem> {
    let refused = |what: &str| Problem::unavailable(&format!("an answer of wechat-pay: {what}"));
    wechat_pay_verify::answer(&headers(signature), body, known, now_ms).map_err(|fault| match fault {
        Fault::Refused(Refusal::UnknownKey) => refused("signed under a certificate that is not fetched yet"),
        Fault::Refused(refusal) => refused(&format!("not authentic: {refusal:?}")),
        other => broken(other),
    })
}

pub fn headers(signature: Signature) -> SignedHeaders {
    let Signature { timestamp, nonce, serial, signature, kind } = signature;
    SignedHeaders { timestamp, nonce, serial, signature, signature_type: kind }
}
