//! What each signature costs in Wasm beside the same code natively.
//!
//! Native is this workspace's `host` profile (opt-level 2, overflow checks); the component is the one that is
//! deployed, called from the host: its time includes entering it and copying text both ways, some microseconds.

mod component;
mod work;

use anyhow::{Context, Result};
use criterion::Criterion;
use std::path::Path;
use std::time::Duration;

const NATIVE: &str = "native";
const WASM: &str = "wasm";

/// Measures, then prints the table.
fn main() -> Result<()> {
    let results = zerotrip_journeys::target().join("criterion");
    let mut criterion = Criterion::default()
        .output_directory(&results)
        .without_plots()
        .sample_size(10)
        .warm_up_time(Duration::from_millis(100))
        .measurement_time(Duration::from_millis(300));
    let mut names = Vec::new();
    work::all(&mut |name, native, wasm| {
        let mut group = criterion.benchmark_group(name);
        group.bench_function(NATIVE, |bencher| bencher.iter(&mut *native));
        group.bench_function(WASM, |bencher| bencher.iter(&mut *wasm));
        names.push(name);
    })?;

    println!("\n| operation | native µs | Wasm µs | ratio |\n|---|--:|--:|--:|");
    for name in names {
        let [native, wasm] = [NATIVE, WASM].map(|side| median(&results.join(name).join(side)));
        let (native, wasm) = (native?, wasm?);
        println!("| {name} | {native:.1} | {wasm:.1} | {:.1} |", wasm / native);
    }
    Ok(())
}

/// Microseconds, as Criterion left them.
fn median(folder: &Path) -> Result<f64> {
    let path = folder.join("new/estimates.json");
    let text = std::fs::read(&path).with_context(|| path.display().to_string())?;
    let estimates: serde_json::Value = serde_json::from_slice(&text)?;
    let nanoseconds = estimates["median"]["point_estimate"].as_f64();
    Ok(nanoseconds.with_context(|| format!("no median in {}", path.display()))? / 1000.0)
}
