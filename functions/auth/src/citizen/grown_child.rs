//! The end of a guardianship: the child is 14 and registers.

use zerotrip_accounts::audit::{self, Line};
use zerotrip_accounts::ending;
use zerotrip_accounts::person::id_index;
use zerotrip_domain::IdNumber;
use zerotrip_platform::{Db, Id, Problem};

/// A person of 14 takes over from the guardian: the child's entry ends in the person's own account, and the number is free for it.
/// Whether there was one.
pub async fn take_over(db: &Db, number: &IdNumber, own: Id, now: u64) -> Result<bool, Problem> {
    let ended = db
        .one(
            "UPDATE citizens SET standing = 'merged', merged_into = $1, guardian = NULL, changed_at = $2, changed_by = $3 \
             WHERE id_index = $4 AND guardian IS NOT NULL AND standing = 'real-name' RETURNING id",
            [own.into(), now.into(), own.into(), id_index(number)?.into()],
        )
        .await?;
    let Some(row) = ended else { return Ok(false) };
    let child = row.id(0)?;
    ending::end(db, child, "merged", now).await?;
    ending::hand_ledger(db, child, own).await?;
    let detail = format!(r#"{{"into":"{own}"}}"#);
    let line = Line { kind: "child-grown", actor: own, device: Id::NONE, subject: child, detail: &detail };
    audit::write(db, &line, now).await?;
    Ok(true)
}
