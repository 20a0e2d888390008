//! The ladder of reminders.

/// Who could not be reminded in time is still told within so many days after the last.
const LATE: i64 = 7;

/// The rung of a ladder that holds with `days_left`: each is told once, so that a job that was down for days, or a channel
/// opened late, leads to one reminder and not to all that were missed. None above the first rung and long after the last.
///
/// Half-open: with rungs 30 and 7, the days 30 to 8 are the first's, and 7 the second's.
pub fn rung(ladder: &[u16], days_left: i64) -> Option<u16> {
    if days_left <= -LATE {
        return None;
    }
    ladder.iter().copied().filter(|rung| i64::from(*rung) >= days_left).min()
}
