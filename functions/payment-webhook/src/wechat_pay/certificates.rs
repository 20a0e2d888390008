//! Platform certificates (平台证书) are fetched before they are needed, and kept as they came.

use super::api;
use http::{Method, StatusCode};
use zerotrip_platform::wechat_pay::{self, NAME, Signature};
use zerotrip_platform::{Db, Problem, log};

/// WeChat Pay asks merchants to fetch at least twice a day.
const FRESH_MS: u64 = 12 * 3600 * 1000;
/// A serial that is not known may be a new one, or anybody's invention.
const AT_MOST_EVERY_MS: u64 = 60 * 1000;
/// What a merchant has who was never in certificate mode: WeChat Pay answers 404.
const NONE: &str = r#"{"data":[]}"#;

/// Fetches them if they are old, or, when a serial was `unknown`, if that was not tried a moment ago. Of several callers
/// one does it; if it is killed on the way, another a minute later.
pub async fn refresh(db: &Db, unknown: bool, now_ms: u64) -> Result<(), Problem> {
    let age = if unknown { AT_MOST_EVERY_MS } else { FRESH_MS };
    let claimed = db
        .one(
            "INSERT INTO provider_certificates (provider, body, fetched_at) VALUES ($1, '', CAST($2 AS BIGINT)) \
             ON CONFLICT (provider) DO UPDATE SET fetched_at = excluded.fetched_at \
             WHERE provider_certificates.fetched_at <= CAST($3 AS BIGINT) \
             OR (provider_certificates.body = '' AND provider_certificates.fetched_at <= CAST($4 AS BIGINT)) \
             RETURNING provider",
            [
                NAME.into(),
                now_ms.into(),
                now_ms.saturating_sub(age).into(),
                now_ms.saturating_sub(AT_MOST_EVERY_MS).into(),
            ],
        )
        .await?;
    if claimed.is_none() {
        return Ok(());
    }
    match fetch(now_ms).await {
        Ok(body) => {
            db.run(
                "UPDATE provider_certificates SET body = $1 WHERE provider = $2",
                [body.into(), NAME.into()],
            )
            .await?;
            log("fetched the certificates of wechat-pay");
            Ok(())
        }
        Err(problem) => {
            // Due again in a minute, not half a day later.
            let soon = now_ms.saturating_sub(FRESH_MS - AT_MOST_EVERY_MS);
            db.run(
                "UPDATE provider_certificates SET fetched_at = $1 WHERE provider = $2",
                [soon.into(), NAME.into()],
            )
            .await?;
            Err(problem)
        }
    }
}

async fn fetch(now_ms: u64) -> Result<String, Problem> {
    let target = "/v3/certificates";
    let signed = api::sign("GET", target, "", now_ms)?;
    let answer = wechat_pay::send(Method::GET, target, String::new(), signed).await?;
    let odd = |what: &str| Problem::unavailable(&format!("wechat-pay certificates: {what}"));
    match answer.status {
        StatusCode::OK => {}
        StatusCode::NOT_FOUND => return Ok(NONE.to_owned()),
        other => return Err(odd(&format!("status {}", other.as_u16()))),
    }
    let body = String::from_utf8(answer.body.to_vec()).map_err(|_| odd("not of their form"))?;
    // They vouch for the answer that brings them: what does not open under our APIv3 key verifies nothing.
    api::verify(Signature::of(&answer.headers), &answer.body, std::slice::from_ref(&body), now_ms)?;
    Ok(body)
}
