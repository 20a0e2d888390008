//! The app: its components, each of which can be replaced while the others, and its own requests in flight, go on.

use crate::guest::{Grants, Guest, linker};
use crate::manifest::{Component, Manifest, Route};
use crate::outbound::{AllowList, Outbound};
use crate::sqlite::Pool;
use crate::worker::Handler;
use crate::{compose, engine, migrate, variables, worlds};
use anyhow::{Context as _, Result, bail, ensure};
use bytes::Bytes;
use http::{Request, StatusCode};
use http_body_util::{BodyExt as _, Empty};
use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};
use std::time::Duration;
use wasmtime::component::Linker;
use wasmtime_wasi_http::handler::{ProxyHandler, ProxyPre};
use wasmtime_wasi_http::p3::bindings::ServicePre;

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
    /// What the database must have before a newer component takes over.
    pub schema: Option<Schema>,
}

/// Migrations, and the database that they are for.
#[derive(Clone, Debug)]
pub struct Schema {
    /// `NNNN_name.sql` files.
    pub migrations: PathBuf,
    /// SQLite file or `postgres://` address.
    pub database: String,
}

/// A loaded application.
pub struct App {
    router: routefinder::Router<Arc<Target>>,
    components: HashMap<String, Arc<Slot>>,
    manifest: Manifest,
    values: HashMap<String, String>,
    engine: wasmtime::Engine,
    linker: Linker<Guest>,
    pool: Arc<Pool>,
    settings: Arc<Settings>,
    /// One deployment at a time.
    deploying: tokio::sync::Mutex<()>,
}

/// Where a route leads.
pub struct Target {
    /// The pattern as written.
    pub route: String,
    slot: Arc<Slot>,
}

impl Target {
    /// Who answers now. A request keeps whom it got, whatever is deployed meanwhile.
    pub fn handler(&self) -> ProxyHandler<Handler> {
        self.slot.read().serving.clone()
    }
}

/// One component's place.
struct Slot(RwLock<Deployed>);

struct Deployed {
    serving: ProxyHandler<Handler>,
    /// What served before, to go back to.
    previous: Option<ProxyHandler<Handler>>,
}

impl Slot {
    fn read(&self) -> RwLockReadGuard<'_, Deployed> {
        self.0.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Deployed> {
        self.0.write().unwrap_or_else(PoisonError::into_inner)
    }
}

impl App {
    /// Reads, composes and compiles every component. The first defect found is the error.
    pub fn load(manifest: Manifest, settings: Settings) -> Result<Self> {
        let engine = engine::engine(settings.memory_limit)?;
        let linker = linker(&engine)?;
        let values = variables::application(&manifest, &settings.variables)?;
        std::fs::create_dir_all(&settings.state_dir)
            .with_context(|| format!("cannot create {}", settings.state_dir.display()))?;
        let mut app = Self {
            router: routefinder::Router::new(),
            components: HashMap::new(),
            manifest,
            values,
            engine,
            linker,
            pool: Arc::default(),
            settings: Arc::new(settings),
            deploying: tokio::sync::Mutex::default(),
        };
        let handlers: Vec<(String, Result<ProxyHandler<Handler>>)> = std::thread::scope(|scope| {
            let app = &app;
            let ids = app.manifest.component.keys();
            let load = |id| app.prepare(id, compose::read(&app.manifest.source(id))?);
            let running: Vec<_> = ids.map(|id| (id, scope.spawn(move || load(id)))).collect();
            running
                .into_iter()
                .map(|(id, thread)| (id.clone(), thread.join().expect("preparing does not panic")))
                .collect()
        });
        for (id, handler) in handlers {
            let deployed = Deployed { serving: handler?, previous: None };
            app.components.insert(id, Arc::new(Slot(RwLock::new(deployed))));
        }
        for trigger in &app.manifest.trigger.http {
            let Route::Pattern(route) = &trigger.route else { continue };
            let spec = match route.strip_suffix("/...") {
                Some(prefix) => format!("{prefix}/*"),
                None => route.clone(),
            };
            let target = Target { route: route.clone(), slot: app.components[&trigger.component].clone() };
            app.router
                .add(spec.as_str(), Arc::new(target))
                .map_err(|e| anyhow::anyhow!("route '{route}': {e}"))?;
        }
        Ok(app)
    }

    /// Where `path` leads, and what the pattern caught.
    pub fn route<'a>(&'a self, path: &'a str) -> Option<routefinder::Match<'a, 'a, Arc<Target>>> {
        self.router.best_match(path)
    }

    /// The manifest as it was loaded.
    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// Puts component `id`, as its file is now, in the place of the one that serves, after the migrations that it may
    /// need. A file that is no component, does not compose, imports beyond its world, or does not say that it is ready
    /// (`GET <route>/ready`) is an error, and what served goes on. Takes as long as compiling does.
    ///
    /// The manifest stays as it was loaded: a changed grant or route takes a restart, as on Spin.
    pub async fn redeploy(self: &Arc<Self>, id: &str) -> Result<()> {
        let _alone = self.deploying.lock().await;
        let slot = self.slot(id)?;
        let fresh = {
            let (app, id) = (self.clone(), id.to_owned());
            tokio::task::spawn_blocking(move || app.newer(&id)).await??
        };
        self.ready(id, &fresh).await.with_context(|| format!("component '{id}' is not ready"))?;
        let mut deployed = slot.write();
        deployed.previous = Some(std::mem::replace(&mut deployed.serving, fresh));
        Ok(())
    }

    fn newer(&self, id: &str) -> Result<ProxyHandler<Handler>> {
        let source = compose::read(&self.manifest.source(id))?;
        worlds::hold(&self.manifest.folder.join("wit"), id, &source)?;
        let fresh = self.prepare(id, source)?;
        if let Some(Schema { migrations, database }) = &self.settings.schema {
            migrate::migrate(migrations, database)?;
        }
        Ok(fresh)
    }

    async fn ready(&self, id: &str, handler: &ProxyHandler<Handler>) -> Result<()> {
        let mut routes = self.manifest.trigger.http.iter().filter(|trigger| trigger.component == id);
        let pattern = routes.find_map(|trigger| match &trigger.route {
            Route::Pattern(pattern) => pattern.strip_suffix("/..."),
            Route::Private { .. } => None,
        });
        let Some(prefix) = pattern else { return Ok(()) };
        let body = Empty::<Bytes>::new().map_err(|never| match never {}).boxed_unsync();
        let request = Request::get(format!("http://localhost{prefix}/ready")).body(body)?;
        let status = handler.handle((), request).await?.status();
        ensure!(status == StatusCode::OK, "GET {prefix}/ready answers {status}");
        Ok(())
    }

    /// Puts back what served before component `id` was deployed last; once more undoes that.
    pub fn roll_back(&self, id: &str) -> Result<()> {
        let mut deployed = self.slot(id)?.write();
        let Some(previous) = deployed.previous.take() else {
            bail!("component '{id}' has not been redeployed since the start");
        };
        deployed.previous = Some(std::mem::replace(&mut deployed.serving, previous));
        Ok(())
    }

    fn slot(&self, id: &str) -> Result<&Slot> {
        let slot = self.components.get(id);
        slot.map(Arc::as_ref).with_context(|| format!("the manifest has no component '{id}'"))
    }

    fn prepare(&self, id: &str, source: Vec<u8>) -> Result<ProxyHandler<Handler>> {
        let declared = &self.manifest.component[id];
        self.compiled(id, declared, source).with_context(|| format!("component '{id}'"))
    }

    fn compiled(&self, id: &str, declared: &Component, source: Vec<u8>) -> Result<ProxyHandler<Handler>> {
        let composed = compose::compose(&self.manifest, id, declared, source)?;
        let component = engine::load(&self.engine, &composed, &self.settings.cache)?;
        let pre = self
            .linker
            .instantiate_pre(&component)
            .and_then(ServicePre::new)
            .map_err(anyhow::Error::from)
            .context("it cannot run here")?;
        Ok(ProxyHandler::new(Handler {
            engine: self.engine.clone(),
            pre: ProxyPre::P3(pre),
            grants: Arc::new(self.grants(id, declared)?),
            outbound: Outbound(Arc::new(AllowList::parse(&self.hosts(declared)?)?)),
            settings: self.settings.clone(),
        }))
    }

    fn grants(&self, id: &str, declared: &Component) -> Result<Grants> {
        let mut granted = HashMap::new();
        for (name, template) in &declared.variables {
            variables::check_name(name)?;
            let value =
                variables::expand(template, &self.values).with_context(|| format!("variable '{name}'"))?;
            granted.insert(name.clone(), value);
        }
        let database_files = declared.sqlite_databases.iter().map(|label| {
            let file = if label == "default" { "sqlite_db.db".to_owned() } else { format!("{label}.db") };
            (label.clone(), self.settings.state_dir.join(file))
        });
        Ok(Grants {
            id: id.to_owned(),
            variables: granted,
            databases: declared.sqlite_databases.iter().cloned().collect(),
            database_files: database_files.collect(),
            environment: declared.environment.clone().into_iter().collect(),
            memory_limit: self.settings.memory_limit,
            clock_offset_seconds: self.settings.clock_offset_seconds,
            pool: self.pool.clone(),
            postgres: Arc::default(),
        })
    }

    fn hosts(&self, declared: &Component) -> Result<Vec<String>> {
        let mut hosts = Vec::new();
        for entry in &declared.allowed_outbound_hosts {
            let host = variables::expand(entry, &self.values).context("allowed_outbound_hosts")?;
            // As on Spin, an empty variable leaves an optional host out.
            if host == *entry || !matches!(host.as_str(), "" | "http://" | "https://") {
                hosts.push(host);
            }
        }
        Ok(hosts)
    }
}
