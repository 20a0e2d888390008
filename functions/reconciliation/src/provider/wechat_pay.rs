//! 交易账单: applied for, fetched, and held to the hash that the signed answer names. The file itself is not signed.

use super::Billed;
use crate::broken;
use crate::signing::faults::{Fault, Refusal};
use crate::signing::file_digest::{Algorithm, Digest};
use crate::signing::wechat_pay_request;
use crate::signing::wechat_pay_verify::{self, SignedHeaders};
use http::{Method, StatusCode};
use serde::Deserialize;
use zerotrip_bills::wechat_pay::Wanted;
use zerotrip_bills::{MAX_FILE, wechat_pay as table};
use zerotrip_domain::Day;
use zerotrip_platform::wechat_pay::{self, Signature, Signed, failed};
use zerotrip_platform::{Db, Problem};

#[derive(Deserialize)]
struct Address {
    hash_type: String,
    hash_value: String,
    download_url: String,
}

/// The path of `download_url`; its host is the one that we call anyway.
const PATH: &str = "/v3/billdownload/file?";

/// The bill of `day`, if there is one.
pub async fn fetch(db: &Db, day: Day, now_ms: u64) -> Result<Billed, Problem> {
    let own = wechat_pay_verify::own_merchant().map_err(broken)?;
    let target = format!("/v3/bill/tradebill?bill_date={day}&bill_type=ALL&tar_type=GZIP");
    let sign = |method: &str, target: &str, body: &str| sign(method, target, body, now_ms);
    let verify = |signature, body: &[u8], known: &[String]| verify(signature, body, known, now_ms);
    let text = match wechat_pay::call(db, Method::GET, &target, String::new(), sign, verify).await? {
        Ok(text) => text,
        Err(code) => {
            return match code.as_str() {
                "STATEMENT_CREATING" => Ok(Billed::NotReady),
                "NO_STATEMENT_EXIST" => Ok(Billed::Empty),
                _ => Err(failed("bill", &code)),
            };
        }
    };
    let odd = || Problem::unavailable("the address of a bill of wechat-pay is not of its form");
    let address: Address = serde_json::from_str(&text).map_err(|_| odd())?;
    let target = address.download_url.find(PATH).map(|at| &address.download_url[at..]).ok_or_else(odd)?;
    if address.hash_type != "SHA1" {
        return Err(odd());
    }
    let signed = sign("GET", target, "")?;
    let file = wechat_pay::download(target, signed, MAX_FILE).await?;
    if file.status != StatusCode::OK {
        return Err(Problem::unavailable(&format!("wechat-pay bill: status {}", file.status.as_u16())));
    }
    let wanted = Wanted { app_id: &own.app_id, mch_id: &own.mch_id, day };
    let digest = Digest::new(Algorithm::Sha1);
    match table::read(&file.body, wanted, |piece| digest.update(piece)) {
        Ok(bill) if digest.hex().eq_ignore_ascii_case(&address.hash_value) => Ok(Billed::Ready(bill)),
        Ok(_) => Ok(Billed::Damaged("not the bytes that its hash is of".to_owned())),
        Err(fault) => Ok(Billed::Damaged(fault.to_string())),
    }
}

fn sign(method: &str, target: &str, body: &str, now_ms: u64) -> Result<Signed, Problem> {
    let signed = wechat_pay_request::sign(method, target, body, now_ms).map_err(broken)?;
    Ok((signed.authorization, signed.serial))
}

fn verify(signature: Signature, body: &[u8], known: &[String], now_ms: u64) -> Result<(), Problem> {
    let Signature { timestamp, nonce, serial, signature, kind } = signature;
    let headers = SignedHeaders { timestamp, nonce, serial, signature, signature_type: kind };
    let refused = |what: &str| Problem::unavailable(&format!("an answer of wechat-pay: {what}"));
    wechat_pay_verify::answer(&headers, body, known, now_ms).map_err(|fault| match fault {
        Fault::Refused(Refusal::UnknownKey) => refused("signed under a certificate that is not fetched yet"),
        Fault::Refused(refusal) => refused(&format!("not authentic: {refusal:?}")),
        other => broken(other),
    })
}
