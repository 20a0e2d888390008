//! What became of a code, for the screen that shows it; and the citizen's end of it.

use http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;
use zerotrip_accounts::citizen;
use zerotrip_domain::day::stamp;
use zerotrip_platform::{Db, Id, Problem, Reply, Request, clock};

/// How a code stands.
#[derive(Serialize, ToSchema)]
pub struct Outcome {
    /// 32 hex digits.
    id: String,
    /// `outstanding`, `redeemed`, `cancelled`, `superseded` by a newer code of the same person, or `expired`.
    state: &'static str,
    scenario: String,
    /// Unix ms.
    issued_at: u64,
    /// Unix ms at which the QR code is over, and the typed one.
    expires_at: u64,
    typed_until: u64,
    redeemed: Option<Redeemed>,
}

/// Where it was taken.
#[derive(Serialize, ToSchema)]
pub struct Redeemed {
    /// Unix ms.
    at: u64,
    /// The venue's name.
    venue: String,
    /// `qr` or `typed`.
    read: String,
    /// Names of what was told there.
    disclosed: Vec<String>,
}

#[utoipa::path(get, path = "/qr/identity-codes/{id}", params(("id" = String, Path)), responses((status = 200, body = Outcome)))]
pub async fn outcome(request: &Request, id: &str) -> Result<Reply, Problem> {
    let db = Db::open().await?;
    let caller = citizen::real_person(request, &db).await?;
    let id: Id = id.parse().map_err(|_| Problem::not_found())?;
    Ok(Reply::json(StatusCode::OK, &of(&db, id, caller.id).await?))
}

/// Cancelled again is cancelled; a code that was redeemed stays so.
#[utoipa::path(delete, path = "/qr/identity-codes/{id}", params(("id" = String, Path)), responses((status = 204)))]
pub async fn cancel(request: &Request, id: &str) -> Result<Reply, Problem> {
    let db = Db::open().await?;
    let caller = citizen::real_person(request, &db).await?;
    let id: Id = id.parse().map_err(|_| Problem::not_found())?;
    let cancelled = db
        .one(
            "UPDATE identity_codes SET ended_how = 'cancelled', ended_at = $1 \
             WHERE id = $2 AND minted_by = $3 AND ended_how IS NULL RETURNING id",
            [clock::now_ms().into(), id.into(), caller.id.into()],
        )
        .await?;
    if cancelled.is_some() {
        return Ok(Reply::no_content());
    }
    match of(&db, id, caller.id).await?.redeemed {
        None => Ok(Reply::no_content()),
        Some(redeemed) => Err(Problem::new(
            StatusCode::CONFLICT,
            "code-used",
            "Code used already",
            "该码已使用",
            &format!(
                "It was redeemed at {} (UTC+8). If that was not you, report it in the wallet.",
                stamp(redeemed.at)
            ),
        )),
    }
}

/// Code `id`, if `caller` has minted it.
async fn of(db: &Db, id: Id, caller: Id) -> Result<Outcome, Problem> {
    let row = db
        .one(
            "SELECT c.scenario, c.issued_at, c.expires_at, c.typed_until, c.ended_how, c.ended_at, c.read_how, c.disclosed, v.name, \
             (SELECT COUNT(*) FROM identity_codes n WHERE n.holder = c.holder AND (n.issued_at, n.id) > (c.issued_at, c.id)) \
             FROM identity_codes c LEFT JOIN venues v ON v.id = c.at_venue WHERE c.id = $1 AND c.minted_by = $2",
            [id.into(), caller.into()],
        )
        .await?
        .ok_or_else(Problem::not_found)?;
    let time = |at| Ok::<_, Problem>(u64::try_from(row.int(at)?).unwrap_or(0));
    let typed_until = time(3)?;
    let state = match row.optional_text(4)? {
        Some("redeemed") => "redeemed",
        Some(_) => "cancelled",
        None if row.int(9)? > 0 => "superseded",
        None if typed_until <= clock::now_ms() => "expired",
        None => "outstanding",
    };
    let redeemed = match state {
        "redeemed" => Some(Redeemed {
            at: time(5)?,
            venue: row.optional_text(8)?.unwrap_or("").to_owned(),
            read: row.text(6)?.to_owned(),
            disclosed: row.text(7)?.split(',').map(str::to_owned).collect(),
        }),
        _ => None,
    };
    Ok(Outcome {
        id: id.to_string(),
        state,
        scenario: row.text(0)?.to_owned(),
        issued_at: time(1)?,
        expires_at: time(2)?,
        typed_until,
        redeemed,
    })
}
