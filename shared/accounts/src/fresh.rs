//! Acts that need more than a session: whoever holds the phone for a minute shall not take the account away.

use crate::citizen::Citizen;
use http::StatusCode;
use zerotrip_domain::account::Standing;
use zerotrip_platform::{Id, Problem};

/// 12306 gives a face check as long.
const FRESH_MS: u64 = 30 * 60 * 1000;

/// The person has been proven within half an hour. There is no other way to hold one than [`demand`].
pub struct Fresh {
    who: Id,
    at_ms: u64,
}

impl Fresh {
    /// The account whose person it is.
    pub fn who(&self) -> Id {
        self.who
    }

    /// When it was, Unix ms.
    pub fn at_ms(&self) -> u64 {
        self.at_ms
    }
}

/// Refuses a caller whose face, or its equal, is older than half an hour. Of an account that has no name yet there is nobody to
/// compare a face with: there a log-in as recent is the equal.
pub fn demand(caller: &Citizen, now: u64) -> Result<Fresh, Problem> {
    let proven_at = match caller.standing {
        Standing::Registered => caller.began_ms,
        _ => caller.face_at_ms,
    };
    if proven_at.saturating_add(FRESH_MS) > now {
        Ok(Fresh { who: caller.id, at_ms: proven_at })
    } else {
        Err(proof_needed())
    }
}

fn proof_needed() -> Problem {
    Problem::new(
        StatusCode::FORBIDDEN,
        "fresh-proof-needed",
        "Prove again that it is you",
        "请先重新完成实人认证",
        "Needs a face check of the last 30 minutes in this session, or its equal; without a real name, a log-in as recent.",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn caller(standing: Standing, began_ms: u64, face_at_ms: u64) -> Citizen {
        Citizen { id: Id::NONE, session: Id::NONE, standing, began_ms, face_at_ms }
    }

    #[test]
    fn a_proof_lasts_half_an_hour_and_a_log_in_is_one_only_without_a_name() {
        let now = 1_795_600_000_000;
        let ago = |minutes: u64| now - minutes * 60_000;
        assert!(demand(&caller(Standing::RealPerson, ago(600), ago(29)), now).is_ok());
        assert!(demand(&caller(Standing::RealPerson, ago(1), ago(30)), now).is_err());
        assert!(demand(&caller(Standing::RealName, ago(1), 0), now).is_err());
        assert!(demand(&caller(Standing::Registered, ago(29), 0), now).is_ok());
        assert!(demand(&caller(Standing::Registered, ago(31), 0), now).is_err());
    }
}
