//! Import of accounts from the old days. Each becomes one that can do nothing but prove its person (`proof-due`).

use crate::old_account::OldAccount;
use http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;
use zerotrip_accounts::audit::{self, Line};
use zerotrip_accounts::authority::{self, Administrator};
use zerotrip_accounts::one_time_code::phone_index;
use zerotrip_accounts::person::id_index;
use zerotrip_accounts::refused;
use zerotrip_accounts::signing::{blind_index, sealing};
use zerotrip_domain::account::Standing;
use zerotrip_platform::{Db, Id, Problem, Reply, Request, clock};

/// What became of the lines of one request.
#[derive(Default, Serialize, ToSchema)]
pub struct Imported {
    /// New accounts.
    taken: u32,
    /// Were taken before, whatever the line says now.
    known: u32,
    refused: Vec<RefusedLine>,
}

/// A line that is not taken. It says what is wrong, never what is there.
#[derive(Serialize, ToSchema)]
pub struct RefusedLine {
    /// From 1, in this request.
    line: usize,
    /// A member's name, or `line` for the whole of it.
    field: &'static str,
    why: &'static str,
}

/// At most 64 KiB of lines of JSON: `{"external_id","name","id_number","phone","password_hash","created_at"}`, of which the hash
/// may be missing. Sent again, a line whose `external_id` was taken changes nothing.
#[utoipa::path(post, path = "/records/imports", request_body(content = String, content_type = "application/x-ndjson"),
    responses((status = 200, body = Imported)))]
pub async fn run(request: &Request) -> Result<Reply, Problem> {
    let (db, now) = (Db::open().await?, clock::now_ms());
    let Administrator(by) = authority::administrator(request, &db).await?;
    let mut done = Imported::default();
    for (at, line) in request.body.split(|byte| *byte == b'\n').enumerate() {
        if line.trim_ascii().is_empty() {
            continue;
        }
        match OldAccount::parse(line, now) {
            Ok(account) if take(&db, &account, now).await? => done.taken += 1,
            Ok(_) => done.known += 1,
            Err(defect) => {
                done.refused.push(RefusedLine { line: at + 1, field: defect.field, why: defect.why });
            }
        }
    }
    let detail =
        format!(r#"{{"taken":{},"known":{},"refused":{}}}"#, done.taken, done.known, done.refused.len());
    let kind = "accounts-imported";
    let line = Line { kind, actor: by.principal, device: Id::NONE, subject: Id::NONE, detail: &detail };
    audit::write(&db, &line, now).await?;
    Ok(Reply::json(StatusCode::OK, &done))
}

/// Whether the account is new. Its id follows from its name in the older system, so that no second one can be made of it.
async fn take(db: &Db, account: &OldAccount, now: u64) -> Result<bool, Problem> {
    let id = id_of(&account.external_id)?;
    let seal = |field: &str, text: &str| {
        sealing::seal(&format!("citizens.{field}/{id}"), text.as_bytes(), now).map_err(refused)
    };
    let made = db
        .one(
            "INSERT INTO citizens (id, standing, phone_sealed, phone_index, name_sealed, id_number_sealed, id_index, \
             password, second_factor, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 1, $9) \
             ON CONFLICT (id) DO NOTHING RETURNING id",
            [
                id.into(),
                Standing::ProofDue.name().into(),
                seal("phone", account.phone.as_str())?.into(),
                phone_index(&account.phone)?.into(),
                seal("name", &account.name)?.into(),
                seal("id_number", account.id_number.as_str())?.into(),
                id_index(&account.id_number)?.into(),
                account.password_hash.as_deref().into(),
                account.created_at_ms.into(),
            ],
        )
        .await?;
    Ok(made.is_some())
}

/// 128 bits of a keyed hash: the older system's name, which may itself be personal, is not kept.
fn id_of(external: &str) -> Result<Id, Problem> {
    let index = blind_index::index("citizens.external", external).map_err(refused)?;
    let id = index.get(..32).and_then(|half| half.parse().ok());
    id.ok_or_else(|| Problem::misconfigured("a blind index is not hexadecimal"))
}
