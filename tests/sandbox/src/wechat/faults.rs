//! What goes wrong on purpose, and how the callbacks are signed meanwhile.

use serde::{Deserialize, Serialize};

use super::{refund::Ending, sign::Fidelity};

/// What the API does instead of answering a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum GatewayFault {
    /// HTTP 502, nothing done.
    Unavailable,
    /// No answer, nothing done.
    Silent,
    /// No answer, but the call was carried out.
    AnswerLost,
    /// Carried out, and answered with a signature that is not right.
    BadSignature,
    /// Carried out, and answered with a signature that says that it is not right.
    SignatureProbe,
}

impl GatewayFault {
    /// How the answer is signed, if there is one.
    pub fn fidelity(fault: Option<Self>) -> Fidelity {
        match fault {
            Some(Self::BadSignature) => Fidelity::Wrong,
            Some(Self::SignatureProbe) => Fidelity::Probe,
            Some(Self::Unavailable | Self::Silent | Self::AnswerLost) | None => Fidelity::Right,
        }
    }
}

/// How long a silent API keeps a connection open.
pub const SILENCE_S: u64 = 120;

/// Whose key signs callbacks. A merchant that changes its mode cannot choose (灰度).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CallbackKey {
    /// `PUB_KEY_ID_…`
    #[default]
    PublicKey,
    /// The newest platform certificate.
    Certificate,
    /// Both, in turn from one send to the next; the public key begins.
    Alternating,
}

/// The settings in force.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Faults {
    /// Nothing is sent until this is false again.
    pub hold_notifications: bool,
    /// So many notifications that arise from now on are lost for ever.
    pub drop_notifications: u32,
    /// Each notification is sent so many times more, at the same instant.
    pub duplicate_notifications: u32,
    /// Notifications that arise from now on are first sent so much later; not scaled.
    pub late_ms: u32,
    /// Of those that are due together the one that arose last goes first, and each waits for the answer to the one before.
    pub newest_first: bool,
    /// So many sends are preceded by a signature probe.
    pub probe_notifications: u32,
    pub callback_key: CallbackKey,
    /// What the next `gateway_calls` calls meet.
    pub gateway: Option<GatewayFault>,
    pub gateway_calls: u32,
    /// How refunds end that are accepted from now on.
    pub refunds_end: Ending,
    /// Bills hold a payment that the merchant knows nothing of.
    pub bill_extra_row: bool,
    /// Bills lack their last row.
    pub bill_missing_row: bool,
    /// The first row of a bill says a fen more.
    pub bill_wrong_amount: bool,
    /// Bills are still being made, of whatever day.
    pub bill_late: bool,
    /// A byte of every file is not what it should be.
    pub bill_damaged: bool,
    /// The hash that is told is of something else.
    pub bill_wrong_hash: bool,
    /// Sends that were signed in turn.
    #[serde(skip)]
    turns: u32,
}

impl Faults {
    /// The fault that the call at hand meets.
    pub fn next_call(&mut self) -> Option<GatewayFault> {
        let fault = self.gateway.filter(|_| self.gateway_calls > 0)?;
        self.gateway_calls -= 1;
        Some(fault)
    }

    /// Whether the notification at hand is lost.
    pub fn next_dropped(&mut self) -> bool {
        take(&mut self.drop_notifications)
    }

    /// Whether the send at hand is preceded by a probe.
    pub fn next_probed(&mut self) -> bool {
        take(&mut self.probe_notifications)
    }

    /// Whose key signs the send at hand; never [`CallbackKey::Alternating`].
    pub fn next_key(&mut self) -> CallbackKey {
        if self.callback_key != CallbackKey::Alternating {
            return self.callback_key;
        }
        self.turns = self.turns.wrapping_add(1);
        if self.turns % 2 == 1 { CallbackKey::PublicKey } else { CallbackKey::Certificate }
    }
}

fn take(count: &mut u32) -> bool {
    let some = *count > 0;
    *count = count.saturating_sub(1);
    some
}
