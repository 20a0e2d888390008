//! An administrator enrols a venue for one scenario.

use crate::venues::list::name_key;
use http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use zerotrip_accounts::authority::{self, Administrator};
use zerotrip_domain::document::Text;
use zerotrip_domain::scenario::Scenario;
use zerotrip_domain::{Agency, CreditCode};
use zerotrip_platform::db::DbError;
use zerotrip_platform::{Db, Id, Problem, Reply, Request, clock};

/// A place to enrol. All of it but the agency is public.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewVenue {
    /// Unified social credit code, 18 characters.
    credit_code: String,
    /// `hotel`, `internet-cafe`, `vehicle-repair`, `locksmith` or `residence-permit-status`
    scenario: String,
    /// As the sign above the door says it.
    name: String,
    address: String,
    /// The police agency that supervises it, 6 to 12 digits.
    agency: String,
}

/// Its id is the agency of its staff and scanners at `/auth/invitations` and `/auth/devices`.
#[derive(Serialize, ToSchema)]
pub struct Enrolled {
    venue: String,
}

#[utoipa::path(post, path = "/scan/venues", request_body = NewVenue, responses((status = 201, body = Enrolled)))]
pub async fn enrol(request: &Request) -> Result<Reply, Problem> {
    let new: NewVenue = request.json()?;
    let (db, now) = (Db::open().await?, clock::now_ms());
    let Administrator(by) = authority::administrator(request, &db).await?;
    let credit_code: CreditCode = new
        .credit_code
        .parse()
        .map_err(|_| Problem::invalid("credit_code must be a unified social credit code of 18 characters"))?;
    let scenario = Scenario::named(&new.scenario)
        .ok_or_else(|| Problem::invalid("scenario must be the name of one of the five"))?;
    let agency: Agency =
        new.agency.parse().map_err(|_| Problem::invalid("agency must be the code of one, 6 to 12 digits"))?;
    let (name, address) = (line("name", &new.name)?, line("address", &new.address)?);
    let id = Id::random();
    let stored = db.run(
        "INSERT INTO venues (id, credit_code, scenario, name, name_key, address, agency, enrolled_at, enrolled_by) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        [
            id.into(),
            credit_code.to_string().into(),
            scenario.name().into(),
            name.as_str().into(),
            name_key(name.as_str()).into(),
            address.as_str().into(),
            agency.to_string().into(),
            now.into(),
            by.principal.into(),
        ],
    );
    match stored.await {
        Ok(_) => {}
        Err(DbError::Conflict) => return Err(enrolled_already()),
        Err(other) => return Err(other.into()),
    }
    Ok(Reply::json(StatusCode::CREATED, &Enrolled { venue: id.to_string() }))
}

fn line(field: &str, text: &str) -> Result<Text, Problem> {
    let must = || Problem::invalid(&format!("{field} must be a line of 1 to 200 characters"));
    text.trim().parse().map_err(|_| must())
}

fn enrolled_already() -> Problem {
    Problem::new(
        StatusCode::CONFLICT,
        "venue-enrolled-already",
        "Enrolled already",
        "该场所已登记",
        "This company has a venue for this scenario at this address.",
    )
}
