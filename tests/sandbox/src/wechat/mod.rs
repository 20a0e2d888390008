//! WeChat Pay: the merchant API v3, the payer's side, the log-in of public accounts, the notifications, and the controls
//! that tests turn.

mod account;
mod answer;
mod authorization;
mod bill;
mod book;
mod callback;
mod calls;
mod certificate;
mod control;
mod dispatch;
mod failure;
mod faults;
mod fresh;
mod gateway;
mod h5;
mod identifiers;
mod notice;
mod oauth;
mod order;
mod payer;
mod refund;
mod seal;
mod sign;
mod statement;
mod trade;
mod view;

use std::{
    io,
    path::Path,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use axum::{
    Router,
    routing::{any, get, post},
};
use tokio::sync::{Notify, Semaphore};

use self::{bill::Files, book::Book, faults::Faults, oauth::Codes};
use crate::clock::Clock;

pub(crate) use self::account::AccountFile;
pub use self::{
    account::{Account, AccountError},
    callback::{Callback, Event},
    faults::CallbackKey,
    fresh::{KeyPair, Sides, account, certificate},
};

/// So many notifications are under way at once; the others wait their turn.
const SENDS_AT_ONCE: usize = 64;

/// Everything that the simulated WeChat Pay knows.
#[derive(Debug)]
pub struct WechatPay {
    account: Account,
    clock: Clock,
    time_scale: u32,
    book: Mutex<Book>,
    faults: Mutex<Faults>,
    codes: Mutex<Codes>,
    files: Mutex<Files>,
    /// Something is due earlier than the dispatcher thought.
    wake: Notify,
    sends: Semaphore,
}

impl WechatPay {
    /// Takes up what the journal holds, if there is one.
    pub fn open(account: Account, clock: Clock, time_scale: u32, journal: Option<&Path>) -> io::Result<Self> {
        Ok(Self {
            account,
            clock,
            time_scale: time_scale.max(1),
            book: Mutex::new(Book::open(journal)?),
            faults: Mutex::default(),
            codes: Mutex::default(),
            files: Mutex::default(),
            wake: Notify::new(),
            sends: Semaphore::new(SENDS_AT_ONCE),
        })
    }

    // A panic while one of these is held changes nothing half: the book writes its line first, the others are changed
    // by single assignments.
    fn book(&self) -> MutexGuard<'_, Book> {
        self.book.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn faults(&self) -> MutexGuard<'_, Faults> {
        self.faults.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn codes(&self) -> MutexGuard<'_, Codes> {
        self.codes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn files(&self) -> MutexGuard<'_, Files> {
        self.files.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The provider's own surface, what a payer's phone does, and `/control/wechat/…`, which no provider has.
pub fn routes(wechat: Arc<WechatPay>) -> Router {
    Router::new()
        .route("/v3/{*path}", any(gateway::serve))
        .route("/connect/oauth2/authorize", get(oauth::authorize))
        .route("/sns/oauth2/access_token", get(oauth::access_token))
        .route("/wechat/h5/pay", get(h5::show).post(h5::press))
        .route("/wechat/jsapi/pay", post(payer::jsapi_pay))
        .route("/wechat/native/pay", post(payer::native_pay))
        .route("/control/wechat/trades", get(control::trades))
        .route("/control/wechat/trades/{out_trade_no}", get(control::trade))
        .route("/control/wechat/trades/{out_trade_no}/{act}", post(control::act))
        .route("/control/wechat/refunds/{out_refund_no}/see-to", post(control::see_to_refund))
        .route("/control/wechat/notifications", get(control::notifications))
        .route("/control/wechat/notifications/{id}/resend", post(control::resend))
        .route("/control/wechat/deliver", post(control::deliver))
        .route("/control/wechat/faults", get(control::faults).post(control::set_faults))
        .with_state(wechat)
}

/// What the index page says of it.
pub(crate) const INDEX: &str = "<section><h2>微信支付（模拟）</h2><p>接口：<code>/v3/…</code>。收银台由下单应答的 \
<code>h5_url</code> 打开。</p>\
<ul><li><a href=\"/control/wechat/trades\">交易</a></li>\
<li><a href=\"/control/wechat/notifications\">回调通知</a></li>\
<li><a href=\"/control/wechat/faults\">故障设置</a></li></ul></section>";
