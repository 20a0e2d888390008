//! The traffic police and the treasury, as far as they are told of settlements: strict about what they take, and once.

mod book;
mod control;
mod intake;

use std::{
    io,
    path::Path,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use axum::{
    Router,
    routing::{get, post},
};
use serde::Deserialize;

use self::{book::Book, control::Faults};

/// Which of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Office {
    /// 公安交管: takes `POST /v1/settlements`.
    Police,
    /// 财政国库: takes `POST /v1/receipts`.
    Treasury,
}

impl Office {
    fn intake(self) -> &'static str {
        match self {
            Self::Police => "/v1/settlements",
            Self::Treasury => "/v1/receipts",
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Police => "police",
            Self::Treasury => "treasury",
        }
    }
}

/// Who may tell it something.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Account {
    /// The bearer token of whoever reports.
    pub token: String,
}

/// One office.
#[derive(Debug)]
pub struct Authority {
    office: Office,
    account: Account,
    book: Mutex<Book>,
    faults: Mutex<Faults>,
}

impl Authority {
    /// Takes up what the journal holds, if there is one.
    pub fn open(office: Office, account: Account, journal: Option<&Path>) -> io::Result<Self> {
        Ok(Self { office, account, book: Mutex::new(Book::open(journal)?), faults: Mutex::default() })
    }

    // A panic while one of these is held changes nothing half: both are changed by single assignments.
    fn book(&self) -> MutexGuard<'_, Book> {
        self.book.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn faults(&self) -> MutexGuard<'_, Faults> {
        self.faults.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What it takes, and `/control/police/…` or `/control/treasury/…`, which no authority has.
pub fn routes(authority: Arc<Authority>) -> Router {
    let control = format!("/control/{}", authority.office.name());
    Router::new()
        .route(authority.office.intake(), post(intake::take))
        .route(&format!("{control}/reports"), get(control::reports))
        .route(&format!("{control}/faults"), get(control::faults).post(control::set_faults))
        .with_state(authority)
}
