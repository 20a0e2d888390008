//! The register that the law makes a venue keep: what was disclosed to it, and what it adds. Nothing in it is ever changed; it goes
//! as a whole when its time is over.

pub mod add;
pub mod foreigner;
pub mod list;
pub mod report;
pub mod show;
mod shown;

pub use shown::{Line, Shown, Told, Value};

use std::collections::HashMap;
use zerotrip_accounts::redemption::entry_context;
use zerotrip_accounts::sealed::opened_as;
use zerotrip_domain::scenario::{Addition, Policy, Scenario};
use zerotrip_platform::{Id, Problem, Row};

/// Hotels report guests who are registered outside the mainland within this (旅馆业治安管理办法, art. 6).
pub const REPORTED_WITHIN_MS: u64 = 24 * 3600 * 1000;

/// An entry that is kept still.
pub struct Entry {
    pub id: Id,
    /// Unix ms of the redemption.
    pub at: u64,
    pub policy: &'static Policy,
    pub minor: bool,
    /// Whether the person is registered outside the mainland.
    pub outside: bool,
    /// What the venue was told: personal data.
    pub told: Vec<Told>,
    pub kept_until: u64,
    /// Unix ms.
    pub reported_at: Option<u64>,
}

impl Entry {
    /// Of the columns id, `ended_at`, policy, minor, outside, `entry_sealed`, `kept_until` of a redeemed code, and `at` of its report.
    pub fn of(row: &Row) -> Result<Self, Problem> {
        let id = row.id(0)?;
        let policy = policy(row.text(2)?)?;
        let mut stored: HashMap<String, Value> =
            serde_json::from_str(&opened_as(row, 5, &entry_context(id))?)
                .map_err(|_| Problem::unavailable("a stored entry is not of its form"))?;
        let told = policy.discloses().iter().filter_map(|item| {
            let value = stored.remove(item.name())?;
            Some(Told { name: item.name(), chinese: item.chinese(), value })
        });
        let mut told: Vec<Told> = told.collect();
        // Of a foreigner, whom staff have entered.
        let nationality = stored.remove("nationality");
        told.extend(nationality.map(|value| Told { name: "nationality", chinese: "国籍", value }));
        Ok(Self {
            id,
            at: time(row, 1)?,
            policy,
            told,
            minor: flag(row, 3)?,
            outside: flag(row, 4)?,
            kept_until: time(row, 6)?,
            reported_at: if row.is_null(7) { None } else { Some(time(row, 7)?) },
        })
    }

    /// What is still to be added, of what is due from the scan on or of the rest.
    pub fn missing(&self, added: impl Fn(&str) -> bool, due: bool) -> Vec<Addition> {
        let open = |addition: &Addition| addition.when.is_due() == due && !added(addition.name);
        self.policy.adds(self.minor).filter(open).collect()
    }

    /// By when a hotel tells the police of the guest.
    pub fn to_be_reported_by(&self) -> Option<u64> {
        is_reported(self.policy, self.outside).then(|| self.at + REPORTED_WITHIN_MS)
    }
}

/// Whether the police are told of somebody who is registered outside the mainland, or is not, where `policy` holds.
pub fn is_reported(policy: &Policy, outside: bool) -> bool {
    outside && policy.scenario() == Scenario::Hotel
}

/// The policy that a row names.
pub fn policy(version: &str) -> Result<&'static Policy, Problem> {
    Policy::versioned(version).ok_or_else(|| Problem::unavailable("a row names an unknown policy"))
}

/// A time that a row holds.
pub fn time(row: &Row, at: usize) -> Result<u64, Problem> {
    u64::try_from(row.int(at)?).map_err(|_| Problem::unavailable("a stored time is below zero"))
}

fn flag(row: &Row, at: usize) -> Result<bool, Problem> {
    if row.is_null(at) { Ok(false) } else { Ok(row.int(at)? != 0) }
}
