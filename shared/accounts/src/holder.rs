//! Whose documents a citizen may handle: the own, and those of a child in the own care.

use crate::citizen::Citizen;
use crate::person::GUARDED_UNDER;
use crate::refused;
use crate::sealed::opened;
use crate::signing::blind_index;
use http::StatusCode;
use zerotrip_domain::proof::How;
use zerotrip_domain::residence::{Residence, Service};
use zerotrip_domain::{Day, IdNumber};
use zerotrip_platform::{Db, Id, Problem};

/// A person whose documents the caller may handle. There is no other way to hold one than [`of`].
pub struct Holder {
    id: Id,
    name: String,
    number: IdNumber,
    residence: Residence,
}

impl Holder {
    /// The account that stands for the person.
    pub fn id(&self) -> Id {
        self.id
    }

    /// Personal data.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Personal data.
    pub fn number(&self) -> &IdNumber {
        &self.number
    }

    /// Refuses what is not open to people of this residence.
    pub fn demand(&self, service: Service) -> Result<(), Problem> {
        if self.residence.services().contains(&service) { Ok(()) } else { Err(not_open(service)) }
    }

    /// Under what registers know the person: of the field `resident-id`.
    pub fn index(&self) -> Result<String, Problem> {
        blind_index::index("resident-id", self.number.as_str()).map_err(refused)
    }
}

/// The caller, who is a real person and was once seen to be one, or with `child` a child under 14 whose guardianship a window has confirmed.
pub async fn of(db: &Db, caller: &Citizen, child: Option<Id>, now: u64) -> Result<Holder, Problem> {
    let id = child.unwrap_or(caller.id);
    let row = match child {
        None => {
            let sql = "SELECT name_sealed, id_number_sealed, residence, proven_how FROM citizens WHERE id = $1 AND standing = 'real-person'";
            db.one(sql, [caller.id.into()]).await?.ok_or_else(Problem::unauthorized)?
        }
        Some(child) => {
            let sql = "SELECT c.name_sealed, c.id_number_sealed, c.residence, \
                       (SELECT p.proven_how FROM citizens p WHERE p.id = c.guardian) FROM citizens c JOIN guardianships g ON g.child = c.id \
                       WHERE c.id = $1 AND c.guardian = $2 AND c.standing = 'real-name' AND g.guardian = c.guardian \
                       AND g.confirmed_at IS NOT NULL";
            db.one(sql, [child.into(), caller.id.into()]).await?.ok_or_else(not_in_your_care)?
        }
    };
    if row.optional_text(3)?.and_then(How::named) == Some(How::TwoItems) {
        return Err(stronger_proof_needed());
    }
    let odd = || Problem::unavailable("an account with a real name lacks it");
    let number = opened(&row, 1, "id_number", id)?.and_then(|text| IdNumber::parse(&text, Day::at(now)).ok());
    let holder = Holder {
        id,
        name: opened(&row, 0, "name", id)?.ok_or_else(odd)?,
        number: number.ok_or_else(odd)?,
        residence: row.optional_text(2)?.and_then(Residence::named).ok_or_else(odd)?,
    };
    if child.is_some() && holder.number.age(Day::at(now)) >= GUARDED_UNDER {
        return Err(not_in_your_care());
    }
    Ok(holder)
}

/// A name, a number and whatever phone are had by others too: they are no card.
fn stronger_proof_needed() -> Problem {
    Problem::new(
        StatusCode::FORBIDDEN,
        "stronger-proof-needed",
        "Show once that it is you",
        "证照服务需先完成一次刷脸或窗口核验",
        "This account was proven by a code to its phone. Prove once by face, or with an activation code from a window.",
    )
}

fn not_in_your_care() -> Problem {
    Problem::new(
        StatusCode::FORBIDDEN,
        "not-in-your-care",
        "No child in your care",
        "该未成年人未登记为由您监护",
        "Enter the child first and have the guardianship confirmed at a window; from 14 on the child has an account of the own.",
    )
}

fn not_open(service: Service) -> Problem {
    Problem::new(
        StatusCode::FORBIDDEN,
        "service-not-open",
        "Not open to you",
        "该服务暂未对您的户籍类别开放",
        &format!("{} is not among the services of your place of registration.", service.name()),
    )
}
