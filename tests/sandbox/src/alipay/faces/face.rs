//! One check of a face, and what may become of it. No I/O.

use serde::{Deserialize, Serialize};

use crate::{ledger::Entry, people};

const HOUR_MS: i64 = 3_600_000;
/// How long a check can be taken up (Alipay's answer to a developer: 23 hours).
const OPEN_MS: i64 = 23 * HOUR_MS;
/// How long after it the result can be asked for (there: 3 months).
const KEPT_MS: i64 = 90 * 24 * HOUR_MS;

/// What the merchant asks for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Order {
    pub outer_order_no: String,
    pub biz_code: String,
    pub cert_name: String,
    pub cert_no: String,
    pub return_url: String,
}

/// What happened in front of the camera, for those who look behind it: the merchant only learns whether it is `pass`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// The person of that name and number.
    Pass,
    /// Somebody else.
    Fail,
    /// A photo, a mask, a recording (活体攻击).
    Attack,
    /// Nobody has this name and number, so that there is no face to compare with.
    Mismatch,
}

/// What somebody does with a check.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Act {
    Pass,
    Fail,
    Attack,
    /// Goes away; the check can be taken up again.
    Abandon,
    /// Lets it become too old, as after its time.
    Expire,
}

/// Why nothing can be done with a check.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
    /// It is over: one way or the other, there is a result.
    Decided,
    /// Its time is over.
    Expired,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Face {
    pub certify_id: String,
    #[serde(flatten)]
    pub order: Order,
    pub created_ms: i64,
    /// Until when it can be taken up, and from the decision on, until when its result can be asked for.
    pub expires_ms: i64,
    pub outcome: Option<Outcome>,
    /// Where the page leads back to, if it was opened with an address of its own.
    pub back: Option<String>,
    /// How often the merchant asked, since the start.
    #[serde(default, skip_deserializing)]
    pub queries: u32,
}

impl Entry for Face {
    fn key(&self) -> &str {
        &self.certify_id
    }
}

impl Face {
    pub fn begun(certify_id: String, order: Order, now_ms: i64) -> Self {
        let expires_ms = now_ms + OPEN_MS;
        Self { certify_id, order, created_ms: now_ms, expires_ms, outcome: None, back: None, queries: 0 }
    }

    /// Whether somebody has this name and number.
    pub fn names_somebody(&self) -> bool {
        people::find(&self.order.cert_no).is_some_and(|person| person.name == self.order.cert_name)
    }

    pub fn way_back(&self) -> &str {
        self.back.as_ref().unwrap_or(&self.order.return_url)
    }

    pub fn expired(&self, now_ms: i64) -> bool {
        now_ms >= self.expires_ms
    }

    pub fn can_be_taken_up(&self, now_ms: i64) -> Result<(), Refused> {
        match self.outcome {
            _ if self.expired(now_ms) => Err(Refused::Expired),
            Some(_) => Err(Refused::Decided),
            None => Ok(()),
        }
    }

    pub fn after(&self, act: Act, now_ms: i64) -> Result<Self, Refused> {
        if act == Act::Expire {
            return Ok(Self { expires_ms: now_ms.min(self.expires_ms), ..self.clone() });
        }
        self.can_be_taken_up(now_ms)?;
        let outcome = match act {
            Act::Pass if self.names_somebody() => Outcome::Pass,
            Act::Pass => Outcome::Mismatch,
            Act::Fail => Outcome::Fail,
            Act::Attack => Outcome::Attack,
            Act::Abandon | Act::Expire => return Ok(self.clone()),
        };
        Ok(Self { outcome: Some(outcome), expires_ms: now_ms + KEPT_MS, ..self.clone() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_check_is_taken_up_within_23_hours_and_its_result_asked_for_within_90_days() {
        let order = Order {
            outer_order_no: "F1".into(),
            biz_code: "FACE".into(),
            cert_name: people::all()[0].name.into(),
            cert_no: people::all()[0].id_number.clone(),
            return_url: "http://127.0.0.1/".into(),
        };
        let face = Face::begun("1".into(), order, 1000);
        let late = 1000 + 82_800_000;
        assert_eq!(face.after(Act::Pass, late).err(), Some(Refused::Expired));
        let passed = face.after(Act::Pass, late - 1).expect("just in time");
        assert_eq!(passed.outcome, Some(Outcome::Pass));
        assert_eq!(passed.after(Act::Fail, late).err(), Some(Refused::Decided));
        assert!(!passed.expired(late - 2 + 7_776_000_000));
        assert!(passed.expired(late - 1 + 7_776_000_000));
    }
}
