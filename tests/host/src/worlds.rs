//! A function's world in `wit/` is all that its component may import.

use crate::compose::{imports, without_version};
use anyhow::{Context, Result, bail};
use std::collections::BTreeSet;
use std::path::Path;

/// What Rust's standard library and the SDK import of WASI whatever a function does.
const STANDARD: [&str; 6] =
    ["wasi:cli/", "wasi:clocks/", "wasi:io/", "wasi:random/", "wasi:filesystem/", "wasi:http/types"];

/// Interfaces that world `name` of the folder `wit` imports, without versions.
pub fn world(wit: &Path, name: &str) -> Result<BTreeSet<String>> {
    let mut resolve = wit_parser::Resolve::default();
    let (package, _) = resolve.push_path(wit).with_context(|| format!("in {}", wit.display()))?;
    let world = resolve.select_world(&[package], Some(name)).with_context(|| format!("world {name}"))?;
    let imports = resolve.worlds[world].imports.keys();
    Ok(imports.map(|key| without_version(&resolve.name_world_key(key)).to_owned()).collect())
}

/// What a component imports beyond `world`.
pub fn strays(imported: &BTreeSet<String>, world: &BTreeSet<String>) -> Vec<String> {
    let standard = |name: &str| STANDARD.iter().any(|allowed| name.starts_with(allowed));
    imported.iter().filter(|name| !world.contains(*name) && !standard(name)).cloned().collect()
}

/// Refuses the component `bytes` if it imports beyond world `name`.
pub fn hold(wit: &Path, name: &str, bytes: &[u8]) -> Result<()> {
    let strays = strays(&imports(bytes.to_vec())?, &world(wit, name)?);
    if strays.is_empty() { Ok(()) } else { bail!("'{name}' imports beyond its world: {}", strays.join(", ")) }
}
