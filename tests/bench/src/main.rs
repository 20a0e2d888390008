//! What a request costs here, as ratios of numbers measured in the same minutes on the same machine.
//!
//! - The *floor*: an empty component on our host. What the host, Wasmtime and Spin's SDK cost.
//! - The *peer*: the same component under `wasmtime serve` of the same Wasmtime. What our host adds or saves.
//! - The *cases* (`cases.rs`): requests to the app itself. What our code, the signing component and the database add,
//!   once with the embedded SQLite and once with a PostgreSQL beside it, each with writes that survive a power cut.
//! - A citizen's log-in, whose hash is computed in Wasm, beside what a core hashes natively.
//! - Idle memory of the host with the app and with the empty component.
//!
//! Every subject is measured with 1 and with 32 connections, [`ROUNDS`] times in turn, because machines are noisy; the
//! table shows medians. An answer that is not 2xx fails the run.
//!
//! Not measured: Spin itself, a network, TLS, a database that is large or on another machine, and load that arrives
//! at its own pace instead of waiting for answers. Client and server share the machine's cores, so rates are no
//! capacity; the ratios are what counts.

mod cases;
mod citizens;
mod codes;
mod load;
mod report;
mod servers;

use anyhow::{Context, Result, bail, ensure};
use cases::{CASES, LOG_IN, call};
use http::Method;
use load::Calls;
use report::Row;
use std::any::Any;
use std::time::Duration;
use zerotrip_journeys::House;

const CONNECTIONS: [usize; 2] = [1, 32];
const ROUNDS: usize = 3;
/// Warm-up and measurement.
const SPANS: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(3));
/// Longer than instances stay without requests.
const IDLE: Duration = Duration::from_secs(4);

struct Subject {
    name: &'static str,
    base: String,
    calls: Calls,
    _held: Box<dyn Any>,
}

/// One argument: only the cases whose name contains it.
fn main() -> Result<()> {
    let wanted = std::env::args().nth(1).unwrap_or_default();
    let app =
        idle(|| Ok(House::start("bench-idle")), &["/auth/ready", "/qr/ready", "/fines/ready", "/pay/ready"])?;
    let empty = idle(servers::floor, &["/"])?;

    let mut subjects = subjects(&wanted)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let mut tables: [Vec<Row>; CONNECTIONS.len()] = std::array::from_fn(|_| {
        subjects.iter().map(|subject| Row { name: subject.name, rounds: Vec::new() }).collect()
    });
    let mut refusals = Vec::new();
    for round in 0..ROUNDS {
        for (nth, (connections, rows)) in CONNECTIONS.into_iter().zip(&mut tables).enumerate() {
            for (subject, row) in subjects.iter_mut().zip(rows) {
                let name = subject.name;
                eprintln!("round {} of {ROUNDS}: {name}, connections: {connections}", round + 1);
                let remaining = (ROUNDS - round) * CONNECTIONS.len() - nth;
                let tally = runtime
                    .block_on(load::measure(&subject.base, &mut subject.calls, connections, SPANS, remaining))
                    .with_context(|| name)?;
                if let Some(refusal) = &tally.refusal {
                    refusals.push(format!(
                        "{name}: {} of {} answers were not 2xx; the first: {refusal}",
                        tally.refused,
                        tally.latencies.len()
                    ));
                }
                row.rounds.push(tally.into());
            }
        }
    }

    print!("{}", report::HEAD);
    let measured = || CONNECTIONS.into_iter().zip(&tables);
    measured().for_each(|(connections, rows)| print!("{}", report::lines(connections, rows)));
    println!(
        "\n| idle host with | resident MiB |\n|---|--:|\n| the app | {app:.1} |\n| the empty component | {empty:.1} |\n"
    );
    measured().for_each(|(connections, rows)| print!("{}", report::ratios(connections, rows)));
    if let Some(row) = tables[CONNECTIONS.len() - 1].iter().find(|row| row.name == LOG_IN) {
        let cores = std::thread::available_parallelism()?;
        print!("{}", report::hashes(row, cores.get(), citizens::native_hashes()?));
    }
    if !refusals.is_empty() {
        bail!("the numbers do not count:\n{}", refusals.join("\n"));
    }
    Ok(())
}

fn subjects(wanted: &str) -> Result<Vec<Subject>> {
    let empty = || call(Method::GET, "/", None, "").map(Calls::again);
    let floor = servers::floor()?;
    let peer = servers::Peer::start()?;
    let mut subjects = vec![
        Subject { name: "floor", base: floor.base.clone(), calls: empty()?, _held: Box::new(floor) },
        Subject { name: "peer", base: peer.base.clone(), calls: empty()?, _held: Box::new(peer) },
    ];
    for (name, engine, prepare) in CASES.iter().filter(|(name, ..)| name.contains(wanted)) {
        eprintln!("preparing: {name}");
        let stage = prepare(*engine).with_context(|| *name)?;
        subjects.push(Subject { name, base: stage.base, calls: stage.calls, _held: stage.held });
    }
    Ok(subjects)
}

/// MiB that a host holds when it has answered its first requests and let its instances go.
fn idle(start: impl Fn() -> Result<House>, paths: &[&str]) -> Result<f64> {
    // Once before, so that the compiler's memory is not counted: its result is kept on disk.
    drop(start()?);
    let house = start()?;
    for path in paths {
        let answer = house.get(path, None);
        ensure!(answer.status == 200, "{path}: {} {}", answer.status, answer.text);
    }
    std::thread::sleep(IDLE);
    let kib = servers::resident(house.pid()).context("this system does not tell resident memory")?;
    Ok(kib as f64 / 1024.0)
}
