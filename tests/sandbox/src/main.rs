//! `zerotrip-sandbox`: see the README.

use std::{net::SocketAddr, path::PathBuf, process::ExitCode};

use clap::Parser;
use tokio::signal::unix::{SignalKind, signal};
use zerotrip_sandbox::{Config, Options, start};

/// Plays the payment providers on this machine, with the strictness of the real ones.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    /// Where to listen; port 0 picks a free one.
    #[arg(long, default_value = "127.0.0.1:0")]
    listen: SocketAddr,
    /// JSON file with the merchant and the keys.
    #[arg(long)]
    config: PathBuf,
    /// Every gap between notifications is divided by this.
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..))]
    time_scale: u32,
    /// Seconds to add to the machine's clock; may be negative.
    #[arg(long, default_value_t = 0, allow_hyphen_values = true)]
    clock_offset: i64,
    /// JSON-lines file that keeps trades and notifications over a restart.
    #[arg(long)]
    journal: Option<PathBuf>,
}

#[tokio::main]
async fn main() -> ExitCode {
    match run(Arguments::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("zerotrip-sandbox: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run(arguments: Arguments) -> Result<(), Box<dyn std::error::Error>> {
    // Before anything is announced, so that a signal right after `ready` is not missed.
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let config = Config::read(&arguments.config)?;
    let running = start(
        config,
        Options {
            listen: arguments.listen,
            time_scale: arguments.time_scale,
            clock_offset_s: arguments.clock_offset,
            journal: arguments.journal,
        },
    )
    .await?;
    println!("ready {}", running.origin());
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    running.stop().await;
    Ok(())
}
