//! The signing component as the host runs it: the same engine, instance pool and interruption.

use anyhow::{Context, Result};
use std::collections::HashMap;
use wasmtime::Store;
use wasmtime::component::{Component, HasSelf, Linker, ResourceTable};
use wasmtime_wasi::{WasiCtx, WasiCtxView, WasiView};
use zerotrip_host::engine;

pub use bindings::exports::zerotrip::signing as interfaces;

#[allow(missing_docs, reason = "generated")]
mod bindings {
    wasmtime::component::bindgen!({ path: "../../wit", world: "signing" });
}

const MEMORY: usize = 64 << 20;
/// Longer than any run: nothing here is to be cut off.
const EPOCHS: u64 = 1 << 40;

/// One instance and its store.
pub struct Signing {
    pub store: Store<Variables>,
    pub exports: bindings::Signing,
}

/// What the instance is granted.
pub struct Variables {
    values: HashMap<&'static str, String>,
    wasi: WasiCtx,
    table: ResourceTable,
}

impl Signing {
    /// The component as `cargo functions` built it, with these variables.
    pub fn start(values: HashMap<&'static str, String>) -> Result<Self> {
        let path = zerotrip_journeys::target().join("wasm32-wasip2/release/zerotrip_signing.wasm");
        let bytes =
            std::fs::read(&path).with_context(|| format!("{}; cargo functions builds it", path.display()))?;
        let engine = engine::engine(MEMORY)?;
        let component = Component::new(&engine, bytes)?;
        let mut linker = Linker::new(&engine);
        wasmtime_wasi::p2::add_to_linker_sync(&mut linker)?;
        bindings::Signing::add_to_linker::<_, HasSelf<_>>(&mut linker, |variables| variables)?;
        let variables = Variables { values, wasi: WasiCtx::default(), table: ResourceTable::new() };
        let mut store = Store::new(&engine, variables);
        store.set_epoch_deadline(EPOCHS);
        let exports = bindings::Signing::instantiate(&mut store, &component, &linker)?;
        Ok(Self { store, exports })
    }
}

impl bindings::wasi::config::store::Host for Variables {
    fn get(&mut self, key: String) -> Result<Option<String>, bindings::wasi::config::store::Error> {
        Ok(self.values.get(key.as_str()).cloned())
    }

    fn get_all(&mut self) -> Result<Vec<(String, String)>, bindings::wasi::config::store::Error> {
        Ok(self.values.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect())
    }
}

impl WasiView for Variables {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        WasiCtxView { ctx: &mut self.wasi, table: &mut self.table }
    }
}
