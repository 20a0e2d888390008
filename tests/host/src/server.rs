//! Takes requests over HTTP and gives them to the component that their path leads to.

use crate::app::App;
use anyhow::{Context as _, Result, bail};
use bytes::Bytes;
use http::header::{self, HeaderName, HeaderValue};
use http::uri::{Authority, Scheme};
use http::{Request, Response, StatusCode, Uri};
use http_body_util::{BodyExt, Empty, Full};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto::Builder;
use hyper_util::server::graceful::GracefulShutdown;
use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use wasmtime_wasi_http::{Error, WasiBody};

/// How long requests in flight may take once the host is told to stop.
const SHUTDOWN_PATIENCE: Duration = Duration::from_secs(10);

/// The answer of the component that the path leads to.
async fn answer(app: &App, request: Request<Incoming>, client: SocketAddr) -> Response<WasiBody> {
    let uri = request.uri().clone();
    let path = uri.path();
    if path == "/.well-known/spin/health" {
        return Response::new(Full::new(Bytes::from_static(b"OK")).map_err(|e| match e {}).boxed_unsync());
    }
    let Some(found) = app.route(path) else { return empty(StatusCode::NOT_FOUND) };
    let target = found.handler().clone();
    let request = match prepare(request, &target.route, &found.captures(), client) {
        Ok(request) => request,
        Err(error) => {
            tracing::warn!("refused: {error:#}");
            return empty(StatusCode::INTERNAL_SERVER_ERROR);
        }
    };
    match target.handler().handle((), request).await {
        Ok(response) => response,
        Err(error) => {
            tracing::error!("route {}: {error:?}", target.route);
            empty(StatusCode::INTERNAL_SERVER_ERROR)
        }
    }
}

fn empty(status: StatusCode) -> Response<WasiBody> {
    let mut response = Response::new(Empty::new().map_err(|e| match e {}).boxed_unsync());
    *response.status_mut() = status;
    response
}

/// Absolute URI, no transport headers, and the `spin-*` headers that tell a component how it was reached.
fn prepare(
    request: Request<Incoming>,
    route: &str,
    captures: &routefinder::Captures<'_, '_>,
    client: SocketAddr,
) -> Result<Request<WasiBody>> {
    let (mut parts, body) = request.into_parts();
    let named = parts
        .headers
        .get(header::HOST)
        .map(|host| host.to_str().map_err(anyhow::Error::from).and_then(|h| Ok(h.parse::<Authority>()?)))
        .transpose()
        .context("'Host' header is not an authority")?;
    let mut uri = parts.uri.into_parts();
    let authority = match (named, uri.authority.take()) {
        (Some(a), Some(b)) if a != b => bail!("authority in 'Host' header does not match authority in URI"),
        (Some(a), _) | (None, Some(a)) => a,
        (None, None) => bail!("no 'Host' header present in request"),
    };
    uri.scheme = Some(Scheme::HTTP);
    uri.authority = Some(authority);
    parts.uri = Uri::from_parts(uri)?;
    parts.headers.remove(header::CONNECTION);

    let path = parts.uri.path();
    let path_info = match captures.wildcard() {
        None => String::new(),
        Some(rest) => match (rest.is_empty(), path.ends_with('/')) {
            (true, false) => String::new(),
            (true, true) => "/".to_owned(),
            (false, false) => format!("/{rest}"),
            (false, true) => format!("/{rest}/"),
        },
    };
    let prefix = route.strip_suffix("/...").unwrap_or(route);
    let mut set = |name: HeaderName, value: String| -> Result<()> {
        parts.headers.insert(name, HeaderValue::from_str(&value)?);
        Ok(())
    };
    set(HeaderName::from_static("spin-path-info"), path_info)?;
    set(HeaderName::from_static("spin-full-url"), parts.uri.to_string())?;
    set(HeaderName::from_static("spin-matched-route"), route.to_owned())?;
    set(HeaderName::from_static("spin-base-path"), "/".to_owned())?;
    set(HeaderName::from_static("spin-raw-component-route"), route.to_owned())?;
    set(HeaderName::from_static("spin-component-route"), prefix.to_owned())?;
    set(HeaderName::from_static("spin-client-addr"), client.to_string())?;
    for (name, value) in captures.iter() {
        let name = HeaderName::try_from(format!("spin-path-match-{}", name.to_ascii_lowercase()))?;
        set(name, value.to_owned())?;
    }
    Ok(Request::from_parts(parts, body.map_err(Error::Hyper).boxed_unsync()))
}

/// Serves `app` until `stop` resolves; then takes no more connections and lets requests in flight finish.
pub async fn serve(app: Arc<App>, listener: TcpListener, stop: impl Future<Output = ()>) -> Result<()> {
    let graceful = GracefulShutdown::new();
    let mut stop = std::pin::pin!(stop);
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = &mut stop => break,
        };
        let (stream, client) =
            match accepted.and_then(|(stream, client)| stream.set_nodelay(true).map(|()| (stream, client))) {
                Ok(accepted) => accepted,
                // One client that is gone already, or no descriptor left for a moment: the others go on.
                Err(error) => {
                    tracing::warn!("a connection was not accepted: {error}");
                    tokio::time::sleep(Duration::from_millis(10)).await;
                    continue;
                }
            };
        let app = app.clone();
        let service = service_fn(move |request| {
            let app = app.clone();
            async move { Ok::<_, Infallible>(answer(&app, request, client).await) }
        });
        let builder = Builder::new(TokioExecutor::new());
        let connection = builder.serve_connection(TokioIo::new(stream), service).into_owned();
        let connection = graceful.watch(connection);
        tokio::spawn(async move {
            if let Err(error) = connection.await {
                tracing::debug!("connection: {error}");
            }
        });
    }
    drop(listener);
    if tokio::time::timeout(SHUTDOWN_PATIENCE, graceful.shutdown()).await.is_err() {
        tracing::warn!("stopped with requests still in flight");
    }
    Ok(())
}
