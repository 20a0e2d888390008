//! Routes requests to components and serves them over HTTP.

use crate::engine;
use crate::guest::{Grants, Guest, linker};
use crate::manifest::{Manifest, Route};
use crate::outbound::{AllowList, Outbound};
use crate::sqlite::Pool;
use crate::{compose, variables};
use anyhow::{Context as _, Result, bail};
use bytes::Bytes;
use http::header::{self, HeaderName, HeaderValue};
use http::uri::{Authority, Scheme};
use http::{Request, Response, StatusCode, Uri};
use http_body_util::{BodyExt, Empty, Full};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto::Builder;
use hyper_util::server::graceful::GracefulShutdown;
use std::collections::HashMap;
use std::convert::Infallible;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};
use tokio::net::TcpListener;
use wasmtime::component::GuestTaskId;
use wasmtime::{Store, StoreContextMut};
use wasmtime_wasi_http::handler::{
    HandlerState, Instance, Proxy, ProxyHandler, ProxyPre, ShouldAccept, WorkerExpiration, WorkerState,
    WorkerStatus,
};
use wasmtime_wasi_http::p3::bindings::ServicePre;
use wasmtime_wasi_http::{Error, WasiBody, WasiHttpView};

/// How long requests in flight may take once the host is told to stop.
const SHUTDOWN_PATIENCE: Duration = Duration::from_secs(10);

/// How the app is run; none of it is known to the components.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Holds `sqlite_db.db` and one file per further label.
    pub state_dir: PathBuf,
    /// Compiled code.
    pub cache: PathBuf,
    /// Given values of application variables.
    pub variables: HashMap<String, String>,
    /// Added to the guests' wall clocks.
    pub clock_offset_seconds: i64,
    /// Requests one instance may serve in its life.
    pub reuse: usize,
    /// Requests one instance may serve at once.
    pub concurrent: usize,
    /// How long an instance waits for its next request.
    pub idle: Duration,
    /// A request that takes longer is cut off.
    pub request_timeout: Duration,
    /// Linear memory of one instance.
    pub memory_limit: usize,
}

/// A loaded application.
pub struct App {
    router: routefinder::Router<Arc<Target>>,
}

struct Target {
    /// The pattern as written.
    route: String,
    handler: ProxyHandler<Handler>,
}

struct Handler {
    engine: wasmtime::Engine,
    pre: ProxyPre<Guest>,
    grants: Arc<Grants>,
    outbound: Outbound,
    settings: Arc<Settings>,
}

impl App {
    /// Reads, composes and compiles every component. The first defect found is the error.
    pub fn load(manifest: &Manifest, settings: Settings) -> Result<Self> {
        let settings = Arc::new(settings);
        let engine = engine::engine(settings.memory_limit)?;
        let linker = linker(&engine)?;
        let values = variables::application(manifest, &settings.variables)?;
        let pool = Arc::new(Pool::default());
        std::fs::create_dir_all(&settings.state_dir)
            .with_context(|| format!("cannot create {}", settings.state_dir.display()))?;

        let compiled: HashMap<&String, Result<wasmtime::component::Component>> =
            std::thread::scope(|scope| {
                let running: Vec<_> = manifest
                    .component
                    .iter()
                    .map(|(id, component)| {
                        let (engine, settings) = (&engine, &settings);
                        let thread = scope.spawn(move || {
                            let path = manifest.folder.join(&component.source);
                            let bytes = std::fs::read(&path)
                                .with_context(|| format!("cannot read {}", path.display()))?;
                            let composed = compose::compose(manifest, id, component, bytes)?;
                            engine::load(engine, &composed, &settings.cache)
                        });
                        (id, thread)
                    })
                    .collect();
                running
                    .into_iter()
                    .map(|(id, thread)| (id, thread.join().expect("compiling does not panic")))
                    .collect()
            });

        let mut handlers = HashMap::new();
        for (id, component) in compiled {
            let component = component.with_context(|| format!("component '{id}'"))?;
            let declared = &manifest.component[id];
            let mut granted = HashMap::new();
            for (name, template) in &declared.variables {
                variables::check_name(name)?;
                let value = variables::expand(template, &values)
                    .with_context(|| format!("variable '{name}' of component '{id}'"))?;
                granted.insert(name.clone(), value);
            }
            let mut hosts = Vec::new();
            for entry in &declared.allowed_outbound_hosts {
                let host = variables::expand(entry, &values)
                    .with_context(|| format!("allowed_outbound_hosts of component '{id}'"))?;
                // As on Spin, an empty variable leaves an optional host out.
                if host == *entry || !matches!(host.as_str(), "" | "http://" | "https://") {
                    hosts.push(host);
                }
            }
            let database_files = declared.sqlite_databases.iter().map(|label| {
                let file = if label == "default" { "sqlite_db.db".to_owned() } else { format!("{label}.db") };
                (label.clone(), settings.state_dir.join(file))
            });
            let grants = Arc::new(Grants {
                id: id.clone(),
                variables: granted,
                databases: declared.sqlite_databases.iter().cloned().collect(),
                database_files: database_files.collect(),
                environment: declared.environment.clone().into_iter().collect(),
                memory_limit: settings.memory_limit,
                clock_offset_seconds: settings.clock_offset_seconds,
                pool: pool.clone(),
                postgres: Arc::default(),
            });
            let pre = linker
                .instantiate_pre(&component)
                .and_then(ServicePre::new)
                .map_err(anyhow::Error::from)
                .with_context(|| format!("component '{id}' cannot run here"))?;
            let handler = Handler {
                engine: engine.clone(),
                pre: ProxyPre::P3(pre),
                grants,
                outbound: Outbound(Arc::new(AllowList::parse(&hosts)?)),
                settings: settings.clone(),
            };
            handlers.insert(id.clone(), ProxyHandler::new(handler));
        }

        let mut router = routefinder::Router::new();
        for trigger in &manifest.trigger.http {
            let Route::Pattern(route) = &trigger.route else { continue };
            let spec = match route.strip_suffix("/...") {
                Some(prefix) => format!("{prefix}/*"),
                None => route.clone(),
            };
            let target = Target { route: route.clone(), handler: handlers[&trigger.component].clone() };
            router
                .add(spec.as_str(), Arc::new(target))
                .map_err(|e| anyhow::anyhow!("route '{route}': {e}"))?;
        }
        Ok(Self { router })
    }

    async fn answer(&self, request: Request<Incoming>, client: SocketAddr) -> Response<WasiBody> {
        let uri = request.uri().clone();
        let path = uri.path();
        if path == "/.well-known/spin/health" {
            return Response::new(
                Full::new(Bytes::from_static(b"OK")).map_err(|e| match e {}).boxed_unsync(),
            );
        }
        let Some(found) = self.router.best_match(path) else { return empty(StatusCode::NOT_FOUND) };
        let target = found.handler().clone();
        let request = match prepare(request, &target.route, &found.captures(), client) {
            Ok(request) => request,
            Err(error) => {
                tracing::warn!("refused: {error:#}");
                return empty(StatusCode::INTERNAL_SERVER_ERROR);
            }
        };
        match target.handler.handle((), request).await {
            Ok(response) => response,
            Err(error) => {
                tracing::error!("route {}: {error:?}", target.route);
                empty(StatusCode::INTERNAL_SERVER_ERROR)
            }
        }
    }
}

fn empty(status: StatusCode) -> Response<WasiBody> {
    let mut response = Response::new(Empty::new().map_err(|e| match e {}).boxed_unsync());
    *response.status_mut() = status;
    response
}

/// Absolute URI, no transport headers, and the `spin-*` headers that tell a component how it was reached.
fn prepare(
    request: Request<Incoming>,
    route: &str,
    captures: &routefinder::Captures<'_, '_>,
    client: SocketAddr,
) -> Result<Request<WasiBody>> {
    let (mut parts, body) = request.into_parts();
    let named = parts
        .headers
        .get(header::HOST)
        .map(|host| host.to_str().map_err(anyhow::Error::from).and_then(|h| Ok(h.parse::<Authority>()?)))
        .transpose()
        .context("'Host' header is not an authority")?;
    let mut uri = parts.uri.into_parts();
    let authority = match (named, uri.authority.take()) {
        (Some(a), Some(b)) if a != b => bail!("authority in 'Host' header does not match authority in URI"),
        (Some(a), _) | (None, Some(a)) => a,
        (None, None) => bail!("no 'Host' header present in request"),
    };
    uri.scheme = Some(Scheme::HTTP);
    uri.authority = Some(authority);
    parts.uri = Uri::from_parts(uri)?;
    parts.headers.remove(header::CONNECTION);

    let path = parts.uri.path();
    let path_info = match captures.wildcard() {
        None => String::new(),
        Some(rest) => match (rest.is_empty(), path.ends_with('/')) {
            (true, false) => String::new(),
            (true, true) => "/".to_owned(),
            (false, false) => format!("/{rest}"),
            (false, true) => format!("/{rest}/"),
        },
    };
    let prefix = route.strip_suffix("/...").unwrap_or(route);
    let mut set = |name: HeaderName, value: String| -> Result<()> {
        parts.headers.insert(name, HeaderValue::from_str(&value)?);
        Ok(())
    };
    set(HeaderName::from_static("spin-path-info"), path_info)?;
    set(HeaderName::from_static("spin-full-url"), parts.uri.to_string())?;
    set(HeaderName::from_static("spin-matched-route"), route.to_owned())?;
    set(HeaderName::from_static("spin-base-path"), "/".to_owned())?;
    set(HeaderName::from_static("spin-raw-component-route"), route.to_owned())?;
    set(HeaderName::from_static("spin-component-route"), prefix.to_owned())?;
    set(HeaderName::from_static("spin-client-addr"), client.to_string())?;
    for (name, value) in captures.iter() {
        let name = HeaderName::try_from(format!("spin-path-match-{}", name.to_ascii_lowercase()))?;
        set(name, value.to_owned())?;
    }
    Ok(Request::from_parts(parts, body.map_err(Error::Hyper).boxed_unsync()))
}

/// Serves `app` until `stop` resolves; then takes no more connections and lets requests in flight finish.
pub async fn serve(app: App, listener: TcpListener, stop: impl Future<Output = ()>) -> Result<()> {
    let app = Arc::new(app);
    let graceful = GracefulShutdown::new();
    let mut stop = std::pin::pin!(stop);
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = &mut stop => break,
        };
        let (stream, client) =
            match accepted.and_then(|(stream, client)| stream.set_nodelay(true).map(|()| (stream, client))) {
                Ok(accepted) => accepted,
                // One client that is gone already, or no descriptor left for a moment: the others go on.
                Err(error) => {
                    tracing::warn!("a connection was not accepted: {error}");
                    tokio::time::sleep(Duration::from_millis(10)).await;
                    continue;
                }
            };
        let app = app.clone();
        let service = service_fn(move |request| {
            let app = app.clone();
            async move { Ok::<_, Infallible>(app.answer(request, client).await) }
        });
        let builder = Builder::new(TokioExecutor::new());
        let connection = builder.serve_connection(TokioIo::new(stream), service).into_owned();
        let connection = graceful.watch(connection);
        tokio::spawn(async move {
            if let Err(error) = connection.await {
                tracing::debug!("connection: {error}");
            }
        });
    }
    drop(listener);
    if tokio::time::timeout(SHUTDOWN_PATIENCE, graceful.shutdown()).await.is_err() {
        tracing::warn!("stopped with requests still in flight");
    }
    Ok(())
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
struct Expiration {
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

struct Worker {
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
