//! A merchant for the sandbox: keys, signed calls, and an address that is notified.

use std::{
    fmt::Debug,
    path::{Path, PathBuf},
    process::Command,
    sync::{Arc, LazyLock, Mutex},
    time::Duration,
};

use axum::{Router, extract::State, response::IntoResponse};
use bytes::Bytes;
use form_urlencoded::Serializer;
use http::{HeaderMap, Method, Request, Response, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper_util::{client::legacy::Client, rt::TokioExecutor};
use serde_json::{Value, json};
use zerotrip_sandbox::{
    Config, Options, Running,
    alipay::{PrivateKey, PublicKey, content},
    clock::{Clock, stamp},
    start,
};

pub const APP_ID: &str = "2021000000000017";
pub const SELLER_ID: &str = "2088000000000017";

pub fn node_folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/node")
}

/// Fresh for each run: no key is kept, and `ring` makes none.
pub static KEYS: LazyLock<Value> = LazyLock::new(|| {
    let script = node_folder().join("keys.mjs");
    let made = Command::new("node").arg(script).output().expect("these tests need `node` in the path");
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    serde_json::from_slice(&made.stdout).unwrap()
});

pub fn private(owner: &str) -> PrivateKey {
    PrivateKey::from_base64(KEYS[owner]["private"].as_str().unwrap()).unwrap()
}

pub fn alipay_public() -> PublicKey {
    PublicKey::from_base64(KEYS["alipay"]["public"].as_str().unwrap()).unwrap()
}

pub fn config_text() -> String {
    json!({ "alipay": {
        "app_id": APP_ID,
        "seller_id": SELLER_ID,
        "app_public_key": KEYS["app"]["public"],
        "private_key": KEYS["alipay"]["private"],
    } })
    .to_string()
}

pub async fn sandbox(options: Options) -> Running {
    start(Config::parse(&config_text()).unwrap(), options).await.unwrap()
}

pub type Pairs = Vec<(String, String)>;

/// The common parameters of a call, unsigned.
pub fn parameters(method: &str, biz: &Value) -> Pairs {
    [
        ("app_id", APP_ID),
        ("method", method),
        ("format", "JSON"),
        ("charset", "utf-8"),
        ("sign_type", "RSA2"),
        ("version", "1.0"),
        ("timestamp", &stamp(Clock::shifted(0).now_ms())),
        ("biz_content", &biz.to_string()),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()))
    .to_vec()
}

pub fn set(pairs: &mut Pairs, name: &str, value: &str) {
    pairs.retain(|(n, _)| n != name);
    pairs.push((name.into(), value.into()));
}

/// As form text, with the merchant's signature.
pub fn signed(mut pairs: Pairs) -> String {
    let text = content(pairs.iter().map(|(n, v)| (n.as_str(), v.as_str())), &["sign"]);
    set(&mut pairs, "sign", &private("app").sign(&text));
    encoded(&pairs)
}

pub fn encoded(pairs: &Pairs) -> String {
    Serializer::new(String::new()).extend_pairs(pairs).finish()
}

pub async fn send(method: Method, url: &str, kind: &str, body: String) -> Response<Bytes> {
    let request = Request::builder().method(method).uri(url).header("content-type", kind);
    let client = Client::builder(TokioExecutor::new()).build_http::<Full<Bytes>>();
    let response = client.request(request.body(Full::from(body)).unwrap()).await.unwrap();
    let (head, body) = response.into_parts();
    Response::from_parts(head, body.collect().await.unwrap().to_bytes())
}

pub async fn get(url: &str) -> Response<Bytes> {
    send(Method::GET, url, "text/plain", String::new()).await
}

/// A signed server-to-server call; gives what is inside the envelope.
pub async fn call(origin: &str, method: &str, biz: Value) -> Value {
    gateway(origin, signed(parameters(method, &biz))).await
}

pub async fn gateway(origin: &str, form: String) -> Value {
    let url = format!("{origin}/gateway.do");
    let answer = send(Method::POST, &url, "application/x-www-form-urlencoded", form).await;
    assert_eq!(answer.status(), 200);
    let answer: Value = serde_json::from_slice(answer.body()).unwrap();
    let object = answer.as_object().unwrap();
    let (_, inner) = object.iter().find(|(name, _)| name.ends_with("_response")).unwrap();
    inner.clone()
}

/// The body of an order for the cashier.
pub fn order(number: &str) -> Value {
    json!({ "product_code": "QUICK_WAP_WAY", "out_trade_no": number, "total_amount": "206.00", "subject": "交通罚款" })
}

/// Opens the cashier; gives the code of the error page, empty for a page with a button.
pub async fn open(origin: &str, biz: Value, notify_url: &str) -> String {
    let mut pairs = parameters("alipay.trade.wap.pay", &biz);
    set(&mut pairs, "notify_url", notify_url);
    let page = get(&format!("{origin}/gateway.do?{}", signed(pairs))).await;
    assert_eq!(page.status(), 200);
    match page.headers().get("x-sandbox-error") {
        Some(code) => code.to_str().unwrap().to_owned(),
        None => {
            assert!(String::from_utf8_lossy(page.body()).contains("<button"), "no button, no error");
            String::new()
        }
    }
}

pub async fn control(origin: &str, path: &str, body: Value) -> (StatusCode, Value) {
    let url = format!("{origin}/control/alipay/{path}");
    let answer = send(Method::POST, &url, "application/json", body.to_string()).await;
    (answer.status(), serde_json::from_slice(answer.body()).unwrap())
}

pub async fn notifications(origin: &str) -> Vec<Value> {
    let answer = get(&format!("{origin}/control/alipay/notifications")).await;
    serde_json::from_slice(answer.body()).unwrap()
}

/// Waits until the only notification is as asked, at most ten seconds.
pub async fn notification_until(origin: &str, asked: impl Fn(&Value) -> bool) -> Value {
    for _ in 0..500 {
        if let [one] = notifications(origin).await.as_slice()
            && asked(one)
        {
            return one.clone();
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("still not so: {:?}", notifications(origin).await)
}

/// Makes a call that meets a fault without an answer, and hangs up. `faults` is where the sandbox tells how many calls the
/// fault still has: with none left the call has arrived, and an answer would come at once.
pub async fn unanswered<T: Debug>(call: impl Future<Output = T>, faults: &str) {
    let met = async {
        for _ in 0..500 {
            let left: Value = serde_json::from_slice(get(faults).await.body()).unwrap();
            if [&left["gateway_calls"], &left["fault_calls"]].contains(&&json!(0)) {
                return tokio::time::sleep(Duration::from_millis(300)).await;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        panic!("the call does not arrive");
    };
    tokio::select! {
        answer = call => panic!("it is answered: {answer:?}"),
        () = met => {}
    }
}

/// An address of the merchant's.
pub struct Merchant {
    pub url: String,
    received: Arc<Mutex<Vec<Pairs>>>,
}

type Shared = (Arc<Mutex<Vec<Pairs>>>, StatusCode, &'static str, &'static str);

impl Merchant {
    /// Answers every notification with this status and body.
    pub async fn answering(status: u16, body: &'static str) -> Self {
        Self::redirecting(status, body, "").await
    }

    pub async fn redirecting(status: u16, body: &'static str, location: &'static str) -> Self {
        let received = Arc::new(Mutex::new(Vec::new()));
        let state: Shared = (received.clone(), StatusCode::from_u16(status).unwrap(), body, location);
        let routes = Router::new().fallback(receive).with_state(state);
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/notify", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, routes).await.unwrap() });
        Self { url, received }
    }

    pub fn received(&self) -> Vec<Pairs> {
        self.received.lock().unwrap().clone()
    }
}

async fn receive(
    State((received, status, answer, location)): State<Shared>,
    body: Bytes,
) -> impl IntoResponse {
    received.lock().unwrap().push(form_urlencoded::parse(&body).into_owned().collect());
    let mut headers = HeaderMap::new();
    if !location.is_empty() {
        headers.insert("location", location.parse().unwrap());
    }
    (status, headers, answer)
}

pub fn field(pairs: &Pairs, name: &str) -> String {
    pairs.iter().find(|(n, _)| n == name).map(|(_, v)| v.clone()).unwrap_or_default()
}
