//! Face checks in a row that did not pass: 10 are free, then one in 30 s, none after 100 (NIST SP 800-63B-4 with liveness
//! detection). Each is counted before the provider is asked, and forgotten when the person is proven, by whatever means.

use http::StatusCode;
use zerotrip_accounts::audit::{self, Line};
use zerotrip_platform::{Db, Id, Problem};

const STOP: i64 = 100;
/// After so long without a check nothing is counted any more.
const FORGOTTEN_MS: u64 = 180 * 24 * 3600 * 1000;

/// Counts one for `subject`: an account's id, or the blind index of whom somebody who logs in says to be, known or not.
pub async fn count(db: &Db, subject: &str, account: Option<Id>, now: u64) -> Result<(), Problem> {
    let counted = db
        .one(
            "INSERT INTO face_attempts (subject, failures, locked_until, counted_at) VALUES ($1, 1, 0, $2) \
             ON CONFLICT (subject) DO UPDATE SET failures = face_attempts.failures + 1, counted_at = excluded.counted_at, \
             locked_until = CASE WHEN face_attempts.failures < 9 THEN 0 ELSE excluded.counted_at + 30000 END \
             WHERE face_attempts.locked_until <= excluded.counted_at AND face_attempts.failures < 100 \
             RETURNING failures",
            [subject.into(), now.into()],
        )
        .await?;
    if let Some(row) = counted {
        if row.int(0)? == STOP {
            let account = account.unwrap_or(Id::NONE);
            let line = Line {
                kind: "face-checks-stopped",
                actor: account,
                device: Id::NONE,
                subject: account,
                detail: "",
            };
            audit::write(db, &line, now).await?;
        }
        return Ok(());
    }
    let row = db
        .one("SELECT failures, locked_until FROM face_attempts WHERE subject = $1", [subject.into()])
        .await?;
    let (failures, locked_until) =
        row.map_or(Ok((0, 0)), |row| Ok::<_, Problem>((row.int(0)?, row.int(1)?)))?;
    if failures >= STOP {
        return Err(stopped());
    }
    Err(wait(u64::try_from(locked_until).unwrap_or(0).saturating_sub(now)))
}

/// Takes one back: the provider did not answer, so nobody has tried anything.
pub async fn give_back(db: &Db, subject: &str) -> Result<(), Problem> {
    db.run(
        "UPDATE face_attempts SET failures = failures - 1 WHERE subject = $1 AND failures > 0",
        [subject.into()],
    )
    .await?;
    Ok(())
}

/// The person was here.
pub async fn forget(db: &Db, subject: &str) -> Result<(), Problem> {
    db.run("DELETE FROM face_attempts WHERE subject = $1", [subject.into()]).await?;
    Ok(())
}

/// What nobody has added to for long.
pub async fn forget_old(db: &Db, now: u64) -> Result<(), Problem> {
    let before = now.saturating_sub(FORGOTTEN_MS);
    db.run("DELETE FROM face_attempts WHERE counted_at < $1", [before.into()]).await?;
    Ok(())
}

fn stopped() -> Problem {
    Problem::new(
        StatusCode::FORBIDDEN,
        "face-checks-stopped",
        "No more face checks",
        "人脸识别失败次数过多，已停止使用",
        "Show your ID card at a window: the activation code that you get there opens face checks again.",
    )
}

fn wait(ms: u64) -> Problem {
    let mut problem = Problem::new(
        StatusCode::TOO_MANY_REQUESTS,
        "too-many-requests",
        "Too many face checks",
        "人脸识别失败次数较多，请稍后再试",
        "Try again after the time that Retry-After gives in seconds, or bring an activation code from a window.",
    );
    problem.retry_after_s = Some(u32::try_from(ms.div_ceil(1000)).unwrap_or(u32::MAX).max(1));
    problem
}
