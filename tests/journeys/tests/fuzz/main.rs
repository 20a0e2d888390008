//! Every parser of bytes from outside, driven with arbitrary and with mutated ones: none panics, and what is accepted is what was
//! signed, or has one form only. A minute for all of them, in which the same places change in every run; `ZEROTRIP_FUZZ_SECONDS`
//! makes it longer and looks elsewhere each time, or where `ZEROTRIP_SEED` says.

mod certificates;
mod functions;
mod own;
mod providers;
mod registry;
mod statements;
mod written;

use proptest::collection::vec;
use proptest::prelude::{Just, Strategy, any, prop_oneof};
use proptest::sample::Index;
use proptest::test_runner::{Config as Cases, RngAlgorithm, TestCaseError, TestRng, TestRunner};
use std::time::{Duration, Instant, SystemTime};

const NOW_S: u32 = 1_795_600_000;
const NOW: u64 = NOW_S as u64 * 1000;

/// Whether a parser keeps its word about these bytes.
type Holds = Box<dyn Fn(&[u8]) -> bool>;

/// A parser, what it takes, and whether it has taken what it must not.
struct Target {
    name: &'static str,
    /// Well-formed ones, to be mutated.
    seeds: Vec<Vec<u8>>,
    holds: Holds,
}

impl Target {
    fn new(name: &'static str, seeds: Vec<Vec<u8>>, holds: impl Fn(&[u8]) -> bool + 'static) -> Self {
        Self { name, seeds, holds: Box::new(holds) }
    }

    /// One that takes text.
    fn text(name: &'static str, seeds: &[&str], holds: impl Fn(&str) -> bool + 'static) -> Self {
        let seeds = seeds.iter().map(|seed| seed.as_bytes().to_vec()).collect();
        Self::new(name, seeds, move |bytes| holds(&String::from_utf8_lossy(bytes)))
    }

    /// Runs it for so long from the `seed`th place on; gives the number of cases.
    fn run(&self, span: Duration, seed: u64) -> u32 {
        const BATCH: u32 = 64;
        for seed in &self.seeds {
            assert!((self.holds)(seed), "{}: a seed", self.name);
        }
        let input = input(self.seeds.clone());
        let (begun, mut cases) = (Instant::now(), 0_u32);
        while begun.elapsed() < span {
            let mut from = [0; 32];
            from[..8].copy_from_slice(&seed.to_le_bytes());
            from[8..12].copy_from_slice(&cases.to_le_bytes());
            let random = TestRng::from_seed(RngAlgorithm::ChaCha, &from);
            let settings = Cases { cases: BATCH, failure_persistence: None, ..Cases::default() };
            let mut runner = TestRunner::new_with_rng(settings, random);
            let found = runner.run(&input, |bytes| {
                if (self.holds)(&bytes) {
                    Ok(())
                } else {
                    Err(TestCaseError::fail("accepted, and is not what it must be"))
                }
            });
            found.unwrap_or_else(|found| panic!("{}: {found}", self.name));
            cases += BATCH;
        }
        cases
    }
}

/// Arbitrary bytes, or a seed with a few places changed.
fn input(seeds: Vec<Vec<u8>>) -> impl Strategy<Value = Vec<u8>> {
    let arbitrary = vec(any::<u8>(), 0..400);
    if seeds.is_empty() {
        return arbitrary.boxed();
    }
    let changes = vec((0..6_u8, any::<Index>(), any::<u8>()), 0..6);
    let seed = (0..seeds.len()).prop_flat_map(move |at| Just(seeds[at].clone()));
    let mutated = (seed, changes).prop_map(|(mut bytes, changes)| {
        for (how, place, byte) in changes {
            if bytes.is_empty() {
                break;
            }
            let at = place.index(bytes.len());
            match how {
                0 => bytes[at] = byte,
                1 => bytes[at] ^= 1 << (byte % 8),
                2 => drop(bytes.remove(at)),
                3 => bytes.insert(at, byte),
                4 => bytes.truncate(at),
                // A piece twice.
                _ => {
                    let piece = bytes[at..(at + usize::from(byte)).min(bytes.len())].to_vec();
                    bytes.splice(at..at, piece);
                }
            }
        }
        bytes
    });
    prop_oneof![1 => arbitrary, 4 => mutated].boxed()
}

#[test]
fn no_bytes_from_outside_make_a_parser_panic_or_accept_what_it_must_not() {
    let number = |name: &str| std::env::var(name).ok().map(|text| text.parse::<u64>().expect("a number"));
    let longer = number("ZEROTRIP_FUZZ_SECONDS");
    let seconds = longer.unwrap_or(60);
    let elsewhere =
        || SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).map_or(0, |since| since.as_secs());
    let seed = number("ZEROTRIP_SEED").unwrap_or_else(|| longer.map_or(0, |_| elsewhere()));
    println!("ZEROTRIP_SEED={seed}");
    let all: Vec<Target> = [
        own::targets(),
        written::targets(),
        providers::targets(),
        statements::targets(),
        certificates::targets(),
        functions::targets(),
        registry::targets(),
    ]
    .into_iter()
    .flatten()
    .collect();
    let span = Duration::from_secs(seconds) / u32::try_from(all.len()).expect("a few");
    for target in &all {
        let cases = target.run(span, seed);
        println!("{}: {cases} cases", target.name);
        assert!(cases > 0);
    }
}
