//! What goes wrong on purpose.

use serde::{Deserialize, Serialize};

use crate::inbound::GatewayFault;

/// The settings in force.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Faults {
    /// Nothing is sent until this is false again.
    pub hold_callbacks: bool,
    /// So many callbacks that arise from now on are lost for ever.
    pub drop_callbacks: u32,
    /// Each callback is sent so many times more, at the same instant.
    pub duplicate_callbacks: u32,
    /// So many callbacks that arise from now on carry a SIGN that is not right.
    pub forge_callbacks: u32,
    /// Callbacks that arise from now on are first sent so much later; not scaled.
    pub late_ms: u32,
    /// Of those that are due together the one that arose last goes first, and each waits for the answer to the one before.
    pub newest_first: bool,
    /// What the next `gateway_calls` calls meet.
    pub gateway: Option<GatewayFault>,
    pub gateway_calls: u32,
    /// So many rows at the end of every bill belong to no order.
    pub bill_extra_rows: u32,
    /// So many rows at the beginning of every bill are not there.
    pub bill_missing_rows: u32,
    /// So many of the rows that are there say a fen more.
    pub bill_wrong_amounts: u32,
}

impl Faults {
    /// The fault that the call at hand meets.
    pub fn next_call(&mut self) -> Option<GatewayFault> {
        let fault = self.gateway.filter(|_| self.gateway_calls > 0)?;
        self.gateway_calls -= 1;
        Some(fault)
    }

    /// Whether the callback at hand is lost.
    pub fn next_dropped(&mut self) -> bool {
        taken(&mut self.drop_callbacks)
    }

    /// Whether the callback at hand is signed wrongly.
    pub fn next_forged(&mut self) -> bool {
        taken(&mut self.forge_callbacks)
    }
}

fn taken(count: &mut u32) -> bool {
    let some = *count > 0;
    *count = count.saturating_sub(1);
    some
}
