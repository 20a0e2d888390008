//! A PostgreSQL of its own for a test: Debian's programs, a fresh cluster, a free port.

use std::io::ErrorKind;
use std::os::unix::fs::{PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// Settings for tests that are not about durability: nothing waits for the disk.
pub const QUICK: &[&str] = &["fsync=off", "synchronous_commit=off", "full_page_writes=off"];
/// How long a start or a stop may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// A running server. Dropping it stops it; its data, some 40 MB, stay only if the test has failed.
pub struct Postgres {
    /// Where it listens on 127.0.0.1.
    pub port: u16,
    programs: PathBuf,
    folder: PathBuf,
    settings: Vec<String>,
    /// The server refuses to be root.
    user: Option<(u32, u32)>,
    running: Option<Child>,
}

impl Postgres {
    /// A fresh cluster with these `name=value` settings, up when this returns. Anyone on this machine may log in.
    pub fn start(name: &str, settings: &[&str]) -> Self {
        let programs = programs();
        let user = (id(&["-u"]) == 0).then(|| (id(&["-u", "postgres"]), id(&["-g", "postgres"])));
        let folder = folder(name, user.is_some());
        if let Some((uid, gid)) = user {
            chown(&folder, Some(uid), Some(gid)).expect("the folder changes hands");
        }
        let mut server = Self {
            port: crate::free_port(),
            programs,
            folder,
            settings: settings.iter().map(ToString::to_string).collect(),
            user,
            running: None,
        };
        let arguments =
            ["-D", "data", "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync"];
        let made = server.command("initdb").args(arguments).output().expect("initdb runs");
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        server.up();
        server
    }

    /// `postgres://…` of the database `postgres`.
    pub fn address(&self) -> String {
        format!("postgres://postgres@{}/postgres", self.host())
    }

    /// `127.0.0.1:PORT`, as a grant names it.
    pub fn host(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// Where it keeps its files.
    pub fn data(&self) -> PathBuf {
        self.folder.join("data")
    }

    /// Starts the server, which must be down. The data are as they were.
    pub fn up(&mut self) {
        assert!(self.running.is_none(), "it is up already");
        let log = std::fs::OpenOptions::new().create(true).append(true).open(self.folder.join("log"));
        let mut command = self.command("postgres");
        // No Unix socket: its path may be at most 107 bytes long, and nobody needs it.
        command.args(["-D", "data", "-h", "127.0.0.1", "-p", &self.port.to_string(), "-k", ""]);
        for setting in &self.settings {
            command.args(["-c", setting]);
        }
        self.running =
            Some(command.stdout(Stdio::null()).stderr(log.expect("a log")).spawn().expect("it starts"));
        let begun = Instant::now();
        let port = self.port.to_string();
        let ready = ["-q", "-h", "127.0.0.1", "-p", &port];
        while !self.command("pg_isready").args(ready).status().expect("pg_isready runs").success() {
            let ended = self.running.as_mut().map(|child| child.try_wait().expect("its state"));
            let log = || std::fs::read_to_string(self.folder.join("log")).unwrap_or_default();
            assert_eq!(ended, Some(None), "it ended: {}", log());
            assert!(begun.elapsed() < PATIENCE, "not ready: {}", log());
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// Fast shutdown: connections are cut, what is committed is kept.
    pub fn down(&mut self) {
        let Some(mut child) = self.running.take() else { return };
        let told = Command::new("kill").args(["-INT", &child.id().to_string()]).status();
        let begun = Instant::now();
        while told.as_ref().is_ok_and(std::process::ExitStatus::success) && begun.elapsed() < PATIENCE {
            if !matches!(child.try_wait(), Ok(None)) {
                return;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        // Not told, or deaf.
        let _ = child.kill();
        let _ = child.wait();
    }

    fn command(&self, program: &str) -> Command {
        let mut command = Command::new(self.programs.join(program));
        command.current_dir(&self.folder);
        if let Some((uid, gid)) = self.user {
            command.uid(uid).gid(gid);
        }
        command
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        self.down();
        if !std::thread::panicking() {
            let _ = std::fs::remove_dir_all(self.folder.join("data"));
        }
    }
}

/// The newest of Debian's.
fn programs() -> PathBuf {
    let versions = match std::fs::read_dir("/usr/lib/postgresql") {
        Ok(versions) => versions,
        Err(error) if error.kind() == ErrorKind::NotFound => {
            panic!("PostgreSQL is missing: tests/run installs it")
        }
        Err(error) => panic!("/usr/lib/postgresql: {error}"),
    };
    versions
        .filter_map(|entry| Some(entry.ok()?.path().join("bin")))
        .filter(|bin| bin.join("postgres").exists())
        .max_by_key(|bin| bin.parent().and_then(|p| p.file_name()?.to_str()?.parse::<u32>().ok()))
        .expect("a version with a server in /usr/lib/postgresql")
}

/// Below the target folder; elsewhere if the server's user cannot get there, as below /root.
fn folder(name: &str, other_user: bool) -> PathBuf {
    let folder = crate::fresh_folder(name).canonicalize().expect("it is there");
    let open =
        |path: &Path| std::fs::metadata(path).is_ok_and(|found| found.permissions().mode() & 0o001 != 0);
    if !other_user || folder.ancestors().all(open) {
        return folder;
    }
    let named = folder.file_name().expect("a name");
    let elsewhere = std::env::temp_dir().join("zerotrip-houses").join(named);
    std::fs::create_dir_all(&elsewhere).expect("a folder for the test");
    elsewhere
}

fn id(arguments: &[&str]) -> u32 {
    let output = Command::new("id").args(arguments).output().expect("id runs");
    let text = String::from_utf8_lossy(&output.stdout);
    text.trim().parse().unwrap_or_else(|_| panic!("{}", String::from_utf8_lossy(&output.stderr)))
}
