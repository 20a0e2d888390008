//! What the app is compared with, and how much memory a process holds.

use anyhow::{Context, Result, bail};
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use zerotrip_journeys::{House, fresh_folder, target};

/// The empty component.
fn component() -> Result<PathBuf> {
    let path = target().join("wasm32-wasip2/release/bench_empty.wasm");
    path.canonicalize().with_context(|| format!("{} is missing: tests/bench/run builds it", path.display()))
}

/// The empty component on our host.
pub fn floor() -> Result<House> {
    let folder = fresh_folder("bench-floor");
    let manifest = folder.join("spin.toml");
    let text = format!(
        "spin_manifest_version = 2\n[application]\nname = \"floor\"\n\
         [[trigger.http]]\nroute = \"/...\"\ncomponent = \"empty\"\n\
         [component.empty]\nsource = {:?}\n",
        component()?
    );
    std::fs::write(&manifest, text)?;
    Ok(House::start_in(folder, &manifest, &[]))
}

/// The empty component under `wasmtime serve`. Dropping it kills the process.
pub struct Peer {
    /// `http://127.0.0.1:PORT`.
    pub base: String,
    child: Child,
}

impl Peer {
    /// With its own defaults. `-S cli` lends the component what Rust's standard library imports; WASI 0.3 and reuse
    /// of instances (128 requests, 16 at once: as our host) are on by themselves.
    pub fn start() -> Result<Self> {
        let program = target().join("bench/tools/bin/wasmtime");
        let mut child = Command::new(&program)
            .args(["serve", "-S", "cli", "--addr", "127.0.0.1:0"])
            .arg(component()?)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .with_context(|| format!("{}: tests/bench/run installs it", program.display()))?;
        let mut errors = BufReader::new(child.stderr.take().context("standard error is piped")?);
        let mut line = String::new();
        errors.read_line(&mut line)?;
        let Some(base) = line.strip_prefix("Serving HTTP on ") else {
            std::io::copy(&mut errors, &mut std::io::stderr())?;
            child.wait()?;
            bail!("wasmtime serve did not start: {line}");
        };
        let base = base.trim().trim_end_matches('/').to_owned();
        // Nobody reading would stop it when the pipe is full.
        std::thread::spawn(move || std::io::copy(&mut errors, &mut std::io::stderr()));
        Ok(Self { base, child })
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        // It may have ended by itself already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Resident set of a process in KiB (`VmRSS`), or `None` where the system does not tell.
pub fn resident(pid: u32) -> Option<u64> {
    let status = std::fs::read_to_string(Path::new("/proc").join(pid.to_string()).join("status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    line.trim().strip_suffix("kB")?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    #[test]
    #[cfg(target_os = "linux")]
    fn a_process_holds_some_memory() {
        assert!(super::resident(std::process::id()).is_some_and(|kib| kib > 100));
    }
}
