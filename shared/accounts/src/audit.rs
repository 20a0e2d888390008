//! The audit trail: one line for each act that somebody may have to answer for. It holds ids and kinds, never personal data.

use crate::refused;
use crate::signing::audit;
use zerotrip_platform::{Db, Id, Problem};

/// One act.
pub struct Line<'a> {
    /// E.g. `account-frozen`; lower-case words with hyphens, never changed in meaning.
    pub kind: &'a str,
    /// Who did it.
    pub actor: Id,
    /// On which device; [`Id::NONE`] without one.
    pub device: Id,
    /// To what.
    pub subject: Id,
    /// JSON, or empty.
    pub detail: &'a str,
}

/// Writes a line. Nothing is read first, so that no hot path waits for another.
pub async fn write(db: &Db, line: &Line<'_>, now: u64) -> Result<(), Problem> {
    write_once(db, Id::random(), line, now).await
}

/// The same for an act that may be repeated: of the lines with this id the first stays.
pub async fn write_once(db: &Db, id: Id, line: &Line<'_>, now: u64) -> Result<(), Problem> {
    let digest = audit::digest(&bytes(id, now, line), now).map_err(refused)?;
    db.run(
        "INSERT INTO audit_lines (id, at, kind, actor, device, subject, detail, digest) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (id) DO NOTHING",
        [
            id.into(),
            now.into(),
            line.kind.into(),
            line.actor.into(),
            line.device.into(),
            line.subject.into(),
            line.detail.into(),
            digest.into(),
        ],
    )
    .await?;
    Ok(())
}

/// What the digest of a line is made of: its fields, one each line, the detail last.
pub fn bytes(id: Id, at: u64, line: &Line<'_>) -> Vec<u8> {
    let Line { kind, actor, device, subject, detail } = line;
    format!("{id}\n{at}\n{kind}\n{actor}\n{device}\n{subject}\n{detail}").into_bytes()
}
