//! How far the police look: an officer into the own agency and those below it, an administrator into all.

use crate::authority::{self, Administrator, Live, Officer};
use crate::signing::session_claims::Role;
use zerotrip_domain::Agency;
use zerotrip_platform::{Db, Problem, Request};

/// Of which venues somebody is told: those whose agency's code stands between the two.
pub struct Area {
    /// The first.
    pub from: String,
    /// None from here on.
    pub until: String,
}

impl Area {
    /// Agencies are digits, which every database sorts before letters.
    fn beginning(with: &str) -> Self {
        Self { from: with.to_owned(), until: format!("{with}a") }
    }
}

/// An officer and the own area: a city's agency looks into its districts, and none into a neighbour's.
pub async fn officer(request: &Request, db: &Db) -> Result<(Live, Area), Problem> {
    let Officer(caller) = authority::officer(request, db).await?;
    let agency: Agency = caller.agency.parse().map_err(|_| no_area())?;
    let area = Area::beginning(agency.area());
    Ok((caller, area))
}

/// An officer as above, or an administrator, who answers for all of the service.
pub async fn overseer(request: &Request, db: &Db) -> Result<(Live, Area), Problem> {
    match authority::claims(request)?.role {
        Role::Administrator => {
            let Administrator(caller) = authority::administrator(request, db).await?;
            Ok((caller, Area::beginning("")))
        }
        Role::Officer => officer(request, db).await,
        _ => Err(Problem::forbidden("An officer of the venue's police, or an administrator, may do this.")),
    }
}

/// The part of `area` that the agency `text` looks into.
pub fn narrowed(area: Area, text: Option<String>) -> Result<Area, Problem> {
    let Some(text) = text else { return Ok(area) };
    let agency: Agency =
        text.parse().map_err(|_| Problem::invalid("agency must be the code of one, 6 to 12 digits"))?;
    let narrow = Area::beginning(agency.area());
    if agency.area().starts_with(&area.from) { Ok(narrow) } else { Err(not_in_the_area()) }
}

fn no_area() -> Problem {
    Problem::forbidden("Your agency's code is not 6 to 12 digits, so it supervises nobody.")
}

fn not_in_the_area() -> Problem {
    Problem::forbidden("Your agency looks into itself and the agencies below it.")
}
