//! The client: keep-alive connections that each send their next request when the last is answered whole.
//!
//! A closed loop on one thread. More connections mean more requests in flight, never a queue of the client's own.

use anyhow::{Context, Result, bail};
use bytes::Bytes;
use futures::future::try_join_all;
use http::{HeaderValue, Request, StatusCode, header};
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http1::{self, SendRequest};
use hyper_util::rt::TokioIo;
use std::cell::RefCell;
use std::time::{Duration, Instant};
use tokio::net::TcpStream;

/// One request as it is sent. The URI is a path with an optional query; `Host` is added.
pub type Call = Request<Full<Bytes>>;

/// What a subject is asked.
pub enum Calls {
    /// The same again and again.
    Again(Box<Call>),
    /// Each once, divided among the measurements.
    Once(Once),
}

/// Requests of which none may be sent twice.
pub struct Once {
    all: usize,
    made: usize,
    make: Box<dyn Fn(usize) -> Result<Call>>,
    follow: Option<Box<Follow>>,
}

/// The request that follows the answer of the `n`th.
type Follow = dyn Fn(usize, &[u8]) -> Result<Call>;

impl Once {
    /// The calls of one of `remaining` measurements.
    fn share(&mut self, remaining: usize) -> Result<Vec<(usize, Call)>> {
        let first = self.made;
        self.made += (self.all - first) / remaining;
        (first..self.made).map(|n| Ok((n, (self.make)(n)?))).collect()
    }
}

impl Calls {
    /// A request that may be sent any number of times.
    pub fn again(call: Call) -> Self {
        Self::Again(Box::new(call))
    }

    /// `all` requests of which none may be sent twice, such as notifications. They are made, and signed, just before the
    /// measurement that sends them, and not while it measures.
    pub fn once(all: usize, make: impl Fn(usize) -> Result<Call> + 'static) -> Self {
        Self::Once(Once { all, made: 0, make: Box::new(make), follow: None })
    }

    /// The same, each followed by what its answer leads to. Both together count as one.
    pub fn in_turn(
        all: usize,
        make: impl Fn(usize) -> Result<Call> + 'static,
        follow: impl Fn(usize, &[u8]) -> Result<Call> + 'static,
    ) -> Self {
        Self::Once(Once { all, made: 0, make: Box::new(make), follow: Some(Box::new(follow)) })
    }
}

/// What came back.
#[derive(Default)]
pub struct Tally {
    /// From the first byte sent to the last received, one for each answer.
    pub latencies: Vec<Duration>,
    /// From the first request to the last answer.
    pub elapsed: Duration,
    /// Answers that were not 2xx.
    pub refused: usize,
    /// The first of them.
    pub refusal: Option<String>,
}

impl Tally {
    fn add(&mut self, other: Self) {
        self.latencies.extend(other.latencies);
        self.refused += other.refused;
        self.refusal = self.refusal.take().or(other.refusal);
    }
}

/// Warms up for `warm_up`, then measures for `measured`, both ended early by requests that may be sent only once: of
/// those a measurement gets its share, one in `remaining`, and warms up with a quarter of it.
pub async fn measure(
    base: &str,
    calls: &mut Calls,
    connections: usize,
    (warm_up, measured): (Duration, Duration),
    remaining: usize,
) -> Result<Tally> {
    let (warm, mut tally) = match calls {
        Calls::Again(call) => {
            let again = || std::iter::repeat(&**call).cloned().enumerate();
            (
                drive(base, again(), None, connections, warm_up).await?,
                drive(base, again(), None, connections, measured).await?,
            )
        }
        Calls::Once(calls) => {
            let mut warm = calls.share(remaining)?;
            let rest = warm.split_off(warm.len() / 4);
            let follow = calls.follow.as_deref();
            (
                drive(base, warm.into_iter(), follow, connections, warm_up).await?,
                drive(base, rest.into_iter(), follow, connections, measured).await?,
            )
        }
    };
    tally.refused += warm.refused;
    tally.refusal = warm.refusal.or(tally.refusal);
    Ok(tally)
}

async fn drive(
    base: &str,
    calls: impl Iterator<Item = (usize, Call)>,
    follow: Option<&Follow>,
    connections: usize,
    limit: Duration,
) -> Result<Tally> {
    let authority = base.strip_prefix("http://").context("a base begins with http://")?;
    let host = HeaderValue::from_str(authority)?;
    let senders = try_join_all((0..connections).map(|_| connect(authority))).await?;
    let calls = RefCell::new(calls);
    let begin = Instant::now();
    let workers = senders.into_iter().map(|sender| work(sender, &calls, follow, &host, begin + limit));
    let mut all = Tally::default();
    for tally in try_join_all(workers).await? {
        all.add(tally);
    }
    all.elapsed = begin.elapsed();
    if all.latencies.is_empty() {
        bail!("no request was sent: too few were prepared");
    }
    Ok(all)
}

async fn connect(authority: &str) -> Result<SendRequest<Full<Bytes>>> {
    let stream =
        TcpStream::connect(authority).await.with_context(|| format!("no answer from {authority}"))?;
    stream.set_nodelay(true)?;
    let (sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
    // Its errors are the sender's too.
    tokio::spawn(connection);
    Ok(sender)
}

async fn work(
    mut sender: SendRequest<Full<Bytes>>,
    calls: &RefCell<impl Iterator<Item = (usize, Call)>>,
    follow: Option<&Follow>,
    host: &HeaderValue,
    end: Instant,
) -> Result<Tally> {
    let mut tally = Tally::default();
    while Instant::now() < end {
        let Some((n, call)) = calls.borrow_mut().next() else { break };
        let sent = Instant::now();
        let (mut status, mut body) = send(&mut sender, call, host).await?;
        if let Some(follow) = follow.filter(|_| status.is_success()) {
            (status, body) = send(&mut sender, follow(n, &body)?, host).await?;
        }
        tally.latencies.push(sent.elapsed());
        if !status.is_success() {
            tally.refused += 1;
            tally.refusal.get_or_insert_with(|| format!("{status}: {}", String::from_utf8_lossy(&body)));
        }
    }
    Ok(tally)
}

async fn send(
    sender: &mut SendRequest<Full<Bytes>>,
    mut call: Call,
    host: &HeaderValue,
) -> Result<(StatusCode, Bytes)> {
    call.headers_mut().insert(header::HOST, host.clone());
    sender.ready().await?;
    let response = sender.send_request(call).await?;
    let status = response.status();
    Ok((status, response.into_body().collect().await?.to_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{BufRead, BufReader, Write};
    use std::sync::mpsc;

    /// Answers 200, or 404 for `/missing`, and tells the paths.
    fn server() -> (String, mpsc::Receiver<String>) {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
        let base = format!("http://{}", listener.local_addr().expect("its address"));
        let (tell, told) = mpsc::channel();
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let tell = tell.clone();
                std::thread::spawn(move || {
                    let mut answers = stream.try_clone().expect("a second handle");
                    for line in BufReader::new(stream).lines().map_while(Result::ok) {
                        let Some(path) = line.strip_prefix("GET ").and_then(|l| l.split(' ').next()) else {
                            continue;
                        };
                        let status = if path == "/missing" { "404 Not Found" } else { "200 OK" };
                        let answer = format!("HTTP/1.1 {status}\r\ncontent-length: 0\r\n\r\n");
                        let _ = answers.write_all(answer.as_bytes());
                        let _ = tell.send(path.to_owned());
                    }
                });
            }
        });
        (base, told)
    }

    fn get(path: &str) -> Call {
        Request::get(path).body(Full::default()).expect("a request")
    }

    fn measured(base: &str, calls: &mut Calls, remaining: usize) -> Tally {
        let spans = (Duration::from_millis(50), Duration::from_millis(50));
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        runtime.block_on(measure(base, calls, 3, spans, remaining)).expect("answers")
    }

    #[test]
    fn what_may_be_sent_once_is_sent_once() {
        let (base, told) = server();
        let mut calls = Calls::once(24, |i| Ok(get(&format!("/{i}"))));
        let answers: usize =
            (1..=6).rev().map(|remaining| measured(&base, &mut calls, remaining).latencies.len()).sum();
        assert_eq!(answers, 18, "a quarter warms up");
        let mut sent: Vec<u32> = told.try_iter().map(|path| path[1..].parse().expect("a number")).collect();
        sent.sort_unstable();
        assert_eq!(sent, (0..24).collect::<Vec<_>>());
    }

    #[test]
    fn an_answer_that_is_not_2xx_is_told() {
        let (base, _told) = server();
        let tally = measured(&base, &mut Calls::again(get("/missing")), 1);
        assert!(tally.refused >= tally.latencies.len() && tally.refused > 0);
        assert_eq!(tally.refusal.as_deref(), Some("404 Not Found: "));
        assert_eq!(measured(&base, &mut Calls::again(get("/")), 1).refused, 0);
    }
}
