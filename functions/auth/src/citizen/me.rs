//! What an account says about itself to its person.

use http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;
use zerotrip_accounts::citizen;
use zerotrip_accounts::consents::{self, Consent};
use zerotrip_accounts::sealed::opened;
use zerotrip_domain::account::Standing;
use zerotrip_domain::residence::{POLICY, Residence, Service};
use zerotrip_domain::{Day, IdNumber, Phone, mask};
use zerotrip_platform::{Db, Problem, Reply, Request, clock};

/// The own account, masked: for screens that others may see.
#[derive(Serialize, ToSchema)]
pub struct Me {
    citizen: String,
    /// `registered`, `real-name`, `real-person` or `proof-due`
    standing: String,
    phone: Option<String>,
    name: Option<String>,
    id_number: Option<String>,
    residence: Option<String>,
    /// Open to this person now; empty before it is proven.
    services: Vec<&'static str>,
    /// The version of the table that says so.
    policy: &'static str,
    consents: Vec<Consent>,
    /// Unix ms of the last face check in this session, or its equal; 0 if none.
    face_at: u64,
}

#[utoipa::path(get, path = "/auth/citizens/me", responses((status = 200, body = Me)))]
pub async fn show(request: &Request) -> Result<Reply, Problem> {
    let db = Db::open().await?;
    let caller = citizen::anyone(request, &db).await?;
    let sql = "SELECT phone_sealed, name_sealed, id_number_sealed, residence FROM citizens WHERE id = $1";
    let row = db.one(sql, [caller.id.into()]).await?.ok_or_else(Problem::unauthorized)?;
    let open = |field, at| opened(&row, at, field, caller.id);
    let residence = row.optional_text(3)?.and_then(Residence::named);
    let services = match residence {
        Some(residence) if caller.standing == Standing::RealPerson => residence.services(),
        _ => &[],
    };
    let me = Me {
        citizen: caller.id.to_string(),
        standing: caller.standing.to_string(),
        phone: open("phone", 0)?.and_then(|text| text.parse::<Phone>().ok()).map(|phone| phone.masked()),
        name: open("name", 1)?.map(|name| mask::name(&name)),
        id_number: open("id_number", 2)?
            .and_then(|text| IdNumber::parse(&text, Day::at(clock::now_ms())).ok())
            .map(|number| number.masked()),
        residence: residence.map(|residence| residence.name().to_owned()),
        services: services.iter().copied().map(Service::name).collect(),
        policy: POLICY,
        consents: consents::all(&db, caller.id).await?,
        face_at: caller.face_at_ms,
    };
    Ok(Reply::json(StatusCode::OK, &me))
}
