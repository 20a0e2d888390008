//! Officers' terminals and venues' scanners.

use http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use zerotrip_accounts::audit::{self, Line};
use zerotrip_accounts::authority::{self, Administrator};
use zerotrip_accounts::refused;
use zerotrip_accounts::signing::session_claims::{Claims, Purpose, Role};
use zerotrip_accounts::signing::session_issue;
use zerotrip_platform::{Db, Id, Problem, Reply, Request, clock};

/// A device's credential outlives its people's sessions; revocation of its row ends it at once.
const LIFE_MS: u64 = 3 * 365 * 24 * 3600 * 1000;

/// A device to enrol.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewDevice {
    kind: DeviceKind,
    label: String,
    agency: String,
}

#[derive(Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
enum DeviceKind {
    Terminal,
    Scanner,
}

/// The token is shown once and stays on the device.
#[derive(Serialize, ToSchema)]
pub struct Enrolled {
    device: String,
    token: String,
}

#[utoipa::path(post, path = "/auth/devices", request_body = NewDevice, responses((status = 201, body = Enrolled)))]
pub async fn enrol(request: &Request) -> Result<Reply, Problem> {
    let new: NewDevice = request.json()?;
    for (field, value) in [("label", &new.label), ("agency", &new.agency)] {
        if value.trim().is_empty() || value.len() > 200 {
            return Err(Problem::invalid(&format!("{field} must have 1 to 200 bytes")));
        }
    }
    let db = Db::open().await?;
    let Administrator(by) = authority::administrator(request, &db).await?;
    let (id, now) = (Id::random(), clock::now_ms());
    let (kind, role) = match new.kind {
        DeviceKind::Terminal => ("terminal", Role::Officer),
        DeviceKind::Scanner => ("scanner", Role::VenueStaff),
    };
    let claims = Claims {
        session: Id::NONE.halves(),
        principal: Id::NONE.halves(),
        device: id.halves(),
        role,
        level: 0,
        face_at_ms: 0,
        generation: 0,
        issued_at_ms: now,
        expires_at_ms: now + LIFE_MS,
    };
    let token = session_issue::issue(Purpose::Device, claims).map_err(refused)?;
    db.run(
        "INSERT INTO devices (id, kind, label, agency, enrolled_at, enrolled_by) VALUES ($1, $2, $3, $4, $5, $6)",
        [
            id.into(),
            kind.into(),
            new.label.trim().into(),
            new.agency.trim().into(),
            now.into(),
            by.principal.into(),
        ],
    )
    .await?;
    let line =
        Line { kind: "device-enrolled", actor: by.principal, device: by.device, subject: id, detail: "" };
    audit::write(&db, &line, now).await?;
    Ok(Reply::json(StatusCode::CREATED, &Enrolled { device: id.to_string(), token }))
}

#[utoipa::path(delete, path = "/auth/devices/{id}", params(("id" = String, Path)), responses((status = 204)))]
pub async fn revoke(request: &Request, id: &str) -> Result<Reply, Problem> {
    let id: Id = id.parse().map_err(|_| Problem::not_found())?;
    let db = Db::open().await?;
    let Administrator(by) = authority::administrator(request, &db).await?;
    let known = db
        .one(
            "UPDATE devices SET revoked_at = COALESCE(revoked_at, $1), revoked_by = COALESCE(revoked_by, $2) \
             WHERE id = $3 RETURNING id",
            [clock::now_ms().into(), by.principal.into(), id.into()],
        )
        .await?;
    known.ok_or_else(Problem::not_found)?;
    let line =
        Line { kind: "device-revoked", actor: by.principal, device: by.device, subject: id, detail: "" };
    audit::write(&db, &line, clock::now_ms()).await?;
    Ok(Reply::no_content())
}
