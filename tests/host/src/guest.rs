//! What one instance holds, and the interfaces that the host offers it.

use crate::outbound::Outbound;
use anyhow::Result;
use std::collections::{HashMap, HashSet};
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context as TaskContext, Poll};
use std::time::Duration;
use tokio::io::AsyncWrite;
use wasmtime::component::{HasSelf, Linker, ResourceTable};
use wasmtime::{Engine, StoreLimits, StoreLimitsBuilder};
use wasmtime_wasi::cli::{IsTerminal, StdoutStream};
use wasmtime_wasi::{HostWallClock, WasiCtx, WasiCtxBuilder, WasiCtxView, WasiView};
use wasmtime_wasi_http::{WasiHttpCtx, WasiHttpCtxView, WasiHttpView};

pub use bindings::spin::postgres::postgres;
pub use bindings::spin::sqlite::sqlite;
pub use bindings::spin::variables::variables;
pub use bindings::wasi::config::store as config;

#[allow(missing_docs, reason = "generated")]
mod bindings {
    wasmtime::component::bindgen!({
        path: "../../wit",
        world: "platform",
        imports: { default: async | trappable },
        with: {
            "spin:postgres/postgres.connection": crate::postgres::Connection,
            "spin:postgres/postgres.connection-builder": crate::postgres::Builder,
            "spin:sqlite/sqlite.connection": crate::sqlite::Connection,
        },
    });
}

/// What the manifest grants one component; shared by all its instances.
pub struct Grants {
    /// Component id.
    pub id: String,
    /// Resolved variables.
    pub variables: HashMap<String, String>,
    /// Labels it may open.
    pub databases: HashSet<String>,
    /// Database files by label.
    pub database_files: HashMap<String, PathBuf>,
    /// WASI environment.
    pub environment: Vec<(String, String)>,
    /// Bytes of linear memory an instance may hold.
    pub memory_limit: usize,
    /// Added to the guests' wall clocks; for tests.
    pub clock_offset_seconds: i64,
    /// SQLite connections between uses.
    pub pool: Arc<crate::sqlite::Pool>,
    /// PostgreSQL connections between uses.
    pub postgres: Arc<crate::postgres::Pools>,
}

/// The store data of one instance.
pub struct Guest {
    /// Resources handed to the guest.
    pub table: ResourceTable,
    wasi: WasiCtx,
    http: WasiHttpCtx,
    /// Where it may call.
    pub outbound: Outbound,
    /// Enforces the memory limit.
    pub limits: StoreLimits,
    /// What it may touch.
    pub grants: Arc<Grants>,
}

impl Guest {
    /// A fresh guest.
    pub fn new(grants: Arc<Grants>, outbound: Outbound) -> Self {
        let mut wasi = WasiCtxBuilder::new();
        wasi.envs(&grants.environment)
            .stdout(Log::new(&grants.id))
            .stderr(Log::new(&grants.id))
            .allow_tcp(false)
            .allow_udp(false)
            .allow_ip_name_lookup(false);
        if grants.clock_offset_seconds != 0 {
            wasi.wall_clock(ShiftedClock(grants.clock_offset_seconds));
        }
        let limits =
            StoreLimitsBuilder::new().memory_size(grants.memory_limit).trap_on_grow_failure(true).build();
        Self {
            table: ResourceTable::new(),
            wasi: wasi.build(),
            http: WasiHttpCtx::new(),
            outbound,
            limits,
            grants,
        }
    }
}

/// Every interface the host has. A component that imports anything else does not load, and the error names it.
pub fn linker(engine: &Engine) -> Result<Linker<Guest>> {
    let mut linker = Linker::new(engine);
    wasmtime_wasi::p2::add_to_linker_async(&mut linker)?;
    wasmtime_wasi::p3::add_to_linker(&mut linker)?;
    wasmtime_wasi_http::p2::add_only_http_to_linker_async(&mut linker)?;
    wasmtime_wasi_http::p3::add_to_linker(&mut linker)?;
    bindings::Platform::add_to_linker::<_, HasSelf<_>>(&mut linker, |guest| guest)?;
    Ok(linker)
}

impl WasiView for Guest {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        WasiCtxView { ctx: &mut self.wasi, table: &mut self.table }
    }
}

impl WasiHttpView for Guest {
    fn http(&mut self) -> WasiHttpCtxView<'_> {
        WasiHttpCtxView { hooks: &mut self.outbound, table: &mut self.table, ctx: &mut self.http }
    }
}

impl variables::Host for Guest {}

impl<T> variables::HostWithStore<T> for HasSelf<Guest> {
    async fn get(
        accessor: &wasmtime::component::Accessor<T, Self>,
        name: String,
    ) -> wasmtime::Result<Result<String, variables::Error>> {
        Ok(accessor.with(|mut access| {
            if let Err(error) = crate::variables::check_name(&name) {
                return Err(variables::Error::InvalidName(error.to_string()));
            }
            let grants = &access.get().grants;
            grants.variables.get(&name).cloned().ok_or_else(|| {
                variables::Error::Undefined(format!("no variable for {:?}.{name:?}", grants.id))
            })
        }))
    }
}

impl config::Host for Guest {
    async fn get(&mut self, key: String) -> wasmtime::Result<Result<Option<String>, config::Error>> {
        Ok(Ok(self.grants.variables.get(&key).cloned()))
    }

    async fn get_all(&mut self) -> wasmtime::Result<Result<Vec<(String, String)>, config::Error>> {
        Ok(Ok(self.grants.variables.iter().map(|(k, v)| (k.clone(), v.clone())).collect()))
    }
}

struct ShiftedClock(i64);

impl HostWallClock for ShiftedClock {
    fn resolution(&self) -> Duration {
        Duration::from_micros(1)
    }

    fn now(&self) -> Duration {
        let now = std::time::SystemTime::now()
            .duration_since(std::time::UNIX_EPOCH)
            .expect("the machine's clock is past 1970");
        now.saturating_add(Duration::from_secs(self.0.max(0).unsigned_abs()))
            .saturating_sub(Duration::from_secs(self.0.min(0).unsigned_abs()))
    }
}

/// Guest output goes to our standard error, each piece under the component's name.
#[derive(Clone)]
struct Log(Arc<str>);

impl Log {
    fn new(id: &str) -> Self {
        Self(id.into())
    }
}

impl IsTerminal for Log {
    fn is_terminal(&self) -> bool {
        false
    }
}

impl StdoutStream for Log {
    fn async_stream(&self) -> Box<dyn AsyncWrite + Send + Sync> {
        Box::new(self.clone())
    }
}

impl AsyncWrite for Log {
    fn poll_write(
        self: Pin<&mut Self>,
        _: &mut TaskContext<'_>,
        bytes: &[u8],
    ) -> Poll<std::io::Result<usize>> {
        // Line ends may come by themselves.
        for line in String::from_utf8_lossy(bytes).lines().filter(|line| !line.is_empty()) {
            eprintln!("[{}] {line}", self.0);
        }
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut TaskContext<'_>) -> Poll<std::io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut TaskContext<'_>) -> Poll<std::io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}
