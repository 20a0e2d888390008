//! The running host takes orders from its owner's other terminal: a Unix socket in the folder, one line each way.

use crate::app::App;
use anyhow::{Context, Result, bail};
use std::io::{BufRead as _, BufReader, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::sync::Arc;
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _};
use tokio::net::{UnixListener, UnixStream};

/// What can be asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// Put the component's file in its place.
    Redeploy,
    /// Put back what served before.
    RollBack,
}

impl Order {
    fn name(self) -> &'static str {
        match self {
            Self::Redeploy => "redeploy",
            Self::RollBack => "roll-back",
        }
    }
}

/// Takes orders at `socket` for as long as the host runs. Only the owner may give any.
pub fn listen(app: Arc<App>, socket: &Path) -> Result<()> {
    // What a host that was killed left behind; a live one would hold the HTTP port as well.
    match std::fs::remove_file(socket) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            return Err(error).with_context(|| format!("cannot replace {}", socket.display()));
        }
        _ => {}
    }
    let listener =
        UnixListener::bind(socket).with_context(|| format!("cannot listen at {}", socket.display()))?;
    std::fs::set_permissions(socket, std::fs::Permissions::from_mode(0o600))?;
    tokio::spawn(async move {
        loop {
            let Ok((stream, _)) = listener.accept().await else { continue };
            let app = app.clone();
            tokio::spawn(async move {
                if let Err(error) = obey(app, stream).await {
                    tracing::warn!("control: {error:#}");
                }
            });
        }
    });
    Ok(())
}

async fn obey(app: Arc<App>, stream: UnixStream) -> Result<()> {
    let mut stream = tokio::io::BufReader::new(stream);
    let mut line = String::new();
    stream.read_line(&mut line).await?;
    let done = match line.trim().split_once(' ') {
        Some(("redeploy", id)) => app.redeploy(id).await,
        Some(("roll-back", id)) => app.roll_back(id),
        _ => Err(anyhow::anyhow!("not an order")),
    };
    let reply = match done {
        Ok(()) => "ok\n".to_owned(),
        Err(error) => format!("{error:#}").replace('\n', " ") + "\n",
    };
    stream.write_all(reply.as_bytes()).await?;
    Ok(stream.shutdown().await?)
}

/// Gives the host at `socket` an order about component `id` and waits until it is done.
pub fn give(socket: &Path, order: Order, id: &str) -> Result<()> {
    let stream = std::os::unix::net::UnixStream::connect(socket)
        .with_context(|| format!("no host takes orders at {}; is `cargo dev` running?", socket.display()))?;
    let mut stream = BufReader::new(stream);
    writeln!(stream.get_mut(), "{} {id}", order.name())?;
    let mut reply = String::new();
    stream.read_line(&mut reply)?;
    match reply.trim() {
        "ok" => Ok(()),
        "" => bail!("the host went away"),
        error => bail!("{error}"),
    }
}
