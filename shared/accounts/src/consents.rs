//! What a person agrees to, purpose by purpose: appended, and taken back without a trace being lost.

use http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use zerotrip_platform::db::DbError;
use zerotrip_platform::{Db, Id, Problem};

/// The text that is shown today. A new text is a new version, to be agreed to anew.
pub const VERSION: &str = "2026-11";

/// What personal data is used for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Purpose {
    /// The account itself: phone and log-ins. Taken back by deleting the account.
    Account,
    /// Name and ID number are sent to the trusted-identity platform.
    RealName,
    /// Face checks, which have an equal path without a face.
    Face,
    /// Documents are shown by code to whom the person chooses.
    IdentityCodes,
    /// Messages before a document expires.
    Reminders,
}

impl Purpose {
    /// As rows and clients write it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Account => "account",
            Self::RealName => "real-name",
            Self::Face => "face",
            Self::IdentityCodes => "identity-codes",
            Self::Reminders => "reminders",
        }
    }

    /// Whose name it is.
    pub fn named(name: &str) -> Option<Self> {
        [Self::Account, Self::RealName, Self::Face, Self::IdentityCodes, Self::Reminders]
            .into_iter()
            .find(|purpose| purpose.name() == name)
    }
}

/// One consent of the past or of today.
#[derive(Serialize, ToSchema)]
pub struct Consent {
    pub purpose: String,
    /// Which text.
    pub version: String,
    /// Unix ms.
    pub given_at: i64,
    /// Unix ms; none while it holds.
    pub withdrawn_at: Option<i64>,
}

/// Records that `citizen` agrees. Agreed already, it stays as it is.
pub async fn give(db: &Db, citizen: Id, purpose: Purpose, now: u64) -> Result<(), Problem> {
    let given = db
        .run(
            "INSERT INTO consents (id, citizen, purpose, version, given_at) VALUES ($1, $2, $3, $4, $5)",
            [Id::random().into(), citizen.into(), purpose.name().into(), VERSION.into(), now.into()],
        )
        .await;
    match given {
        Ok(_) | Err(DbError::Conflict) => Ok(()),
        Err(other) => Err(other.into()),
    }
}

/// Refuses what `citizen` has not agreed to.
pub async fn demand(db: &Db, citizen: Id, purpose: Purpose) -> Result<(), Problem> {
    let given = db
        .one(
            "SELECT id FROM consents WHERE citizen = $1 AND purpose = $2 AND withdrawn_at IS NULL",
            [citizen.into(), purpose.name().into()],
        )
        .await?;
    given.map(|_| ()).ok_or_else(|| {
        Problem::new(
            StatusCode::FORBIDDEN,
            "consent-needed",
            "Consent needed",
            "需要您的单独同意",
            &format!("Agree to the purpose {} first; it can be taken back at any time.", purpose.name()),
        )
    })
}

/// All consents of `citizen`, the oldest first.
pub async fn all(db: &Db, citizen: Id) -> Result<Vec<Consent>, Problem> {
    let rows = db
        .run(
            "SELECT purpose, version, given_at, withdrawn_at FROM consents WHERE citizen = $1 ORDER BY given_at, id",
            [citizen.into()],
        )
        .await?;
    let consents = rows.iter().map(|row| {
        Ok(Consent {
            purpose: row.text(0)?.to_owned(),
            version: row.text(1)?.to_owned(),
            given_at: row.int(2)?,
            withdrawn_at: if row.is_null(3) { None } else { Some(row.int(3)?) },
        })
    });
    consents.collect()
}
