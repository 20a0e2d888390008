//! The link itself: one account here, one at Alipay. A link from before a freeze, and one of an account that is no more,
//! counts for nothing.

use crate::citizen::alipay::account::{self, Account};
use crate::citizen::alipay::way::{Purpose, Way};
use http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use zerotrip_accounts::audit::{self, Line};
use zerotrip_accounts::citizen::{self, Citizen};
use zerotrip_domain::account::Standing;
use zerotrip_platform::db::DbError;
use zerotrip_platform::{Db, Id, Problem, Reply, Request, clock};

/// What the client was handed behind the `#`.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewLink {
    state: String,
    /// None if the person refused.
    auth_code: Option<String>,
    verifier: String,
}

/// A new link.
#[derive(Serialize, ToSchema)]
pub struct Linked {
    /// As Alipay shows it, so that the person sees which account it is. It is not kept.
    nick_name: String,
    /// Unix ms.
    linked_at: i64,
}

/// A link.
#[derive(Serialize, ToSchema)]
pub struct Link {
    /// Unix ms.
    linked_at: i64,
}

/// The caller, if the account's real name is known: nobody logs in to somebody unknown through another's check.
pub async fn whole_citizen(request: &Request, db: &Db) -> Result<Citizen, Problem> {
    let caller = citizen::citizen(request, db).await?;
    match caller.standing {
        Standing::RealName | Standing::RealPerson => Ok(caller),
        _ => Err(real_name_needed()),
    }
}

#[utoipa::path(post, path = "/auth/citizens/me/alipay", request_body = NewLink,
    responses((status = 201, body = Linked)))]
pub async fn create(request: &Request) -> Result<Reply, Problem> {
    let given: NewLink = request.json()?;
    let (db, now) = (Db::open().await?, clock::now_ms());
    let caller = whole_citizen(request, &db).await?;
    let way = Way::of(&db, request, Purpose::Link, &given.state, Some(&given.verifier), now).await?;
    let way = way.belongs_to(caller.id)?;
    let Some(code) = &given.auth_code else {
        way.end(&db, now).await?;
        return Err(account::refused_there());
    };
    let account = Account::of(&db, code).await?;
    let nick_name = account.certified(&db).await?;
    way.end(&db, now).await?;
    let linked_at = enter(&db, &caller, &account, now).await?;
    audit::write(&db, &line("alipay-linked", &caller), now).await?;
    Ok(Reply::json(StatusCode::CREATED, &Linked { nick_name, linked_at }))
}

#[utoipa::path(get, path = "/auth/citizens/me/alipay", responses((status = 200, body = Link)))]
pub async fn show(request: &Request) -> Result<Reply, Problem> {
    let db = Db::open().await?;
    let caller = citizen::citizen(request, &db).await?;
    let link = db
        .one(
            "SELECT l.linked_at FROM alipay_links l JOIN citizens c ON c.id = l.citizen \
             WHERE l.citizen = $1 AND l.linked_at > COALESCE(c.changed_at, 0)",
            [caller.id.into()],
        )
        .await?
        .ok_or_else(Problem::not_found)?;
    Ok(Reply::json(StatusCode::OK, &Link { linked_at: link.int(0)? }))
}

/// Sessions that were begun with it end as well, but the caller's own.
#[utoipa::path(delete, path = "/auth/citizens/me/alipay", responses((status = 204)))]
pub async fn remove(request: &Request) -> Result<Reply, Problem> {
    let (db, now) = (Db::open().await?, clock::now_ms());
    let caller = citizen::citizen(request, &db).await?;
    let removed =
        db.one("DELETE FROM alipay_links WHERE citizen = $1 RETURNING citizen", [caller.id.into()]).await?;
    db.run(
        "UPDATE citizen_sessions SET ended_at = $1, ended_why = 'alipay-unlinked' \
         WHERE citizen = $2 AND how = 'alipay' AND id <> $3 AND ended_at IS NULL",
        [now.into(), caller.id.into(), caller.session.into()],
    )
    .await?;
    if removed.is_some() {
        audit::write(&db, &line("alipay-unlinked", &caller), now).await?;
    }
    Ok(Reply::no_content())
}

/// The commit point. Linking the same again is a success.
async fn enter(db: &Db, caller: &Citizen, account: &Account, now: u64) -> Result<i64, Problem> {
    let index = account.index()?;
    db.run(
        "DELETE FROM alipay_links WHERE (account_index = $1 OR citizen = $2) AND EXISTS \
           (SELECT 1 FROM citizens c WHERE c.id = alipay_links.citizen \
            AND (c.standing IN ('merged', 'deleted') OR c.changed_at >= alipay_links.linked_at))",
        [index.as_str().into(), caller.id.into()],
    )
    .await?;
    let entered = db
        .one(
            "INSERT INTO alipay_links (citizen, account_sealed, account_index, linked_at) \
             SELECT c.id, CAST($1 AS TEXT), CAST($2 AS TEXT), CAST($3 AS BIGINT) FROM citizens c \
             WHERE c.id = $4 AND c.standing IN ('real-name', 'real-person') RETURNING linked_at",
            [account.sealed(caller.id, now)?.into(), index.as_str().into(), now.into(), caller.id.into()],
        )
        .await;
    match entered {
        Ok(Some(row)) => return row.int(0),
        Ok(None) => return Err(Problem::unauthorized()),
        Err(DbError::Conflict) => {}
        Err(other) => return Err(other.into()),
    }
    let sql = "SELECT account_index, linked_at FROM alipay_links WHERE citizen = $1";
    match db.one(sql, [caller.id.into()]).await? {
        Some(own) if own.text(0)? == index => own.int(1),
        Some(_) => Err(another_linked()),
        None => Err(linked_elsewhere()),
    }
}

fn line<'a>(kind: &'a str, caller: &Citizen) -> Line<'a> {
    Line { kind, actor: caller.id, device: Id::NONE, subject: caller.id, detail: "" }
}

fn real_name_needed() -> Problem {
    Problem::new(
        StatusCode::FORBIDDEN,
        "real-name-needed",
        "Real name needed first",
        "请先完成实名认证",
        "Finish the real-name check: POST /auth/citizens/me/real-name.",
    )
}

fn another_linked() -> Problem {
    Problem::new(
        StatusCode::CONFLICT,
        "alipay-another-linked",
        "Another Alipay account is linked",
        "您已绑定另一个支付宝账户",
        "Unlink that one first: DELETE /auth/citizens/me/alipay.",
    )
}

fn linked_elsewhere() -> Problem {
    Problem::new(
        StatusCode::CONFLICT,
        "alipay-linked-elsewhere",
        "This Alipay account is linked with somebody else's account",
        "该支付宝账户已绑定其他账号",
        "Log in with it and unlink it there, or link another one.",
    )
}
