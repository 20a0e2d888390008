//! What the app is measured at. A new row of the table is a function here and its line in [`CASES`].

use crate::load::{Call, Calls};
use crate::{citizens, codes};
use anyhow::{Context, Result, ensure};
use bytes::Bytes;
use http::{Method, Request};
use http_body_util::Full;
use serde_json::{Value, json};
use std::any::Any;
use std::rc::Rc;
use zerotrip_journeys::{Engine, House, Town, sql, town};
use zerotrip_sandbox::wechat::CallbackKey;

/// A row: its name, the engine, and how its house is made ready.
pub type Case = (&'static str, Engine, fn(Engine) -> Result<Stage>);

/// Every case, in the table's order. They are prepared one after the other and measured in turn, so whatever expires
/// (an access token: after ten minutes) has to outlive the whole run.
pub const CASES: &[Case] = &[
    ("session look-up", Engine::Sqlite, session),
    ("session look-up, PostgreSQL", Engine::DurablePostgres, session),
    ("citizen's session look-up", Engine::Sqlite, citizens::session),
    ("citizen's session look-up, PostgreSQL", Engine::DurablePostgres, citizens::session),
    (LOG_IN, Engine::Sqlite, citizens::log_in),
    ("real-name check", Engine::Sqlite, citizens::real_name),
    ("real-name check, PostgreSQL", Engine::DurablePostgres, citizens::real_name),
    ("wallet list of seven documents", Engine::Sqlite, citizens::wallet),
    ("wallet list of seven documents, PostgreSQL", Engine::DurablePostgres, citizens::wallet),
    ("identity code minted", Engine::Sqlite, codes::mint),
    ("identity code minted, PostgreSQL", Engine::DurablePostgres, codes::mint),
    ("identity code redeemed", Engine::Sqlite, codes::redeem),
    ("identity code redeemed, PostgreSQL", Engine::DurablePostgres, codes::redeem),
    ("identity code minted and redeemed", Engine::Sqlite, codes::mint_and_redeem),
    ("identity code minted and redeemed, PostgreSQL", Engine::DurablePostgres, codes::mint_and_redeem),
    ("ticket look-up", Engine::Sqlite, ticket),
    ("ticket look-up, PostgreSQL", Engine::DurablePostgres, ticket),
    ("Alipay notification", Engine::Sqlite, alipay),
    ("Alipay notification, PostgreSQL", Engine::DurablePostgres, alipay),
    ("WeChat Pay notification", Engine::Sqlite, wechat),
    ("WeChat Pay notification, PostgreSQL", Engine::DurablePostgres, wechat),
    ("CCB callback", Engine::Sqlite, bank),
    ("CCB callback, PostgreSQL", Engine::DurablePostgres, bank),
    ("order at Alipay", Engine::Sqlite, |engine| order("alipay", engine)),
    ("order at WeChat Pay", Engine::Sqlite, |engine| order("wechat-pay", engine)),
    ("order at CCB", Engine::Sqlite, |engine| order("ccb", engine)),
];

/// The case that is a password hash above all.
pub const LOG_IN: &str = "citizen's log-in";
/// Callbacks of each case: each settles an order of its own, once.
const CALLBACKS: usize = 9_000;
const FORM: (&str, &str) = ("content-type", "application/x-www-form-urlencoded");

/// A house ready to be asked.
pub struct Stage {
    /// `http://127.0.0.1:PORT`.
    pub base: String,
    /// What it is asked.
    pub calls: Calls,
    /// The house, of its own, so that cases do not meet in one database, and what belongs to it.
    pub held: Box<dyn Any>,
}

/// `GET /auth/sessions/current` of a logged-in administrator: token check and one look into the database.
fn session(engine: Engine) -> Result<Stage> {
    let house = House::start_on("bench-session", engine);
    let token = administrator(&house)?;
    let calls = Calls::again(call(Method::GET, "/auth/sessions/current", Some(&token), "")?);
    Ok(Stage { base: house.base.clone(), calls, held: Box::new(house) })
}

/// `GET /fines/CODE`: code check, one look into the database, one sealed field opened.
fn ticket(engine: Engine) -> Result<Stage> {
    let town = Town::start_on("bench-ticket", engine);
    let path = format!("/fines/{}", town.code());
    let calls = Calls::again(call(Method::GET, &path, None, "")?);
    Ok(Stage { base: town.house.base.clone(), calls, held: Box::new(town) })
}

/// A notification that settles an order: RSA verification, one read, one sealed field, one durable write.
fn alipay(engine: Engine) -> Result<Stage> {
    callbacks("alipay", engine, |town, order| {
        let body = town.signed(&town.success(order));
        call_with(Method::POST, "/pay/alipay/notifications", &[FORM], body)
    })
}

/// The same, and AES-256-GCM.
fn wechat(engine: Engine) -> Result<Stage> {
    callbacks("wechat-pay", engine, |town, order| {
        let id = order["order"].as_str().context("no number")?;
        let resource = town.wechat_success(order);
        let made = town.wechat_callback(id, "transaction", &resource, CallbackKey::PublicKey, 0);
        let headers: Vec<(&str, &str)> =
            made.headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
        call_with(Method::POST, "/pay/wechat-pay/notifications", &headers, made.body)
    })
}

/// The same with MD5 and a key of 1024 bits.
fn bank(engine: Engine) -> Result<Stage> {
    callbacks("ccb", engine, |town, order| {
        let body = zerotrip_sandbox::ccb::sign_callback(&town.ccb_success(order), town::ccb_key());
        call_with(Method::POST, "/pay/ccb/notifications", &[FORM], body)
    })
}

/// As many pending orders as callbacks, copies of a real one but for their numbers.
fn callbacks(
    provider: &str,
    engine: Engine,
    make: impl Fn(&Town, &Value) -> Result<Call> + 'static,
) -> Result<Stage> {
    let town = Rc::new(Town::start_on("bench-callbacks", engine));
    let order = town.order_at(&town.code(), provider, town::PHONE);
    let id = order["order"].as_str().context("no order")?;
    let number = |n: usize| format!("20261124{n:020}");
    let mut copies = String::from("BEGIN;");
    for number in (0..CALLBACKS).map(number) {
        copies.push_str(&format!(
            "INSERT INTO orders (id, decision, provider, day, amount_fen, late_fee_fen, state, created_at, \
             expires_at, next_check_at) SELECT '{number}', '{number}', provider, day, amount_fen, late_fee_fen, \
             state, created_at, expires_at, next_check_at FROM orders WHERE id = '{id}';"
        ));
    }
    copies.push_str("COMMIT;");
    sql::execute(&town.house.database(), &copies);
    let (base, amount) = (town.house.base.clone(), order["amount_fen"].clone());
    let held = town.clone();
    let calls =
        Calls::once(CALLBACKS, move |n| make(&town, &json!({ "order": number(n), "amount_fen": amount })));
    Ok(Stage { base, calls, held: Box::new(held) })
}

/// `POST /fines/CODE/orders`, again for the same ticket: the order is found, and placed at the provider once more. At
/// WeChat Pay that is a call of it, whose own work in the sandbox is in the figure.
fn order(provider: &str, engine: Engine) -> Result<Stage> {
    let town = Town::start_on("bench-order", engine);
    let path = format!("/fines/{}/orders", town.code());
    let headers = [("user-agent", town::PHONE), ("content-type", "application/json")];
    let body = json!({ "provider": provider }).to_string();
    let calls = Calls::again(call_with(Method::POST, &path, &headers, body)?);
    Ok(Stage { base: town.house.base.clone(), calls, held: Box::new(town) })
}

/// The first administrator, logged in. Returns the access token.
pub fn administrator(house: &House) -> Result<String> {
    let (login, password) = ("root", "correct horse battery");
    let code = house.invite_administrator();
    let account = json!({"code": code, "login": login, "password": password, "name": "王主任"});
    let made = house.post("/auth/activations", None, &account);
    ensure!(made.status == 201, "no administrator: {}", made.text);
    let tokens = house.post("/auth/sessions", None, &json!({"login": login, "password": password}));
    ensure!(tokens.status == 201, "no session: {}", tokens.text);
    Ok(tokens.text_of("access_token"))
}

/// One request. A body gets its length.
pub fn call(method: Method, path: &str, token: Option<&str>, body: impl Into<Bytes>) -> Result<Call> {
    let bearer = token.map(|token| format!("Bearer {token}"));
    let headers: Vec<(&str, &str)> = bearer.iter().map(|bearer| ("authorization", bearer.as_str())).collect();
    call_with(method, path, &headers, body)
}

/// The same with any headers.
pub fn call_with(
    method: Method,
    path: &str,
    headers: &[(&str, &str)],
    body: impl Into<Bytes>,
) -> Result<Call> {
    let mut request = Request::builder().method(method).uri(path);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.body(Full::new(body.into())).with_context(|| format!("not a request: {path}"))
}
