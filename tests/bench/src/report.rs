//! Statistics and the table.

use crate::load::Tally;
use std::fmt::Write as _;
use std::time::Duration;

/// One measurement.
#[derive(Clone, Copy, Debug)]
pub struct Round {
    /// Answers in a second.
    pub rate: f64,
    /// Half of the answers took no longer; microseconds.
    pub p50: f64,
    /// 99 of 100 took no longer; microseconds.
    pub p99: f64,
}

impl From<Tally> for Round {
    fn from(mut tally: Tally) -> Self {
        tally.latencies.sort_unstable();
        let micros = |share| percentile(&tally.latencies, share).as_secs_f64() * 1e6;
        Self {
            rate: tally.latencies.len() as f64 / tally.elapsed.as_secs_f64(),
            p50: micros(0.50),
            p99: micros(0.99),
        }
    }
}

/// All rounds of one subject with so many connections.
pub struct Row {
    /// Name of the subject.
    pub name: &'static str,
    /// In the order measured. Round `i` of every row was measured in the same minute.
    pub rounds: Vec<Round>,
}

impl Row {
    fn median(&self, value: impl Fn(&Round) -> f64) -> f64 {
        median(self.rounds.iter().map(value).collect())
    }

    /// The rate as a share of another's: the median of the rounds' shares, so that what slows a whole round cancels.
    pub fn share_of(&self, other: &Row) -> f64 {
        median(self.rounds.iter().zip(&other.rounds).map(|(own, theirs)| own.rate / theirs.rate).collect())
    }
}

/// The smallest value that `share` of the sorted values do not exceed (nearest rank).
fn percentile(sorted: &[Duration], share: f64) -> Duration {
    let rank = (share * sorted.len() as f64).ceil() as usize;
    sorted[rank.clamp(1, sorted.len()) - 1]
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    if values.len().is_multiple_of(2) { (values[middle - 1] + values[middle]) / 2.0 } else { values[middle] }
}

/// The lines of one number of connections. The first row is the floor, the second the peer.
pub fn lines(connections: usize, rows: &[Row]) -> String {
    let mut text = String::new();
    for row in rows {
        let _ = writeln!(
            text,
            "| {} | {connections} | {:.0} | {:.0} | {:.0} | {:.2} | {:.2} |",
            row.name,
            row.median(|r| r.rate),
            row.median(|r| r.p50),
            row.median(|r| r.p99),
            row.share_of(&rows[0]),
            row.share_of(&rows[1]),
        );
    }
    text
}

/// Head of the table that [`lines`] fill.
pub const HEAD: &str = "\
| what | connections | requests/s | p50 µs | p99 µs | of the floor | of the peer |
|---|--:|--:|--:|--:|--:|--:|
";

/// What should hold on another machine too.
pub fn ratios(connections: usize, rows: &[Row]) -> String {
    let mut text = String::new();
    let at = if connections == 1 { "1 connection".to_owned() } else { format!("{connections} connections") };
    let _ = writeln!(
        text,
        "- {at}: our host answers an empty handler at {:.2} of the rate of `wasmtime serve`.",
        rows[0].share_of(&rows[1])
    );
    for row in &rows[2..] {
        let share = row.share_of(&rows[0]);
        let _ = writeln!(
            text,
            "- {at}: a {} costs {:.1} empty requests ({share:.2} of the floor's rate).",
            row.name,
            1.0 / share
        );
    }
    text
}

/// Log-ins, of which each computes a hash, beside the hashes that one core computes natively in a second.
pub fn hashes(log_in: &Row, cores: usize, native: f64) -> String {
    let rate = log_in.median(|r| r.rate) / cores as f64;
    format!(
        "- a core logs {rate:.1} citizens in a second; natively it computes {native:.1} of their hashes: {:.2}.\n",
        rate / native
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn millis(values: impl IntoIterator<Item = u64>) -> Vec<Duration> {
        values.into_iter().map(Duration::from_millis).collect()
    }

    // The worked example of the nearest-rank method in common use: 15, 20, 35, 40, 50.
    #[test]
    fn a_percentile_is_a_value_that_occurred() {
        let values = millis([15, 20, 35, 40, 50]);
        for (share, expected) in [(0.05, 15), (0.30, 20), (0.40, 20), (0.50, 35), (1.0, 50)] {
            assert_eq!(percentile(&values, share), Duration::from_millis(expected), "{share}");
        }
        assert_eq!(percentile(&millis(1..=100), 0.99), Duration::from_millis(99));
        assert_eq!(percentile(&millis([7]), 0.99), Duration::from_millis(7));
    }

    #[test]
    fn a_round_that_was_slow_for_all_does_not_change_the_share() {
        let row = |rates: [f64; 3]| Row {
            name: "x",
            rounds: rates.map(|rate| Round { rate, p50: 0.0, p99: 0.0 }).to_vec(),
        };
        let share = row([50.0, 5.0, 50.0]).share_of(&row([100.0, 10.0, 100.0]));
        assert!((share - 0.5).abs() < 1e-9);
        assert!((median(vec![3.0, 1.0, 2.0, 10.0]) - 2.5).abs() < 1e-9);
    }
}
