//! What goes wrong on purpose.

use serde::{Deserialize, Serialize};

use crate::inbound::GatewayFault;

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
