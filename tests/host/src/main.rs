//! `zerotrip-host`: runs the app's `spin.toml` on this machine.

mod demo;
mod dev;
mod import;

use anyhow::{Context, Result};
use clap::{Args, Parser, Subcommand};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use zerotrip_host::app::{App, Schema, Settings};
use zerotrip_host::control::{self, Order};
use zerotrip_host::manifest::Manifest;
use zerotrip_host::{migrate, server, variables, watch};

const MIGRATIONS: &str = "shared/platform/migrations";

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
        /// Where keys, data and compiled code are kept.
        #[arg(long, default_value = ".zerotrip", global = true)]
        folder: PathBuf,
        /// Where the sandbox listens that plays the providers.
        #[arg(long, default_value = "127.0.0.1:3001")]
        sandbox: SocketAddr,
        /// Use this PostgreSQL (postgres://USER@HOST:PORT/DATABASE) instead of the embedded SQLite.
        #[arg(long)]
        postgres: Option<String>,
        /// Build and redeploy what is changed while the app runs.
        #[arg(long)]
        watch: bool,
        #[command(flatten)]
        up: Up,
    },
}

#[derive(Subcommand)]
enum Task {
    /// Apply migrations that a database does not have yet.
    Migrate {
        /// Folder of `NNNN_name.sql` files.
        #[arg(long, default_value = MIGRATIONS)]
        dir: PathBuf,
        /// SQLite file or postgres:// address.
        database: String,
    },
    /// Build one function and put it in its place in the running app; requests in flight finish on the old one.
    Redeploy {
        /// Component id.
        name: String,
        /// Put back what served before.
        #[arg(long)]
        back: bool,
        /// Take the file as it is.
        #[arg(long)]
        no_build: bool,
    },
    /// Take accounts of an older system over: a file of lines of JSON. The administrator's password is in `ZEROTRIP_PASSWORD`.
    Import {
        /// As `POST /records/imports` takes them.
        file: PathBuf,
        /// An administrator's log-in name.
        #[arg(long)]
        login: String,
        /// The running app.
        #[arg(long, default_value = "http://127.0.0.1:3000")]
        origin: String,
    },
    /// Invite an administrator, the first one above all. Prints a code for `POST /auth/activations`.
    Administrator {
        /// The agency that the administrator belongs to.
        #[arg(long, default_value = "headquarters")]
        agency: String,
        /// Holds `index_key`; by default the folder's.
        #[arg(long)]
        variables: Option<PathBuf>,
        /// SQLite file or postgres:// address; by default the folder's.
        #[arg(long)]
        database: Option<String>,
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
    /// Where the databases are [default: .zerotrip/state].
    #[arg(long)]
    state_dir: Option<PathBuf>,
    /// Where compiled code is kept [default: .zerotrip/cache].
    #[arg(long)]
    cache: Option<PathBuf>,
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
    /// Where to take orders such as `dev redeploy`; a Unix socket.
    #[arg(long)]
    control: Option<PathBuf>,
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
        Command::Up(up) => block_on(async { listen(up, Path::new(".zerotrip"), None).await?.serve().await }),
        Command::Dev { task: Some(task), folder, .. } => task.run(&dev::Folder(folder)),
        Command::Dev { task: None, folder, sandbox, postgres, watch, up } => {
            block_on(develop(dev::Folder(folder), sandbox, postgres, watch, up))
        }
    }
}

/// Builds, makes keys, migrates, starts the sandbox, serves, and shows a ticket to pay.
async fn develop(
    folder: dev::Folder,
    sandbox: SocketAddr,
    postgres: Option<String>,
    watch: bool,
    mut up: Up,
) -> Result<()> {
    let manifest = Manifest::load(&up.manifest)?;
    dev::add_target()?;
    dev::build(&manifest)?;
    dev::variables(&manifest, &folder, up.listen, sandbox)?;
    let database = match &postgres {
        Some(url) => {
            up.variables.extend([
                format!("database_url={url}"),
                format!("database_host={}", zerotrip_host::postgres::host_of(url)?),
            ]);
            url.clone()
        }
        None => folder.database().to_string_lossy().into_owned(),
    };
    {
        let database = database.clone();
        tokio::task::spawn_blocking(move || migrate::migrate(MIGRATIONS.as_ref(), &database)).await??;
    }
    let config = zerotrip_sandbox::Config::read(&folder.sandbox())?;
    let options = zerotrip_sandbox::Options {
        listen: sandbox,
        journal: Some(folder.journal()),
        ..zerotrip_sandbox::Options::default()
    };
    let sandbox = zerotrip_sandbox::start(config, options)
        .await
        .with_context(|| format!("the sandbox cannot listen on {sandbox}"))?;
    up.variables.insert(0, format!("@{}", folder.variables().display()));
    let schema = Schema { migrations: MIGRATIONS.into(), database: database.clone() };
    let listening = listen(up, &folder.0, Some(schema)).await?;
    control::listen(listening.app.clone(), &folder.control())?;
    if watch {
        let (app, runtime) = (listening.app.clone(), tokio::runtime::Handle::current());
        std::thread::spawn(move || {
            if let Err(error) = watch::watch(&app, &runtime, || dev::build(app.manifest())) {
                eprintln!("no longer watching: {error:#}");
            }
        });
    }
    let demo = demo::start(listening.origin(), folder, database);
    eprintln!("sandbox (plays the providers): {}", sandbox.origin());
    listening.serve().await?;
    demo.abort();
    sandbox.stop().await;
    Ok(())
}

/// More threads than cores: one whose guest computes is not there for others, and the system shares the cores more evenly
/// than guests that yield. `TOKIO_WORKER_THREADS` says otherwise, as on Spin.
const THREADS_PER_CORE: usize = 4;

fn block_on(work: impl Future<Output = Result<()>>) -> Result<()> {
    let mut runtime = tokio::runtime::Builder::new_multi_thread();
    if std::env::var_os("TOKIO_WORKER_THREADS").is_none() {
        runtime.worker_threads(THREADS_PER_CORE * std::thread::available_parallelism()?.get());
    }
    runtime.enable_all().build()?.block_on(work)
}

impl Task {
    fn run(self, folder: &dev::Folder) -> Result<()> {
        match self {
            Self::Migrate { dir, database } => {
                for name in migrate::migrate(&dir, &database)? {
                    println!("applied {name}");
                }
            }
            Self::Redeploy { name, back, no_build } => {
                if !back && !no_build {
                    dev::build_one(&Manifest::load(Path::new("spin.toml"))?, &name)?;
                }
                let order = if back { Order::RollBack } else { Order::Redeploy };
                control::give(&folder.control(), order, &name)?;
                println!("{name}: {}", if back { "put back" } else { "redeployed" });
            }
            Self::Import { file, login, origin } => {
                let password = std::env::var("ZEROTRIP_PASSWORD").context("ZEROTRIP_PASSWORD is not set")?;
                let lines = std::fs::File::open(&file).with_context(|| file.display().to_string())?;
                let totals =
                    import::Import { origin, login, password }.run(std::io::BufReader::new(lines))?;
                for (line, field, why) in &totals.refused {
                    println!("line {line}: {field}: {why}");
                }
                println!("{} taken, {} known, {} refused", totals.taken, totals.known, totals.refused.len());
            }
            Self::Administrator { agency, variables, database, sql } => {
                let variables = variables.unwrap_or_else(|| folder.variables());
                let database = database.unwrap_or_else(|| folder.database().to_string_lossy().into_owned());
                let (code, statement) = dev::administrator(&variables, &database, &agency, sql)?;
                if let Some(statement) = statement {
                    println!("{statement};");
                }
                println!("{code}");
            }
        }
        Ok(())
    }
}

/// An app that listens and is not served yet.
struct Listening {
    app: Arc<App>,
    listener: tokio::net::TcpListener,
    address: SocketAddr,
}

async fn listen(up: Up, folder: &Path, schema: Option<Schema>) -> Result<Listening> {
    let manifest = Manifest::load(&up.manifest)?;
    let settings = Settings {
        state_dir: up.state_dir.unwrap_or_else(|| folder.join("state")),
        cache: up.cache.unwrap_or_else(|| folder.join("cache")),
        variables: variables::parse_arguments(&up.variables)?,
        clock_offset_seconds: up.clock_offset,
        reuse: up.max_instance_reuse_count,
        concurrent: up.max_instance_concurrent_reuse_count,
        idle: Duration::from_millis(up.idle_instance_timeout),
        request_timeout: Duration::from_millis(up.request_timeout),
        memory_limit: up.memory_limit << 20,
        schema,
    };
    let app = Arc::new(App::load(manifest, settings)?);
    let listener = tokio::net::TcpListener::bind(up.listen)
        .await
        .with_context(|| format!("cannot listen on {}", up.listen))?;
    // Only now: a host that serves here already keeps its socket.
    if let Some(socket) = &up.control {
        control::listen(app.clone(), socket)?;
    }
    let address = listener.local_addr()?;
    Ok(Listening { app, listener, address })
}

impl Listening {
    fn origin(&self) -> String {
        format!("http://{}", self.address)
    }

    async fn serve(self) -> Result<()> {
        println!("ready {}", self.origin());
        server::serve(self.app, self.listener, told_to_stop()).await
    }
}

async fn told_to_stop() {
    use tokio::signal::unix::{SignalKind, signal};
    let (Ok(mut term), Ok(mut int)) = (signal(SignalKind::terminate()), signal(SignalKind::interrupt()))
    else {
        return std::future::pending().await;
    };
    tokio::select! { _ = term.recv() => {}, _ = int.recv() => {} }
}
