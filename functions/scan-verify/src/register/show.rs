//! One entry of the own register.

use crate::register::{Entry, Line, Shown};
use crate::venues;
use http::StatusCode;
use zerotrip_platform::{Db, Id, Problem, Reply, Request, clock};

/// Of another venue it is none.
#[utoipa::path(get, path = "/scan/entries/{id}", params(("id" = String, Path)), responses((status = 200, body = Shown)))]
pub async fn show(request: &Request, id: &str) -> Result<Reply, Problem> {
    let id = id.parse().map_err(|_| Problem::not_found())?;
    let (db, now) = (Db::open().await?, clock::now_ms());
    let (_, venue) = venues::staff(request, &db).await?;
    let shown = to_staff(&db, venue, id, now).await?;
    Ok(Reply::json(StatusCode::OK, &shown))
}

/// The entry as staff of `venue` see it now.
pub async fn to_staff(db: &Db, venue: Id, id: Id, now: u64) -> Result<Shown, Problem> {
    let row = db
        .one(
            "SELECT c.id, c.ended_at, c.policy, c.minor, c.outside, c.entry_sealed, c.kept_until, r.at FROM identity_codes c \
             LEFT JOIN register_reports r ON r.code = c.id WHERE c.id = $1 AND c.at_venue = $2 \
             AND c.ended_how = 'redeemed' AND c.entry_sealed IS NOT NULL AND c.kept_until > $3",
            [id.into(), venue.into(), now.into()],
        )
        .await?;
    let entry = Entry::of(&row.ok_or_else(Problem::not_found)?)?;
    let rows = db
        .run(
            "SELECT id, name, value_sealed, at, person FROM register_additions WHERE code = $1 ORDER BY at, id",
            [id.into()],
        )
        .await?;
    let additions = rows.iter().map(Line::of).collect::<Result<_, _>>()?;
    Ok(Shown::to_staff(entry, additions, now))
}
