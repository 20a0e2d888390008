//! The Wasmtime engine, and compiled components kept on disk.

use anyhow::{Context, Result};
use sha2::{Digest, Sha256};
use std::hash::{Hash, Hasher};
use std::path::Path;
use std::time::Duration;
use wasmtime::component::Component;
use wasmtime::{Config, Engine, InstanceAllocationStrategy, PoolingAllocationConfig};

/// How often running guests yield to the event loop, so that a loop can be cut off.
const EPOCH_TICK: Duration = Duration::from_millis(10);
const MAX_INSTANCES: u32 = 1_000;

/// An engine whose instances come from a pool, with a clock that makes busy guests yield.
pub fn engine(memory_limit_bytes: usize) -> Result<Engine> {
    let mut pool = PoolingAllocationConfig::default();
    pool.total_component_instances(MAX_INSTANCES)
        .total_memories(MAX_INSTANCES)
        .total_tables(2 * MAX_INSTANCES)
        .total_stacks(MAX_INSTANCES)
        .total_core_instances(4 * MAX_INSTANCES)
        .table_elements(100_000)
        .max_component_instance_size(10 << 20)
        .max_core_instance_size(10 << 20)
        .max_core_instances_per_component(200)
        .max_tables_per_component(64)
        .max_memories_per_component(32)
        .max_memory_size(memory_limit_bytes.max(1 << 20))
        .linear_memory_keep_resident(2 << 20)
        .table_keep_resident(512 << 10);
    let mut config = Config::new();
    config
        .epoch_interruption(true)
        .wasm_component_model(true)
        .wasm_component_model_async(true)
        .allocation_strategy(InstanceAllocationStrategy::Pooling(pool));
    let engine = Engine::new(&config)?;
    let ticking = engine.weak();
    std::thread::Builder::new().name("epoch".into()).spawn(move || {
        while let Some(engine) = ticking.upgrade() {
            engine.increment_epoch();
            drop(engine);
            std::thread::sleep(EPOCH_TICK);
        }
    })?;
    Ok(engine)
}

/// Compiles `bytes`, or takes the result of an earlier compilation from `cache`.
///
/// An entry is named by the content, the engine's settings and Wasmtime's version. An unreadable one is made anew.
#[allow(unsafe_code, reason = "deserialising our own compiled code")]
pub fn load(engine: &Engine, bytes: &[u8], cache: &Path) -> Result<Component> {
    let mut settings = std::collections::hash_map::DefaultHasher::new();
    engine.precompile_compatibility_hash().hash(&mut settings);
    let digest = Sha256::digest(bytes);
    let name: String = digest.iter().map(|b| format!("{b:02x}")).collect();
    let path = cache.join(format!("{name}-{:016x}.cwasm", settings.finish()));
    if path.exists() {
        // SAFETY: the folder belongs to the person who runs the host and holds only what this function wrote there;
        // Wasmtime checks header, version and settings itself.
        match unsafe { Component::deserialize_file(engine, &path) } {
            Ok(component) => return Ok(component),
            Err(error) => tracing::warn!("compiling again: {}: {error}", path.display()),
        }
    }
    let compiled = engine.precompile_component(bytes)?;
    std::fs::create_dir_all(cache).with_context(|| format!("cannot create {}", cache.display()))?;
    let partial = cache.join(format!("{name}.{}.partial", std::process::id()));
    std::fs::write(&partial, &compiled).with_context(|| format!("cannot write {}", partial.display()))?;
    std::fs::rename(&partial, &path)?;
    // SAFETY: made by this engine a moment ago.
    Ok(unsafe { Component::deserialize_file(engine, &path) }?)
}
