//! What goes wrong on purpose.

use std::{num::NonZeroU32, time::Duration};

use http::StatusCode;
use serde::{Deserialize, Serialize};

/// What a call meets instead of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Fault {
    /// 503, nothing done.
    Down,
    /// No answer, nothing done.
    Silent,
    /// No answer, but the call was carried out.
    AnswerLost,
    /// 200 and the beginning of an answer that was never given; nothing done.
    Garbage,
    /// This status, nothing done.
    Status(ErrorStatus),
}

/// 400 to 599.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "u16", into = "u16")]
pub struct ErrorStatus(StatusCode);

impl ErrorStatus {
    pub fn get(self) -> StatusCode {
        self.0
    }
}

impl TryFrom<u16> for ErrorStatus {
    type Error = &'static str;

    fn try_from(status: u16) -> Result<Self, Self::Error> {
        StatusCode::from_u16(status)
            .ok()
            .filter(|status| status.is_client_error() || status.is_server_error())
            .map(Self)
            .ok_or("a status of 400 to 599")
    }
}

impl From<ErrorStatus> for u16 {
    fn from(status: ErrorStatus) -> Self {
        status.0.as_u16()
    }
}

/// The settings in force.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Faults {
    /// Every call waits so long before anything else.
    pub slow_ms: u64,
    pub fault: Option<Fault>,
    /// How many calls meet `fault`; none: all of them, until the settings are replaced.
    pub fault_calls: Option<u32>,
    /// More calls than this in a second of the clock are refused.
    pub calls_per_second: Option<NonZeroU32>,
    /// The second at hand, in Unix time, and the calls in it.
    #[serde(skip)]
    second: (i64, u32),
}

impl Faults {
    /// How long the call at hand waits, and what it meets.
    pub fn next_call(&mut self) -> (Option<Duration>, Option<Fault>) {
        let delay = (self.slow_ms > 0).then(|| Duration::from_millis(self.slow_ms));
        let fault = match &mut self.fault_calls {
            Some(0) => None,
            Some(left) => {
                *left -= 1;
                self.fault
            }
            None => self.fault,
        };
        (delay, fault)
    }

    /// Counts the call at hand.
    pub fn over_the_rate(&mut self, now_ms: i64) -> bool {
        let second = now_ms.div_euclid(1000);
        if self.second.0 != second {
            self.second = (second, 0);
        }
        self.second.1 = self.second.1.saturating_add(1);
        self.calls_per_second.is_some_and(|most| self.second.1 > most.get())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_has_as_many_calls_as_allowed() {
        let mut faults = Faults { calls_per_second: NonZeroU32::new(2), ..Faults::default() };
        let calls = [1000, 1500, 1999, 2000, 2001, 2002].map(|ms| faults.over_the_rate(ms));
        assert_eq!(calls, [false, false, true, false, false, true]);
    }

    #[test]
    fn only_errors_can_be_asked_for() {
        for wrong in ["{\"fault\":{\"status\":200}}", "{\"fault\":{\"status\":99}}", "{\"fault\":\"slow\"}"] {
            assert!(serde_json::from_str::<Faults>(wrong).is_err(), "{wrong}");
        }
        let faults: Faults = serde_json::from_str("{\"fault\":{\"status\":429}}").expect("settings");
        assert_eq!(faults.fault, Some(Fault::Status(ErrorStatus(StatusCode::TOO_MANY_REQUESTS))));
    }
}
