//! The life of instances: how they are made, how many requests they take, when they end.

use crate::app::Settings;
use crate::guest::{Grants, Guest};
use crate::outbound::Outbound;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};
use wasmtime::component::GuestTaskId;
use wasmtime::{Store, StoreContextMut};
use wasmtime_wasi_http::WasiHttpView;
use wasmtime_wasi_http::handler::{
    HandlerState, Instance, Proxy, ProxyPre, ShouldAccept, WorkerExpiration, WorkerState, WorkerStatus,
};

/// What makes instances of one component.
pub struct Handler {
    /// Runs them.
    pub engine: wasmtime::Engine,
    /// Compiled and linked.
    pub pre: ProxyPre<Guest>,
    /// What they may touch.
    pub grants: Arc<Grants>,
    /// Whom they may call.
    pub outbound: Outbound,
    /// How they are run.
    pub settings: Arc<Settings>,
}

impl HandlerState for Handler {
    type StoreData = Guest;
    type WorkerExpiration = Expiration;
    type WorkerState = Worker;

    async fn instantiate(&self) -> wasmtime::Result<Instance<Guest, Expiration, Worker>> {
        let mut store = Store::new(&self.engine, Guest::new(self.grants.clone(), self.outbound.clone()));
        store.limiter(|guest| &mut guest.limits);
        store.set_epoch_deadline(1);
        store.epoch_deadline_async_yield_and_update(1);
        let proxy: Proxy = self.pre.instantiate_async(&mut store).await?;
        let expiration = Expiration {
            idle: self.settings.idle,
            request: self.settings.request_timeout,
            sleep: Box::pin(tokio::time::sleep(Duration::MAX)),
        };
        let state = Worker {
            id: self.grants.id.clone(),
            timeout: self.settings.request_timeout,
            reuse: self.settings.reuse,
            concurrent: self.settings.concurrent,
        };
        Ok(Instance { store, proxy, view: |guest| guest.http(), expiration, state })
    }
}

/// Ends an instance that has idled too long, or whose requests take too long.
pub struct Expiration {
    idle: Duration,
    request: Duration,
    sleep: Pin<Box<tokio::time::Sleep>>,
}

impl WorkerExpiration for Expiration {
    fn poll(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        status: WorkerStatus,
        start: Instant,
    ) -> Poll<()> {
        let patience = match status {
            WorkerStatus::Idle => self.idle,
            WorkerStatus::Requests | WorkerStatus::PostReturn => self.request,
        };
        let Some(deadline) = start.checked_add(patience) else { return Poll::Pending };
        let deadline = deadline.into();
        if self.sleep.deadline() != deadline {
            self.sleep.as_mut().reset(deadline);
        }
        self.sleep.as_mut().poll(cx)
    }
}

/// One instance's limits, and its name for the log.
pub struct Worker {
    id: String,
    timeout: Duration,
    reuse: usize,
    concurrent: usize,
}

impl WorkerState for Worker {
    type StoreData = Guest;
    type RequestData = ();

    fn should_accept_request(&self, concurrent: usize, total: usize) -> ShouldAccept {
        if total >= self.reuse {
            ShouldAccept::Never
        } else if concurrent >= self.concurrent {
            ShouldAccept::No
        } else {
            ShouldAccept::Yes
        }
    }

    fn on_request_start(
        &self,
        _: StoreContextMut<'_, Guest>,
        (): (),
        _: GuestTaskId,
    ) -> Pin<Box<dyn Future<Output = ()> + Send + Sync>> {
        Box::pin(tokio::time::sleep(self.timeout))
    }

    fn drop(&self, store: Store<Guest>, result: Result<(), wasmtime::Error>) {
        if let Err(error) = result {
            tracing::error!("an instance of {} ended: {error:?}", self.id);
        }
        drop(store);
    }
}
