//! Invitations: an administrator lets an officer, venue staff or another administrator open an account.

use http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use zerotrip_accounts::audit::{self, Line};
use zerotrip_accounts::signing::blind_index;
use zerotrip_accounts::{authority, refused};
use zerotrip_platform::{Db, Id, Problem, Reply, Request, clock};

/// How long an invitation may be used.
const LIFE_MS: u64 = 3 * 24 * 3600 * 1000;
/// The field name under which codes are indexed; the local command that invites the first administrator uses it too.
pub const INDEXED_AS: &str = "invitation";

/// Who is invited.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewInvitation {
    role: InvitedRole,
    /// The police agency or venue that the person acts for.
    agency: String,
}

/// Roles that come by invitation.
#[derive(Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
enum InvitedRole {
    Officer,
    VenueStaff,
    Administrator,
}

/// The code is shown once; the database keeps only its blind index.
#[derive(Serialize, ToSchema)]
pub struct Invitation {
    code: String,
    /// Unix ms.
    expires_at: u64,
}

#[utoipa::path(post, path = "/auth/invitations", request_body = NewInvitation,
    responses((status = 201, body = Invitation)))]
pub async fn create(request: &Request) -> Result<Reply, Problem> {
    let new: NewInvitation = request.json()?;
    if new.agency.trim().is_empty() || new.agency.len() > 200 {
        return Err(Problem::invalid("agency must have 1 to 200 bytes"));
    }
    let db = Db::open().await?;
    let by = authority::administrator(request, &db).await?;
    let role = match new.role {
        InvitedRole::Officer => "officer",
        InvitedRole::VenueStaff => "venue-staff",
        InvitedRole::Administrator => "administrator",
    };
    let code = Id::random().to_string();
    let expires_at = clock::now_ms() + LIFE_MS;
    let index = blind_index::index(INDEXED_AS, &code).map_err(refused)?;
    db.run(
        "INSERT INTO invitations (code_index, role, agency, created_by, expires_at) VALUES ($1, $2, $3, $4, $5)",
        [index.into(), role.into(), new.agency.trim().into(), by.0.principal.into(), expires_at.into()],
    )
    .await?;
    let detail = format!(r#"{{"role":"{role}"}}"#);
    let line = Line {
        kind: "staff-invited",
        actor: by.0.principal,
        device: by.0.device,
        subject: Id::NONE,
        detail: &detail,
    };
    audit::write(&db, &line, clock::now_ms()).await?;
    Ok(Reply::json(StatusCode::CREATED, &Invitation { code, expires_at }))
}
