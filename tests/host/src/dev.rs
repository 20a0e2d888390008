//! `cargo dev`: everything from a fresh checkout to a served app.

use anyhow::{Context, Result, bail};
use std::collections::{BTreeMap, BTreeSet};
use std::io::Write as _;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;
use zerotrip_domain::Provider;
use zerotrip_host::manifest::Manifest;
use zerotrip_host::migrate::is_postgres;
use zerotrip_host::postgres;
use zerotrip_sandbox::{ccb, wechat};
use zerotrip_signing::{fresh, index, ring};

/// Everything a development machine keeps between starts; ignored by git.
#[derive(Clone, Debug)]
pub struct Folder(pub PathBuf);

impl Folder {
    /// Values of the app's variables, in the form that Spin's `--variable @file` takes as well.
    pub fn variables(&self) -> PathBuf {
        self.0.join("variables.toml")
    }

    /// What the sandbox must know: the other side of the keys.
    pub fn sandbox(&self) -> PathBuf {
        self.0.join("sandbox.json")
    }

    /// The sandbox's trades.
    pub fn journal(&self) -> PathBuf {
        self.0.join("sandbox.journal")
    }

    /// The demo people's passwords and tokens.
    pub fn demo(&self) -> PathBuf {
        self.0.join("demo.json")
    }

    /// Where the running app takes orders.
    pub fn control(&self) -> PathBuf {
        self.0.join("control")
    }

    /// The embedded database.
    pub fn database(&self) -> PathBuf {
        self.0.join("state/sqlite_db.db")
    }
}

const INVITATION_LIFE_MS: i64 = 24 * 3600 * 1000;

/// Adds the Wasm target where rustup knows that it is missing.
pub fn add_target() -> Result<()> {
    let installed = Command::new("rustup").args(["target", "list", "--installed"]).output();
    let Ok(installed) = installed else { return Ok(()) };
    if String::from_utf8_lossy(&installed.stdout).lines().any(|line| line == "wasm32-wasip2") {
        return Ok(());
    }
    run("rustup target add wasm32-wasip2", Path::new("."))
}

/// Runs each build command of the manifest once.
pub fn build(manifest: &Manifest) -> Result<()> {
    let builds = manifest.component.values().filter_map(|component| component.build.as_ref());
    let once: BTreeSet<_> = builds.map(|build| (build.workdir.as_deref(), build.command.as_str())).collect();
    once.into_iter()
        .try_for_each(|(workdir, command)| run(command, &manifest.folder.join(workdir.unwrap_or_default())))
}

/// Runs the build command of component `id`.
pub fn build_one(manifest: &Manifest, id: &str) -> Result<()> {
    let component = manifest.component.get(id);
    let component = component.with_context(|| format!("the manifest has no component '{id}'"))?;
    let Some(build) = &component.build else { return Ok(()) };
    run(&build.command, &manifest.folder.join(build.workdir.as_deref().unwrap_or_default()))
}

fn run(command: &str, folder: &Path) -> Result<()> {
    // What cargo tells the programs it runs must not leak into the build of the components.
    let status = Command::new("sh")
        .args(["-c", command])
        .current_dir(folder)
        .env_remove("CARGO_MANIFEST_DIR")
        .stdout(std::io::stderr())
        .status()
        .with_context(|| format!("cannot run '{command}'"))?;
    if !status.success() {
        bail!("'{command}' failed");
    }
    Ok(())
}

/// Makes a value for every variable of the manifest that the file does not hold yet: fresh keys, the sandbox's
/// merchant, the addresses of this machine.
pub fn variables(
    manifest: &Manifest,
    folder: &Folder,
    listen: SocketAddr,
    sandbox: SocketAddr,
) -> Result<()> {
    let path = folder.variables();
    let mut values: BTreeMap<String, String> = match std::fs::read_to_string(&path) {
        Ok(text) => toml::from_str(&text).with_context(|| format!("in {}", path.display()))?,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => BTreeMap::new(),
        Err(error) => return Err(error).with_context(|| format!("cannot read {}", path.display())),
    };
    let mut changed = false;
    let mut merchant = Merchant::default();
    // The sandbox knows one bureau: who is unknown to one of those that it plays gets to know them all anew.
    if KNOWN_TO.iter().any(|name| !values.contains_key(*name)) {
        values.retain(|name, _| name != "providers" && !KNOWN_TO.contains(&name.as_str()));
    }
    for (name, variable) in &manifest.variables {
        if values.contains_key(name) {
            continue;
        }
        let value = match name.as_str() {
            "index_key" => fresh::single()?,
            "public_url" => format!("http://{listen}"),
            "providers" => Provider::ALL.map(Provider::name).join(","),
            name if KNOWN_TO.contains(&name) => merchant.get_or_make(folder, listen)?.of(name)?,
            name if name.ends_with("_origin") => format!("http://{sandbox}"),
            name if name.ends_with("_keys") => fresh::ring()?,
            _ if !variable.required => continue,
            other => bail!("no way to make a value for variable '{other}'; put it into {}", path.display()),
        };
        values.insert(name.clone(), value);
        changed = true;
    }
    if changed {
        write_private(&path, &toml::to_string(&values)?)?;
    }
    Ok(())
}

/// The variables that hold what somebody whom the sandbox plays knows us by.
const KNOWN_TO: [&str; 8] = [
    "alipay",
    "wechat_pay",
    "ccb",
    "ctid_token",
    "sms_token",
    "registry_token",
    "traffic_police_token",
    "treasury_token",
];

/// The bureau as the sandbox's providers know it, with fresh keys on both sides.
#[derive(Default)]
struct Merchant(Option<serde_json::Value>);

impl Merchant {
    /// Makes it and writes the sandbox's side of it, once.
    fn get_or_make(&mut self, folder: &Folder, listen: SocketAddr) -> Result<&Self> {
        if self.0.is_none() {
            let (ours, theirs) = merchant(listen)?;
            write_private(&folder.sandbox(), &theirs.to_string())?;
            self.0 = Some(ours);
        }
        Ok(self)
    }

    /// The value of one of those variables.
    fn of(&self, variable: &str) -> Result<String> {
        let value =
            self.0.as_ref().and_then(|ours| ours.get(variable)).context("the merchant is not made")?;
        Ok(value.as_str().map_or_else(|| value.to_string(), str::to_owned))
    }
}

/// Our side, by variable, and the sandbox's configuration.
fn merchant(listen: SocketAddr) -> Result<(serde_json::Value, serde_json::Value)> {
    let pair = || fresh::rsa().map_err(|error| anyhow::anyhow!("cannot make an RSA key: {error}"));
    let ((our_private, our_public), (their_private, their_public)) = (pair()?, pair()?);
    let (app_id, seller_id) = ("2021000000000001", "2088000000000001");
    let wechat = wechat::account(&pair()?.into(), &pair()?.into(), &pair()?.into())
        .map_err(|error| anyhow::anyhow!("WeChat Pay's account: {error}"))?;
    let (ctid, sms, registry) = (fresh::secret()?, fresh::secret()?, fresh::secret()?);
    let (police, treasury) = (fresh::secret()?, fresh::secret()?);
    let theirs = serde_json::json!({
        "ctid": { "token": ctid },
        "sms": { "token": sms },
        "registry": { "token": registry },
        "police": { "token": police },
        "treasury": { "token": treasury },
        "alipay": { "app_id": app_id, "seller_id": seller_id, "app_public_key": our_public, "private_key": their_private,
            "redirect_uris": [format!("http://{listen}/auth/alipay/return")] },
        "wechat_pay": wechat.sandbox,
        "ccb": {
            "merchant_id": "105000000000001", "pos_id": "100000001", "branch_id": "220000000",
            "private_key": ccb::fresh_key().to_base64(), "query_password": fresh::secret()?,
            // At the bank the merchant sets these by hand.
            "callback_url": format!("http://{listen}/pay/ccb/notifications"), "page_url": format!("http://{listen}/pay/return"),
        },
    });
    let bank =
        zerotrip_sandbox::Config::parse(&theirs.to_string())?.ccb.context("the bank is not configured")?;
    let ours = serde_json::json!({
        "alipay": {
            "app_id": app_id, "seller_id": seller_id,
            "app_private_key": our_private, "alipay_public_keys": [their_public],
        },
        "wechat_pay": wechat.merchant,
        "ccb": bank.merchant_side(),
        "ctid_token": ctid,
        "sms_token": sms,
        "registry_token": registry,
        "traffic_police_token": police,
        "treasury_token": treasury,
    });
    Ok((ours, theirs))
}

/// Writes a file that only its owner may read, whole or not at all.
pub fn write_private(path: &Path, text: &str) -> Result<()> {
    use std::os::unix::fs::OpenOptionsExt as _;
    if let Some(parent) = path.parent() {
        std::fs::create_dir_all(parent)?;
    }
    let partial = path.with_extension("partial");
    let mut options = std::fs::OpenOptions::new();
    let mut file = options.write(true).create(true).truncate(true).mode(0o600).open(&partial)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    std::fs::rename(&partial, path).with_context(|| format!("cannot write {}", path.display()))
}

/// Invites an administrator and gives the code to activate. With `sql`, gives the statement for another database instead
/// of running it. `database` is an SQLite file or a `postgres://` address.
pub fn administrator(
    variables: &Path,
    database: &str,
    agency: &str,
    sql: bool,
) -> Result<(String, Option<String>)> {
    let (code, statement) = invitation(variables, agency)?;
    if sql {
        return Ok((code, Some(statement)));
    }
    if is_postgres(database) {
        postgres::once(database, async |client| Ok(client.batch_execute(&statement).await?))?;
        return Ok((code, None));
    }
    let flags = rusqlite::OpenFlags::SQLITE_OPEN_READ_WRITE;
    rusqlite::Connection::open_with_flags(database, flags)
        .and_then(|connection| {
            connection.busy_timeout(std::time::Duration::from_secs(5))?;
            connection.execute(&statement, [])
        })
        .with_context(|| format!("cannot write to {database}; start the app once"))?;
    Ok((code, None))
}

/// The code to activate and the SQL that makes it good for a day.
fn invitation(variables: &Path, agency: &str) -> Result<(String, String)> {
    let text = std::fs::read_to_string(variables)
        .with_context(|| format!("cannot read {}; start the app once", variables.display()))?;
    let values: BTreeMap<String, String> = toml::from_str(&text)?;
    let key =
        ring::single("index_key", values.get("index_key").context("no index_key among the variables")?)?;
    let code = fresh::secret()?;
    let index = index::index(&key, "invitation", &code);
    let now = i64::try_from(std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH)?.as_millis())?;
    let sql = format!(
        "INSERT INTO invitations (code_index, role, agency, created_by, expires_at) \
         VALUES ('{index}', 'administrator', '{}', 'local', {})",
        agency.replace('\'', "''"),
        now + INVITATION_LIFE_MS
    );
    Ok((code, sql))
}
