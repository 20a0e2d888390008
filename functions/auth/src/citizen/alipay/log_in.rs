//! Log-in with the linked account.

use crate::citizen::alipay::account::{self, Account};
use crate::citizen::alipay::way::{Purpose, Way};
use crate::citizen::login;
use http::StatusCode;
use serde::Deserialize;
use utoipa::ToSchema;
use zerotrip_accounts::citizen::standing;
use zerotrip_accounts::limits;
use zerotrip_accounts::session::{self, How, tokens};
use zerotrip_domain::account::Standing;
use zerotrip_platform::{Db, Problem, Reply, Request, clock};

/// What the client was handed behind the `#`.
#[derive(Deserialize, ToSchema)]
#[schema(as = AlipayLogIn)]
#[serde(deny_unknown_fields)]
pub struct LogIn {
    state: String,
    /// None if the person refused.
    auth_code: Option<String>,
    /// None from a browser whose cookie has it.
    verifier: Option<String>,
    /// What the client calls itself.
    client: Option<String>,
}

#[utoipa::path(post, path = "/auth/citizens/sessions/alipay", request_body = LogIn,
    responses((status = 201, body = zerotrip_accounts::session::Tokens)))]
pub async fn log_in(request: &Request) -> Result<Reply, Problem> {
    let given: LogIn = request.json()?;
    let (db, now) = (Db::open().await?, clock::now_ms());
    limits::of_address(&db, limits::LOG_INS_OF_ADDRESS, request, now).await?;
    let way = Way::of(&db, request, Purpose::LogIn, &given.state, given.verifier.as_deref(), now).await?;
    let Some(code) = &given.auth_code else {
        way.end(&db, now).await?;
        return Err(account::refused_there());
    };
    let account = Account::of(&db, code).await?;
    way.end(&db, now).await?;
    let linked = db
        .one(
            "SELECT l.citizen, c.standing, CASE WHEN l.linked_at > COALESCE(c.changed_at, 0) THEN 1 ELSE 0 END \
             FROM alipay_links l JOIN citizens c ON c.id = l.citizen WHERE l.account_index = $1",
            [account.index()?.into()],
        )
        .await?
        .ok_or_else(not_linked)?;
    let (id, stands) = (linked.id(0)?, standing(linked.text(1)?)?);
    if stands == Standing::Frozen {
        return Err(login::frozen());
    }
    // Whoever had the account before a freeze may have made the link.
    if !stands.is_open() || linked.int(2)? == 0 {
        return Err(not_linked());
    }
    let started = session::begin(&db, id, stands, How::Alipay, given.client.as_deref(), now).await?;
    Ok(Reply::json(StatusCode::CREATED, &tokens(&started, now)?))
}

fn not_linked() -> Problem {
    Problem::new(
        StatusCode::NOT_FOUND,
        "alipay-not-linked",
        "No account is linked with this Alipay account",
        "该支付宝账户尚未绑定账号",
        "Log in by password or face, or register, and then link it: POST /auth/alipay with the purpose link.",
    )
}
