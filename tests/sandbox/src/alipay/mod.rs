//! Alipay: the gateway, the cashier, the notifications, and the controls that tests turn.

pub mod archive;
mod bill;
mod biz;
mod book;
mod calls;
mod cashier;
mod certificates;
mod common;
mod control;
mod dispatch;
mod envelope;
mod faces;
mod failure;
mod faults;
mod gateway;
mod identifiers;
mod money;
mod notice;
mod oauth;
mod open;
mod sign;
mod statement;
mod trade;

use std::{
    io,
    path::Path,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use axum::{
    Router,
    routing::{get, post},
};
use tokio::sync::Notify;

use self::{bill::Files, book::Book, faces::Faces, faults::Faults, oauth::Grants};
use crate::{clock::Clock, journal::beside};

pub use self::{
    bill::details_of,
    certificates::{Certificates, CertificatesFile},
    money::Fen,
    sign::{content, sign_notification},
};
pub use crate::keys::{KeyError, PrivateKey, PublicKey};

/// Text in order, as a form has it.
pub type Fields = Vec<(String, String)>;

/// The merchant that is served, and Alipay's key for it.
#[derive(Debug)]
pub struct Account {
    /// The merchant's application.
    pub app_id: String,
    /// The merchant, 16 digits beginning `2088`.
    pub seller_id: String,
    /// Where people may be led back to after they let the application know their account.
    pub redirect_uris: Vec<String>,
    /// Checks what the merchant signs.
    pub app_public_key: PublicKey,
    /// Signs what Alipay sends.
    pub private_key: PrivateKey,
    /// In certificate mode.
    pub certificates: Option<Certificates>,
}

/// Everything that the simulated Alipay knows.
#[derive(Debug)]
pub struct Alipay {
    account: Account,
    clock: Clock,
    time_scale: u32,
    book: Mutex<Book>,
    faces: Mutex<Faces>,
    faults: Mutex<Faults>,
    grants: Mutex<Grants>,
    files: Mutex<Files>,
    /// Something is due earlier than the dispatcher thought.
    wake: Notify,
}

impl Alipay {
    /// Takes up what the journal holds, if there is one.
    pub fn open(account: Account, clock: Clock, time_scale: u32, journal: Option<&Path>) -> io::Result<Self> {
        Ok(Self {
            account,
            clock,
            time_scale: time_scale.max(1),
            book: Mutex::new(Book::open(journal)?),
            faces: Mutex::new(Faces::open(journal.map(|path| beside(path, ".faces")).as_deref())?),
            faults: Mutex::default(),
            grants: Mutex::default(),
            files: Mutex::default(),
            wake: Notify::new(),
        })
    }

    // A panic while one of these is held changes nothing half: all are changed by single assignments.
    fn book(&self) -> MutexGuard<'_, Book> {
        self.book.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn faces(&self) -> MutexGuard<'_, Faces> {
        self.faces.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn grants(&self) -> MutexGuard<'_, Grants> {
        self.grants.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn files(&self) -> MutexGuard<'_, Files> {
        self.files.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn faults(&self) -> MutexGuard<'_, Faults> {
        self.faults.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The provider's own surface, and `/control/alipay/…`, which no provider has.
pub fn routes(alipay: Arc<Alipay>) -> Router {
    Router::new()
        .route("/gateway.do", get(gateway::serve).post(gateway::serve))
        .route("/alipay/cashier/{trade_no}/pay", post(cashier::pay))
        .route(bill::PATH, get(bill::download))
        .route("/control/alipay/trades", get(control::trades))
        .route("/control/alipay/trades/{out_trade_no}/{act}", post(control::act))
        .route("/control/alipay/notifications", get(control::notifications))
        .route("/control/alipay/notifications/{notify_id}/resend", post(control::resend))
        .route("/control/alipay/deliver", post(control::deliver))
        .route("/control/alipay/faults", get(control::faults).post(control::set_faults))
        .merge(faces::routes())
        .merge(oauth::routes())
        .with_state(alipay)
}
