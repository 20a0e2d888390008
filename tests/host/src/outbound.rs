//! Outgoing HTTP, and whatever else leaves the host, held to `allowed_outbound_hosts`.

use anyhow::{Context, Result, bail};
use http::Uri;
use wasmtime_wasi_http::{Error, RequestOptions, WasiBody, WasiHttpHooks};

/// One entry of `allowed_outbound_hosts`: `scheme://host[:port]`, each of which may be `*`; the host may begin `*.`.
#[derive(Clone, Debug)]
struct Allowed {
    scheme: Option<String>,
    host: Host,
    ports: Option<(u16, u16)>,
}

#[derive(Clone, Debug)]
enum Host {
    Any,
    Exact(String),
    Under(String),
}

/// The hosts one component may call.
#[derive(Clone, Debug, Default)]
pub struct AllowList(Vec<Allowed>);

impl AllowList {
    /// From manifest entries whose templates are already resolved. Subnets and `*` alone are not supported here.
    pub fn parse(entries: &[String]) -> Result<Self> {
        entries.iter().map(|entry| parse(entry)).collect::<Result<_>>().map(Self)
    }

    fn allows(&self, uri: &Uri) -> bool {
        let scheme = uri.scheme_str().unwrap_or("https");
        self.permits(scheme, uri.host().unwrap_or(""), uri.port_u16())
    }

    /// Whether a component may reach `host`; without `port` it is the scheme's own.
    pub fn permits(&self, scheme: &str, host: &str, port: Option<u16>) -> bool {
        let host = host.to_ascii_lowercase();
        let port = port.or_else(|| default_port(scheme));
        self.0.iter().any(|allowed| {
            allowed.scheme.as_deref().is_none_or(|wanted| wanted == scheme)
                && match &allowed.host {
                    Host::Any => true,
                    Host::Exact(wanted) => *wanted == host,
                    Host::Under(suffix) => host.ends_with(suffix),
                }
                && allowed.ports.is_none_or(|(low, high)| port.is_some_and(|p| (low..high).contains(&p)))
        })
    }
}

fn default_port(scheme: &str) -> Option<u16> {
    match scheme {
        "http" => Some(80),
        "https" => Some(443),
        "postgres" => Some(5432),
        _ => None,
    }
}

fn parse(entry: &str) -> Result<Allowed> {
    let (scheme, rest) = entry
        .split_once("://")
        .with_context(|| format!("allowed_outbound_hosts: '{entry}' has no scheme, e.g. https://{entry}"))?;
    if rest.trim_end_matches('/').contains('/') {
        bail!(
            "allowed_outbound_hosts: '{entry}' must not have a path (subnets are not supported by this host)"
        );
    }
    let rest = rest.trim_end_matches('/').to_ascii_lowercase();
    let (host, port) = match rest.rsplit_once(':') {
        Some((host, port)) => (host.to_owned(), Some(port.to_owned())),
        None => (rest, None),
    };
    if host.ends_with(".spin.internal") || host == "self" || host == "self.alt" || host.is_empty() {
        bail!("allowed_outbound_hosts: '{entry}' is not supported by this host");
    }
    let ports = match port.as_deref() {
        Some("*") => None,
        Some(port) => {
            let (low, high) = match port.split_once("..") {
                Some((low, high)) => (low.parse()?, high.parse()?),
                None => {
                    let port: u16 = port.parse().with_context(|| format!("bad port in '{entry}'"))?;
                    (port, port.checked_add(1).context("port 65535 is not supported")?)
                }
            };
            Some((low, high))
        }
        None => {
            let port = default_port(scheme)
                .with_context(|| format!("allowed_outbound_hosts: '{entry}' needs a port, or :*"))?;
            Some((port, port + 1))
        }
    };
    let host = match host.strip_prefix('*') {
        Some("") => Host::Any,
        Some(suffix) if suffix.starts_with('.') => Host::Under(suffix.to_owned()),
        Some(_) => bail!("allowed_outbound_hosts: bad wildcard in '{entry}'"),
        None => Host::Exact(host),
    };
    Ok(Allowed { scheme: (scheme != "*").then(|| scheme.to_owned()), host, ports })
}

/// The hooks of one instance.
#[derive(Clone)]
pub struct Outbound(pub std::sync::Arc<AllowList>);

type Sent = Result<(http::Response<WasiBody>, Box<dyn Future<Output = Result<(), Error>> + Send>), Error>;

impl WasiHttpHooks for Outbound {
    fn send_request(
        &mut self,
        request: http::Request<WasiBody>,
        options: Option<RequestOptions>,
        written: Box<dyn Future<Output = Result<(), Error>> + Send>,
    ) -> Box<dyn Future<Output = Sent> + Send> {
        drop(written);
        let allowed = self.0.allows(request.uri());
        Box::new(async move {
            if !allowed {
                tracing::warn!(
                    "outgoing request to {:?} is not in allowed_outbound_hosts",
                    request.uri().authority()
                );
                return Err(Error::HttpRequestDenied);
            }
            let (response, io) = wasmtime_wasi_http::default_send_request(request, options).await?;
            let io: Box<dyn Future<Output = Result<(), Error>> + Send> = Box::new(io);
            Ok((response.map(http_body_util::BodyExt::boxed_unsync), io))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn allows(entry: &str, uri: &str) -> bool {
        AllowList::parse(&[entry.to_owned()]).expect("entry").allows(&uri.parse().expect("uri"))
    }

    #[test]
    fn only_the_named_scheme_host_and_port_are_allowed() {
        assert!(allows("https://pay.example", "https://pay.example/x"));
        assert!(allows("https://pay.example", "https://PAY.example:443/x"));
        assert!(!allows("https://pay.example", "http://pay.example/x"));
        assert!(!allows("https://pay.example", "https://pay.example:444/x"));
        assert!(!allows("https://pay.example", "https://evil.pay.example/"));
        assert!(!allows("https://pay.example", "https://pay.example.evil/"));
        assert!(allows("http://127.0.0.1:8080", "http://127.0.0.1:8080/x"));
        assert!(allows("https://*.example", "https://a.example/"));
        assert!(!allows("https://*.example", "https://example/"));
        assert!(allows("*://pay.example:*", "http://pay.example:9/"));
        assert!(allows("postgres://db.example", "postgres://db.example:5432/"));
        assert!(!allows("postgres://db.example", "postgres://db.example:5433/"));
        assert!(!allows("https://db.example:5432", "postgres://db.example:5432/"));
    }

    #[test]
    fn an_entry_without_scheme_or_port_or_with_a_path_is_refused() {
        for bad in [
            "pay.example",
            "https://pay.example/path",
            "https://10.0.0.0/8",
            "http://x.spin.internal",
            "*://pay.example",
            "odd://pay.example",
        ] {
            assert!(AllowList::parse(&[bad.to_owned()]).is_err(), "{bad}");
        }
    }
}
