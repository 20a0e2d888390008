//! China Construction Bank: the gateway, the cashier, the callbacks, the bill, and the controls that tests turn.

mod account;
mod bill;
mod book;
mod callback;
mod cashier;
mod control;
mod counter;
mod dispatch;
mod failure;
mod faults;
mod form;
mod fresh;
mod gateway;
mod h5;
mod identifiers;
mod keys;
mod money;
mod order;
mod qr;
mod query;
mod sign;
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
use tokio::sync::{Notify, Semaphore};

use self::{book::Book, counter::Counter, faults::Faults};
use crate::clock::Clock;

pub(crate) use self::account::AccountFile;
pub use self::{
    account::{Account, AccountError},
    fresh::fresh_key,
    keys::{KeyError, PrivateKey},
    sign::sign_callback,
};

/// Callbacks under way at once.
const LINES: usize = 64;

/// The part of the index page that speaks of this bank.
pub(crate) const INDEX: &str = "<section><h2>建设银行（模拟）</h2>\
<p>网关：<code>/CCBIS/ccbMain?CCB_IBSVersion=V6</code>（530550、520100、410408）。</p>\
<ul><li><a href=\"/control/ccb/trades\">订单</a></li>\
<li><a href=\"/control/ccb/callbacks\">通知</a></li>\
<li><a href=\"/control/ccb/counter\">柜台设置</a></li>\
<li><a href=\"/control/ccb/faults\">故障设置</a></li></ul>\
<p>控制接口 <code>/control/ccb/…</code> 不属于建设银行，只供开发和测试使用。</p></section>";

/// Everything that the simulated bank knows.
#[derive(Debug)]
pub struct Ccb {
    account: Account,
    clock: Clock,
    time_scale: u32,
    book: Mutex<Book>,
    counter: Mutex<Counter>,
    faults: Mutex<Faults>,
    /// Something is due earlier than the dispatcher thought.
    wake: Notify,
    lines: Semaphore,
}

impl Ccb {
    /// Takes up what the journal holds, if there is one.
    pub fn open(account: Account, clock: Clock, time_scale: u32, journal: Option<&Path>) -> io::Result<Self> {
        Ok(Self {
            account,
            clock,
            time_scale: time_scale.max(1),
            book: Mutex::new(Book::open(journal)?),
            counter: Mutex::default(),
            faults: Mutex::default(),
            wake: Notify::new(),
            lines: Semaphore::new(LINES),
        })
    }

    // A panic while one of these is held changes nothing half: all are changed by single assignments. Who needs more
    // than one takes them in this order.
    fn book(&self) -> MutexGuard<'_, Book> {
        self.book.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn counter(&self) -> MutexGuard<'_, Counter> {
        self.counter.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn faults(&self) -> MutexGuard<'_, Faults> {
        self.faults.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The bank's own surface, and `/control/ccb/…`, which no bank has.
pub fn routes(ccb: Arc<Ccb>) -> Router {
    Router::new()
        .route("/CCBIS/ccbMain", get(gateway::serve).post(gateway::serve))
        .route("/CCBIS/qr/{token}", get(gateway::qr))
        .route("/ccb/cashier/{token}", get(cashier::scanned))
        .route("/ccb/cashier/{token}/pay", post(cashier::pay))
        .route("/control/ccb/trades", get(control::trades))
        .route("/control/ccb/trades/{orderid}", get(control::trade))
        .route("/control/ccb/trades/{orderid}/{act}", post(control::act))
        .route("/control/ccb/callbacks", get(control::callbacks))
        .route("/control/ccb/callbacks/{id}/resend", post(control::resend))
        .route("/control/ccb/deliver", post(control::deliver))
        .route("/control/ccb/counter", get(control::counter).post(control::set_counter))
        .route("/control/ccb/faults", get(control::faults).post(control::set_faults))
        .route("/control/ccb/bill", get(control::bill))
        .with_state(ccb)
}
