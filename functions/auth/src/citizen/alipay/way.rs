//! The way to Alipay and back: who comes back must be who went, within ten minutes, once.

use crate::citizen::alipay::link;
use http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use zerotrip_accounts::signing::{alipay_verify, blind_index};
use zerotrip_accounts::{limits, refused};
use zerotrip_platform::request::field_text;
use zerotrip_platform::{Db, Id, Problem, Reply, Request, clock, settings};

const LIFE_MS: u64 = 10 * 60 * 1000;
/// Holds a browser's verifier, for the address that it is sent to alone.
const COOKIE: &str = "zt_alipay";
const COOKIE_PATH: &str = "/auth/citizens/sessions/alipay";

/// What somebody goes to Alipay for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, ToSchema)]
#[schema(as = AlipayPurpose)]
#[serde(rename_all = "kebab-case")]
pub enum Purpose {
    /// Alipay tells who it is without asking again.
    LogIn,
    /// Alipay asks the person. Needs a session.
    Link,
}

impl Purpose {
    fn name(self) -> &'static str {
        match self {
            Self::LogIn => "log-in",
            Self::Link => "link",
        }
    }

    fn scope(self) -> &'static str {
        match self {
            Self::LogIn => "auth_base",
            Self::Link => "auth_user",
        }
    }
}

/// Somebody who wants to go.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewWay {
    purpose: Purpose,
}

/// Where to go, and what to come back with.
#[derive(Serialize, ToSchema)]
pub struct Begun {
    /// To be opened in a browser or in Alipay's app.
    authorize: String,
    /// Stays with the client, and proves with the state of the return that it is the one who began.
    verifier: String,
    /// Unix ms.
    expires_at: u64,
}

/// For apps, and for linking.
#[utoipa::path(post, path = "/auth/alipay", request_body = NewWay, responses((status = 201, body = Begun)))]
pub async fn create(request: &Request) -> Result<Reply, Problem> {
    let new: NewWay = request.json()?;
    let (db, now) = (Db::open().await?, clock::now_ms());
    limits::of_address(&db, limits::LOG_INS_OF_ADDRESS, request, now).await?;
    let citizen = match new.purpose {
        Purpose::LogIn => None,
        Purpose::Link => Some(link::whole_citizen(request, &db).await?.id),
    };
    Ok(Reply::json(StatusCode::CREATED, &begin(&db, new.purpose, citizen, now).await?))
}

/// For browsers: the verifier is in a cookie.
#[utoipa::path(get, path = "/auth/alipay", params(("purpose" = String, Query, description = "`log-in`")),
    responses((status = 303, description = "To Alipay")))]
pub async fn go(request: &Request) -> Result<Reply, Problem> {
    if request.parameter("purpose").as_deref() != Some(Purpose::LogIn.name()) {
        return Err(Problem::invalid(
            "purpose must be log-in; linking begins with POST, since it needs a session",
        ));
    }
    let (db, now) = (Db::open().await?, clock::now_ms());
    limits::of_address(&db, limits::LOG_INS_OF_ADDRESS, request, now).await?;
    let begun = begin(&db, Purpose::LogIn, None, now).await?;
    let secure = if settings::get("public_url").await?.starts_with("https:") { "; Secure" } else { "" };
    let (verifier, life_s) = (&begun.verifier, LIFE_MS / 1000);
    let cookie =
        format!("{COOKIE}={verifier}; Path={COOKIE_PATH}; Max-Age={life_s}; HttpOnly; SameSite=Lax{secure}");
    Ok(Reply::see_other(&begun.authorize).header("set-cookie", &cookie))
}

/// Where Alipay leads the person's browser. Nothing is decided here: the client that began is handed what came, behind
/// the `#`, which no server and no log sees.
#[utoipa::path(get, path = "/auth/alipay/return",
    params(("state" = Option<String>, Query), ("auth_code" = Option<String>, Query, description = "None if refused")),
    responses((status = 303, description = "To the client")))]
pub async fn hand_over(request: &Request) -> Result<Reply, Problem> {
    let came = ["state", "auth_code"].into_iter().filter_map(|name| Some((name, request.parameter(name)?)));
    let came: Vec<String> = came.map(|(name, value)| field_text(name, &value)).collect();
    let client = match settings::optional("client_url").await? {
        none if none.is_empty() => settings::get("public_url").await?,
        client => client,
    };
    Ok(Reply::see_other(&format!("{client}#{}", came.join("&"))))
}

async fn begin(db: &Db, purpose: Purpose, citizen: Option<Id>, now: u64) -> Result<Begun, Problem> {
    let (state, verifier) = (Id::random().to_string(), Id::random().to_string());
    db.run(
        "INSERT INTO alipay_ways (state_index, verifier_index, purpose, citizen, expires_at) \
         VALUES ($1, $2, $3, $4, $5)",
        [
            state_index(&state)?.into(),
            verifier_index(&state, &verifier)?.into(),
            purpose.name().into(),
            citizen.into(),
            (now + LIFE_MS).into(),
        ],
    )
    .await?;
    let app = alipay_verify::own_merchant().map_err(refused)?.app_id;
    let back = format!("{}/auth/alipay/return", settings::get("public_url").await?.trim_end_matches('/'));
    let fields =
        [("app_id", app.as_str()), ("scope", purpose.scope()), ("redirect_uri", &back), ("state", &state)];
    let authorize = format!(
        "{}/oauth2/publicAppAuthorize.htm?{}",
        settings::get("alipay_oauth_origin").await?.trim_end_matches('/'),
        fields.map(|(name, value)| field_text(name, value)).join("&")
    );
    Ok(Begun { authorize, verifier, expires_at: now + LIFE_MS })
}

/// A way that the caller has begun and not ended.
pub struct Way {
    state_index: String,
    /// Who links.
    citizen: Option<Id>,
}

impl Way {
    /// The way that `state` and the verifier, the client's own or the browser's cookie, belong to.
    pub async fn of(
        db: &Db,
        request: &Request,
        purpose: Purpose,
        state: &str,
        verifier: Option<&str>,
        now: u64,
    ) -> Result<Self, Problem> {
        let verifier = verifier.or_else(|| request.cookie(COOKIE)).ok_or_else(over)?;
        let state_index = state_index(state)?;
        let row = db
            .one(
                "SELECT citizen FROM alipay_ways WHERE state_index = $1 AND verifier_index = $2 AND purpose = $3 \
                 AND used_at IS NULL AND expires_at > $4",
                [
                    state_index.as_str().into(),
                    verifier_index(state, verifier)?.into(),
                    purpose.name().into(),
                    now.into(),
                ],
            )
            .await?
            .ok_or_else(over)?;
        let citizen = if row.is_null(0) { None } else { Some(row.id(0)?) };
        Ok(Self { state_index, citizen })
    }

    /// The same, if `citizen` began it.
    pub fn belongs_to(self, citizen: Id) -> Result<Self, Problem> {
        if self.citizen == Some(citizen) { Ok(self) } else { Err(over()) }
    }

    /// Ends it: of several who come back with the same, one goes on.
    pub async fn end(self, db: &Db, now: u64) -> Result<(), Problem> {
        let ended = db
            .one(
                "UPDATE alipay_ways SET used_at = $1 WHERE state_index = $2 AND used_at IS NULL RETURNING state_index",
                [now.into(), self.state_index.into()],
            )
            .await?;
        ended.map(|_| ()).ok_or_else(over)
    }
}

fn state_index(state: &str) -> Result<String, Problem> {
    blind_index::index("alipay_ways.state", state).map_err(refused)
}

fn verifier_index(state: &str, verifier: &str) -> Result<String, Problem> {
    blind_index::index("alipay_ways.verifier", &format!("{state}/{verifier}")).map_err(refused)
}

/// Never begun, not here, used, or too long ago: a stranger learns no more.
fn over() -> Problem {
    Problem::new(
        StatusCode::FORBIDDEN,
        "alipay-way-over",
        "This way to Alipay is not open",
        "本次支付宝授权已失效",
        "Begin again, and finish in the same app or browser within ten minutes.",
    )
}
