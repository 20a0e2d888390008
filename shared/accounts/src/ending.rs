//! What follows when an account ends, and checks that nobody may go on with.

use crate::{channels, erasure, session};
use zerotrip_platform::{Db, Id, Problem};

/// What follows when an account ends: its sessions, links, consents and channels end with it, however often this runs.
pub async fn end(db: &Db, citizen: Id, why: &str, now: u64) -> Result<(), Problem> {
    session::end_all(db, citizen, Id::NONE, why, now).await?;
    db.run(
        "UPDATE consents SET withdrawn_at = $1 WHERE citizen = $2 AND withdrawn_at IS NULL",
        [now.into(), citizen.into()],
    )
    .await?;
    db.run("DELETE FROM real_name_requests WHERE citizen = $1", [citizen.into()]).await?;
    db.run("DELETE FROM alipay_links WHERE citizen = $1", [citizen.into()]).await?;
    channels::close_all(db, citizen, now).await?;
    // The job of proofs ends one that a cut-off request leaves, when its time is over.
    withdraw(db, citizen, now).await
}

/// What was shown of `child`, and who has tried, is from now on that of `own`: the account of the same person, who has grown.
/// However often it runs.
pub async fn hand_ledger(db: &Db, child: Id, own: Id) -> Result<(), Problem> {
    for sql in [
        "UPDATE identity_codes SET holder = $1 WHERE holder = $2",
        "UPDATE refused_scans SET holder = $1 WHERE holder = $2",
        "UPDATE misuse_reports SET holder = $1 WHERE holder = $2",
    ] {
        db.run(sql, [own.into(), child.into()]).await?;
    }
    Ok(())
}

/// Ends the checks of `citizen` that wait for their person, and erases what is personal about them, however often it runs: the
/// consent was taken back, or the account has ended.
pub async fn withdraw(db: &Db, citizen: Id, now: u64) -> Result<(), Problem> {
    let sql = "SELECT id FROM proofs WHERE citizen = $1 AND state = 'begun'";
    for row in db.run(sql, [citizen.into()]).await? {
        let id = row.id(0)?;
        let sql = "UPDATE proofs SET state = 'expired', decided_at = $1 WHERE id = $2 AND state = 'begun'";
        db.run(sql, [now.into(), id.into()]).await?;
        erasure::erase(db, id, now).await?;
    }
    Ok(())
}
