//! Watch mode: what is changed under a component's `watch` globs is built and takes its place.

use crate::app::App;
use crate::compose;
use crate::manifest::Component;
use anyhow::{Context, Result};
use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, SystemTime};
use tokio::runtime::Handle;

/// How often files are looked at.
const PAUSE: Duration = Duration::from_millis(500);

/// Watches for ever, on a thread of its own. `build` builds all components; an error of it leaves everything as it is.
pub fn watch(app: &Arc<App>, runtime: &Handle, build: impl Fn() -> Result<()>) -> Result<()> {
    let mut seen = files(app)?;
    let mut deployed = code(app)?;
    loop {
        std::thread::sleep(PAUSE);
        let now = files(app)?;
        if now == seen {
            continue;
        }
        seen = now;
        if let Err(error) = build() {
            eprintln!("not redeployed: {error:#}");
            continue;
        }
        let built = code(app)?;
        for (id, bytes) in &built {
            if deployed.get(id) == Some(bytes) {
                continue;
            }
            match runtime.block_on(app.redeploy(id)) {
                Ok(()) => eprintln!("redeployed {id}"),
                Err(error) => eprintln!("not redeployed: {error:#}"),
            }
        }
        deployed = built;
    }
}

/// Every watched file with its time of change.
fn files(app: &App) -> Result<HashMap<PathBuf, SystemTime>> {
    let manifest = app.manifest();
    let mut found = HashMap::new();
    for build in manifest.component.values().filter_map(|component| component.build.as_ref()) {
        for pattern in &build.watch {
            let pattern = manifest.folder.join(build.workdir.as_deref().unwrap_or("")).join(pattern);
            let pattern = pattern.to_str().context("a path that is not text")?;
            for path in glob::glob(pattern).with_context(|| format!("watch = {pattern:?}"))? {
                let path = path?;
                // A file that an editor is just replacing is seen the next time.
                if let Ok(changed) = std::fs::metadata(&path).and_then(|found| found.modified()) {
                    found.insert(path, changed);
                }
            }
        }
    }
    Ok(found)
}

/// The code of every component, dependencies included.
fn code(app: &App) -> Result<HashMap<String, Vec<u8>>> {
    let manifest = app.manifest();
    let read = |(id, component): (&String, &Component)| {
        let mut bytes = compose::read(&manifest.source(id))?;
        for dependency in component.dependencies.values() {
            bytes.extend(compose::read(&manifest.dependency_path(dependency))?);
        }
        Ok((id.clone(), bytes))
    };
    manifest.component.iter().map(read).collect()
}
