//! A component and its dependencies become one component, as Spin composes them.

use crate::manifest::{Component, Dependency, Inherit, Manifest};
use anyhow::{Context, Result, bail};
use std::collections::BTreeSet;
use std::path::Path;
use wac_graph::types::{Package, SubtypeChecker};
use wac_graph::{CompositionGraph, EncodeOptions};

/// Interfaces behind each capability set that `inherit_configuration` can name, without versions.
const CAPABILITY_SETS: &[(&str, &[&str])] = &[
    ("ai_models", &["fermyon:spin/llm"]),
    (
        "allowed_outbound_hosts",
        &[
            "wasi:http/client",
            "wasi:http/outgoing-handler",
            "wasi:sockets/ip-name-lookup",
            "wasi:sockets/tcp",
            "wasi:sockets/tcp-create-socket",
            "wasi:sockets/udp",
            "wasi:sockets/udp-create-socket",
            "spin:postgres/postgres",
            "spin:mysql/mysql",
            "spin:redis/redis",
            "spin:mqtt/mqtt",
        ],
    ),
    ("environment", &["wasi:cli/environment"]),
    ("files", &["wasi:filesystem/preopens"]),
    ("key_value_stores", &["spin:key-value/key-value", "wasi:keyvalue/store"]),
    ("sqlite_databases", &["spin:sqlite/sqlite"]),
    ("variables", &["spin:variables/variables", "wasi:config/store"]),
];

/// What Rust's standard library always imports. A component without `environment` and `files` sees both empty here,
/// so that passing them on gives nothing away; `environment` in the manifest forbids the short cut.
const EMPTY_UNLESS_GRANTED: &[&str] = &["wasi:cli/environment", "wasi:filesystem/preopens"];

/// The file of a component or a dependency.
pub fn read(path: &Path) -> Result<Vec<u8>> {
    std::fs::read(path).with_context(|| format!("cannot read {}", path.display()))
}

/// Interfaces that a component imports, without their versions. Does not compile it.
pub fn imports(bytes: Vec<u8>) -> Result<BTreeSet<String>> {
    let mut graph = CompositionGraph::new();
    let package = Package::from_bytes("app:component", None, bytes, graph.types_mut())?;
    let imports = graph.types()[package.ty()].imports.keys();
    Ok(imports.map(|name| without_version(name).to_owned()).collect())
}

/// `wasi:http/client` of `wasi:http/client@0.3.0`.
pub fn without_version(name: &str) -> &str {
    name.split('@').next().unwrap_or(name)
}

/// The bytes of component `id` with every dependency of the manifest plugged in.
pub fn compose(manifest: &Manifest, id: &str, component: &Component, source: Vec<u8>) -> Result<Vec<u8>> {
    if component.dependencies.is_empty() {
        return Ok(source);
    }
    let mut graph = CompositionGraph::new();
    let package = Package::from_bytes(&format!("app:{id}"), None, source, graph.types_mut())?;
    let world = package.ty();
    let package = graph.register_package(package)?;
    let instance = graph.instantiate(package);
    let imports: Vec<String> = graph.types()[world].imports.keys().cloned().collect();
    let mut plugged = std::collections::HashSet::new();

    for (number, (name, dependency)) in component.dependencies.iter().enumerate() {
        let matching: Vec<&String> = imports.iter().filter(|import| names(name, import)).collect();
        if matching.is_empty() {
            bail!("dependency '{name}' doesn't match any imports of component '{id}'");
        }
        let path = manifest.dependency_path(dependency);
        let bytes = read(&path)?;
        let plug = Package::from_bytes(&format!("app:dependency{number}"), None, bytes, graph.types_mut())?;
        let plug_world = plug.ty();
        refuse_what_is_not_inherited(component, name, dependency, graph.types()[plug_world].imports.keys())
            .with_context(|| format!("component '{id}'"))?;
        let plug = graph.register_package(plug)?;
        let plug_instance = graph.instantiate(plug);
        for import in matching {
            if !plugged.insert(import.clone()) {
                bail!("component '{id}': import '{import}' is satisfied by more than one dependency");
            }
            let export = dependency.export.as_ref().unwrap_or(import);
            let Some(offered) = graph.types()[plug_world].exports.get(export).copied() else {
                bail!("dependency '{name}' doesn't export '{export}' to satisfy import '{import}'");
            };
            let wanted = graph.types()[world].imports[import];
            SubtypeChecker::new(&mut Default::default())
                .is_subtype(offered, graph.types(), wanted, graph.types())
                .with_context(|| {
                    format!("dependency '{name}' exports '{export}', not compatible with import '{import}'")
                })?;
            let alias = graph.alias_instance_export(plug_instance, export)?;
            graph.set_instantiation_argument(instance, import, alias)?;
        }
    }
    let exports: Vec<String> = graph.types()[world].exports.keys().cloned().collect();
    for export in exports {
        let alias = graph.alias_instance_export(instance, &export)?;
        graph.export(alias, &export)?;
    }
    Ok(graph.encode(EncodeOptions::default())?)
}

/// Whether a dependency's name (`pkg:name`, `pkg:name@1.0.0`, `pkg:name/interface`, or a plain name) names an import.
fn names(dependency: &str, import: &str) -> bool {
    if dependency == import {
        return true;
    }
    let Some((package, interface)) = import.split_once('/') else { return false };
    let (interface, version) = interface.split_once('@').map_or((interface, None), |(i, v)| (i, Some(v)));
    let (name, wanted_version) = dependency.split_once('@').map_or((dependency, None), |(n, v)| (n, Some(v)));
    let (wanted_package, wanted_interface) = name.split_once('/').map_or((name, None), |(p, i)| (p, Some(i)));
    package == wanted_package
        && wanted_interface.is_none_or(|wanted| wanted == interface)
        && wanted_version.is_none_or(|wanted| Some(wanted) == version)
}

/// Spin wires what is not inherited to an adapter that denies it at run time. Here the same dependency is refused at
/// load, by name: stricter, and nothing that loads here behaves otherwise there.
fn refuse_what_is_not_inherited<'a>(
    component: &Component,
    name: &str,
    dependency: &Dependency,
    imports: impl Iterator<Item = &'a String>,
) -> Result<()> {
    let inherited: &[String] = match &dependency.inherit_configuration {
        _ if component.dependencies_inherit_configuration => return Ok(()),
        Some(Inherit::All(true)) => return Ok(()),
        Some(Inherit::Some(sets)) => sets,
        Some(Inherit::All(false)) | None => &[],
    };
    for import in imports {
        let bare = without_version(import);
        for (set, interfaces) in CAPABILITY_SETS {
            if !interfaces.contains(&bare) || inherited.iter().any(|s| s == set) {
                continue;
            }
            if EMPTY_UNLESS_GRANTED.contains(&bare) && component.environment.is_empty() {
                continue;
            }
            bail!("dependency '{name}' imports '{import}' but does not inherit '{set}'");
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::names;

    #[test]
    fn a_package_name_covers_its_interfaces_and_no_others() {
        assert!(names("zerotrip:signing", "zerotrip:signing/sealing@0.1.0"));
        assert!(names("zerotrip:signing@0.1.0", "zerotrip:signing/sealing@0.1.0"));
        assert!(names("zerotrip:signing/sealing", "zerotrip:signing/sealing@0.1.0"));
        assert!(!names("zerotrip:signing/audit", "zerotrip:signing/sealing@0.1.0"));
        assert!(!names("zerotrip:signing@0.2.0", "zerotrip:signing/sealing@0.1.0"));
        assert!(!names("zerotrip:sign", "zerotrip:signing/sealing@0.1.0"));
    }
}
