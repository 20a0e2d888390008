//! An account as administrators see it: masked.

use serde::Serialize;
use utoipa::ToSchema;
use zerotrip_accounts::sealed::opened;
use zerotrip_domain::{Day, IdNumber, Phone, mask};
use zerotrip_platform::{Problem, Row};

/// One account, masked.
#[derive(Serialize, ToSchema)]
pub struct ShownAccount {
    citizen: String,
    /// `registered`, `real-name`, `real-person`, `proof-due` or `frozen`
    standing: String,
    name: Option<String>,
    id_number: Option<String>,
    phone: Option<String>,
    /// Unix ms.
    created_at: i64,
    /// Unix ms; none if nobody was proven.
    proven_at: Option<i64>,
    /// `face`, `window` or `two-items`
    proven_how: Option<String>,
    /// When its standing was changed from outside last, Unix ms; by whom and why.
    changed_at: Option<i64>,
    changed_by: Option<String>,
    why: Option<String>,
}

impl ShownAccount {
    /// Of a row of id, standing, sealed name, ID number and phone, created_at, proven_at, proven_how, changed_at,
    /// changed_by and the sealed reason, read at `now`.
    pub fn of(row: &Row, now: u64) -> Result<Self, Problem> {
        let id = row.id(0)?;
        let text = |at| Ok::<_, Problem>(row.optional_text(at)?.map(str::to_owned));
        let int = |at| if row.is_null(at) { Ok(None) } else { row.int(at).map(Some) };
        let number = opened(row, 3, "id_number", id)?;
        Ok(Self {
            citizen: id.to_string(),
            standing: row.text(1)?.to_owned(),
            name: opened(row, 2, "name", id)?.map(|name| mask::name(&name)),
            id_number: number
                .and_then(|text| IdNumber::parse(&text, Day::at(now)).ok())
                .map(|number| number.masked()),
            phone: opened(row, 4, "phone", id)?
                .and_then(|text| text.parse::<Phone>().ok())
                .map(|phone| phone.masked()),
            created_at: row.int(5)?,
            proven_at: int(6)?,
            proven_how: text(7)?,
            changed_at: int(8)?,
            changed_by: text(9)?,
            why: opened(row, 10, "changed_why", id)?,
        })
    }
}
