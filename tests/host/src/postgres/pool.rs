//! From an address to a connection: what may be opened, and the pools of one component.

use crate::guest::postgres::Error;
use crate::outbound::AllowList;
use anyhow::Context;
use deadpool_postgres::{Manager, ManagerConfig, Object, Pool, RecyclingMethod};
use std::sync::{Mutex, PoisonError};
use tokio_postgres::NoTls;
use tokio_postgres::config::{Config, Host, SslMode};

/// Connections of one address, as on Spin. Whoever wants one more waits.
const CONNECTIONS_PER_ADDRESS: usize = 64;
/// Addresses whose pools are kept, as on Spin.
const KEPT_ADDRESSES: usize = 16;
const SCHEME: &str = "postgres";

/// Refuses `address`, with the reason, unless the component was granted every host that it names.
///
/// Spin checks `host` alone. Here a `hostaddr` needs its own grant: it is where the connection goes.
pub fn hold_to(allowed: &AllowList, address: &str) -> Result<(), String> {
    let config: Config = address.parse().map_err(|e: tokio_postgres::Error| e.to_string())?;
    let mut hosts: Vec<(usize, String)> = Vec::new();
    for (number, host) in config.get_hosts().iter().enumerate() {
        match host {
            Host::Tcp(name) => hosts.push((number, name.clone())),
            #[cfg(unix)]
            Host::Unix(_) => return Err("Unix sockets are not supported on WebAssembly".to_owned()),
        }
    }
    hosts.extend(config.get_hostaddrs().iter().map(ToString::to_string).enumerate());
    for (number, host) in hosts {
        let ports = config.get_ports();
        let port = ports.get(number).or_else(|| ports.first().filter(|_| ports.len() == 1)).copied();
        // Spin's reading of `host:port` fails on an IPv6 address, which is therefore never allowed.
        if host.contains(':') || !allowed.permits(SCHEME, &host, port) {
            let port = port.map(|port| format!(":{port}")).unwrap_or_default();
            return Err(format!("address {SCHEME}://{host}{port} is not permitted"));
        }
    }
    Ok(())
}

/// The pools of one component, the most recently used last.
#[derive(Default)]
pub struct Pools(Mutex<Vec<(String, Pool)>>);

impl Pools {
    /// A connection to `address`: a returned one that still answers, or a new one.
    pub async fn take(&self, address: &str) -> Result<Object, Error> {
        let pool = self.pool(address).map_err(|error| Error::ConnectionFailed(format!("{error:?}")))?;
        pool.get().await.map_err(|error| Error::ConnectionFailed(format!("{:?}", anyhow::Error::from(error))))
    }

    fn pool(&self, address: &str) -> anyhow::Result<Pool> {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let entry = match kept.iter().position(|(known, _)| known == address) {
            Some(at) => kept.remove(at),
            None => (address.to_owned(), new_pool(address)?),
        };
        if kept.len() == KEPT_ADDRESSES {
            kept.remove(0);
        }
        let pool = entry.1.clone();
        kept.push(entry);
        Ok(pool)
    }
}

fn new_pool(address: &str) -> anyhow::Result<Pool> {
    let config: Config = address.parse().context("parsing Postgres connection string")?;
    if config.get_ssl_mode() == SslMode::Require {
        anyhow::bail!("sslmode=require: this host has no TLS; Spin has");
    }
    // Settings, cursors and temporary tables are reset. An open transaction is not: see the module's documentation.
    let recycling = ManagerConfig { recycling_method: RecyclingMethod::Clean };
    let manager = Manager::from_config(config, NoTls, recycling);
    Pool::builder(manager)
        .max_size(CONNECTIONS_PER_ADDRESS)
        .build()
        .context("building Postgres connection pool")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(address: &str) -> Option<String> {
        let allowed =
            AllowList::parse(&["postgres://db.example".to_owned(), "postgres://10.0.0.1:6000".to_owned()])
                .expect("entries");
        hold_to(&allowed, address).err()
    }

    #[test]
    fn every_host_of_an_address_needs_a_grant() {
        for allowed in [
            "postgres://db.example/x",
            "postgresql://u:p@DB.example:5432/x?sslmode=disable",
            "host=db.example user=u",
            "host=db.example,10.0.0.1 port=5432,6000",
        ] {
            assert_eq!(refusal(allowed), None, "{allowed}");
        }
        for (denied, named) in [
            ("postgres://db.example:5433/x", "db.example:5433"),
            ("postgres://evil.example/x", "evil.example:5432"),
            ("host=db.example,evil.example", "evil.example"),
            ("host=db.example,10.0.0.1 port=5432,5432", "10.0.0.1:5432"),
            ("host=db.example hostaddr=10.0.0.2", "10.0.0.2"),
            ("host=db.example hostaddr=10.0.0.1 port=6000", "db.example:6000"),
            ("hostaddr=10.0.0.2 user=u", "10.0.0.2"),
            ("postgres://[::1]:5432/x", "::1:5432"),
        ] {
            let wanted = format!("address postgres://{named} is not permitted");
            assert_eq!(refusal(denied), Some(wanted), "{denied}");
        }
        assert_eq!(
            refusal("host=/var/run/postgresql").as_deref(),
            Some("Unix sockets are not supported on WebAssembly")
        );
        assert!(refusal("port=x").expect("refused").contains("invalid connection string"));
    }

    #[tokio::test]
    async fn an_address_that_demands_tls_is_refused_with_the_reason() {
        let taken = Pools::default().take("postgres://db.example/x?sslmode=require").await;
        assert!(matches!(taken, Err(Error::ConnectionFailed(text)) if text.contains("no TLS")));
    }
}
