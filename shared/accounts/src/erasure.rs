//! What is personal about a proof goes once it is decided and followed up; a receipt stays.

use crate::refused;
use crate::signing::audit;
use serde::Serialize;
use utoipa::ToSchema;
use zerotrip_platform::{Db, Id, Problem};

/// What is erased. A picture or a template was never here.
const ERASED: [&str; 3] = ["certify_id", "name", "id_number"];

/// That what was personal is gone.
#[derive(Serialize, ToSchema)]
pub struct Receipt {
    /// Unix ms.
    erased_at: u64,
    /// What was erased.
    erased: [&'static str; 3],
    /// Keyed, over the check's id, the time and the list: who shows it can be believed.
    digest: String,
}

/// Erases, once, what no longer serves anything.
pub async fn erase(db: &Db, id: Id, now: u64) -> Result<(), Problem> {
    let digest = audit::digest(&bytes(id, now), now).map_err(refused)?;
    db.run(
        "UPDATE proofs SET person_index = NULL, person_sealed = NULL, reference_sealed = NULL, residence = NULL, \
         erased_at = $1, receipt = $2 \
         WHERE id = $3 AND erased_at IS NULL AND (effect IS NOT NULL OR state IN ('failed', 'expired'))",
        [now.into(), digest.into(), id.into()],
    )
    .await?;
    Ok(())
}

/// The receipt of a proof that was erased at `erased_at`, Unix ms, under `digest`.
pub fn receipt(erased_at: u64, digest: String) -> Receipt {
    Receipt { erased_at, erased: ERASED, digest }
}

/// What the digest is made of, one each line.
fn bytes(id: Id, at: u64) -> Vec<u8> {
    format!("{id}\n{at}\n{}", ERASED.join("\n")).into_bytes()
}
