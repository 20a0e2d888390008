//! Behaves and misbehaves on request, for the tests of the host.
#![cfg(target_family = "wasm")]

mod postgres;

use http::StatusCode;
use spin_sdk::http::IntoResponse;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;
use zerotrip_platform::{Db, Problem, Reply, Request, clock, settings};

static SERVED: AtomicU32 = AtomicU32::new(0);

#[allow(unsafe_code, reason = "the entry point that Spin calls")]
mod entry {
    use super::*;

    #[spin_sdk::http_service]
    async fn handle(request: spin_sdk::http::Request) -> impl IntoResponse {
        let answered = match Request::read(request).await {
            Ok(request) => answer(&request).await,
            Err(problem) => Err(problem),
        };
        answered.unwrap_or_else(|problem| problem.reply()).into_response()
    }
}

fn text(body: String) -> Reply {
    Reply::new(StatusCode::OK, "text/plain", body)
}

async fn answer(request: &Request) -> Result<Reply, Problem> {
    match request.segments()[1..] {
        ["served"] => Ok(text((SERVED.fetch_add(1, Ordering::Relaxed) + 1).to_string())),
        ["clock"] => Ok(text(clock::now_ms().to_string())),
        ["loop"] => loop {
            std::hint::spin_loop();
        },
        ["sleep", ms] => {
            let ms = ms.parse().map_err(|_| Problem::invalid("ms"))?;
            spin_sdk::time::sleep(Duration::from_millis(ms)).await;
            Ok(text("slept".to_owned()))
        }
        ["greedy"] => {
            let mut kept: Vec<Vec<u8>> = Vec::new();
            loop {
                kept.push(vec![1; 1 << 20]);
                std::hint::black_box(&kept);
            }
        }
        ["panic"] => panic!("as asked"),
        ["variable", name] => settings::get(name).await.map(text),
        ["headers"] => {
            let lines: Vec<String> = request
                .headers
                .iter()
                .filter(|(name, _)| name.as_str().starts_with("spin-"))
                .map(|(name, value)| format!("{name}: {}", value.to_str().unwrap_or("?")))
                .collect();
            Ok(text(lines.join("\n")))
        }
        ["sql"] => {
            let sql = std::str::from_utf8(&request.body).map_err(|_| Problem::invalid("body"))?;
            let rows = Db::open().await?.run(sql, []).await;
            Ok(text(format!("{rows:?}")))
        }
        ["bind"] => {
            let rows = Db::open().await?.run("SELECT $2, $1", ["first".into(), "second".into()]).await;
            Ok(text(format!("{rows:?}")))
        }
        ["begin"] => {
            let db = Db::open().await?;
            db.run("BEGIN IMMEDIATE", []).await?;
            db.run("INSERT INTO t (a) VALUES ('abandoned')", []).await?;
            Ok(text("left open".to_owned()))
        }
        ["pg", ref path @ ..] => postgres::answer(request, path).await,
        ["label", label] => {
            let opened = spin_sdk::sqlite::Connection::open(label).await;
            Ok(text(opened.map_or_else(|error| format!("{error:?}"), |_| "opened".to_owned())))
        }
        ["fetch"] => {
            let url = request.parameter("url").ok_or_else(|| Problem::invalid("url"))?;
            let answer = spin_sdk::http::get(&url).await;
            Ok(text(answer.map_or_else(|error| format!("{error:?}"), |found| found.status().to_string())))
        }
        _ => Err(Problem::not_found()),
    }
}
