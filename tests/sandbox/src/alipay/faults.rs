//! What goes wrong on purpose.

use serde::{Deserialize, Serialize};

/// What the gateway does instead of answering a server-to-server call.
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
}

/// How long a silent gateway keeps a connection open.
pub const SILENCE_S: u64 = 120;

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
    /// What the next `gateway_calls` calls meet.
    pub gateway: Option<GatewayFault>,
    pub gateway_calls: u32,
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
        let dropped = self.drop_notifications > 0;
        self.drop_notifications = self.drop_notifications.saturating_sub(1);
        dropped
    }
}
