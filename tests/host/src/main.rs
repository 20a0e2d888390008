//! `zerotrip-host`: runs the app's `spin.toml` on this machine.

mod dev;

use anyhow::{Context, Result};
use clap::{Args, Parser, Subcommand};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;
use zerotrip_host::manifest::Manifest;
use zerotrip_host::server::{self, App, Settings};
use zerotrip_host::{migrate, variables};

#[derive(Parser)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Serve the components of a manifest.
    Up(Up),
    /// From a fresh checkout to a served app.
    Dev {
        #[command(subcommand)]
        task: Option<Task>,
        #[command(flatten)]
        up: Up,
    },
}

#[derive(Subcommand)]
enum Task {
    /// Apply migrations that a database does not have yet.
    Migrate {
        /// Folder of `NNNN_name.sql` files.
        #[arg(long, default_value = "shared/platform/migrations")]
        dir: PathBuf,
        /// SQLite file.
        database: String,
    },
    /// Invite an administrator, the first one above all. Prints a code for `POST /auth/activations`.
    Administrator {
        /// The agency that the administrator belongs to.
        #[arg(long, default_value = "headquarters")]
        agency: String,
        #[arg(long, default_value = dev::VARIABLES)]
        variables: PathBuf,
        #[arg(long, default_value = ".zerotrip/state/sqlite_db.db")]
        database: PathBuf,
        /// Print the SQL for another database instead of running it.
        #[arg(long)]
        sql: bool,
    },
}

#[derive(Args)]
struct Up {
    #[arg(long, default_value = "spin.toml")]
    manifest: PathBuf,
    #[arg(long, default_value = "127.0.0.1:3000")]
    listen: SocketAddr,
    /// Where the databases are.
    #[arg(long, default_value = ".zerotrip/state")]
    state_dir: PathBuf,
    /// Where compiled code is kept.
    #[arg(long, default_value = ".zerotrip/cache")]
    cache: PathBuf,
    /// NAME=VALUE or @FILE.toml; may be repeated.
    #[arg(long = "variable")]
    variables: Vec<String>,
    /// Moves the guests' wall clocks; for tests.
    #[arg(long, default_value_t = 0, allow_negative_numbers = true)]
    clock_offset: i64,
    #[arg(long, default_value_t = 128)]
    max_instance_reuse_count: usize,
    #[arg(long, default_value_t = 16)]
    max_instance_concurrent_reuse_count: usize,
    /// Milliseconds.
    #[arg(long, default_value_t = 1_000)]
    idle_instance_timeout: u64,
    /// Milliseconds.
    #[arg(long, default_value_t = 30_000)]
    request_timeout: u64,
    /// MiB of memory per instance.
    #[arg(long, default_value_t = 256)]
    memory_limit: usize,
}

fn main() -> Result<()> {
    tracing_subscriber::fmt()
        .with_writer(std::io::stderr)
        .with_ansi(false)
        .with_env_filter(
            tracing_subscriber::EnvFilter::try_from_default_env()
                .unwrap_or_else(|_| "warn,zerotrip_host=info".into()),
        )
        .init();
    match Cli::parse().command {
        Command::Up(up) => block_on(serve(up)),
        Command::Dev { task: Some(task), .. } => task.run(),
        Command::Dev { task: None, mut up } => {
            let manifest = Manifest::load(&up.manifest)?;
            dev::add_target()?;
            dev::build(&manifest)?;
            dev::variables(&manifest, dev::VARIABLES.as_ref())?;
            let database = up.state_dir.join("sqlite_db.db");
            migrate::migrate("shared/platform/migrations".as_ref(), &database.to_string_lossy())?;
            up.variables.insert(0, format!("@{}", dev::VARIABLES));
            eprintln!("data and keys: {}/", dev::FOLDER);
            eprintln!("an administrator: cargo dev administrator");
            for component in manifest.component.keys() {
                eprintln!("http://{}/{component}/openapi.json", up.listen);
            }
            block_on(serve(up))
        }
    }
}

fn block_on(work: impl Future<Output = Result<()>>) -> Result<()> {
    tokio::runtime::Runtime::new()?.block_on(work)
}

impl Task {
    fn run(self) -> Result<()> {
        match self {
            Self::Migrate { dir, database } => {
                for name in migrate::migrate(&dir, &database)? {
                    println!("applied {name}");
                }
            }
            Self::Administrator { agency, variables, database, sql } => {
                let (code, statement) = dev::invitation(&variables, &agency)?;
                if sql {
                    println!("{statement};");
                } else {
                    let flags = rusqlite::OpenFlags::SQLITE_OPEN_READ_WRITE;
                    rusqlite::Connection::open_with_flags(&database, flags)
                        .and_then(|connection| connection.execute(&statement, []))
                        .with_context(|| {
                            format!("cannot write to {}; start the app once", database.display())
                        })?;
                }
                println!("{code}");
            }
        }
        Ok(())
    }
}

async fn serve(up: Up) -> Result<()> {
    let manifest = Manifest::load(&up.manifest)?;
    let settings = Settings {
        state_dir: up.state_dir,
        cache: up.cache,
        variables: variables::parse_arguments(&up.variables)?,
        clock_offset_seconds: up.clock_offset,
        reuse: up.max_instance_reuse_count,
        concurrent: up.max_instance_concurrent_reuse_count,
        idle: Duration::from_millis(up.idle_instance_timeout),
        request_timeout: Duration::from_millis(up.request_timeout),
        memory_limit: up.memory_limit << 20,
    };
    let app = App::load(&manifest, settings)?;
    let listener = tokio::net::TcpListener::bind(up.listen)
        .await
        .with_context(|| format!("cannot listen on {}", up.listen))?;
    println!("ready http://{}", listener.local_addr()?);
    server::serve(app, listener, told_to_stop()).await
}

async fn told_to_stop() {
    use tokio::signal::unix::{SignalKind, signal};
    let (Ok(mut term), Ok(mut int)) = (signal(SignalKind::terminate()), signal(SignalKind::interrupt()))
    else {
        return std::future::pending().await;
    };
    tokio::select! { _ = term.recv() => {}, _ = int.recv() => {} }
}
