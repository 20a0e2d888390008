//! `dev import`: takes a file of accounts of an older system to `POST /records/imports`, as many lines at a time as a request holds.

use anyhow::{Context, Result, bail};
use serde::Deserialize;
use serde_json::{Value, json};
use std::io::BufRead;
use std::time::Duration;

/// Bytes of lines in a request, which holds 64 KiB.
const CHUNK: usize = 60 * 1024;
/// Tries of a request whose answer was 503.
const TRIES: u32 = 5;

/// Where to, and as whom.
pub struct Import {
    /// Scheme, host and port.
    pub origin: String,
    /// An administrator's log-in name.
    pub login: String,
    /// Read from the environment, so that no list of processes shows it.
    pub password: String,
}

/// What became of all lines.
#[derive(Default)]
pub struct Totals {
    /// New accounts.
    pub taken: u64,
    /// Were there before.
    pub known: u64,
    /// Line of the file, member, and why it was not taken.
    pub refused: Vec<(usize, String, String)>,
}

#[derive(Deserialize)]
struct Answer {
    taken: u64,
    known: u64,
    refused: Vec<Refused>,
}

#[derive(Deserialize)]
struct Refused {
    line: usize,
    field: String,
    why: String,
}

impl Import {
    /// Sends all lines of `file`. A file that was sent in part is sent again from its beginning: what is known changes nothing.
    pub fn run(&self, file: impl BufRead) -> Result<Totals> {
        let (mut totals, mut token) = (Totals::default(), self.log_in()?);
        let (mut chunk, mut first) = (String::new(), 1);
        for (at, line) in file.lines().enumerate() {
            let line = line.with_context(|| format!("line {}", at + 1))?;
            if line.len() >= CHUNK {
                bail!("line {} is longer than a request", at + 1);
            }
            if chunk.len() + line.len() + 1 > CHUNK {
                self.send(&mut token, &chunk, first, &mut totals)?;
                chunk.clear();
                first = at + 1;
            }
            chunk.push_str(&line);
            chunk.push('\n');
        }
        self.send(&mut token, &chunk, first, &mut totals)?;
        Ok(totals)
    }

    fn send(&self, token: &mut String, chunk: &str, first: usize, totals: &mut Totals) -> Result<()> {
        for _ in 0..TRIES {
            let (status, text) = self.post("/records/imports", Some(token), chunk)?;
            match status {
                200 => {
                    let answer: Answer = serde_json::from_str(&text).context("an answer of another form")?;
                    totals.taken += answer.taken;
                    totals.known += answer.known;
                    let refused = answer.refused.into_iter();
                    totals.refused.extend(refused.map(|line| (first + line.line - 1, line.field, line.why)));
                    return Ok(());
                }
                // A token lives ten minutes.
                401 => *token = self.log_in()?,
                503 => std::thread::sleep(Duration::from_secs(2)),
                other => bail!("POST /records/imports: {other} {text}"),
            }
        }
        bail!("POST /records/imports: still refused at line {first}")
    }

    fn log_in(&self) -> Result<String> {
        let body = json!({ "login": self.login, "password": self.password }).to_string();
        let (status, text) = self.post("/auth/sessions", None, &body)?;
        if status != 201 {
            bail!("log-in: {status} {text}");
        }
        let answer: Value = serde_json::from_str(&text)?;
        Ok(answer["access_token"].as_str().context("no token in the answer")?.to_owned())
    }

    fn post(&self, path: &str, token: Option<&str>, body: &str) -> Result<(u16, String)> {
        let mut request = ureq::post(format!("{}{path}", self.origin))
            .config()
            .http_status_as_error(false)
            .timeout_global(Some(Duration::from_secs(60)))
            .build();
        if let Some(token) = token {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        let mut answer = request.send(body).with_context(|| format!("POST {path}"))?;
        Ok((answer.status().as_u16(), answer.body_mut().read_to_string()?))
    }
}
