//! What no authority has. For tests and developers.

use std::sync::Arc;

use axum::{Json, extract::State};
use serde::{Deserialize, Serialize};

use super::{Authority, book::Entry};
use crate::inbound::GatewayFault;

/// What goes wrong on purpose.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Faults {
    /// What the next `gateway_calls` calls meet: `unavailable`, `silent`, or `answer-lost`.
    gateway: Option<GatewayFault>,
    /// Or this status, with nothing done.
    status: Option<u16>,
    gateway_calls: u32,
    /// So much later every call is looked at.
    slow_ms: u32,
}

impl Faults {
    /// What the call at hand meets, and how late.
    pub fn next_call(&mut self) -> (Option<GatewayFault>, Option<u16>, u32) {
        if self.gateway_calls == 0 {
            return (None, None, self.slow_ms);
        }
        self.gateway_calls -= 1;
        (self.gateway, self.status, self.slow_ms)
    }
}

/// Everything that was taken, in the order in which it first came.
pub async fn reports(State(authority): State<Arc<Authority>>) -> Json<Vec<Entry>> {
    Json(authority.book().entries().to_vec())
}

/// The faults in force.
pub async fn faults(State(authority): State<Arc<Authority>>) -> Json<Faults> {
    Json(authority.faults().clone())
}

/// Replaces all of them; what is not named is off.
pub async fn set_faults(State(authority): State<Arc<Authority>>, Json(faults): Json<Faults>) -> Json<Faults> {
    *authority.faults() = faults.clone();
    Json(faults)
}
