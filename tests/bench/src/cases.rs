//! What the app is measured at. A new row of the table is a function here and its line in [`CASES`].

use crate::load::{Call, Calls};
use anyhow::{Context, Result, ensure};
use bytes::Bytes;
use http::{Method, Request, header};
use http_body_util::Full;
use serde_json::json;
use std::any::Any;
use zerotrip_journeys::{Engine, House, Town, sql};

/// A row: its name, the engine, and how its house is made ready.
pub type Case = (&'static str, Engine, fn(Engine) -> Result<Stage>);

/// Every case, in the table's order. They are prepared one after the other and measured in turn, so whatever expires
/// (an access token: after ten minutes) has to outlive the whole run.
pub const CASES: &[Case] = &[
    ("session look-up", Engine::Sqlite, session),
    ("session look-up, PostgreSQL", Engine::DurablePostgres, session),
    ("ticket look-up", Engine::Sqlite, ticket),
    ("ticket look-up, PostgreSQL", Engine::DurablePostgres, ticket),
    ("verified notification", Engine::Sqlite, notification),
    ("verified notification, PostgreSQL", Engine::DurablePostgres, notification),
];

/// Notifications prepared: each settles an order of its own, once.
const NOTIFICATIONS: usize = 9_000;

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
fn notification(engine: Engine) -> Result<Stage> {
    let town = Town::start_on("bench-notification", engine);
    let code = town.code();
    let order = town.order(&code);
    let id = order["order"].as_str().context("no order")?;
    // As many pending orders as notifications, copies of a real one but for their numbers.
    let mut copies = String::from("BEGIN;");
    let mut bodies = Vec::with_capacity(NOTIFICATIONS);
    for number in 0..NOTIFICATIONS {
        let number = format!("20261124{number:020}");
        copies.push_str(&format!(
            "INSERT INTO orders (id, decision, provider, day, amount_fen, late_fee_fen, state, created_at, \
             expires_at, next_check_at) SELECT '{number}', '{number}', provider, day, amount_fen, late_fee_fen, \
             state, created_at, expires_at, next_check_at FROM orders WHERE id = '{id}';"
        ));
        let copy = json!({ "order": number, "amount_fen": order["amount_fen"] });
        let body = town.signed(&town.success(&copy));
        bodies.push(call(Method::POST, "/pay/alipay/notifications", None, body)?);
    }
    copies.push_str("COMMIT;");
    sql::execute(&town.house.database(), &copies);
    Ok(Stage { base: town.house.base.clone(), calls: Calls::once(bodies), held: Box::new(town) })
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

/// One request. A body gets its length; a content type is for the case to add.
pub fn call(method: Method, path: &str, token: Option<&str>, body: impl Into<Bytes>) -> Result<Call> {
    let mut request = Request::builder().method(method).uri(path);
    if let Some(token) = token {
        request = request.header(header::AUTHORIZATION, format!("Bearer {token}"));
    }
    request.body(Full::new(body.into())).with_context(|| format!("not a request: {path}"))
}
