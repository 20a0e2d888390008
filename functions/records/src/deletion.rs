//! The end of an account, at its person's wish.

use http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;
use zerotrip_accounts::audit::{self, Line};
use zerotrip_accounts::{citizen, fresh};
use zerotrip_platform::{Db, Id, Problem, Reply, Request, clock};

/// What is gone and what is not.
#[derive(Serialize, ToSchema)]
pub struct Gone {
    /// Unix ms.
    deleted_at: u64,
    /// Nothing of it can be brought back.
    gone: [&'static str; 7],
    kept: [KeptAfter; 4],
    /// What the person still owes, whatever becomes of the account.
    open_duties: [&'static str; 1],
}

/// Something that outlives the account.
#[derive(Serialize, ToSchema)]
pub struct KeptAfter {
    what: &'static str,
    why: &'static str,
    until: &'static str,
}

const GONE: [&str; 7] = [
    "name, ID number, phone and password",
    "residence and level",
    "sessions",
    "the link to Alipay",
    "one-time codes and what was given for a check",
    "consents: all are withdrawn",
    "the wallet: its channels are closed, and what was cached of documents is erased",
];
const KEPT: [KeptAfter; 4] = [
    KeptAfter {
        what: "which acts were done on the account and when, under its number, without a name",
        why: "网络安全法 asks for logs of at least six months; a dispute may be looked into as long as this",
        until: "details 3 years",
    },
    KeptAfter {
        what: "which consents were given and withdrawn when, under its number, without a name",
        why: "个人信息保护法: we must be able to show that we were allowed",
        until: "3 years",
    },
    KeptAfter {
        what: "where a code was shown and which fields were read, under the account's number, and the venue's entry in its register",
        why: "旅馆业治安管理办法 and its like: the register is the venue's duty",
        until: "the entry as long as its scenario says when the code is made; that it was shown, 3 years",
    },
    KeptAfter {
        what: "penalty decisions, their payments and receipts",
        why: "行政处罚法: they are the authority's files, not the account's",
        until: "as the law on archives says",
    },
];

/// Needs a face check of the last half hour, or its equal.
#[utoipa::path(delete, path = "/records/me", responses((status = 200, body = Gone)))]
pub async fn delete(request: &Request) -> Result<Reply, Problem> {
    let (db, now) = (Db::open().await?, clock::now_ms());
    let caller = citizen::anyone(request, &db).await?;
    fresh::demand(&caller, now)?;
    let sql = "SELECT phone_index FROM citizens WHERE id = $1";
    let row = db.one(sql, [caller.id.into()]).await?.ok_or_else(Problem::unauthorized)?;
    let phone = row.optional_text(0)?.map(str::to_owned);
    let deleted = db
        .one(
            "UPDATE citizens SET standing = 'deleted', phone_sealed = NULL, phone_index = NULL, name_sealed = NULL, \
             id_number_sealed = NULL, id_index = NULL, residence = NULL, password = NULL, second_factor = 0, \
             real_name_at = NULL, proven_at = NULL, proven_how = NULL, changed_at = $1, changed_by = $2, \
             changed_why_sealed = NULL WHERE id = $3 AND standing IN ('registered', 'real-name', 'real-person', 'proof-due') \
             AND NOT EXISTS (SELECT 1 FROM citizens k WHERE k.guardian = citizens.id) RETURNING id",
            [now.into(), caller.id.into(), caller.id.into()],
        )
        .await?;
    deleted.ok_or_else(children_first)?;
    if let Some(phone) = phone {
        db.run("DELETE FROM one_time_codes WHERE phone_index = $1", [phone.into()]).await?;
    }
    zerotrip_accounts::ending::end(&db, caller.id, "deleted", now).await?;
    let kind = "account-deleted";
    let line = Line { kind, actor: caller.id, device: Id::NONE, subject: caller.id, detail: "" };
    audit::write(&db, &line, now).await?;
    let gone = Gone {
        deleted_at: now,
        gone: GONE,
        kept: KEPT,
        open_duties: [
            "Fines that are not paid stay due: pay them by the code on the ticket, which needs no account.",
        ],
    };
    Ok(Reply::json(StatusCode::OK, &gone))
}

fn children_first() -> Problem {
    Problem::new(
        StatusCode::CONFLICT,
        "children-first",
        "Children are entered in this account",
        "请先移除账号下的未成年人",
        "Remove the children first: DELETE /records/me/children/{id}.",
    )
}
