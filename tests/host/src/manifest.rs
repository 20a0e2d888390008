//! `spin.toml`, version 2: the keys that this host implements. Any other key is an error that names it.

use anyhow::{Context, Result, bail};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// The whole manifest.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    spin_manifest_version: i64,
    /// Name and descriptions.
    pub application: Application,
    /// Application variables by name.
    #[serde(default)]
    pub variables: BTreeMap<String, Variable>,
    /// Triggers by kind.
    pub trigger: Triggers,
    /// Components by id.
    pub component: BTreeMap<String, Component>,
    /// The folder that relative paths start from.
    #[serde(skip)]
    pub folder: PathBuf,
}

/// `[application]`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs, reason = "the manifest's own words")]
pub struct Application {
    pub name: String,
    pub version: Option<String>,
    pub description: Option<String>,
    #[serde(default)]
    pub authors: Vec<String>,
}

/// One application variable.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs, reason = "the manifest's own words")]
pub struct Variable {
    pub default: Option<String>,
    #[serde(default)]
    pub required: bool,
    #[serde(default)]
    pub secret: bool,
    pub description: Option<String>,
}

/// `[[trigger.http]]`, the only kind served here.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Triggers {
    /// HTTP triggers in the order written.
    #[serde(default)]
    pub http: Vec<HttpTrigger>,
}

/// One HTTP trigger.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs, reason = "the manifest's own words")]
pub struct HttpTrigger {
    pub id: Option<String>,
    pub route: Route,
    pub component: String,
}

/// A pattern, or `{ private = true }` for a component that only its neighbours may call.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
#[allow(missing_docs, reason = "the manifest's own words")]
pub enum Route {
    Pattern(String),
    Private { private: bool },
}

/// One component.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs, reason = "the manifest's own words")]
pub struct Component {
    pub source: String,
    pub description: Option<String>,
    #[serde(default)]
    pub variables: BTreeMap<String, String>,
    #[serde(default)]
    pub allowed_outbound_hosts: Vec<String>,
    #[serde(default)]
    pub sqlite_databases: Vec<String>,
    #[serde(default)]
    pub environment: BTreeMap<String, String>,
    pub build: Option<Build>,
    #[serde(default)]
    pub dependencies: BTreeMap<String, Dependency>,
    #[serde(default)]
    pub dependencies_inherit_configuration: bool,
}

/// `[component.X.build]`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs, reason = "the manifest's own words")]
pub struct Build {
    pub command: String,
    pub workdir: Option<String>,
    #[serde(default)]
    pub watch: Vec<String>,
}

/// One entry of `[component.X.dependencies]`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs, reason = "the manifest's own words")]
pub struct Dependency {
    pub path: Option<String>,
    pub component: Option<String>,
    pub export: Option<String>,
    pub inherit_configuration: Option<Inherit>,
}

/// All, none, or the named capability sets.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
#[allow(missing_docs, reason = "the manifest's own words")]
pub enum Inherit {
    All(bool),
    Some(Vec<String>),
}

impl Manifest {
    /// Reads and checks `path`. Errors name the key or the component.
    pub fn load(path: &Path) -> Result<Self> {
        let text =
            std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
        let folder = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new(".")).to_owned();
        Self::parse(&text, folder).with_context(|| format!("in {}", path.display()))
    }

    /// The same from text.
    pub fn parse(text: &str, folder: PathBuf) -> Result<Self> {
        let mut manifest: Manifest = toml::from_str(text)?;
        if manifest.spin_manifest_version != 2 {
            bail!("spin_manifest_version must be 2");
        }
        for trigger in &manifest.trigger.http {
            if !manifest.component.contains_key(&trigger.component) {
                bail!("a trigger names component '{}', which does not exist", trigger.component);
            }
            if let Route::Private { private: false } = trigger.route {
                bail!("route of '{}' must be a pattern or {{ private = true }}", trigger.component);
            }
        }
        for (id, component) in &manifest.component {
            for (name, dependency) in &component.dependencies {
                match (&dependency.path, &dependency.component) {
                    (Some(_), None) => {}
                    (None, Some(other)) if manifest.component.contains_key(other) => {}
                    (None, Some(other)) => bail!("dependency '{name}' of '{id}': no component '{other}'"),
                    _ => bail!("dependency '{name}' of '{id}' needs either path or component"),
                }
                if component.dependencies_inherit_configuration && dependency.inherit_configuration.is_some()
                {
                    bail!(
                        "component '{id}': dependencies_inherit_configuration excludes inherit_configuration of '{name}'"
                    );
                }
            }
        }
        manifest.folder = folder;
        Ok(manifest)
    }

    /// The file of component `id`, which must be one of the manifest's.
    pub fn source(&self, id: &str) -> PathBuf {
        self.folder.join(&self.component[id].source)
    }

    /// The file of a dependency.
    pub fn dependency_path(&self, dependency: &Dependency) -> PathBuf {
        let source = match (&dependency.path, &dependency.component) {
            (Some(path), _) => path,
            (None, Some(component)) => &self.component[component].source,
            (None, None) => unreachable!("checked when loaded"),
        };
        self.folder.join(source)
    }
}
