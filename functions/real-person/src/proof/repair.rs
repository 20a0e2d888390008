//! The job that finishes what a power cut interrupted: proofs that passed are followed up, those whose time is over are
//! closed, and what was personal about them is erased.

use crate::face;
use crate::proof::follow_up::follow_up;
use crate::proof::{self, Proof, State};
use http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;
use zerotrip_accounts::{authority, erasure};
use zerotrip_platform::{Db, Problem, Reply, Request, clock};

/// Most that one run looks at; the next one goes on.
const MOST: i64 = 200;
/// Whoever asks for the result now does it all without us.
const GRACE_MS: u64 = 60_000;

/// What a run has done.
#[derive(Serialize, ToSchema)]
pub struct Repaired {
    /// Passed, and followed up to their end.
    followed_up: u64,
    /// Closed because their time was over.
    expired: u64,
    /// Left for the next run, each with its reason in the log.
    failed: u64,
}

#[utoipa::path(post, path = "/real-person/jobs/proofs", responses((status = 200, body = Repaired)))]
pub async fn run(request: &Request) -> Result<Reply, Problem> {
    let db = Db::open().await?;
    authority::scheduler(request, &db).await?;
    Ok(Reply::json(StatusCode::OK, &repair(&db, clock::now_ms()).await?))
}

/// One run. Any number at once come to the same end.
pub async fn repair(db: &Db, now: u64) -> Result<Repaired, Problem> {
    let mut repaired = Repaired { followed_up: 0, expired: 0, failed: 0 };
    let rows = db
        .run(
            "SELECT id FROM proofs WHERE erased_at IS NULL AND (expires_at <= $1 OR decided_at <= $2) \
             ORDER BY expires_at, id LIMIT CAST($3 AS BIGINT)",
            [now.into(), now.saturating_sub(GRACE_MS).into(), MOST.into()],
        )
        .await?;
    for row in &rows {
        let Some(proof) = Proof::load(db, row.id(0)?).await? else { continue };
        match finish(db, &proof, now).await {
            Ok(State::Passed) => repaired.followed_up += 1,
            Ok(_) => repaired.expired += 1,
            // Logged where it was made; the others are not to wait for it.
            Err(_) => repaired.failed += 1,
        }
    }
    face::attempts::forget_old(db, now).await?;
    // Used or not: nobody can use them any more, and they hold a name.
    db.run("DELETE FROM activation_codes WHERE expires_at <= $1", [now.into()]).await?;
    Ok(repaired)
}

/// The state in which it ends.
async fn finish(db: &Db, proof: &Proof, now: u64) -> Result<State, Problem> {
    if proof.state == State::Begun {
        proof::close(db, proof.id, State::Expired, now).await?;
    }
    let proof = Proof::load(db, proof.id).await?.ok_or_else(Problem::not_found)?;
    match proof.state {
        State::Passed => {
            follow_up(db, &proof, now).await?;
        }
        _ => erasure::erase(db, proof.id, now).await?,
    }
    Ok(proof.state)
}
