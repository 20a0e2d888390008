//! Runs `spin.toml` and its components on Wasmtime, as Spin 4 does, where no Spin is installed.
#![doc = include_str!("../README.md")]

pub mod app;
pub mod compose;
pub mod control;
pub mod engine;
pub mod guest;
pub mod manifest;
pub mod migrate;
pub mod outbound;
pub mod postgres;
pub mod server;
pub mod sqlite;
pub mod variables;
pub mod watch;
pub mod worker;
pub mod worlds;
