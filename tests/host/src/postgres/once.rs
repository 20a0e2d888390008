//! A connection of our own, for migrations and the first administrator; no guest sees it.

use anyhow::{Context, Result, bail};
use tokio_postgres::config::Host;
use tokio_postgres::{Client, Config, NoTls};

/// Connects to `url`, does `work`, and waits until the server has read the farewell. Not to be called from async code.
pub fn once<T>(url: &str, work: impl AsyncFnOnce(&mut Client) -> Result<T>) -> Result<T> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        // The address may hold a password: it is not repeated.
        let (mut client, connection) =
            tokio_postgres::connect(url, NoTls).await.context("cannot connect to PostgreSQL")?;
        let connection = tokio::spawn(connection);
        let done = work(&mut client).await;
        drop(client);
        connection.await?.context("the connection to PostgreSQL failed")?;
        done
    })
}

/// `host:port` of `url`, as a grant in `allowed_outbound_hosts` names it.
pub fn host_of(url: &str) -> Result<String> {
    let config: Config = url.parse().map_err(|_| anyhow::anyhow!("not an address of PostgreSQL"))?;
    match (config.get_hosts(), config.get_ports()) {
        ([Host::Tcp(host)], []) => Ok(format!("{host}:5432")),
        ([Host::Tcp(host)], [port]) => Ok(format!("{host}:{port}")),
        _ => bail!("PostgreSQL's address must name one host"),
    }
}
