//! What follows from a proof that has passed, in an order in which any step may be the last before a power cut.

use crate::face::attempts;
use crate::proof::{Effect, Proof, accounts};
use serde_json::json;
use zerotrip_accounts::audit::{self, Line};
use zerotrip_accounts::consents::{self, Purpose as For};
use zerotrip_accounts::erasure;
use zerotrip_domain::proof::{How, Purpose};
use zerotrip_platform::{Db, Id, Problem};

/// Does what `proof` is for, once in effect, and says what came of it.
pub async fn follow_up(db: &Db, proof: &Proof, now: u64) -> Result<Effect, Problem> {
    let effect = match proof.effect {
        Some(effect) => effect,
        None => {
            let at = proof.decided_at.ok_or_else(|| Problem::unavailable("a passed proof has no time"))?;
            let effect = apply(db, proof, at).await?;
            settle(db, proof, effect, at).await?
        }
    };
    erasure::erase(db, proof.id, now).await?;
    Ok(effect)
}

async fn apply(db: &Db, proof: &Proof, at: u64) -> Result<Effect, Problem> {
    if proof.purpose == Purpose::LogIn {
        let Some(account) = proof.target else { return Ok(Effect::NoAccount) };
        let effect = accounts::prove(db, proof, account, at).await?;
        if effect == Effect::Done {
            // Said with the request, before anybody knew which account it is.
            consents::give(db, account, For::Face, at).await?;
        }
        return Ok(effect);
    }
    let citizen = proof.citizen.ok_or_else(|| Problem::unavailable("a proof has no account"))?;
    match (proof.purpose, proof.target) {
        (Purpose::RealPerson, _) => accounts::prove(db, proof, citizen, at).await,
        (Purpose::Recovery, Some(first)) => accounts::recover(db, proof, citizen, first, at).await,
        (Purpose::Claim, Some(first)) => accounts::claim(db, proof, citizen, first, at).await,
        (Purpose::Recovery | Purpose::Claim, None) => Ok(Effect::NoAccount),
        (Purpose::StepUp | Purpose::LogIn, _) => Ok(Effect::Done),
    }
}

/// The session is fresh, the act is written down, and the proof's row says that all is done. Of several who come to
/// different ends the first one's counts.
async fn settle(db: &Db, proof: &Proof, effect: Effect, at: u64) -> Result<Effect, Problem> {
    if let (Effect::Done, Some(session)) = (effect, proof.session) {
        let sql = "UPDATE citizen_sessions SET face_at = $1 WHERE id = $2 AND face_at < $3";
        db.run(sql, [at.into(), session.into(), at.into()]).await?;
    }
    // Whoever was seen, by a camera or at a window, may fail anew.
    if proof.how != How::TwoItems && matches!(effect, Effect::Done | Effect::Merged) {
        let accounts = [proof.citizen, proof.target].into_iter().flatten();
        for account in accounts.clone() {
            let sql = "UPDATE citizens SET proven_how = $1, proven_at = $2 WHERE id = $3 AND standing = 'real-person' \
                       AND proven_how = 'two-items'";
            db.run(sql, [proof.how.name().into(), at.into(), account.into()]).await?;
        }
        for subject in accounts.map(|account| account.to_string()).chain(proof.person_index.clone()) {
            attempts::forget(db, &subject).await?;
        }
    }
    write_down(db, proof, effect, at).await?;
    let row = db
        .one(
            "UPDATE proofs SET done_at = COALESCE(done_at, $1), effect = COALESCE(effect, $2) WHERE id = $3 \
             RETURNING effect",
            [at.into(), effect.name().into(), proof.id.into()],
        )
        .await?;
    let row = row.ok_or_else(|| Problem::unavailable("a proof is gone"))?;
    Effect::named(row.text(0)?).ok_or_else(|| Problem::unavailable("a row names an unknown effect"))
}

/// One line for one proof, however often it is followed up.
async fn write_down(db: &Db, proof: &Proof, effect: Effect, at: u64) -> Result<(), Problem> {
    let kind = match (effect, proof.purpose) {
        (Effect::Done, Purpose::RealPerson | Purpose::StepUp | Purpose::LogIn) => "person-proven",
        (Effect::Done, Purpose::Recovery) => "account-recovered",
        (Effect::Done, Purpose::Claim) => "account-claimed",
        (Effect::Merged, _) => "account-merged",
        _ => "proof-without-effect",
    };
    let none = Id::NONE;
    let actor = proof.citizen.or(proof.target).unwrap_or(none);
    let subject = match proof.purpose {
        Purpose::RealPerson | Purpose::StepUp if effect == Effect::Done => actor,
        _ => proof.target.unwrap_or(actor),
    };
    let detail = json!({
        "proof": proof.id.to_string(), "how": proof.how.name(), "purpose": proof.purpose.name(), "effect": effect.name(),
    });
    let detail = detail.to_string();
    let line = Line { kind, actor, device: none, subject, detail: &detail };
    audit::write_once(db, proof.id, &line, at).await?;
    if let Some(code) = proof.activation_code {
        let line = Line { kind: "activation-code-used", actor, device: none, subject: code, detail: &detail };
        audit::write_once(db, code, &line, at).await?;
    }
    Ok(())
}
