//! What goes wrong on purpose.

use std::time::Duration;

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
    /// Calls are answered so much later.
    pub slow_ms: u64,
    /// What the method of a call must begin with to meet `gateway` and `slow_ms`.
    pub gateway_methods: String,
    /// There is no bill yet, of whatever day.
    pub bill_late: bool,
    /// A byte of every bill is not what it should be.
    pub bill_damaged: bool,
    /// So many rows at the end of every bill belong to no order of the merchant's system.
    pub bill_extra_rows: u32,
    /// So many of the last rows are not there.
    pub bill_missing_rows: u32,
    /// So many of the first rows say a fen more.
    pub bill_wrong_amounts: u32,
}

impl Faults {
    /// How long the call at hand waits, and the fault that it meets.
    pub fn next_call(&mut self, method: &str) -> (Option<Duration>, Option<GatewayFault>) {
        if !method.starts_with(&self.gateway_methods) {
            return (None, None);
        }
        let delay = (self.slow_ms > 0).then(|| Duration::from_millis(self.slow_ms));
        let fault = self.gateway.filter(|_| self.gateway_calls > 0);
        if fault.is_some() {
            self.gateway_calls -= 1;
        }
        (delay, fault)
    }

    /// Whether the notification at hand is lost.
    pub fn next_dropped(&mut self) -> bool {
        let dropped = self.drop_notifications > 0;
        self.drop_notifications = self.drop_notifications.saturating_sub(1);
        dropped
    }
}
