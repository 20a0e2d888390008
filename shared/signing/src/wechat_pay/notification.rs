//! Notifications: a signed envelope around an encrypted resource.

use super::signed::{self, SignedHeaders};
use super::{Merchant, sealed};
use crate::fault::{Fault, Refusal};
use crate::json;

/// An authentic notification.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Opened {
    /// Stays the same over retries.
    pub id: String,
    /// E.g. `TRANSACTION.SUCCESS`.
    pub event_type: String,
    /// `transaction` or `refund`.
    pub original_type: String,
    /// The decrypted JSON text.
    pub resource: String,
}

/// Verifies the raw body of a notification, as [`super::answer`] does, and then decrypts its resource.
pub fn notification(
    merchant: &Merchant,
    headers: SignedHeaders<'_>,
    body: &[u8],
    certificates: &[String],
    now_ms: u64,
) -> Result<Opened, Fault> {
    signed::answer(merchant, headers, body, certificates, now_ms)?;
    let text = std::str::from_utf8(body).map_err(|_| Refusal::Malformed)?;
    let ([id, event_type, original_type], resource) = parts(text).ok_or(Refusal::Malformed)?;
    let resource = String::from_utf8(sealed::open(merchant, resource)?).map_err(|_| Refusal::Malformed)?;
    Ok(Opened { id, event_type, original_type, resource })
}

fn parts(envelope: &str) -> Option<([String; 3], &str)> {
    let [id, event_type, resource] =
        json::read(envelope).ok()?.members_among(["id", "event_type", "resource"])?;
    let [original_type] = json::read(resource?).ok()?.members_among(["original_type"])?;
    Some((json::strings([id, event_type, original_type])?, resource?))
}
