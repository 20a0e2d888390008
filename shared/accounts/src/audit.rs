//! The audit trail: one line for each act that somebody may have to answer for. It holds ids and kinds, never personal data.

use crate::refused;
use crate::signing::audit;
use crate::signing::faults::Fault;
use std::fmt::Display;
use zerotrip_platform::{Db, Id, Problem, clock};

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

/// The same for what was done at `at`, Unix ms, and may be written down again: of the lines with this id the first stays.
pub async fn write_once(db: &Db, id: impl Display, line: &Line<'_>, at: u64) -> Result<(), Problem> {
    let id = id.to_string();
    let digest = digest(&id, at, line)?;
    db.run(
        "INSERT INTO audit_lines (id, at, kind, actor, device, subject, detail, digest) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (id) DO NOTHING",
        [
            id.into(),
            at.into(),
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

/// Two keyed digests with a dot between: of the detail (nothing where it is empty), and of all else with the first. So a detail can
/// be erased, and who did what to whom when is still held. The key is that of the day of writing: there may have been none at `at`.
fn digest(id: &str, at: u64, line: &Line<'_>) -> Result<String, Problem> {
    let now = clock::now_ms();
    let detail = match line.detail {
        "" => String::new(),
        detail => audit::digest(&of_detail(id, detail), now).map_err(refused)?,
    };
    let whole = audit::digest(&of_line(id, at, line, &detail), now).map_err(refused)?;
    Ok(format!("{detail}.{whole}"))
}

/// Whether the line of this id and time is the one that `digest` was made of. `erased`: its detail is gone.
pub fn is_of(id: &str, at: u64, line: &Line<'_>, digest: &str, erased: bool) -> Result<bool, Problem> {
    let Some((detail, whole)) = digest.split_once('.') else { return Ok(false) };
    let untouched = match (line.detail, erased) {
        ("", true) => !detail.is_empty(),
        (_, true) => false,
        ("", false) => detail.is_empty(),
        (text, false) => matches(&of_detail(id, text), detail)?,
    };
    Ok(untouched && matches(&of_line(id, at, line, detail), whole)?)
}

/// One that is not even of its form holds nothing.
fn matches(bytes: &[u8], digest: &str) -> Result<bool, Problem> {
    match audit::matches(bytes, digest) {
        Ok(matches) => Ok(matches),
        Err(Fault::Refused(_)) => Ok(false),
        Err(other) => Err(refused(other)),
    }
}

fn of_detail(id: &str, detail: &str) -> Vec<u8> {
    format!("{id}\ndetail\n{detail}").into_bytes()
}

/// One field each line, the digest of the detail last.
fn of_line(id: &str, at: u64, line: &Line<'_>, detail: &str) -> Vec<u8> {
    let Line { kind, actor, device, subject, .. } = line;
    format!("{id}\n{at}\n{kind}\n{actor}\n{device}\n{subject}\n{detail}").into_bytes()
}
