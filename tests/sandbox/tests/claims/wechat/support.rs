//! A merchant of WeChat Pay: signed calls, and what comes back.

use std::{sync::LazyLock, time::Duration};

use base64::{Engine, engine::general_purpose::STANDARD};
use bytes::Bytes;
use http::{HeaderMap, Method, Request, Response, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper_util::{client::legacy::Client, rt::TokioExecutor};
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use serde_json::{Value, json};
use zerotrip_sandbox::{
    Config, Options, Running,
    alipay::PublicKey,
    clock::{Clock, rfc3339},
    start,
    wechat::{KeyPair, Sides, account},
};

use crate::support::{KEYS, config_text, private};

pub fn pair(owner: &str) -> KeyPair {
    let text = |half: &str| KEYS[owner][half].as_str().unwrap().to_owned();
    KeyPair { private: text("private"), public: text("public") }
}

/// Both sides of the one merchant.
pub static SIDES: LazyLock<Sides> =
    LazyLock::new(|| account(&pair("merchant"), &pair("platform"), &pair("publicMode")).unwrap());

pub fn ours(name: &str) -> &'static str {
    SIDES.merchant[name].as_str().unwrap()
}

pub fn public_key_id() -> &'static str {
    SIDES.merchant["public_keys"][0]["id"].as_str().unwrap()
}

/// The sandbox's configuration with both providers.
pub fn config() -> Value {
    let mut config: Value = serde_json::from_str(&config_text()).unwrap();
    config["wechat_pay"] = SIDES.sandbox.clone();
    config
}

pub async fn sandbox(options: Options) -> Running {
    start(Config::parse(&config().to_string()).unwrap(), options).await.unwrap()
}

pub fn now_ms() -> i64 {
    Clock::shifted(0).now_ms()
}

/// A request of the merchant's in the making; tests spoil it.
#[derive(Clone)]
pub struct Call {
    pub method: Method,
    pub target: String,
    pub body: String,
    pub mchid: String,
    pub nonce: String,
    pub timestamp: String,
    pub serial: String,
    pub signer: &'static str,
    pub headers: Vec<(&'static str, String)>,
}

impl Call {
    pub fn get(target: &str) -> Self {
        Self {
            method: Method::GET,
            target: target.into(),
            body: String::new(),
            mchid: ours("mch_id").into(),
            nonce: "593BEC0C930BF1AFEB40B4A08C8FB242".into(),
            timestamp: (now_ms() / 1000).to_string(),
            serial: ours("merchant_serial").into(),
            signer: "merchant",
            headers: vec![("accept", "application/json".into()), ("user-agent", "claims".into())],
        }
    }

    pub fn post(target: &str, body: &Value) -> Self {
        let mut call = Self { method: Method::POST, body: body.to_string(), ..Self::get(target) };
        call.set("content-type", "application/json");
        call
    }

    /// As sent so much later.
    pub fn later(mut self, seconds: i64) -> Self {
        self.timestamp = (self.timestamp.parse::<i64>().unwrap() + seconds).to_string();
        self
    }

    pub fn set(&mut self, name: &'static str, value: &str) {
        self.headers.retain(|(n, _)| *n != name);
        self.headers.push((name, value.into()));
    }

    pub fn signature(&self) -> String {
        let Self { method, target, timestamp, nonce, body, .. } = self;
        private(self.signer).sign(&format!("{method}\n{target}\n{timestamp}\n{nonce}\n{body}\n"))
    }

    /// The value of `Authorization`.
    pub fn credentials(&self) -> String {
        let Self { mchid, nonce, timestamp, serial, .. } = self;
        format!(
            "WECHATPAY2-SHA256-RSA2048 mchid=\"{mchid}\",nonce_str=\"{nonce}\",timestamp=\"{timestamp}\",\
serial_no=\"{serial}\",signature=\"{}\"",
            self.signature()
        )
    }

    pub async fn send(&self, origin: &str) -> Response<Bytes> {
        self.send_with(origin, &self.credentials()).await
    }

    pub async fn send_with(&self, origin: &str, credentials: &str) -> Response<Bytes> {
        let mut request = Request::builder()
            .method(self.method.clone())
            .uri(format!("{origin}{}", self.target))
            .header("authorization", credentials);
        for (name, value) in &self.headers {
            request = request.header(*name, value);
        }
        let client = Client::builder(TokioExecutor::new()).build_http::<Full<Bytes>>();
        let response = client.request(request.body(Full::from(self.body.clone())).unwrap()).await.unwrap();
        let (head, body) = response.into_parts();
        Response::from_parts(head, body.collect().await.unwrap().to_bytes())
    }
}

/// Status and JSON of an answer.
pub fn read(answer: &Response<Bytes>) -> (u16, Value) {
    let body =
        if answer.body().is_empty() { Value::Null } else { serde_json::from_slice(answer.body()).unwrap() };
    (answer.status().as_u16(), body)
}

/// Status and `code` of an answer.
pub fn refusal(answer: &Response<Bytes>) -> (u16, String) {
    let (status, body) = read(answer);
    (status, body["code"].as_str().unwrap_or_default().to_owned())
}

pub async fn get(origin: &str, target: &str) -> (u16, Value) {
    read(&Call::get(target).send(origin).await)
}

pub async fn post(origin: &str, target: &str, body: &Value) -> (u16, Value) {
    read(&Call::post(target, body).send(origin).await)
}

pub async fn query(origin: &str, number: &str) -> Value {
    let target = format!("/v3/pay/transactions/out-trade-no/{number}?mchid={}", ours("mch_id"));
    let (status, trade) = get(origin, &target).await;
    assert_eq!(status, 200, "{trade}");
    trade
}

/// The same for all orders, so that one made twice is the same.
static EXPIRES: LazyLock<String> = LazyLock::new(|| rfc3339(now_ms() + 3_600_000));

/// An order of 206 yuan that can be paid in any way but JSAPI.
pub fn order(number: &str, notify_url: &str) -> Value {
    json!({
        "appid": ours("app_id"),
        "mchid": ours("mch_id"),
        "description": "交通罚款",
        "out_trade_no": number,
        "time_expire": *EXPIRES,
        "attach": "decision",
        "notify_url": notify_url,
        "amount": { "total": 20600, "currency": "CNY" },
        "scene_info": { "payer_client_ip": "203.0.113.17", "h5_info": { "type": "Wap" } },
    })
}

/// Nobody listens there.
pub const NOWHERE: &str = "http://127.0.0.1:9/notify";

/// Orders for H5; gives `h5_url`.
pub async fn ordered(origin: &str, number: &str, notify_url: &str) -> String {
    let (status, answer) = post(origin, "/v3/pay/transactions/h5", &order(number, notify_url)).await;
    assert_eq!(status, 200, "{answer}");
    answer["h5_url"].as_str().unwrap().to_owned()
}

pub async fn paid(origin: &str, number: &str, notify_url: &str) {
    ordered(origin, number, notify_url).await;
    let (status, trade) = control(origin, &format!("trades/{number}/pay"), json!({})).await;
    assert_eq!(status, 200, "{trade}");
}

pub async fn control(origin: &str, path: &str, body: Value) -> (StatusCode, Value) {
    let url = format!("{origin}/control/wechat/{path}");
    let answer = crate::support::send(Method::POST, &url, "application/json", body.to_string()).await;
    (answer.status(), serde_json::from_slice(answer.body()).unwrap())
}

pub async fn notifications(origin: &str) -> Vec<Value> {
    let answer = crate::support::get(&format!("{origin}/control/wechat/notifications")).await;
    serde_json::from_slice(answer.body()).unwrap()
}

/// Waits until the newest notification is as asked, at most ten seconds.
pub async fn notification_until(origin: &str, asked: impl Fn(&Value) -> bool) -> Value {
    for _ in 0..500 {
        if let Some(newest) = notifications(origin).await.pop()
            && asked(&newest)
        {
            return newest;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("still not so: {:?}", notifications(origin).await)
}

fn theirs(owner: &str) -> PublicKey {
    PublicKey::from_base64(KEYS[owner]["public"].as_str().unwrap()).unwrap()
}

/// Whose key has signed it: `publicMode`, `platform` or nobody's.
pub fn signed_by(headers: &HeaderMap, body: &[u8]) -> &'static str {
    let header = |name: &str| headers[name].to_str().unwrap();
    let (timestamp, nonce) = (header("wechatpay-timestamp"), header("wechatpay-nonce"));
    let message = format!("{timestamp}\n{nonce}\n{}\n", std::str::from_utf8(body).unwrap());
    let verifies = |owner: &&str| theirs(owner).verifies(&message, header("wechatpay-signature"));
    let owner = ["publicMode", "platform"].into_iter().find(verifies).unwrap_or("nobody");
    let named = if header("wechatpay-serial") == public_key_id() { "publicMode" } else { "platform" };
    assert!(owner == "nobody" || owner == named, "{named} is named, {owner} has signed");
    owner
}

/// What a callback or a certificate holds.
pub fn opened(sealed: &Value) -> Vec<u8> {
    let text = |name: &str| sealed[name].as_str().unwrap().as_bytes().to_vec();
    let key = UnboundKey::new(&AES_256_GCM, ours("api_v3_key").as_bytes()).unwrap();
    let nonce = Nonce::try_assume_unique_for_key(&text("nonce")).unwrap();
    let mut bytes = STANDARD.decode(text("ciphertext")).unwrap();
    let length = LessSafeKey::new(key)
        .open_in_place(nonce, Aad::from(text("associated_data")), &mut bytes)
        .expect("sealed under the APIv3 key")
        .len();
    bytes.truncate(length);
    bytes
}

/// The resource of a callback.
pub fn resource(body: &[u8]) -> Value {
    let envelope: Value = serde_json::from_slice(body).unwrap();
    serde_json::from_slice(&opened(&envelope["resource"])).unwrap()
}

/// The H5 page, as a browser that comes from the merchant's opens it.
pub async fn open(url: &str) -> Response<Bytes> {
    let (origin, target) = url.split_at(url.find("/wechat/").unwrap());
    let mut page = Call::get(target);
    page.set("referer", "http://127.0.0.1:9/");
    page.send(origin).await
}
