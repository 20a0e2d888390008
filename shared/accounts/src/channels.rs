//! Online channels (电子证照) of a person's documents: opened by who has just been proven, closed at will, and between the two
//! what the registry said last.
//!
//! A channel is its row, and one statement opens or closes it. What was cached is gone with the closing.

use crate::audit::{self, Line};
use crate::fresh::Fresh;
use crate::holder::Holder;
use crate::refused;
use crate::sealed::opened_as;
use crate::signing::sealing;
use serde_json::{Map, Value as Json};
use zerotrip_domain::document::{Field, Kind, Value};
use zerotrip_domain::{Day, Document};
use zerotrip_platform::{Db, Id, Problem, Row};

const FRESH_MS: u64 = 24 * 3600 * 1000;

/// An open channel.
pub struct Channel {
    /// Of which document.
    pub kind: Kind,
    /// Unix ms.
    pub opened_at: u64,
    /// What the registry said last; none until it has answered once.
    pub told: Option<Told>,
}

/// What the registry says of one kind.
#[derive(Clone)]
pub struct Told {
    /// All that the holder has of the kind; pictures are there if they were asked for and are still kept.
    pub documents: Vec<Document>,
    /// When the registry said so, Unix ms.
    pub as_of: u64,
}

/// Opens the channel of `kind`, and says whether it was not open already. Nobody does without having been proven:
///
/// ```
/// use zerotrip_accounts::{channels, fresh::Fresh, holder::Holder};
/// use zerotrip_domain::document::Kind;
/// use zerotrip_platform::{Db, Problem};
///
/// async fn open(db: &Db, holder: &Holder, proof: &Fresh) -> Result<bool, Problem> {
///     channels::open(db, holder, Kind::Passport, proof, 0).await
/// }
/// ```
///
/// That proof cannot be made up,
///
/// ```compile_fail
/// use zerotrip_accounts::{channels, fresh::Fresh, holder::Holder};
/// use zerotrip_domain::document::Kind;
/// use zerotrip_platform::{Db, Id, Problem};
///
/// async fn open(db: &Db, holder: &Holder) -> Result<bool, Problem> {
///     let proof = Fresh { who: Id::NONE, at_ms: 0 };
///     channels::open(db, holder, Kind::Passport, &proof, 0).await
/// }
/// ```
///
/// nor can a session take its place.
///
/// ```compile_fail
/// use zerotrip_accounts::{channels, citizen::Citizen, holder::Holder};
/// use zerotrip_domain::document::Kind;
/// use zerotrip_platform::{Db, Problem};
///
/// async fn open(db: &Db, holder: &Holder, session: &Citizen) -> Result<bool, Problem> {
///     channels::open(db, holder, Kind::Passport, session, 0).await
/// }
/// ```
pub async fn open(db: &Db, holder: &Holder, kind: Kind, proof: &Fresh, now: u64) -> Result<bool, Problem> {
    let line = Id::random();
    let opened = db
        .one(
            "INSERT INTO channels (holder, kind, opened_at, opened_by, proven_at, opening) VALUES ($1, $2, $3, $4, $5, $6) \
             ON CONFLICT (holder, kind) DO UPDATE SET opened_at = excluded.opened_at, opened_by = excluded.opened_by, \
             proven_at = excluded.proven_at, opening = excluded.opening, closed_at = NULL, closed_by = NULL, closing = NULL, \
             look_at = 0 WHERE channels.closed_at IS NOT NULL RETURNING opening",
            [
                holder.id().into(),
                kind.name().into(),
                now.into(),
                proof.who().into(),
                proof.at_ms().into(),
                line.into(),
            ],
        )
        .await?;
    if opened.is_some() {
        write(db, line, "channel-opened", proof.who(), holder.id(), kind, now).await?;
        return Ok(true);
    }
    // Open already, perhaps by a request that was cut off before its audit line.
    let sql = "SELECT opening, opened_by, opened_at FROM channels WHERE holder = $1 AND kind = $2 AND closed_at IS NULL";
    if let Some(row) = db.one(sql, [holder.id().into(), kind.name().into()]).await? {
        write(db, row.id(0)?, "channel-opened", row.id(1)?, holder.id(), kind, time(&row, 2)?).await?;
    }
    Ok(false)
}

/// Closes it, if it is open: what was cached is erased, and no code shows the document any more. Whether there was ever one.
pub async fn close(db: &Db, holder: Id, kind: Kind, by: Id, now: u64) -> Result<bool, Problem> {
    let closed = db
        .one(
            "UPDATE channels SET closed_at = $1, closed_by = $2, closing = $3, documents_sealed = NULL, photos_sealed = NULL, \
             as_of = NULL WHERE holder = $4 AND kind = $5 AND closed_at IS NULL RETURNING holder",
            [now.into(), by.into(), Id::random().into(), holder.into(), kind.name().into()],
        )
        .await?;
    let sql = "SELECT closing, closed_by, closed_at FROM channels WHERE holder = $1 AND kind = $2 AND closed_at IS NOT NULL";
    let Some(row) = db.one(sql, [holder.into(), kind.name().into()]).await? else {
        // Nobody had one, or somebody has just opened it again.
        return Ok(closed.is_some());
    };
    if !row.is_null(0) {
        write(db, row.id(0)?, "channel-closed", row.id(1)?, holder, kind, time(&row, 2)?).await?;
    }
    Ok(true)
}

/// Closes all of an account that ends; its own line says why.
pub async fn close_all(db: &Db, holder: Id, now: u64) -> Result<(), Problem> {
    db.run(
        "UPDATE channels SET closed_at = $1, closed_by = $2, documents_sealed = NULL, photos_sealed = NULL, as_of = NULL \
         WHERE holder = $3 AND closed_at IS NULL",
        [now.into(), Id::NONE.into(), holder.into()],
    )
    .await?;
    db.run("DELETE FROM reminders WHERE holder = $1", [holder.into()]).await?;
    Ok(())
}

/// All open channels of a person, without pictures.
pub async fn all(db: &Db, holder: Id, now: u64) -> Result<Vec<Channel>, Problem> {
    let sql = "SELECT kind, opened_at, documents_sealed, as_of FROM channels WHERE holder = $1 AND closed_at IS NULL";
    let rows = db.run(sql, [holder.into()]).await?;
    rows.iter().map(|row| read(row, holder, None, now)).collect()
}

/// The open channel of `kind`, with pictures as far as they are kept.
pub async fn one(db: &Db, holder: Id, kind: Kind, now: u64) -> Result<Option<Channel>, Problem> {
    let row = db
        .one(
            "SELECT kind, opened_at, documents_sealed, as_of, photos_sealed FROM channels \
             WHERE holder = $1 AND kind = $2 AND closed_at IS NULL",
            [holder.into(), kind.name().into()],
        )
        .await?;
    row.map(|row| read(&row, holder, Some(4), now)).transpose()
}

/// The channels of `kinds`, three at most, that are open since `since`, Unix ms, or longer and that the registry has answered for:
/// what a code shows. Pictures are read where somebody is to see them.
pub async fn shown(
    db: &Db,
    holder: Id,
    kinds: &[Kind],
    photos: bool,
    since: u64,
    now: u64,
) -> Result<Vec<(Kind, Told)>, Problem> {
    let kind = |at: usize| kinds.get(at).map_or("", |kind| kind.name());
    let rows = db
        .run(
            "SELECT kind, opened_at, documents_sealed, as_of, CASE WHEN $1 = 'photos' THEN photos_sealed END FROM channels \
             WHERE holder = $2 AND kind IN ($3, $4, $5) AND opened_at <= $6 AND closed_at IS NULL AND documents_sealed IS NOT NULL",
            [
                if photos { "photos" } else { "" }.into(),
                holder.into(),
                kind(0).into(),
                kind(1).into(),
                kind(2).into(),
                since.into(),
            ],
        )
        .await?;
    let channels = rows.iter().map(|row| {
        let channel = read(row, holder, Some(4), now)?;
        Ok(channel.told.map(|told| (channel.kind, told)))
    });
    channels.filter_map(Result::transpose).collect()
}

impl Told {
    /// Whether it may be shown at `now`: what is older is looked up anew first.
    pub fn fresh(&self, now: u64) -> bool {
        self.as_of.saturating_add(FRESH_MS) > now
    }
}

/// Keeps what the registry says, unless the channel is closed meanwhile or something newer is there.
pub async fn keep(db: &Db, holder: Id, kind: Kind, told: &Told, now: u64) -> Result<(), Problem> {
    let (papers, photos): (Vec<Json>, Vec<Json>) = told.documents.iter().map(written).unzip();
    let seal = |what: &str, list: Vec<Json>| {
        let context = context(what, holder, kind);
        sealing::seal(&context, Json::Array(list).to_string().as_bytes(), now).map_err(refused)
    };
    let photos = if photos.iter().all(Json::is_null) { None } else { Some(seal("photos", photos)?) };
    db.run(
        "UPDATE channels SET documents_sealed = $1, photos_sealed = $2, as_of = $3 \
         WHERE holder = $4 AND kind = $5 AND closed_at IS NULL AND (as_of IS NULL OR as_of < $6)",
        [
            seal("documents", papers)?.into(),
            photos.into(),
            told.as_of.into(),
            holder.into(),
            kind.name().into(),
            told.as_of.into(),
        ],
    )
    .await?;
    Ok(())
}

/// A document as an object of its fields, and its picture apart.
fn written(document: &Document) -> (Json, Json) {
    let (mut paper, mut photo) = (Map::new(), Json::Null);
    for (field, value) in document.fields() {
        let value = match value {
            Value::Text(text) => Json::from(text),
            Value::List(all) => Json::from(all),
        };
        if field == Field::Photo {
            photo = value;
        } else {
            paper.insert(field.name().to_owned(), value);
        }
    }
    (Json::Object(paper), photo)
}

/// The documents of a list of objects of fields, as the registry and the cache write them. None if one is not of the kind.
pub fn documents(kind: Kind, list: &[Json], today: Day) -> Option<Vec<Document>> {
    list.iter().map(|paper| document(kind, paper, None, today)).collect()
}

fn document(kind: Kind, paper: &Json, photo: Option<&Json>, today: Day) -> Option<Document> {
    let fields = paper.as_object()?.iter().map(|(name, value)| (name.as_str(), value));
    let photo = photo.filter(|photo| !photo.is_null()).map(|photo| (Field::Photo.name(), photo));
    let fields = fields.chain(photo).map(|(name, value)| Some((name, given(value)?)));
    Document::read(kind, fields.collect::<Option<Vec<_>>>()?, today).ok()
}

fn given(value: &Json) -> Option<Value> {
    match value {
        Json::String(text) => Some(Value::Text(text.clone())),
        Json::Array(all) => {
            all.iter().map(|one| one.as_str().map(str::to_owned)).collect::<Option<_>>().map(Value::List)
        }
        _ => None,
    }
}

/// Columns: kind, opened_at, documents_sealed, as_of, and `photos` where they are wanted.
fn read(row: &Row, holder: Id, photos: Option<usize>, now: u64) -> Result<Channel, Problem> {
    let odd = || Problem::unavailable("a channel's row is not of its form");
    let kind = Kind::named(row.text(0)?).ok_or_else(odd)?;
    let list = |at: usize, what: &str| {
        let text = opened_as(row, at, &context(what, holder, kind))?;
        serde_json::from_str::<Vec<Json>>(&text).map_err(|_| odd())
    };
    let told = if row.is_null(2) {
        None
    } else {
        let papers = list(2, "documents")?;
        let photos = match photos {
            // A picture is kept for a day, also where the job that erases it is late.
            Some(at) if !row.is_null(at) && time(row, 3)?.saturating_add(FRESH_MS) > now => {
                list(at, "photos")?
            }
            _ => Vec::new(),
        };
        let documents = papers.iter().enumerate();
        let documents = documents.map(|(at, paper)| document(kind, paper, photos.get(at), Day::at(now)));
        let documents = documents.collect::<Option<_>>().ok_or_else(odd)?;
        Some(Told { documents, as_of: time(row, 3)? })
    };
    Ok(Channel { kind, opened_at: time(row, 1)?, told })
}

async fn write(
    db: &Db,
    id: Id,
    what: &str,
    actor: Id,
    holder: Id,
    kind: Kind,
    at: u64,
) -> Result<(), Problem> {
    let detail = format!(r#"{{"kind":"{}"}}"#, kind.name());
    let line = Line { kind: what, actor, device: Id::NONE, subject: holder, detail: &detail };
    audit::write_once(db, id, &line, at).await
}

fn context(what: &str, holder: Id, kind: Kind) -> String {
    format!("channels.{what}/{holder}/{}", kind.name())
}

fn time(row: &Row, at: usize) -> Result<u64, Problem> {
    row.int(at).map(|at| u64::try_from(at).unwrap_or(0))
}
