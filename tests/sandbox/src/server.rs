//! Starting and stopping.

use std::{io, net::SocketAddr, path::PathBuf, sync::Arc, time::Duration};

use axum::routing::get;
use tokio::{net::TcpListener, sync::oneshot, task::JoinHandle};

use crate::{
    Config,
    alipay::Alipay,
    authority::{Authority, Office},
    ccb::Ccb,
    clock::Clock,
    ctid::Ctid,
    journal::beside,
    page::page,
    people,
    registry::Registry,
    sms::Sms,
    wechat::WechatPay,
};

/// How to run.
#[derive(Clone, Debug)]
pub struct Options {
    /// Where to listen; port 0 picks a free one.
    pub listen: SocketAddr,
    /// Gaps between notifications are divided by this; at least 1.
    pub time_scale: u32,
    /// Seconds added to the machine's clock.
    pub clock_offset_s: i64,
    /// File that keeps trades over a restart; each provider but Alipay has one of its own beside it.
    pub journal: Option<PathBuf>,
}

impl Default for Options {
    fn default() -> Self {
        let listen = SocketAddr::from(([127, 0, 0, 1], 0));
        Self { listen, time_scale: 1, clock_offset_s: 0, journal: None }
    }
}

/// A sandbox that listens until [`Running::stop`]; dropping this stops it too, without waiting.
#[derive(Debug)]
pub struct Running {
    address: SocketAddr,
    stop: oneshot::Sender<()>,
    server: JoinHandle<io::Result<()>>,
    _dispatchers: Vec<AbortOnDrop>,
}

#[derive(Debug)]
struct AbortOnDrop(JoinHandle<()>);

impl Drop for AbortOnDrop {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Listens and serves. Fails if the address is taken or the journal cannot be read.
pub async fn start(config: Config, options: Options) -> io::Result<Running> {
    let clock = Clock::shifted(options.clock_offset_s);
    let alipay =
        Arc::new(Alipay::open(config.alipay, clock, options.time_scale, options.journal.as_deref())?);
    let journal = |ending| options.journal.as_deref().map(|path| beside(path, ending));
    let open = |account| WechatPay::open(account, clock, options.time_scale, journal(".wechat").as_deref());
    let wechat = config.wechat_pay.map(open).transpose()?.map(Arc::new);
    let open = |account| Ccb::open(account, clock, options.time_scale, journal(".ccb").as_deref());
    let ccb = config.ccb.map(open).transpose()?.map(Arc::new);
    let open = |account| Ctid::open(account, clock, journal(".ctid").as_deref());
    let ctid = config.ctid.map(open).transpose()?.map(Arc::new);
    let open = |account| Sms::open(account, clock, journal(".sms").as_deref());
    let sms = config.sms.map(open).transpose()?.map(Arc::new);
    let registry = config.registry.map(|account| Arc::new(Registry::new(account, clock)));
    let listener = TcpListener::bind(options.listen).await?;
    let address = listener.local_addr()?;
    let (stop, stopped) = oneshot::channel();
    let mut dispatchers = vec![AbortOnDrop(tokio::spawn(alipay.clone().dispatch()))];
    let mut played = String::from(ALIPAY);
    let mut routes = crate::alipay::routes(alipay);
    if let Some(wechat) = wechat {
        dispatchers.push(AbortOnDrop(tokio::spawn(wechat.clone().dispatch())));
        played.push_str(crate::wechat::INDEX);
        routes = routes.merge(crate::wechat::routes(wechat));
    }
    if let Some(ccb) = ccb {
        dispatchers.push(AbortOnDrop(tokio::spawn(ccb.clone().dispatch())));
        played.push_str(crate::ccb::INDEX);
        routes = routes.merge(crate::ccb::routes(ccb));
    }
    if let Some(ctid) = ctid {
        played.push_str(crate::ctid::INDEX);
        routes = routes.merge(crate::ctid::routes(ctid));
    }
    if let Some(sms) = sms {
        played.push_str(crate::sms::INDEX);
        routes = routes.merge(crate::sms::routes(sms));
    }
    if let Some(registry) = registry {
        played.push_str(crate::registry::INDEX);
        routes = routes.merge(crate::registry::routes(registry));
    }
    played.push_str(people::INDEX);
    routes = routes.merge(people::routes());
    let offices =
        [(Office::Police, ".police", config.police), (Office::Treasury, ".treasury", config.treasury)];
    for (office, ending, account) in offices {
        if let Some(account) = account {
            let authority = Authority::open(office, account, journal(ending).as_deref())?;
            routes = routes.merge(crate::authority::routes(Arc::new(authority)));
        }
    }
    let routes = routes.route("/", get(async move || page("ZeroTrip 模拟环境", &played)));
    let server = tokio::spawn(async move {
        // An error means that `Running` was dropped, which ends the server as well.
        axum::serve(listener, routes).with_graceful_shutdown(async { drop(stopped.await) }).await
    });
    Ok(Running { address, stop, server, _dispatchers: dispatchers })
}

impl Running {
    /// `http://127.0.0.1:PORT`
    pub fn origin(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Ends; requests in flight get a second to be answered.
    pub async fn stop(self) {
        drop(self.stop);
        let mut server = self.server;
        if tokio::time::timeout(Duration::from_secs(1), &mut server).await.is_err() {
            server.abort();
        }
    }
}

const ALIPAY: &str = "<section><h2>支付宝（模拟）</h2><p>网关：<code>/gateway.do</code>。\
收银台由网关的 <code>alipay.trade.wap.pay</code> 打开，\
人脸核验由 <code>alipay.user.certify.open.certify</code> 打开。</p>\
<ul><li><a href=\"/control/alipay/trades\">交易</a></li>\
<li><a href=\"/control/alipay/notifications\">异步通知</a></li>\
<li><a href=\"/control/alipay/faces\">人脸核验</a></li>\
<li><a href=\"/control/alipay/faults\">故障设置</a></li></ul>\
<p>控制接口 <code>/control/alipay/…</code> 不属于支付宝，只供开发和测试使用。</p></section>";
