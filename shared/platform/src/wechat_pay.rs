//! One call of WeChat Pay's merchant API (v3), for every function that makes some. What needs a key is the caller's: it
//! asks the signing library.

use crate::outbound::{self, Answer};
use crate::{Db, Problem, settings};
use http::{HeaderMap, Method, StatusCode};
use serde::Deserialize;

/// As the database names it.
pub const NAME: &str = "wechat-pay";
/// Serials of the public-key mode: their keys are in the settings.
pub const PUBLIC_KEY: &str = "PUB_KEY_ID_";

/// The headers that a signature of WeChat Pay comes in; a missing one is empty.
#[derive(Clone, Debug)]
pub struct Signature {
    /// `Wechatpay-Timestamp`, Unix seconds.
    pub timestamp: String,
    /// `Wechatpay-Nonce`.
    pub nonce: String,
    /// `Wechatpay-Serial`: which key.
    pub serial: String,
    /// `Wechatpay-Signature`, base64.
    pub signature: String,
    /// `Wechatpay-Signature-Type`, which may be absent.
    pub kind: Option<String>,
}

impl Signature {
    /// As it was received.
    pub fn of(headers: &HeaderMap) -> Self {
        let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
        let needed = |name: &str| text(name).unwrap_or_default();
        Self {
            timestamp: needed("wechatpay-timestamp"),
            nonce: needed("wechatpay-nonce"),
            serial: needed("wechatpay-serial"),
            signature: needed("wechatpay-signature"),
            kind: text("wechatpay-signature-type"),
        }
    }
}

/// What our own signature is: `Authorization`, and the public key that the answer shall be signed for, if there is one.
pub type Signed = (String, Option<String>);

/// Sends `body` (empty for GET) to `target`, path and query, and gives the body of a 2xx, or WeChat Pay's word for why
/// not. An answer counts only when `verify` has taken its signature, an error's as well; what is about the service and
/// not about this call is a [`Problem::unavailable`].
///
/// WeChat Pay signs some answers wrongly on purpose, to see that we look. Every call may be repeated, so it is asked once more.
pub async fn call(
    db: &Db,
    method: Method,
    target: &str,
    body: String,
    sign: impl Fn(&str, &str, &str) -> Result<Signed, Problem>,
    verify: impl Fn(Signature, &[u8], &[String]) -> Result<(), Problem>,
) -> Result<Result<String, String>, Problem> {
    #[derive(Deserialize)]
    struct Refused {
        code: String,
    }
    let mut asked_again = false;
    let answer = loop {
        let signed = sign(method.as_str(), target, &body)?;
        let answer = send(method.clone(), target, body.clone(), signed).await?;
        let signature = Signature::of(&answer.headers);
        let known = certificates(db, &signature.serial).await?;
        // What stands before WeChat Pay signs nothing, and says by its status what it is.
        let is_signed = !signature.signature.is_empty();
        match verify(signature, &answer.body, &known) {
            Ok(()) => break answer,
            Err(problem) => {
                crate::log(&format!("wechat-pay: status {}, not authentic", answer.status.as_u16()));
                if asked_again || !is_signed {
                    return Err(problem);
                }
                asked_again = true;
            }
        }
    };
    let odd = || Problem::unavailable("an answer of wechat-pay is not of its form");
    if answer.status.is_success() {
        return String::from_utf8(answer.body.to_vec()).map(Ok).map_err(|_| odd());
    }
    if answer.status.is_server_error() || answer.status == StatusCode::TOO_MANY_REQUESTS {
        return Err(Problem::unavailable(&format!("wechat-pay: status {}", answer.status.as_u16())));
    }
    let refused: Refused = serde_json::from_slice(&answer.body).map_err(|_| odd())?;
    Ok(Err(refused.code))
}

/// The same without a look at the answer's signature: for what proves itself in another way.
pub async fn send(method: Method, target: &str, body: String, signed: Signed) -> Result<Answer, Problem> {
    outbound::call(method, &address(target).await?, &headers(&signed), body).await
}

/// A file of at most `most` bytes. It is not signed: its hash is told by an answer that is.
pub async fn download(target: &str, signed: Signed, most: usize) -> Result<Answer, Problem> {
    outbound::download(&address(target).await?, &headers(&signed), most).await
}

async fn address(target: &str) -> Result<String, Problem> {
    let origin = settings::get("wechat_pay_origin").await?;
    Ok(format!("{}{target}", origin.trim_end_matches('/')))
}

fn headers((authorization, serial): &Signed) -> Vec<(&'static str, &str)> {
    let mut headers = vec![
        ("authorization", authorization.as_str()),
        ("accept", "application/json"),
        ("content-type", "application/json"),
        ("user-agent", "zerotrip"),
    ];
    headers.extend(serial.as_deref().map(|serial| ("wechatpay-serial", serial)));
    headers
}

/// The platform certificates (平台证书) that may hold `serial`, as they came: encrypted under the APIv3 key,
/// so that only the signing library opens them, and nobody who writes to the database can slip in one of his own.
pub async fn certificates(db: &Db, serial: &str) -> Result<Vec<String>, Problem> {
    if serial.starts_with(PUBLIC_KEY) {
        return Ok(Vec::new());
    }
    let row = db
        .one("SELECT body FROM provider_certificates WHERE provider = $1 AND body <> ''", [NAME.into()])
        .await?;
    row.iter().map(|row| row.text(0).map(str::to_owned)).collect()
}

/// A refusal that the caller did not expect.
pub fn failed(what: &str, code: &str) -> Problem {
    let code: String = code.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '_').take(40).collect();
    Problem::unavailable(&format!("wechat-pay {what}: {code}"))
}

/// Whether WeChat Pay says that it has no such order.
pub fn is_unknown(code: &str) -> bool {
    matches!(code, "ORDER_NOT_EXIST" | "ORDERNOTEXIST" | "RESOURCE_NOT_EXISTS")
}

/// What its answer to closing an order means: that it cannot be paid any more, or has been paid meanwhile.
pub fn closed(answer: Result<String, String>) -> Result<bool, Problem> {
    match answer {
        Ok(_) => Ok(true),
        Err(code) if is_unknown(&code) || matches!(code.as_str(), "ORDER_CLOSED" | "ORDERCLOSED") => Ok(true),
        Err(code) if code == "ORDERPAID" => Ok(false),
        Err(code) => Err(failed("close", &code)),
    }
}
