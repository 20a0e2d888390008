//! How often a service was called, what came of it, and how long callers were kept waiting on purpose.

use std::{
    collections::{BTreeMap, HashMap},
    time::Duration,
};

use serde::Serialize;

/// Since the start.
#[derive(Debug, Default, Serialize)]
pub struct Tally {
    /// All calls, also those that met a fault.
    received: u64,
    /// By what came of them.
    outcomes: BTreeMap<&'static str, u64>,
    /// Microseconds slept on purpose, over all calls.
    slept_us: u64,
    #[serde(skip)]
    by_name: HashMap<String, Named>,
}

/// The calls of one name.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Named {
    /// How often they came.
    received: u64,
    /// What came of the last.
    outcome: &'static str,
    /// Microseconds slept on purpose, over all of them.
    slept_us: u64,
}

impl Tally {
    /// A call that could not be read, or was not, has no name.
    pub fn count(&mut self, name: Option<String>, outcome: &'static str, slept: Duration) {
        let slept_us = u64::try_from(slept.as_micros()).unwrap_or(u64::MAX);
        self.received += 1;
        *self.outcomes.entry(outcome).or_default() += 1;
        self.slept_us = self.slept_us.saturating_add(slept_us);
        if let Some(name) = name {
            let named = self.by_name.entry(name).or_default();
            named.received += 1;
            named.outcome = outcome;
            named.slept_us = named.slept_us.saturating_add(slept_us);
        }
    }

    pub fn named(&self, name: &str) -> Option<&Named> {
        self.by_name.get(name)
    }
}
