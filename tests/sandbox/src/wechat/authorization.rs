//! The proof that the merchant makes a call: `Authorization: WECHATPAY2-SHA256-RSA2048 …`.

use bytes::Bytes;
use http::{HeaderMap, header, request::Parts};
use percent_encoding::percent_decode_str;

use super::{account::Account, failure::Failure};
use crate::parameters::Parameters;

const SCHEMA: &str = "WECHATPAY2-SHA256-RSA2048";
/// How far a call's time may be off.
const FRESH_S: i64 = 300;

/// A call that the merchant has signed. Only [`authenticate`] makes one.
#[derive(Debug)]
pub struct Call {
    pub method: http::Method,
    /// Segments below `/v3/`, decoded.
    pub path: Vec<String>,
    query: Parameters,
    pub body: Bytes,
    /// Under which the merchant sees us: `http://HOST`.
    pub origin: String,
}

impl Call {
    /// A query parameter.
    pub fn optional(&self, name: &str) -> Option<&str> {
        self.query.get(name)
    }

    /// A query parameter that must be there.
    pub fn required(&self, name: &str) -> Result<&str, Failure> {
        self.optional(name).ok_or_else(|| Failure::parameter(name, "缺少"))
    }
}

/// Checks the headers and the signature over method, path and query as sent, time, nonce and raw body.
pub fn authenticate(account: &Account, now_ms: i64, head: &Parts, body: &Bytes) -> Result<Call, Failure> {
    let get = |name| text(&head.headers, name);
    let accept = get(header::ACCEPT).ok_or_else(|| Failure::parameter("Accept", "缺少"))?;
    if !["application/json", "*/*"].iter().any(|kind| accept.contains(kind)) {
        return Err(Failure::parameter("Accept", "应为 application/json"));
    }
    if get(header::USER_AGENT).is_none_or(str::is_empty) {
        return Err(Failure::parameter("User-Agent", "缺少"));
    }
    let host = get(header::HOST).ok_or_else(|| Failure::parameter("Host", "缺少"))?;
    let kind = get(header::CONTENT_TYPE).and_then(|kind| kind.split(';').next()).map(str::trim);
    if !body.is_empty() && !kind.is_some_and(|kind| kind.eq_ignore_ascii_case("application/json")) {
        return Err(Failure::parameter("Content-Type", "应为 application/json"));
    }
    let credentials =
        get(header::AUTHORIZATION).ok_or_else(|| Failure::signature("缺少唯一的 Authorization"))?;
    let [mchid, nonce, timestamp, serial, signature] = attributes(credentials)?;
    if mchid != account.mch_id {
        return Err(Failure::signature("商户号不存在"));
    }
    if serial != account.merchant_serial {
        return Err(Failure::signature("证书序列号有误"));
    }
    if nonce.is_empty() || nonce.len() > 32 || !nonce.bytes().all(|b| b.is_ascii_alphanumeric()) {
        return Err(Failure::signature("随机串有误"));
    }
    let digits = timestamp.bytes().all(|b| b.is_ascii_digit());
    let at: i64 = timestamp.parse().map_err(|_| Failure::signature("时间戳有误"))?;
    if !digits || at.abs_diff(now_ms.div_euclid(1000)) >= FRESH_S.unsigned_abs() {
        return Err(Failure::signature("Http头Authorization中的timestamp与发起请求的时间不得超过5分钟"));
    }
    let target = head.uri.path_and_query().map_or("/", |target| target.as_str());
    let content = std::str::from_utf8(body).map_err(|_| Failure::parameter("body", "不是 UTF-8"))?;
    let message = format!("{}\n{target}\n{timestamp}\n{nonce}\n{content}\n", head.method);
    if !account.merchant_key.verifies(&message, signature) {
        return Err(Failure::signature("签名值与请求不符，请检查签名串和商户私钥"));
    }
    let path = head.uri.path().trim_start_matches("/v3/").split('/');
    let path = path.map(|segment| percent_decode_str(segment).decode_utf8_lossy().into_owned()).collect();
    let query = Parameters::parse(head.uri.query().unwrap_or_default())
        .ok_or_else(|| Failure::parameter("query", "参数重复"))?;
    Ok(Call {
        method: head.method.clone(),
        path,
        query,
        body: body.clone(),
        origin: format!("http://{host}"),
    })
}

/// A header that is there exactly once, as text.
fn text(headers: &HeaderMap, name: header::HeaderName) -> Option<&str> {
    let mut values = headers.get_all(name).iter();
    values.next().filter(|_| values.next().is_none())?.to_str().ok()
}

/// mchid, nonce_str, timestamp, serial_no and signature, in whatever order they come, each once.
fn attributes(credentials: &str) -> Result<[&str; 5], Failure> {
    let malformed = || Failure::signature("Http头Authorization值格式错误");
    let list =
        credentials.strip_prefix(SCHEMA).and_then(|rest| rest.strip_prefix(' ')).ok_or_else(malformed)?;
    let mut found = [None; 5];
    for attribute in list.split(',') {
        let (name, value) = attribute.trim().split_once('=').ok_or_else(malformed)?;
        let value = value.strip_prefix('"').and_then(|v| v.strip_suffix('"')).ok_or_else(malformed)?;
        let place =
            ["mchid", "nonce_str", "timestamp", "serial_no", "signature"].iter().position(|n| *n == name);
        let place = place.ok_or_else(malformed)?;
        if found[place].replace(value).is_some() {
            return Err(malformed());
        }
    }
    match found {
        [Some(mchid), Some(nonce), Some(timestamp), Some(serial), Some(signature)] => {
            Ok([mchid, nonce, timestamp, serial, signature])
        }
        _ => Err(malformed()),
    }
}
