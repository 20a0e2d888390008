//! What the app is measured at. A new row of the table is a function here and its line in [`CASES`].

use crate::load::{Call, Calls};
use anyhow::{Context, Result, ensure};
use bytes::Bytes;
use http::{Method, Request, header};
use http_body_util::Full;
use serde_json::json;
use std::any::Any;
use zerotrip_journeys::House;

/// A row: its name, and how its house is made ready.
pub type Case = (&'static str, fn() -> Result<Stage>);

/// Every case, in the table's order. They are prepared one after the other and measured in turn, so whatever expires
/// (an access token: after ten minutes) has to outlive the whole run.
pub const CASES: &[Case] = &[("session look-up", session)];

/// A house ready to be asked.
pub struct Stage {
    /// Its own, so that cases do not meet in one database.
    pub house: House,
    /// What it is asked.
    pub calls: Calls,
    /// Whatever must live as long as the house, such as a sandbox.
    pub held: Vec<Box<dyn Any>>,
}

/// `GET /auth/sessions/current` of a logged-in administrator: token check and one look into the database.
fn session() -> Result<Stage> {
    let house = House::start("bench-session");
    let token = administrator(&house)?;
    let calls = Calls::again(call(Method::GET, "/auth/sessions/current", Some(&token), "")?);
    Ok(Stage { house, calls, held: Vec::new() })
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
