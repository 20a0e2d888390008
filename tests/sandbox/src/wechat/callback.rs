//! 回调通知: a notification as it goes over the wire.

use serde_json::{Value, json};

use super::{
    account::Account,
    faults::CallbackKey,
    sign::{Fidelity, Signer, headers},
};
use crate::clock::rfc3339;

/// What a notification says.
#[derive(Clone, Debug)]
pub struct Event<'a> {
    /// The same over all sends.
    pub id: &'a str,
    /// Unix ms.
    pub created_ms: i64,
    /// `TRANSACTION.SUCCESS`, `REFUND.SUCCESS`, …
    pub event_type: &'a str,
    /// `transaction` or `refund`: the resource's type, and the associated data that it is sealed with.
    pub original_type: &'a str,
    /// For people.
    pub summary: &'a str,
    /// What is sealed.
    pub resource: &'a Value,
}

/// A POST to the merchant.
#[derive(Clone, Debug)]
pub struct Callback {
    /// Names and values; `Content-Type` is `application/json`.
    pub headers: Vec<(&'static str, String)>,
    /// The JSON text that is signed.
    pub body: String,
}

impl Account {
    /// A notification that says whatever a test wants, sealed and signed as WeChat Pay does it at this Unix ms.
    /// [`CallbackKey::Alternating`] begins with the public key.
    pub fn callback(&self, event: &Event, by: CallbackKey, now_ms: i64) -> Callback {
        let signer = match by {
            CallbackKey::PublicKey | CallbackKey::Alternating => self.public_key(),
            CallbackKey::Certificate => self.newest_certificate(now_ms),
        };
        self.callback_signed(event, signer, now_ms, Fidelity::Right)
    }

    pub(super) fn callback_signed(
        &self,
        event: &Event,
        signer: Signer,
        now_ms: i64,
        fidelity: Fidelity,
    ) -> Callback {
        let mut resource = self.api_v3_key.seal(&event.resource.to_string(), event.original_type);
        resource["original_type"] = json!(event.original_type);
        let body = json!({
            "id": event.id,
            "create_time": rfc3339(event.created_ms),
            "resource_type": "encrypt-resource",
            "event_type": event.event_type,
            "summary": event.summary,
            "resource": resource,
        })
        .to_string();
        let headers = headers(signer, now_ms, &body, fidelity).into();
        Callback { headers, body }
    }
}
